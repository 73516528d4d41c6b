// page.test.mjs - the page in a browser: it draws, it can be driven by mouse, keys and address, it says
// everything in both languages, and it asks the network for nothing.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { capture, frame, make, needBrowser, open, selected } from './lib.mjs';

const browser = await needBrowser();
after(() => browser.close());
const demo = make('demo.html', 'demo');
const rto = make('rto.html', 'ladder', capture('tun_rto.client.pcap'));

test('ten rows for the ten segments, in the article\u2019s notation', async () => {
  const { page, trouble } = await open(browser, demo);
  const rows = await page.locator('#rows li').allTextContents();
  assert.equal(rows.length, 10);
  assert.match(rows[0], /^1 SYN, 1000\(0\), <mss 1460>; client \u2192 server/);
  assert.match(rows[1], /^2 SYN, 8000\(0\), ACK 1001, <mss 1024>; server \u2192 client/);
  assert.match(rows[4], /^5 8001\(10\), ACK 1021;.*piggybacked ACK/);
  assert.match(rows[9], /^10 ACK 8012;.*TIME-WAIT/);
  assert.equal(await page.getAttribute('#ladder', 'data-arrows'), '10');
  assert.equal(await page.getAttribute('#ladder', 'data-labels'), '10');
  assert.deepEqual(trouble, []);
  await page.close();
});

test('nothing is asked of the network, and nothing could be', async () => {
  const { page, trouble } = await open(browser, demo);
  const refused = await page.evaluate(() => fetch('https://192.0.2.1/').then(() => false, () => true));
  assert.ok(refused, 'the page\u2019s own policy refuses any fetch');
  assert.deepEqual(trouble.filter((line) => !/192\.0\.2\.1/.test(line)), []);
  await page.close();
});

test('keys move the selection, the address follows', async () => {
  const { page, trouble } = await open(browser, demo);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.equal(await selected(page), 2);
  assert.match(await page.textContent('#inspector'), /#2.*server \u2192 client/s);
  await page.keyboard.press('End');
  assert.equal(await selected(page), 10);
  await page.keyboard.press('Home');
  assert.equal(await selected(page), 1);
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => location.hash), '');
  assert.deepEqual(trouble, []);
  await page.close();
});

test('a deep link selects, and a later one jumps', async () => {
  const { page } = await open(browser, demo, { hash: '#seg=7' });
  assert.match(await page.textContent('#inspector'), /#7.*FIN, 1021\(0\), ACK 8011/s);
  await page.evaluate(() => { location.hash = '#seg=4'; });
  await page.waitForFunction(() => /#4/.test(document.getElementById('inspector').textContent));
  await page.evaluate(() => { location.hash = '#seg=99999'; });
  await page.waitForFunction(() => /#10/.test(document.getElementById('inspector').textContent));
  await page.close();
});

test('a click on an arrow selects it; a click beside deselects', async () => {
  const { page } = await open(browser, demo);
  const box = await page.locator('#ladder').boundingBox();
  let found = 0;
  for (let y = 30; y < 400 && found === 0; y += 6) {
    await page.mouse.click(box.x + box.width / 2, box.y + y);
    found = await selected(page);
  }
  assert.ok(found > 0, 'some arrow is hit in the middle');
  assert.ok((await page.textContent('#spoken')).length > 10, 'and said aloud');
  await page.close();
});

test('the wheel scrolls; with Ctrl it zooms, and so do the keys', async () => {
  const { page } = await open(browser, rto);
  const box = await page.locator('#ladder').boundingBox();
  const first = () => page.getAttribute('#rows li >> nth=0', 'id');
  await page.mouse.move(box.x + 300, box.y + 200);
  const before = await first();
  await page.mouse.wheel(0, 900);
  await frame(page);
  assert.notEqual(await first(), before);
  const arrows = Number(await page.getAttribute('#ladder', 'data-arrows'));
  await page.keyboard.press('-');
  await page.keyboard.press('-');
  await page.keyboard.press('-');
  await frame(page);
  assert.ok(Number(await page.getAttribute('#ladder', 'data-arrows')) > arrows, 'more of it is seen');
  await page.keyboard.press('0');
  await page.keyboard.press('m');
  await frame(page);
  assert.ok(Number(await page.getAttribute('#ladder', 'data-arrows')) > 0);
  await page.close();
});

test('what is selected in a plot is selected everywhere', async () => {
  const { page } = await open(browser, rto);
  const plot = await page.locator('[data-plot="sequence"]').boundingBox();
  let found = 0;
  for (let x = 55; x < plot.width - 12 && found === 0; x += 4) {
    for (let y = 26; y < plot.height - 4 && found === 0; y += 12) {
      await page.mouse.click(plot.x + x, plot.y + y);
      found = await selected(page);
    }
  }
  assert.ok(found > 0);
  await frame(page);
  assert.equal(await page.getAttribute('#plots', 'data-selected'), String(found));
  assert.equal(await page.locator('#rows li[aria-selected="true"]').getAttribute('id'), 'row-' + found);
  assert.match(await page.textContent('#inspector'), new RegExp('#' + found));
  await page.close();
});

test('both languages say the same', async () => {
  const { page, trouble } = await open(browser, demo, { hash: '#seg=5' });
  assert.match(await page.textContent('#inspector'), /piggybacked ACK/);
  await page.click('#lang-zh');
  await frame(page);
  assert.match(await page.textContent('#inspector'), /捎带/);
  assert.match(await page.textContent('#end-0'), /客户端/);
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  assert.match(await page.evaluate(() => location.hash), /lang=zh/);
  await page.keyboard.press('l');
  assert.match(await page.textContent('#inspector'), /piggybacked ACK/);
  assert.deepEqual(trouble, []);
  await page.close();
  const zh = await open(browser, make('zh.html', 'demo', '--lang=zh'));
  assert.match(await zh.page.textContent('#end-1'), /服务器/);
  await zh.page.close();
});

test('the player goes from the first segment to the last and stops', async () => {
  const { page, trouble } = await open(browser, demo);
  await page.fill('#slider', '0');
  await frame(page);
  assert.match(await page.textContent('#clock'), /^0\.000000 s/);
  await page.fill('#slider', '500');
  const middle = parseFloat(await page.textContent('#clock'));
  assert.ok(middle > 0 && middle < 0.52, `now-line at ${middle}`);
  await page.keyboard.press('Escape');
  await page.click('#play');
  await page.waitForFunction(() => Number(document.getElementById('slider').value) > 30);
  await page.click('#play');
  assert.ok(Number(await page.inputValue('#slider')) < 1000);
  assert.deepEqual(trouble, []);
  await page.close();
});

test('the header is drawn with this segment\u2019s values', async () => {
  const { page } = await open(browser, demo, { hash: '#seg=2' });
  const text = (await page.textContent('.bits')).replace(/\u2009/g, '');
  assert.match(text, /Source Port8000Destination Port40000/);
  assert.match(text, /Sequence Number8000/);
  assert.match(text, /Acknowledgment Number1001/);
  assert.match(text, /mss 1024/);
  const set = await page.locator('.flag.set').evaluateAll((cells) => cells.map((cell) => cell.querySelector('.name').textContent));
  assert.deepEqual(set, ['ACK', 'SYN']);
  await page.close();
});

test('relations are links', async () => {
  const { page } = await open(browser, demo, { hash: '#seg=5' });
  await page.click('.relation .seg-link >> nth=0');
  assert.equal(await selected(page), 4, '5 acknowledges 4');
  await page.close();
});

test('a finding is a click away, and marks its segments', async () => {
  const { page, trouble } = await open(browser, rto);
  assert.match(await page.textContent('#verdict'), /lost/);
  assert.ok(await page.locator('.spent i').count() > 2, 'where the time went');
  const finding = page.locator('.finding[data-id="RTO"]');
  assert.match(await finding.textContent(), /timeout/);
  await finding.click();
  assert.equal(await selected(page), 18);
  assert.match(await page.getAttribute('.finding[data-id="RTO"]', 'class'), /current/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  assert.ok(await selected(page) > 0, 'the first one again, by key');
  assert.match(await page.textContent('#inspector'), /part of/);
  assert.deepEqual(trouble, []);
  await page.close();
});

test('what is inferred and why is said', async () => {
  const { page } = await open(browser, rto, { hash: '#seg=15' });
  const text = await page.textContent('#inspector');
  assert.match(text, /Inferred from one capture/);
  assert.match(text, /SACK reports bytes above it/);
  assert.match(text, /repaired by#35/);
  await page.close();
});

test('a scene has its story, and its stacks say what they decided', async () => {
  const { page, trouble } = await open(browser, make('lost.html', 'demo', 'lost-segment'), { hash: '#seg=5' });
  assert.match(await page.textContent('#story'), /timeout and retransmission/);
  assert.match(await page.textContent('#inspector'), /Inside the stack of client/);
  await page.keyboard.press('l');
  assert.match(await page.textContent('#story'), /超时/);
  assert.deepEqual(trouble, []);
  await page.close();
});

test('on paper there are the drawing and every sentence', async () => {
  const { page, trouble } = await open(browser, demo);
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  assert.equal(await page.locator('#print tr').count(), 10);
  assert.ok(await page.locator('#print canvas').count() >= 1);
  await page.emulateMedia({ media: 'print' });
  assert.ok(await page.locator('#print').isVisible());
  assert.ok(!(await page.locator('#ladder').isVisible()));
  assert.ok((await page.pdf()).length > 10_000);
  assert.deepEqual(trouble, []);
  await page.close();
});

test('the server\u2019s direction is shown when it sent more', async () => {
  const { page } = await open(browser, make('half.html', 'ladder', capture('tun_halfclose.client.pcap')));
  assert.match(await page.locator('#direction [aria-pressed="true"]').textContent(), /server/);
  await page.close();
});

test('a browser without DecompressionStream draws the same', async () => {
  const { page, trouble } = await open(browser, demo, { before: 'delete window.DecompressionStream' });
  assert.equal(await page.locator('#rows li').count(), 10);
  assert.deepEqual(trouble, []);
  await page.close();
});

test('the drawing follows the window\u2019s size', async () => {
  const { page, trouble } = await open(browser, rto);
  for (const [width, height] of [[1500, 950], [1150, 640]]) {
    await page.setViewportSize({ width, height });
    await frame(page);
    const [box, canvas] = await page.evaluate(() => ['ladder-box', 'ladder'].map((id) => {
      const { width: w, height: h } = document.getElementById(id).getBoundingClientRect();
      return [Math.round(w), Math.round(h)];
    }));
    assert.deepEqual(canvas, box);
  }
  assert.deepEqual(trouble, []);
  await page.close();
});

test('dark and light, narrow and wide: no complaint', async () => {
  for (const [width, height] of [[700, 900], [1000, 700], [1600, 1000]]) {
    for (const colorScheme of ['light', 'dark']) {
      const { page, trouble } = await open(browser, rto, { viewport: { width, height }, colorScheme, hash: '#seg=19' });
      assert.ok(Number(await page.getAttribute('#ladder', 'data-arrows')) > 0);
      assert.deepEqual(trouble, []);
      await page.close();
    }
  }
});
