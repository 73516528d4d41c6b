// lib.mjs - what the tests of the page share: the tool, a browser without network, a page that must not
// complain. Exit code 77 means skipped: no page in this build, no browser, or no way to drive it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const weir = process.env.WEIR;
export const source = process.env.WEIR_SOURCE;
const build = process.env.WEIR_BUILD;
export const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'weir-web-'));
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));

function skip(why) {
  console.log(`SKIP: ${why}`);
  process.exit(77);
}

export function needPage() {
  if (!fs.existsSync(path.join(build, 'web', 'page.html'))) skip('this build has no page: tools/install-deps page');
}

export async function needBrowser() {
  needPage();
  const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const executablePath = browsers.find((name) => fs.existsSync(name));
  if (!executablePath) skip('no chromium: tools/install-deps test');
  let playwright;
  try {
    playwright = createRequire(path.join(build, 'web', 'package.json'))('playwright-core');
  } catch {
    skip('npm could not fetch playwright-core');
  }
  return playwright.chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

/** The page for these arguments of the tool, as a file. */
export function make(name, ...args) {
  const file = path.join(scratch, name);
  execFileSync(weir, [...args, '--to', 'html', '-o', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  return file;
}

export function capture(name) {
  return path.join(source, 'tests', 'data', name);
}

/** Opens a page and collects whatever it complains of or asks the network for. */
export async function open(browser, file, { hash = '', before = null, ...options } = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
  const trouble = [];
  page.on('console', (message) => { if (message.type() !== 'log') trouble.push(`console ${message.type()}: ${message.text()}`); });
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
  page.on('request', (request) => { if (!/^(file|data|blob):/.test(request.url()) || request.url().includes('favicon')) trouble.push(`request: ${request.url()}`); });
  if (before) await page.addInitScript(before);
  await page.goto(pathToFileURL(file) + hash);
  await page.waitForSelector('body[data-ready="true"]');
  await frame(page);
  return { page, trouble };
}

/** Until what was asked for has been drawn. */
export async function frame(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));
}

export async function selected(page) {
  return page.evaluate(() => Number(new URLSearchParams(location.hash.slice(1)).get('seg')));
}
