/**
 * What a reader can press: pause and resume, ranges, the theme, the data table; and a page that
 * nobody looks at.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, TALL, visit } from './support/browser.js';
import { Server } from './support/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  await server.push('level 1');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A live page of the overview in which the pushed panel is drawn. */
async function overview() {
  const opened = await visit(browser, server.url, { viewport: TALL });
  await opened.state('live');
  const id = await opened.panel('level').getAttribute('id');
  await opened.page.locator(`[id="${id}"][data-drawn]`).waitFor();
  return { opened, value: `[id="${id}"] .legend b` };
}

test('no entry of a legend moves back when a value before it grows shorter', async () => {
  await server.push('stock_bytes{shop="berlin"} 1\nstock_bytes{shop="rome"} 2');
  const { opened } = await overview();
  const panel = opened.panel('stock_bytes');
  const [berlin, rome] = [0, 1].map((at) => panel.locator('.legend button').nth(at));
  await rome.waitFor();
  const left = async (/** @type {number} */ value, /** @type {string} */ text) => {
    await server.push(`stock_bytes{shop="berlin"} ${value}`);
    const id = await panel.getAttribute('id');
    await opened.shows(`[id="${id}"] .legend b`, text);
    return (await rome.boundingBox())?.x ?? 0;
  };
  await berlin.waitFor();
  const short = await left(3, '3\u202fB');
  const long = await left(12_345_678, '11.8\u202fMiB');
  const again = await left(4, '4\u202fB');
  assert.ok(long > short, 'there is room for a longer value');
  assert.equal(again, long);
  await opened.close();
});

test('on paper a dark page is light, its charts too', async () => {
  const { opened } = await overview();
  /** Waits until a chart's grid has this colour. @param {number[]} colour */
  const grid = (colour) =>
    opened.until((wanted) => {
      const canvas = document.querySelector('#cores canvas');
      if (!(canvas instanceof HTMLCanvasElement)) return false;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4)
        if (wanted.every((part, index) => data[at + index] === part)) count += 1;
      return count > 100;
    }, colour);
  const [dark, light] = [[0x1c, 0x21, 0x2b], [0xec, 0xee, 0xf3]];
  await grid(dark);
  await opened.page.emulateMedia({ media: 'print' });
  await grid(light);
  await opened.page.emulateMedia({ media: 'screen' });
  await grid(dark);
  await opened.close();
});

test('Space pauses the page and lets it go on, and nothing that was missed is lost', async () => {
  const { opened, value } = await overview();
  const { opened: witness } = await overview();
  await server.push('level 2');
  await opened.shows(value, '2');

  await opened.page.keyboard.press('Space');
  await opened.state('paused');
  assert.equal(await opened.text('wg-status b'), 'Paused');
  assert.match(await opened.text('wg-status small'), /^\d+ s behind, jump to live$/);
  assert.equal(opened.sent.at(-1), '{"show":false}');
  await server.push('level 3');
  await witness.shows(value, '3');
  assert.equal(await opened.text(value), '2', 'a paused page stands still');

  await opened.page.keyboard.press('Space');
  await opened.state('live');
  assert.equal(opened.sent.at(-1), '{"show":true}');
  await opened.shows(value, '3');
  assert.equal(opened.sockets.length, 1, 'the connection was kept');

  await opened.page.locator('wg-status button').click();
  await opened.state('paused');
  await opened.page.locator('wg-status button').click();
  await opened.state('live');
  await witness.close();
  await opened.close();
});

test('a range is chosen without a reload, by pointer and by key', async () => {
  const { opened } = await overview();
  const { page } = opened;
  await opened.mark();
  const current = page.locator('.seg [aria-current]');
  assert.deepEqual(await current.allInnerTexts(), ['5m']);

  /** @param {string} range */
  const chosen = async (range) => {
    await page.waitForURL(`**/?range=${range}`);
    assert.deepEqual(await current.allInnerTexts(), [range]);
    assert.match(opened.sent.at(-1) ?? '', new RegExp(`"board":"overview","range":"${range}"`));
    await page.locator('#cpu[data-drawn] canvas').waitFor();
    await opened.state('live');
    const value = await opened.text('#switches .legend b');
    await opened.changed('#switches .legend b', value);
  };
  await page.locator('.seg a', { hasText: /^1m$/ }).click();
  await chosen('1m');
  await page.locator('.seg a', { hasText: /^15m$/ }).click();
  await chosen('15m');
  await page.keyboard.press('4');
  await chosen('1h');
  assert.equal(await page.locator('.legend .every').count(), 0);
  await page.keyboard.press('8');
  await page.waitForURL('**/?range=30d');
  assert.match(opened.sent.at(-1) ?? '', /"board":"overview","range":"30d"/);
  // The hour in progress is told to who just came, the bounds of its values with it.
  const every = '#load-history .legend .every';
  await opened.shows(every, 'a value every 1h, shaded from least to greatest');
  await page.keyboard.press('2');
  await chosen('5m');
  assert.ok(await opened.marked(), 'the page was not reloaded');
  assert.equal(opened.sockets.length, 1, 'the connection was kept');
  await opened.close();
});

test('the theme changes at a press and is remembered', async () => {
  const { opened } = await overview();
  const { page } = opened;
  const ground = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await ground();
  await page.locator('[data-do="theme"]').click();
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'light');
  const light = await ground();
  assert.notEqual(light, dark);
  await page.locator('#cpu[data-drawn] canvas').waitFor();
  await page.reload();
  await opened.state('live');
  assert.equal(await ground(), light);
  await page.keyboard.press('t');
  assert.equal(await ground(), dark);
  await opened.close();
});

test('a chart gives its numbers as a table, and its legend picks a series', async () => {
  const { opened } = await overview();
  const { page } = opened;
  await page.locator('#load-history .plot').focus();
  await page.keyboard.press('d');
  const table = page.locator('#load-history .data table');
  await table.waitFor();
  assert.deepEqual(await table.locator('thead th').allInnerTexts(), [
    'Time',
    '1 min',
    '5 min',
    '15 min',
  ]);
  const rows = table.locator('tbody tr');
  assert.equal(await rows.count(), 300, 'a row a second of five minutes');
  assert.match(await rows.nth(1).innerText(), /^\d\d:\d\d:\d\d\s+\d+\.\d\d/);
  await page.keyboard.press('d');
  await table.waitFor({ state: 'detached' });

  const user = page.locator('#cpu .legend button', { hasText: 'user' });
  const system = page.locator('#cpu .legend button', { hasText: 'system' });
  await user.click();
  assert.equal(await user.getAttribute('aria-pressed'), 'true');
  assert.equal(await system.getAttribute('aria-pressed'), 'false');
  await user.click();
  assert.equal(await system.getAttribute('aria-pressed'), 'true');
  await opened.close();
});

test('a page that nobody sees asks for nothing, and catches up when it is seen again', async () => {
  const { opened, value } = await overview();
  const { opened: witness } = await overview();
  // Headless pages are always seen: the page is told otherwise in the words of the browser.
  const show = (/** @type {boolean} */ seen) =>
    opened.page.evaluate((yes) => {
      Object.defineProperty(document, 'hidden', { value: !yes, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, seen);
  await show(false);
  assert.equal(opened.sent.at(-1), '{"show":false}');
  await server.push('level 8');
  await witness.shows(value, '8');
  assert.notEqual(await opened.page.locator(value).first().textContent(), '8');
  await show(true);
  await opened.shows(value, '8');
  assert.equal(opened.sockets.length, 1, 'the connection was kept');
  await witness.close();
  await opened.close();
});
