/**
 * What a page weighs until it stands: bytes on the wire, requests, and how its modules are named.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
import { Server } from './support/server.js';

const PAGE_BYTES_MAX = 60_000;
const EMBED_BYTES_MAX = 35_000;
const VALUE_EMBED_BYTES_MAX = 29_000;
const REQUESTS_MAX = 24;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens a page in an empty browser and weighs what comes until it stands and nothing is under way.
 * @param {string} path
 * @param {string} [drawn] what stands when its panel is drawn */
async function weigh(path, drawn = '#cpu[data-drawn] canvas') {
  /** @type {Map<string, {url: string, bytes: number}>} */
  const loads = new Map();
  /** @type {string[]} */
  const foreign = [];
  const opened = await visit(browser, server.url + path, {
    before: async ({ context, page }) => {
      const session = await context.newCDPSession(page);
      await session.send('Network.enable');
      session.on('Network.requestWillBeSent', ({ requestId, request }) => {
        if (!/^https?:/.test(request.url)) return;
        loads.set(requestId, { url: request.url, bytes: 0 });
        if (new URL(request.url).origin !== server.url) foreign.push(request.url);
      });
      session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
        const load = loads.get(requestId);
        if (load) load.bytes = encodedDataLength;
      });
    },
  });
  await opened.page.locator(drawn).waitFor();
  await opened.state('live');
  await opened.page.waitForLoadState('networkidle');
  const counted = [...loads.values()].filter(({ url }) => !url.endsWith('/icon.svg'));
  const bytes = counted.reduce((sum, load) => sum + load.bytes, 0);
  const heaviest = counted.sort((one, two) => two.bytes - one.bytes);
  const words = heaviest
    .map(({ url, bytes: each }) => `${each} ${url.replace(/^.*\/assets\/\w+/, '')}`)
    .join('\n');
  return { opened, bytes, requests: counted.length, foreign, words };
}

test('the overview weighs at most 60 kB in at most 24 requests, none of them foreign', async () => {
  const { opened, bytes, requests, foreign, words } = await weigh('/');
  await opened.close();
  assert.deepEqual(foreign, []);
  assert.ok(requests <= REQUESTS_MAX, `${requests} requests:\n${words}`);
  assert.ok(bytes > 0 && bytes <= PAGE_BYTES_MAX, `${bytes} bytes:\n${words}`);
});

test('an embed weighs at most 35 kB', async () => {
  const { opened, bytes, requests, foreign, words } = await weigh('/embed/overview/cpu');
  await opened.close();
  assert.deepEqual(foreign, []);
  assert.ok(requests <= REQUESTS_MAX, `${requests} requests:\n${words}`);
  assert.ok(bytes > 0 && bytes <= EMBED_BYTES_MAX, `${bytes} bytes:\n${words}`);
});

test('an embed weighs no more after five minutes of running', async () => {
  // Four series of two-decimal numbers, a second apart, as the panel of the README has them on a
  // busy host: two that move, one that hardly does, one of zeros.
  const now = Math.floor(Date.now() / 1000);
  const lines = [];
  for (let back = 320; back >= 0; back -= 1) {
    for (const [mode, level, spread] of [
      ['user', 60, 30],
      ['system', 15, 8],
      ['iowait', 0, 0],
      ['steal', 0.5, 0.5],
    ]) {
      const noise = ((back * 37 + level * 11) % 100) / 100;
      const value = level + spread * (Math.sin(back / 7 + level) / 2 + noise);
      lines.push(`busy{mode="${mode}"} ${value.toFixed(2)} ${1000 * (now - back)}`);
    }
  }
  assert.deepEqual((await server.push(lines.join('\n'))).errors, []);
  const { opened, bytes, words } = await weigh('/embed/overview/busy', '#busy[data-drawn] canvas');
  await opened.close();
  assert.ok(bytes > 0 && bytes <= EMBED_BYTES_MAX, `${bytes} bytes:\n${words}`);
});

test('an embed without a chart weighs less', async () => {
  const { opened, bytes, words } = await weigh('/embed/overview/cpu-busy', '#cpu-busy[data-drawn]');
  await opened.close();
  assert.ok(bytes > 0 && bytes <= VALUE_EMBED_BYTES_MAX, `${bytes} bytes:\n${words}`);
  assert.ok(!words.includes('chart.js'), words);
});

test('the modules that a page loads are those that it names by modulepreload', async () => {
  for (const path of ['/', '/embed/overview/cpu']) {
    const { opened } = await weigh(path);
    const named = await opened.page
      .locator('link[rel="modulepreload"]')
      .evaluateAll((links) => links.map((link) => Reflect.get(link, 'href')));
    const loaded = opened.requests.filter((url) => url.endsWith('.js'));
    assert.deepEqual([...new Set(loaded)].sort(), [...named].sort(), path);
    assert.equal(loaded.length, new Set(loaded).size, 'none is loaded twice');
    await opened.close();
  }
});

test('assets are compressed and cached for ever under a hash', async () => {
  const opened = await visit(browser, server.url);
  const assets = opened.requests.filter((url) => url.includes('/assets/'));
  await opened.close();
  assert.ok(assets.length >= 3);
  for (const url of assets) {
    const { headers, status } = await fetch(url, { headers: { 'accept-encoding': 'br, gzip' } });
    assert.equal(status, 200);
    assert.match(headers.get('cache-control') ?? '', /immutable/, url);
    assert.match(new URL(url).pathname, /^\/assets\/[0-9a-f]{8,}\//);
    if (!/\.(js|css)$/.test(url)) continue;
    assert.match(headers.get('content-encoding') ?? '', /br|gzip/, url);
  }
});
