/**
 * What is opened over a page and what keys do: the connection behind the pill, the keyboard map,
 * one panel alone, and the way from panel to panel.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, PHONE, TALL, visit } from './support/browser.js';
import { Proxy } from './support/proxy.js';
import { Server } from './support/server.js';

/** What the browser itself says of connections that end. */
const GONE = /WebSocket connection to .* failed|Failed to load resource: net::ERR_/;

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

/** @param {string} [path] @param {object} [options] */
async function live(path = '/', options = {}) {
  const opened = await visit(browser, server.url + path, { viewport: TALL, ...options });
  await opened.state('live');
  await opened.page.locator('#cpu[data-drawn] canvas').waitFor();
  return opened;
}

/** The ids of the panels that can be seen. @param {import('./support/browser.js').Visit} opened */
const seen = ({ page }) =>
  page.evaluate(() =>
    [...document.querySelectorAll('wg-panel')]
      .filter((panel) => panel.checkVisibility())
      .map(({ id }) => id),
  );

/** Waits for a word of the box behind the pill.
 * @param {import('./support/browser.js').Visit} opened @param {string} pattern */
const told = (opened, pattern) =>
  opened.until(
    (wanted) => new RegExp(wanted).test(document.querySelector('.wire')?.textContent ?? ''),
    pattern,
  );

test('the pill opens what is known of the connection, by keys too', async () => {
  const opened = await live();
  const { page } = opened;
  const more = page.getByRole('button', { name: 'Connection' });
  await more.focus();
  await page.keyboard.press('Enter');
  const box = page.getByRole('dialog', { name: 'Connection' });
  await box.waitFor();
  await told(opened, 'There and back[0-9.]+ ms');
  const text = await box.innerText();
  assert.match(text, /^Live: values appear/);
  assert.match(text, /Transport\s+WebSocket/);
  assert.match(text, /Connected since\s+\d\d:\d\d:\d\d \(/);
  assert.match(text, /Refreshed\s+every 1 s/);
  assert.equal(await box.getByRole('link').getAttribute('href'), '/status');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await opened.state('paused');
  await told(opened, '^Stopped at \\d\\d:\\d\\d:\\d\\d, .+ behind the present');
  await box.getByRole('button', { name: 'Jump to live' }).click();
  await opened.state('live');
  await page.keyboard.press('Escape');
  await box.waitFor({ state: 'hidden' });
  await more.click();
  await box.waitFor();
  await more.click();
  await box.waitFor({ state: 'hidden' });
  await opened.close();
});

test('while the service is away it tells the try and the next one', async () => {
  const proxy = await Proxy.start(server.url);
  const opened = await visit(browser, proxy.url);
  await opened.state('live');
  await opened.page.getByRole('button', { name: 'Connection' }).click();
  await told(opened, '^Live');
  proxy.cut();
  await told(opened, 'was lost at \\d\\d:\\d\\d:\\d\\d. This is try number \\d+');
  await told(opened, 'Next try(in \\d+\\.\\d s|under way)');
  proxy.up = true;
  await opened.page.getByRole('button', { name: 'Try now' }).click();
  await told(opened, '^Live');
  await opened.close([GONE]);
  await proxy.stop();
});

test('a keyboard map lists the keys, and turns single ones off', async () => {
  const opened = await live();
  const { page } = opened;
  await page.keyboard.press('?');
  const map = page.getByRole('dialog', { name: 'Keys' });
  await map.waitFor();
  assert.match(await map.innerText(), /t\s+Dark or light/);
  await map.getByRole('checkbox').uncheck();
  await page.keyboard.press('Escape');
  await map.waitFor({ state: 'detached' });
  const theme = () => page.locator('html').getAttribute('data-theme');
  await page.keyboard.press('t');
  await page.keyboard.press('3');
  await page.keyboard.press('Space');
  await opened.state('paused');
  assert.equal(await theme(), null, 'a letter does nothing');
  assert.equal(new URL(page.url()).search, '', 'a digit neither');
  await page.reload();
  await opened.state('live');
  await page.keyboard.press('?');
  await page.keyboard.press('Space');
  await opened.state('paused');
  assert.equal(await map.count(), 0, 'it is remembered');
  await page.evaluate(() => localStorage.removeItem('watchglass.keys'));
  await page.keyboard.press('t');
  assert.equal(await theme(), 'light');
  await opened.close();
});

test('one panel is shown alone, by key and by its address', async () => {
  const opened = await live('/?range=15m&theme=light');
  const { page } = opened;
  const all = await seen(opened);
  assert.ok(all.length > 5);
  const small = await page.locator('#cpu').boundingBox();
  await page.locator('#cpu').hover();
  await page.keyboard.press('f');
  await page.waitForURL('**/?range=15m&theme=light&panel=cpu');
  assert.deepEqual(await seen(opened), ['cpu']);
  const large = await page.locator('#cpu').boundingBox();
  assert.ok(Number(large?.width) > 2 * Number(small?.width), 'it takes the whole width');
  await opened.until(() => {
    const canvas = document.querySelector('#cpu canvas');
    return Number(canvas?.clientWidth) > 1300;
  });
  await page.keyboard.press('2');
  await page.waitForURL('**/?theme=light&panel=cpu&range=5m');
  assert.deepEqual(await seen(opened), ['cpu'], 'another range keeps it');
  await page.keyboard.press('t');
  await page.waitForURL('**/?theme=dark&panel=cpu&range=5m');
  await page.keyboard.press('Escape');
  await page.waitForURL('**/?theme=dark&range=5m');
  assert.deepEqual(await seen(opened), all);
  await opened.close();

  const linked = await visit(browser, `${server.url}/?panel=memory&range=1m`, {
    before: ({ page: still }) => still.route('**/assets/**/*.js', (route) => route.abort()),
  });
  assert.deepEqual(await seen(linked), ['memory'], 'without a script');
  const ranges = linked.page.locator('.seg a', { hasText: /^1h$/ });
  assert.equal(await ranges.getAttribute('href'), '?panel=memory&range=1h');
  await linked.page.getByRole('link', { name: 'All panels' }).click();
  await linked.page.waitForURL('**/?range=1m');
  assert.ok((await seen(linked)).length > 5);
  await linked.close([/Failed to load resource/]);
  assert.equal((await fetch(`${server.url}/?panel=none`)).status, 404);
});

test('arrows lead from panel to panel, and Tab into one', async () => {
  const opened = await live();
  const { page } = opened;
  const tabs = () =>
    page.evaluate(() => document.querySelectorAll('wg-panel[tabindex="0"]').length);
  const go = async (/** @type {string} */ arrow, /** @type {RegExp} */ to) => {
    await page.keyboard.press(arrow);
    await opened.until((id) => new RegExp(id).test(document.activeElement?.id ?? ''), to.source);
  };
  await page.locator('wg-panel[tabindex="0"]').focus();
  // The first one is on the way of Tab; the test goes on from one whose neighbours are known.
  await page.locator('wg-panel[tabindex="0"]').evaluate((panel) => {
    panel.removeAttribute('tabindex');
    const memory = /** @type {HTMLElement} */ (document.querySelector('#memory'));
    memory.tabIndex = 0;
    memory.focus();
  });
  await go('ArrowLeft', /^cpu-busy$/);
  await go('ArrowRight', /^memory$/);
  await go('ArrowLeft', /^cpu-busy$/);
  await go('ArrowDown', /^cpu$/);
  const first = await page.evaluate(() => {
    const [one, other] = [document.querySelector('wg-panel[tabindex="0"]'), document.activeElement];
    return one === other;
  });
  assert.ok(first, 'Tab comes back to where arrows led');
  assert.equal(await tabs(), 1, 'one panel is on the way of Tab');
  await page.keyboard.press('Tab');
  assert.ok(await page.evaluate(() => document.activeElement?.matches('#cpu *')));
  await page.keyboard.press('f');
  assert.deepEqual(await seen(opened), ['cpu']);
  assert.equal(new URL(page.url()).search, '?panel=cpu');
  await opened.close();
});

test('on a phone the bar stays in two lines, paused and with one panel alone', async () => {
  const phone = { viewport: { ...PHONE, width: 390 }, isMobile: true, hasTouch: true };
  for (const path of ['/', '/?panel=cpu']) {
    const opened = await live(path, phone);
    const high = () => opened.page.locator('.bar').evaluate(({ clientHeight }) => clientHeight);
    const calm = await high();
    assert.ok(calm < 110, `${calm} pixels`);
    await opened.page.locator('wg-status button').click();
    await opened.state('paused');
    assert.equal(await high(), calm);
    await opened.close();
  }
});
