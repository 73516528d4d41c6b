// escape.test.mjs - "<mss 1024>" must be read as text everywhere.
//
// The story: the article that weir's ten segments come from prints its second segment as "SYN, 8000(0),
// ACK1001, , ...": the web page it was published on took "<mss 1024>" for a tag, browsers dropped it, and nobody
// noticed for years. So every place in which the page shows a label is looked at here, and the names of files,
// which anybody may choose, are tried as markup too.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { capture, make, needBrowser, open, scratch } from './lib.mjs';

const browser = await needBrowser();
after(() => browser.close());
const evil = '<mss 1024><img src=x onerror="window.hurt=1">&amp;<!--<script>.pcap';

test('the label keeps its angle brackets in every place', async () => {
  const { page, trouble } = await open(browser, make('demo.html', 'demo'), { hash: '#seg=2' });
  for (const place of ['#inspector .seg-label', '#row-2', '#spoken']) {
    assert.match(await page.textContent(place), /2 SYN, 8000\(0\), ACK 1001, <mss 1024>/, place);
  }
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  assert.match(await page.textContent('#print'), /2 SYN, 8000\(0\), ACK 1001, <mss 1024>/);
  assert.equal(await page.locator('mss').count(), 0, 'no tag named mss');
  const box = await page.locator('#ladder').boundingBox();
  for (let y = 40; y < 160; y += 6) {
    await page.mouse.move(box.x + box.width * 0.7, box.y + y);
    const tip = await page.textContent('#tip');
    if (/^2 SYN/.test(tip)) assert.match(tip, /^2 SYN, 8000\(0\), ACK 1001, <mss 1024>/);
  }
  assert.deepEqual(trouble, []);
  await page.close();
});

test('a file\u2019s name is text, not markup', async () => {
  const file = path.join(scratch, evil);
  fs.copyFileSync(capture('seed_exact.client.pcap'), file);
  const html = make('evil.html', 'ladder', file);
  const { page, trouble } = await open(browser, html);
  assert.equal(await page.textContent('#title'), evil);
  assert.ok((await page.title()).startsWith(evil));
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.equal(await page.locator('body img').count(), 0);
  assert.equal(await page.locator('#rows li').count(), 10);
  assert.deepEqual(trouble, []);
  await page.close();
});
