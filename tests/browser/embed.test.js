/**
 * One panel inside another site's page: shown where the configuration allows the site, refused by
 * the browser everywhere else. What stands in `embeds.test.js` begins where that is settled.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
import { Server } from './support/server.js';
import { Site } from './support/site.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Site} */
let allowed;
/** @type {Site} */
let foreign;
/** @type {Server} */
let server;

before(async () => {
  [browser, allowed, foreign] = await Promise.all([launch(), Site.start(), Site.start()]);
  server = await Server.start({ parents: [allowed.url] });
});
after(async () => {
  await browser?.close();
  await Promise.all([allowed?.stop(), foreign?.stop()]);
  await server?.stop();
});

const PANEL = '/embed/overview/cpu?theme=dark&range=1m';

/** @param {Site} site @param {string} path */
const framing = (site, path) => `${site.url}/?frame=${encodeURIComponent(server.url + path)}`;

test('a site that is allowed shows the panel, and it moves', async () => {
  const opened = await visit(browser, framing(allowed, PANEL));
  const frame = opened.page.frameLocator('iframe');
  await frame.locator('#cpu[data-drawn] canvas').waitFor();
  const inside = opened.page.frames()[1];
  assert.equal(inside.url(), server.url + PANEL);
  assert.equal(await frame.locator('html').getAttribute('data-theme'), 'dark');
  assert.equal(await frame.locator('wg-panel').count(), 1);
  assert.equal(await frame.locator('header.top, nav, footer, a').count(), 0, 'no chrome');
  await frame.locator('html[data-state="live"]').waitFor({ state: 'attached' });
  const newest = () => document.querySelector('#cpu .legend')?.textContent;
  const before_ = await inside.evaluate(newest);
  await inside.waitForFunction(
    (old) => document.querySelector('#cpu .legend')?.textContent !== old,
    before_,
  );
  assert.match(opened.sent[0], /"panels":\["cpu"\]/, 'it subscribes to its panel alone');
  assert.match(opened.sent[0], /"range":"1m"/);

  // It tells its height to the page around it.
  await opened.until(() => 'told' in window);
  const told = await opened.page.evaluate(() => Reflect.get(window, 'told'));
  assert.equal(told.origin, server.url);
  assert.equal(told.data.watchglass, 'size');
  assert.ok(told.data.height > 0);
  assert.deepEqual(await opened.context.cookies(), []);
  await opened.close();
});

/** What is framed does not show: the browser has put its own error in its place.
 * @param {Site} site @param {string} path */
async function refused(site, path) {
  const opened = await visit(browser, framing(site, path));
  const { page } = opened;
  await page.waitForLoadState('networkidle');
  assert.equal(page.frames().length, 2);
  const inside = page.frames()[1];
  assert.ok(!inside.url().startsWith(server.url), `the frame shows ${inside.url()}`);
  const said = opened.console.filter((text) => /frame-ancestors/.test(text));
  assert.ok(said.length > 0, `the browser refuses in words: ${opened.console.join('; ')}`);
  assert.equal(await inside.locator('wg-panel').count(), 0);
  assert.deepEqual(opened.sockets, []);
  await opened.close([/frame-ancestors/, /Failed to load resource/, /ERR_BLOCKED_BY_RESPONSE/]);
}

test('a site that is not allowed gets nothing', () => refused(foreign, PANEL));

test('whole pages are never framed, not even by a site that is allowed', async () => {
  for (const path of ['/', '/d', '/d/self', '/nowhere']) await refused(allowed, path);
});

test('a dashboard that does not join in says so in its frame', async () => {
  const opened = await visit(browser, framing(allowed, '/embed/self/viewers'));
  const words = opened.page.frameLocator('iframe').getByRole('alert');
  await words.getByText('Not for embedding: dashboard self may not be embedded').waitFor();
  await opened.close([/403/]);
  await refused(foreign, '/embed/self/viewers');
  const answer = await fetch(`${server.url}/embed/self/viewers`);
  assert.equal(answer.status, 403);
  assert.match(await answer.text(), /embed = true/);
});

test('the headers say who may frame, and set no cookie', async () => {
  /** @param {string} path */
  const headers = async (path) => (await fetch(server.url + path)).headers;
  const panel = await headers(PANEL);
  assert.match(
    panel.get('content-security-policy') ?? '',
    new RegExp(`frame-ancestors 'self' ${allowed.url}$`),
  );
  assert.equal(panel.get('x-frame-options'), null);
  const page = await headers('/');
  assert.match(page.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
  for (const each of [panel, page]) assert.equal(each.get('set-cookie'), null);
});

test('without any allowed site, every browser refuses', async () => {
  const closed = await Server.start();
  const address = `${allowed.url}/?frame=${encodeURIComponent(closed.url + PANEL)}`;
  const opened = await visit(browser, address);
  await opened.page.waitForLoadState('networkidle');
  assert.ok(!opened.page.frames()[1].url().startsWith(closed.url));
  await opened.close([/frame-ancestors/, /Failed to load resource/]);
  await closed.stop();
});
