/** A stretch of the past: chosen on a chart, by keys and by address, and the way back. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, TALL, visit } from './support/browser.js';
import { Server } from './support/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;
/** When the samples of the pushed series begin, in ms: ten minutes of them lie behind. */
let begun = 0;

before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  begun = Math.floor(Date.now() / 1000) * 1000 - 600_000;
  const lines = Array.from({ length: 601 }, (_, at) => `ramp ${at} ${begun + 1000 * at}`);
  assert.deepEqual((await server.push(lines.join('\n'))).errors, []);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A page in which the ramp is drawn. @param {string} [query] */
async function shown(query = '?range=15m') {
  const opened = await visit(browser, `${server.url}/${query}`, { viewport: TALL });
  const id = await opened.panel('ramp').getAttribute('id');
  await opened.page.locator(`[id="${id}"][data-drawn] canvas`).waitFor();
  const plot = opened.page.locator(`[id="${id}"] .plot`);
  return { opened, plot, value: `[id="${id}"] .legend b` };
}

const ends = (/** @type {string} */ address) =>
  ['from', 'to'].map((name) => Number(new URL(address).searchParams.get(name)));

test('dragging over a chart shows that stretch everywhere, and the way back is the browser’s', async () => {
  const { opened, plot, value } = await shown();
  const { page } = opened;
  await opened.state('live');
  await opened.mark();
  const box = await plot.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.5, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL('**/?from=*');
  await opened.state('paused');
  const [from, to] = ends(page.url());
  // A fifth of the plot, which is some pixels narrower than its box.
  assert.ok(to - from > 170_000 && to - from < 240_000, `${to - from} ms`);
  // The newest value is that of the end, whatever is pushed now.
  await server.push('ramp 5');
  await page.mouse.move(0, 0);
  await opened.shows(value, String(Math.floor((to - begun) / 1000)));
  await page.keyboard.press('Space');
  await page.waitForURL('**/?range=15m');
  await opened.state('live');
  await opened.shows(value, '5');
  await page.goBack();
  await page.waitForURL('**/?from=*');
  await opened.shows(value, String(Math.floor((to - begun) / 1000)));
  assert.ok(await opened.marked(), 'the page was not reloaded');
  assert.equal(opened.sockets.length, 1, 'the connection was kept');
  await opened.close();
});

test('an address shows a stretch, before any script and with it; keys move and zoom it', async () => {
  const [from, to] = [begun + 100_000, begun + 160_000];
  const html = await (await fetch(`${server.url}/?from=${from}&to=${to}`)).text();
  assert.match(html, /<span>ramp<\/span><b>160<\/b>/);
  // Seconds will do as well: what the server makes of them is what the page goes on with.
  const { opened, value } = await shown(`?from=${from / 1000}&to=${to / 1000}`);
  const { page } = opened;
  await opened.state('paused');
  await opened.shows(value, '160');
  assert.deepEqual(ends(page.url()), [from, to]);
  await page.keyboard.press('ArrowRight');
  await opened.shows(value, '190');
  assert.deepEqual(ends(page.url()), [from + 30_000, to + 30_000]);
  await page.keyboard.press('+');
  await opened.shows(value, '175');
  await page.keyboard.press('0');
  await opened.shows(value, '190');
  await opened.close();
});

test('a stretch is chosen by its ends, and one that ends before it begins is refused in words', async () => {
  const { opened, value } = await shown();
  const { page } = opened;
  await page.locator('.custom summary').click();
  const local = (/** @type {number} */ ms) => {
    const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
    return date.toISOString().slice(0, 19);
  };
  await page.locator('.custom [name="from"]').fill(local(begun + 50_000));
  await page.locator('.custom [name="to"]').fill(local(begun + 20_000));
  await page.locator('.custom button').click();
  await page.getByText('The end lies before the beginning.').waitFor({ state: 'visible' });
  await page.locator('.custom [name="to"]').fill(local(begun + 80_000));
  await page.locator('.custom button').click();
  await opened.shows(value, '80');
  assert.deepEqual(ends(page.url()), [begun + 50_000, begun + 80_000]);
  await opened.close();
});

test('a time that cannot be shown is refused in words', async () => {
  for (const [query, status] of [
    ['from=5&to=1', 400],
    ['from=yesterday&to=1', 400],
    ['from=1&to=9999999999', 400],
  ]) {
    assert.equal((await fetch(`${server.url}/?${query}`)).status, status, query);
    const answer = await fetch(`${server.url}/live/past?board=overview&${query}`);
    assert.equal(answer.status, status, query);
    assert.match((await answer.json()).error, /time|`to`/, query);
  }
  const unknown = await fetch(`${server.url}/live/past?board=none&from=100&to=200`);
  assert.equal(unknown.status, 404);
});

test('the result of a query is shown over a stretch as well', async () => {
  const asked = `explore?q=${encodeURIComponent('ramp * 2')}&view=chart`;
  const [from, to] = [begun + 100_000, begun + 160_000];
  const opened = await visit(browser, `${server.url}/${asked}&from=${from}&to=${to}`);
  await opened.state('paused');
  await opened.shows('wg-panel .legend b', '320');
  await opened.page.locator('.custom summary').click();
  assert.equal(await opened.page.locator('.custom [name="q"]').inputValue(), 'ramp * 2');
  await opened.page.keyboard.press('Escape');
  await opened.page.locator('.seg a', { hasText: /^15m$/ }).click();
  await opened.state('live');
  await server.push('ramp 7');
  await opened.shows('wg-panel .legend b', '14');
  await opened.close();
});
