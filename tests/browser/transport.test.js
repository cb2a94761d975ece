/**
 * Where WebSocket does not get through, the same values come as events, and where those do not
 * either, by long poll.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, TALL, visit } from './support/browser.js';
import { Proxy } from './support/proxy.js';
import { Server } from './support/server.js';

/** A refused upgrade is an error to the browser, which says so in the console. */
const REFUSED = /WebSocket connection to .* failed/;
const SWITCHES = '#switches .legend b';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;
/** @type {Proxy} */
let proxy;

before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  proxy = await Proxy.start(server.url);
});
after(async () => {
  await browser?.close();
  await proxy?.stop();
  await server?.stop();
});

/**
 * Opens the page through the proxy, and checks that it is live by `transport`, shows the values
 * that everybody sees, and takes new ones.
 * @param {{upgrades: boolean, events: boolean}} way
 * @param {{words: string, path: string, constant: number}} expected
 */
async function check(way, { words, path, constant }) {
  Object.assign(proxy, way);
  await server.push(`constant ${constant}\nshared{part="a"} ${constant / 8}`);
  const opened = await visit(browser, proxy.url, { viewport: TALL });
  await opened.state('live');
  assert.equal(await opened.text('wg-status b'), 'Live');
  const title = await opened.page.locator('wg-status button').getAttribute('title');
  assert.equal(title, `Pause (Space). Connection: ${words}`);
  const used = opened.requests.filter((url) => new URL(url).pathname === path);
  assert.equal(used.length > 0, path !== '/live', `requests to ${path}`);

  const id = await opened.panel('constant').getAttribute('id');
  const value = `[id="${id}"] .legend b`;
  await opened.page.locator(`[id="${id}"][data-drawn] canvas`).waitFor();
  await opened.shows(value, String(constant));
  const shared = await opened.panel('shared').getAttribute('id');
  await opened.shows(`[id="${shared}"] .legend b`, String(constant / 8));
  await opened.changed(SWITCHES, await opened.text(SWITCHES));
  await server.push(`constant ${constant + 1}`);
  await opened.shows(value, String(constant + 1));

  // Commands get through as well: the range is another one, and the page pauses and goes on.
  await opened.mark();
  await opened.page.locator('.seg a', { hasText: /^1m$/ }).click();
  await opened.page.waitForURL('**/?range=1m');
  await opened.changed(SWITCHES, await opened.text(SWITCHES));
  await opened.page.keyboard.press('Space');
  await opened.state('paused');
  await server.push(`constant ${constant + 2}`);
  await opened.page.keyboard.press('Space');
  await opened.state('live');
  await opened.shows(value, String(constant + 2));
  assert.ok(await opened.marked());
  return opened;
}

test('WebSocket is what is used when it gets through', async () => {
  const words = 'WebSocket';
  const way = { upgrades: true, events: true };
  const opened = await check(way, { words, path: '/live', constant: 16 });
  assert.equal(opened.sockets.length, 1);
  await opened.close();
});

test('where WebSocket is refused, the page is live by events', async () => {
  const words = 'server-sent events';
  const way = { upgrades: false, events: true };
  const opened = await check(way, { words, path: '/live/events', constant: 32 });
  // The next page of the session does not try in vain.
  const before_ = opened.sockets.length;
  await opened.page.reload();
  await opened.state('live');
  assert.equal(opened.sockets.length, before_, 'the transport that worked is remembered');
  await opened.close([REFUSED]);
});

test('where events are kept back too, the page is live by long poll', async () => {
  const words = 'long poll';
  const way = { upgrades: false, events: false };
  const opened = await check(way, { words, path: '/live/poll', constant: 64 });
  await opened.close([REFUSED]);
});
