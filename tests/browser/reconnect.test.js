/**
 * What a page says and does while its service is away, and how it goes on.
 */

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch, TALL, visit } from './support/browser.js';
import { Proxy } from './support/proxy.js';
import { Server } from './support/server.js';

/** What the browser itself says of connections that end. */
const GONE = /WebSocket connection to .* failed|Failed to load resource: net::ERR_/;
/** The page says within 3 s that it lost its service; the rest is for a busy machine. */
const SAID_MS = 8000;
const SWITCHES = '#switches .legend b';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  browser = await launch();
});
beforeEach(async () => {
  server = await Server.start();
});
afterEach(async () => {
  await server?.stop();
});
after(async () => {
  await browser?.close();
});

/** @param {string} url */
async function live(url) {
  const opened = await visit(browser, url, { viewport: TALL });
  await opened.state('live');
  await opened.page.locator('#switches[data-drawn]').waitFor();
  await opened.changed(SWITCHES, await opened.text(SWITCHES));
  await opened.mark();
  return opened;
}

/** The page has lost its service: it says so, and keeps what it knew with its time.
 * @param {import('./support/browser.js').Visit} opened */
async function lost(opened) {
  const { page } = opened;
  await opened.state('retry', SAID_MS);
  assert.equal(await opened.text('wg-status b'), 'Reconnecting');
  assert.match(await opened.text('wg-status small'), /^try \d+, \d+\.\d s$/);
  assert.match(await opened.text('#notice'), /^connection lost at \d\d:\d\d:\d\d, trying again$/);
  const panel = page.locator('#memory[data-stale]');
  await panel.waitFor();
  assert.equal(await page.locator('.head .word').count(), 0, 'old values reach no threshold');
  const muted = await page.evaluate(() =>
    ['#memory .num span', '#cpu .legend b', '#processes td', '#capacity strong'].map(
      (place) => getComputedStyle(document.querySelector(place) ?? document.body).color,
    ),
  );
  assert.deepEqual(new Set(muted).size, 1, 'numbers of all kinds are greyed');
  assert.match(await panel.locator('.head .asof').innerText(), /^as of \d\d:\d\d:\d\d$/);
  assert.match(await panel.locator('.num').innerText(), /\d.*B/, 'the value is kept');
  assert.match(await page.locator('#cpu .head .asof').innerText(), /^as of \d\d:\d\d:\d\d$/);
  assert.ok((await page.locator('#cpu canvas').count()) > 0, 'the chart is kept');
  const body = page.locator('#memory .body');
  const look = await body.evaluate((element) => getComputedStyle(element).filter);
  assert.match(look, /saturate/, 'old values are greyed');
}

/** The page is live again, as if nothing had been.
 * @param {import('./support/browser.js').Visit} opened */
async function back(opened) {
  await opened.state('live');
  await opened.page.locator('#memory:not([data-stale])').waitFor();
  await opened.page.locator('#notice').waitFor({ state: 'hidden' });
  await opened.until(() =>
    [...document.querySelectorAll('.head .asof')].every((age) => !age.checkVisibility()),
  );
  await opened.changed(SWITCHES, await opened.text(SWITCHES));
  assert.ok(await opened.marked(), 'the page was not reloaded');
}

test('a service that dies is missed in words, and found again by itself', async () => {
  const opened = await live(server.url);
  await server.kill();
  await lost(opened);
  await server.start();
  await back(opened);
  await server.push('after 5');
  await opened.page.locator('wg-panel', { hasText: 'after' }).locator('canvas').first().waitFor();
  await opened.close([GONE]);
});

test('a service that is ended in order says goodbye, and its viewers come back', async () => {
  const opened = await live(server.url);
  assert.equal(await server.down(), 0);
  await lost(opened);
  await server.start();
  await back(opened);
  await opened.close([GONE]);
});

test('an embed says it as well, and goes on by itself', async () => {
  const opened = await visit(browser, `${server.url}/embed/overview/memory`);
  await opened.state('live');
  await opened.page.locator('#memory[data-drawn]').waitFor();
  await opened.mark();
  await server.kill();
  await opened.state('retry', SAID_MS);
  await opened.page.locator('#memory[data-stale] .asof').waitFor();
  assert.match(await opened.text('#notice'), /^connection lost at \d\d:\d\d:\d\d, trying again$/);
  await server.start();
  await opened.state('live');
  await opened.page.locator('#memory:not([data-stale])').waitFor();
  assert.ok(await opened.marked(), 'the frame was not reloaded');
  await opened.close([GONE]);
});

/** The cells of a chart's data table, newest first: a time and a text for each series. */
const numbers = () =>
  [...document.querySelectorAll('#load-history .data tbody tr')].map((row) =>
    [...row.children].map((cell) => cell.textContent ?? ''),
  );

/** @param {import('./support/browser.js').Visit} opened @returns {Promise<string[][]>} */
async function table(opened) {
  await opened.page.locator('#load-history .plot').focus();
  await opened.page.keyboard.press('d');
  await opened.page.locator('#load-history .data').waitFor();
  const cells = await opened.page.evaluate(numbers);
  await opened.page.keyboard.press('d');
  return cells;
}

test('a connection that was cut resumes, and the columns it missed are filled', async () => {
  const proxy = await Proxy.start(server.url);
  const opened = await live(proxy.url);
  await opened.page.waitForLoadState('networkidle');
  const cutAt = (await table(opened))[1][0];
  const windows = () => opened.requests.filter((url) => url.includes('/live/snapshot/')).length;
  const fetched = windows();

  proxy.cut();
  await lost(opened);
  proxy.up = true;
  await back(opened);

  const sub = opened.sent.findLast((text) => text.includes('"sub"')) ?? '';
  assert.match(sub, /"from":\{"\d+":\{"epoch":"[^"]+","seq":\d+\}/, 'it says where it stands');
  const rows = await table(opened);
  const cut = rows.findIndex(([time]) => time === cutAt);
  assert.ok(cut >= 3, `the table reaches from ${rows[0][0]} beyond ${cutAt}`);
  // The newest column may still be in progress.
  const holes = rows.slice(1, cut + 1).filter((cells) => cells.some((cell) => !/\d/.test(cell)));
  assert.deepEqual(holes, [], 'columns without values');
  assert.equal(windows(), fetched, 'what was missed came over the connection');
  await opened.close([GONE]);
  await proxy.stop();
});
