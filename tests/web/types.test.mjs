// types.test.mjs - the page's sources pass the type checker, the built page is small, names no host, and the
// lock file names no registry.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needPage, source } from './lib.mjs';

needPage();
const built = path.join(process.env.WEIR_BUILD, 'web');

test('types', (t) => {
  const tsc = path.join(built, 'node_modules', 'typescript', 'bin', 'tsc');
  if (!fs.existsSync(tsc)) return t.skip('npm could not fetch typescript');
  const project = path.join(built, 'tsconfig.json');
  fs.writeFileSync(project, JSON.stringify({
    extends: path.join(source, 'web', 'tsconfig.json'),
    compilerOptions: { baseUrl: built, paths: { fflate: ['node_modules/fflate'] } },
    include: [path.join(source, 'web', 'src')],
  }));
  const run = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
  return assert.equal(run.stdout, '');
});

test('150 KB of code at most, and nothing in it is fetched', () => {
  const page = fs.readFileSync(path.join(built, 'page.html'), 'utf8');
  assert.ok(Buffer.byteLength(page) <= 150 * 1024, `${Buffer.byteLength(page)} bytes`);
  const outside = page.match(/(?:src|href|url|import|fetch)\s*[=(]\s*["']?https?:[^"')\s]*/g) ?? [];
  assert.deepEqual(outside, []);
});

test('the lock file names no registry', () => {
  const lock = fs.readFileSync(path.join(source, 'web', 'package-lock.json'), 'utf8');
  assert.doesNotMatch(lock, /"resolved"|https?:\/\/registry/);
});
