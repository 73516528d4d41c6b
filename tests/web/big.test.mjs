// big.test.mjs - a large file stays usable: what a frame draws depends on the window, not on the file. Counts are
// compared and not times, which a busy machine would spoil.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { frame, make, needBrowser, open, scratch, selected } from './lib.mjs';

const SEGMENTS = 200_000; // of the first connection
const CONNECTIONS = 500; // more, of four segments each
const [SYN, ACK, RST, FIN] = [2, 16, 4, 1];

/** A capture of raw IPv4 packets, headers only. */
function writeCapture(file) {
  const chunks = [Buffer.from('d4c3b2a1020004000000000000000000ffff000065000000', 'hex')];
  let us = 0;
  const packet = (client, port, seq, ack, flags, length) => {
    const b = Buffer.alloc(16 + 40);
    b.writeUInt32LE(1_700_000_000 + Math.floor(us / 1e6), 0);
    b.writeUInt32LE(us % 1e6, 4);
    b.writeUInt32LE(40, 8);
    b.writeUInt32LE(40 + length, 12);
    b.writeUInt8(0x45, 16);
    b.writeUInt16BE(40 + length, 18);
    b.writeUInt8(64, 24);
    b.writeUInt8(6, 25);
    b.writeUInt32BE(client ? 0x0a000001 : 0x0a000002, 28);
    b.writeUInt32BE(client ? 0x0a000002 : 0x0a000001, 32);
    b.writeUInt16BE(client ? port : 80, 36);
    b.writeUInt16BE(client ? 80 : port, 38);
    b.writeUInt32BE(seq >>> 0, 40);
    b.writeUInt32BE(ack >>> 0, 44);
    b.writeUInt8(0x50, 48);
    b.writeUInt8(flags, 49);
    b.writeUInt16BE(64240, 50);
    chunks.push(b);
  };
  packet(true, 40000, 999, 0, SYN, 0);
  us += 20_000;
  packet(false, 40000, 4999, 1000, SYN | ACK, 0);
  packet(true, 40000, 1000, 5000, ACK, 0);
  let seq = 1000;
  for (let n = 3; n < SEGMENTS;) {
    for (let k = 0; k < 20 && n < SEGMENTS; k++, n++, seq += 1000) packet(true, 40000, seq, 5000, ACK, 1000);
    us += 20_000;
    for (let k = 1; k <= 10 && n < SEGMENTS; k++, n++) packet(false, 40000, 5000, seq - 1000 * (20 - 2 * k), ACK, 0);
  }
  for (let k = 0; k < CONNECTIONS; k++) {
    us += 100;
    packet(true, 41000 + k, 1, 0, SYN, 0);
    packet(false, 41000 + k, 7, 2, SYN | ACK, 0);
    packet(true, 41000 + k, 2, 8, ACK, 0);
    packet(true, 41000 + k, 2, 8, k % 2 ? RST | ACK : FIN | ACK, 0);
  }
  fs.writeFileSync(file, Buffer.concat(chunks));
}

const browser = await needBrowser();
after(() => browser.close());
const capture = path.join(scratch, 'big.pcap');
writeCapture(capture);
const big = make('big.html', 'ladder', capture);
const counts = (page) => page.evaluate(() => {
  const { arrows, labels, visited } = document.getElementById('ladder').dataset;
  return { arrows: Number(arrows), labels: Number(labels), visited: Number(visited) };
});

test('the file is small: a few bytes per segment', () => {
  const size = fs.statSync(big).size;
  assert.ok(size < 150 * 1024 + SEGMENTS * 12, `${size} bytes`);
});

test('a frame draws the window', async () => {
  const { page, trouble } = await open(browser, big);
  const first = await counts(page);
  assert.ok(first.arrows > 0 && first.arrows < 200, JSON.stringify(first));
  assert.equal(first.visited, first.arrows);
  await page.keyboard.press('End');
  await frame(page);
  assert.equal(await selected(page), SEGMENTS);
  assert.ok((await counts(page)).visited < 200);
  for (let k = 0; k < 12; k++) await page.keyboard.press('-');
  await frame(page);
  const middle = await counts(page);
  assert.ok(middle.arrows <= 4 * 800, JSON.stringify(middle));
  const box = await page.locator('#ladder').boundingBox();
  await page.mouse.move(box.x + 200, box.y + 200);
  await page.keyboard.down('Control');
  for (let k = 0; k < 10; k++) await page.mouse.wheel(0, 1000);
  await page.keyboard.up('Control');
  await frame(page);
  const far = await counts(page);
  assert.ok(far.arrows < 10_000 && far.visited < 60_000, JSON.stringify(far));
  assert.deepEqual(trouble, []);
  await page.close();
});

test('only the connections in view are elements; each opens', async () => {
  const { page, trouble } = await open(browser, big);
  assert.equal((await page.textContent('#connection-count')).replace(/\D/g, ''), String(CONNECTIONS + 1));
  assert.ok(await page.locator('.connection').count() < 40);
  await page.fill('#connection-filter', '41007');
  await page.click('.connection');
  await page.waitForFunction(() => document.getElementById('end-0').textContent.includes('41007'));
  assert.equal(await page.locator('#rows li').count(), 4);
  assert.match(await page.evaluate(() => location.hash), /conn=9/);
  assert.match(await page.textContent('#facts'), /RST/);
  await page.evaluate(() => { location.hash = '#conn=3&seg=2'; });
  await page.waitForFunction(() => document.getElementById('end-0').textContent.includes('41001'));
  await page.waitForFunction(() => /#2/.test(document.getElementById('inspector').textContent));
  await page.keyboard.press(']');
  assert.deepEqual(trouble, []);
  await page.close();
});
