/**
 * The page in motion: values move over one WebSocket, and what is pushed appears at once.
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
});
after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0, 'the service ends in order');
});

const SWITCHES = '#switches .legend b';

test('charts are drawn and values move', async () => {
  const opened = await visit(browser, server.url, { viewport: TALL });
  await opened.page.locator('#cpu[data-drawn] .plot[data-drawn] canvas').waitFor();
  await opened.state('live');
  assert.equal(await opened.text('wg-status b'), 'Live');
  let value = await opened.text(SWITCHES);
  for (let change = 0; change < 3; change += 1) value = await opened.changed(SWITCHES, value);
  assert.match(value, /\d/);
  assert.ok((await opened.page.locator('wg-panel[data-drawn]').count()) >= 12, 'panels drawn');
  assert.ok((await opened.page.locator('.plot canvas').count()) >= 8, 'charts drawn');
  const stills = opened.page.locator('.plot:has(canvas) > svg');
  assert.equal(await stills.count(), 0, 'the pictures are gone where charts are drawn');
  await opened.close();
});

test('one WebSocket carries everything, and nothing more is asked over HTTP', async () => {
  /** @type {string[]} */
  const protocols = [];
  const opened = await visit(browser, server.url, {
    viewport: TALL,
    before: async ({ context, page }) => {
      const session = await context.newCDPSession(page);
      await session.send('Network.enable');
      session.on('Network.webSocketHandshakeResponseReceived', ({ response }) => {
        const names = Object.keys(response.headers);
        const name = names.find((each) => each.toLowerCase() === 'sec-websocket-protocol');
        protocols.push(name ? response.headers[name] : 'none');
      });
    },
  });
  await opened.state('live');
  await opened.page.waitForLoadState('networkidle');
  const place = new URL(server.url).host;
  assert.deepEqual(
    opened.sockets.map(({ url }) => url),
    [`ws://${place}/live`],
  );
  assert.deepEqual(protocols, ['watchglass.v1']);
  assert.equal(opened.sent.length, 1, 'one subscription for the whole board');
  assert.match(opened.sent[0], /"board":"overview","range":"5m"/);

  const [requests, received] = [opened.requests.length, opened.sockets[0].received];
  let value = await opened.text(SWITCHES);
  for (let change = 0; change < 4; change += 1) value = await opened.changed(SWITCHES, value);
  assert.deepEqual(opened.requests.slice(requests), []);
  assert.ok(opened.sockets[0].received >= received + 4, 'frames came');
  assert.equal(opened.sockets.length, 1, 'no second connection');
  const foreign = opened.requests.filter((url) => new URL(url).host !== place);
  assert.deepEqual(foreign, []);
  await opened.close();
});

/** The ids of the panels in their order. */
const order = () => [...document.querySelectorAll('wg-panel')].map(({ id }) => id);

test('a pushed metric appears and moves, without a reload', async () => {
  const opened = await visit(browser, server.url, { viewport: TALL });
  await opened.state('live');
  await opened.mark();
  const before_ = await opened.page.evaluate(order);
  assert.deepEqual(await server.push('orders 42'), { accepted: 1, refused: 0, errors: [] });

  const panel = opened.panel('orders');
  await panel.waitFor();
  const id = await panel.getAttribute('id');
  const value = `[id="${id}"] .legend b`;
  await opened.page.locator(`[id="${id}"][data-drawn] canvas`).waitFor();
  await opened.shows(value, '42');
  await server.push('orders 43');
  await opened.shows(value, '43');

  // A second one stands behind the first, and nothing else has moved.
  await server.push('returns{shop="berlin"} 5\nreturns{shop="paris"} 6');
  await opened.page.getByText('shop=paris').waitFor();
  const ids = await opened.page.evaluate(order);
  assert.deepEqual(ids.slice(0, before_.length), before_);
  assert.equal(ids[before_.length], id);
  assert.equal(ids.length, before_.length + 2);
  assert.ok(await opened.marked(), 'the page was not reloaded');

  // Whoever comes later sees the same, in the same order.
  const later = await visit(browser, server.url, { viewport: TALL });
  await later.state('live');
  assert.deepEqual(await later.page.evaluate(order), ids);
  await later.shows(value, '43');
  await later.close();
  await opened.close();
});

test('what is pushed as JSON and as line protocol appears as well', async () => {
  const opened = await visit(browser, server.url, { viewport: TALL });
  await opened.state('live');
  const json = '{"metric":"queue_depth","labels":{"queue":"mail"},"value":7}';
  await server.push(json, '/api/v1/push');
  await server.push('weather,city=oslo temperature=21.5', '/write');
  await opened.panel('queue_depth').locator('.legend b', { hasText: '7' }).waitFor();
  await opened.panel('weather_temperature').locator('.legend b', { hasText: '21.5' }).waitFor();
  await opened.close();
});
