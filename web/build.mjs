// build.mjs - makes the page from web/: one file without data, and the same as a C array for the tool.
//
// usage: node build.mjs OUT [--npm PATH] [--tests]
//
// OUT gets package.json, the lock file and node_modules of its own, so that the sources stay clean. When npm
// cannot fetch what is needed (no network), the array is empty and weir says so when a page is asked for.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const LIMIT = 150 * 1024; // of code, before compression
const web = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.argv[2]);
const tests = process.argv.includes('--tests');
const npmAt = process.argv.indexOf('--npm');
const npm = npmAt > 0 ? process.argv[npmAt + 1] : 'npm';

function writeArray(page) {
  const rows = [];
  for (let i = 0; i < page.length; i += 32) {
    rows.push(Array.from(page.subarray(i, i + 32)).join(','));
  }
  fs.writeFileSync(path.join(out, 'html_code.c'),
    '/* Made by web/build.mjs. */\n#include "render/html_code.h"\n\n' +
    `const size_t html_code_size = ${page.length};\nconst unsigned char html_code[] = {\n` +
    rows.concat('0').join(',\n') + '};\n');
}

/** Installs what the lock file names, unless that has been done. */
function install() {
  const lock = fs.readFileSync(path.join(web, 'package-lock.json'), 'utf8');
  const stamp = path.join(out, 'node_modules', '.weir-lock');
  const wanted = lock + (tests ? 'tests' : '');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
  for (const name of ['package.json', 'package-lock.json']) {
    fs.copyFileSync(path.join(web, name), path.join(out, name));
  }
  const omit = tests ? [] : ['--omit=dev'];
  execFileSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...omit],
    { cwd: out, stdio: ['ignore', 'ignore', 'inherit'] });
  fs.writeFileSync(stamp, wanted);
}

function bundle(require) {
  const esbuild = require('esbuild');
  const shared = { bundle: true, minify: true, write: false, logLevel: 'error', target: ['es2020'],
    nodePaths: [path.join(out, 'node_modules')] };
  const code = esbuild.buildSync({ ...shared, entryPoints: [path.join(web, 'src/main.ts')],
    format: 'iife', charset: 'utf8' }).outputFiles[0].text;
  const style = esbuild.buildSync({ ...shared, entryPoints: [path.join(web, 'src/style.css')] })
    .outputFiles[0].text;
  return { code, style };
}

function licences() {
  const of = (name) => fs.readFileSync(path.join(out, 'node_modules', name, 'LICENSE'), 'utf8');
  return `/*! weir, MIT licence. Contains fflate:\n${of('fflate').trim()}\n*/\n`;
}

fs.mkdirSync(out, { recursive: true });
try {
  install();
} catch (error) {
  console.error(`weir: npm cannot fetch what the page is built with (${error.message.split('\n')[0]}); building without it`);
  fs.rmSync(path.join(out, 'page.html'), { force: true });
  writeArray(Buffer.alloc(0));
  process.exit(0);
}
const require = createRequire(path.join(out, 'package.json'));
const { code, style } = bundle(require);
const parts = { style: style.trim(), code: licences() + code.trim() };
const page = Buffer.from(fs.readFileSync(path.join(web, 'page.html'), 'utf8')
  .replace(/\/\*weir:(style|code)\*\//g, (_, part) => parts[part]));
if (page.length > LIMIT) {
  console.error(`weir: the page has ${page.length} bytes of code; ${LIMIT} is the limit`);
  process.exit(1);
}
fs.writeFileSync(path.join(out, 'page.html'), page);
writeArray(page);
