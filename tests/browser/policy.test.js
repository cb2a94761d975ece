/**
 * The content policy with Trusted Types in force, and what comes from outside staying text.
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
  await server?.stop();
});

/** Writes down, inside the page, whatever breaks the policy. */
function watch() {
  /** @type {string[]} */
  const broken = [];
  Object.assign(window, { broken });
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
    broken.push(`${violatedDirective} ${blockedURI} ${sample}`);
  });
}

/** @param {string} path */
const watched = (path) =>
  visit(browser, server.url + path, {
    viewport: TALL,
    before: ({ context }) => context.addInitScript(watch),
  });

/** @param {import('./support/browser.js').Visit} opened @returns {Promise<string[]>} */
const broken = (opened) => opened.page.evaluate(() => Reflect.get(window, 'broken'));

/** @param {string} path @param {string} shown a part of the page that shows that it stands */
async function check(path, shown) {
  const answer = await fetch(server.url + path);
  const policy = answer.headers.get('content-security-policy') ?? '';
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
  ])
    assert.ok(policy.includes(part), `${path} lacks ${part}: ${policy}`);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');

  const opened = await watched(path);
  await opened.page.locator(shown).first().waitFor();
  await opened.page.waitForLoadState('networkidle');
  assert.deepEqual(await broken(opened), [], path);
  return opened;
}

test('no page breaks its own policy', async () => {
  await server.push('orders 1');
  for (const [path, shown] of [
    ['/', '#cpu[data-drawn] canvas'],
    ['/?theme=light&range=15m', '#cpu[data-drawn] canvas'],
    ['/d', '#main a'],
    ['/d/self', 'wg-panel[data-drawn]'],
    ['/embed/overview/cpu', '#cpu[data-drawn] canvas'],
  ]) {
    const opened = await check(path, shown);
    await opened.close();
  }
});

test('the page breaks no policy while it is used', async () => {
  const opened = await check('/', '#cpu[data-drawn] canvas');
  const { page } = opened;
  await opened.state('live');
  await server.push('sudden 5');
  await page.locator('wg-panel', { hasText: 'sudden' }).locator('canvas').first().waitFor();
  for (const key of ['t', 't', '3', '2', 'Space', 'Space']) await page.keyboard.press(key);
  await page.locator('#cpu .plot').focus();
  for (const key of ['ArrowLeft', 'ArrowLeft', 'd']) await page.keyboard.press(key);
  await page.locator('#cpu .data').waitFor();
  await page.keyboard.press('d');
  await page.locator('#cpu .plot').hover();
  await opened.state('live');
  assert.deepEqual(await broken(opened), []);
  await opened.close();
});

test('Trusted Types are in force: no text becomes HTML or a script', async () => {
  const opened = await check('/', '#cpu[data-drawn] canvas');
  const thrown = await opened.page.evaluate(() => {
    /** @param {() => void} attempt */
    const name = (attempt) => {
      try {
        attempt();
        return 'nothing';
      } catch (fault) {
        return fault instanceof Error ? fault.name : 'something';
      }
    };
    return [
      name(() => (document.createElement('p').innerHTML = '<b>x</b>')),
      name(() => document.body.insertAdjacentHTML('beforeend', '<b>x</b>')),
      name(() => (document.createElement('script').src = '/x.js')),
      name(() => void Reflect.get(window, 'trustedTypes').createPolicy('p', {})),
    ];
  });
  assert.deepEqual(thrown, ['TypeError', 'TypeError', 'TypeError', 'TypeError']);
  assert.ok((await broken(opened)).length >= 4, 'and each is reported');
  await opened.close([/Trusted ?(Type|HTML|Script)|TrustedTypePolicy|content security policy/i]);
});

const IMAGE = '<img src=x onerror="window.harmed=1;alert(1)">';
const SCRIPT = '</script><script>window.harmed=1;alert(2)</script>';
const COMMENT = '<!--<script>';

/** @param {string} text as a label's value in the text format */
const quoted = (text) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** What was pushed stands in the page as text, and did nothing.
 * @param {import('./support/browser.js').Visit} opened */
async function harmless(opened) {
  const { page } = opened;
  for (const text of [IMAGE, SCRIPT, COMMENT])
    await page.locator('wg-panel', { hasText: text }).first().waitFor();
  assert.equal(await page.locator('img').count(), 0, 'no picture was made');
  assert.equal(await page.locator('script:not([src]):not([type="application/json"])').count(), 0);
  const headings = await page.locator('wg-panel h2').allInnerTexts();
  assert.ok(headings.includes(SCRIPT), `a name is a heading: ${headings.join(', ')}`);
}

test('names and labels from outside stay text, live and in the first page', async () => {
  const opened = await watched('/');
  await opened.state('live');
  const text = [IMAGE, SCRIPT, COMMENT].map((value) => `harm{what=${quoted(value)}} 1`);
  assert.equal((await server.push(text.join('\n'))).accepted, 3);
  const json = [SCRIPT, IMAGE].map((metric) => ({ metric, labels: { a: IMAGE }, value: 2 }));
  assert.equal((await server.push(JSON.stringify(json), '/api/v1/push')).accepted, 2);
  await harmless(opened);
  assert.deepEqual(await broken(opened), []);
  assert.equal(await opened.page.evaluate(() => 'harmed' in window), false);
  // The data table and the words for screen readers are made from the same texts.
  const panel = opened.page.locator('wg-panel', { hasText: 'harm' }).first();
  await panel.locator('.plot[data-drawn]').focus();
  await opened.page.keyboard.press('d');
  await panel.locator('.data', { hasText: IMAGE }).waitFor();
  await opened.close();

  const later = await watched('/');
  await later.state('live');
  await harmless(later);
  assert.deepEqual(await broken(later), []);
  assert.equal(await later.page.evaluate(() => 'harmed' in window), false);
  await later.close();

  const still = await visit(browser, server.url, { javaScriptEnabled: false });
  await harmless(still);
  await still.close();

  // Addresses are texts from outside as well.
  const address = `/d/${encodeURIComponent(IMAGE)}?theme=${encodeURIComponent(SCRIPT)}`;
  const nowhere = await watched(address);
  assert.ok((await nowhere.text('main')).includes(IMAGE));
  assert.equal(await nowhere.page.evaluate(() => 'harmed' in window), false);
  await nowhere.close([/404/]);
});
