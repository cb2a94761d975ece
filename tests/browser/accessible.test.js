/**
 * Every page passes axe-core, dark and light, on a desk and on a phone.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { DESKTOP, launch, PHONE, TALL, visit } from './support/browser.js';
import { Server } from './support/server.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  const example = (/** @type {string} */ name) =>
    readFileSync(new URL(`../../docs/examples/${name}.toml`, import.meta.url), 'utf8');
  const dashboards = { kinds: example('kinds'), variables: example('variables') };
  [browser, server] = await Promise.all([launch(), Server.start({ dashboards })]);
  await server.push('orders 42\nreturns{shop="berlin"} 5\nreturns{shop="paris"} 6');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The rules that a page breaks, each with where and why. */
async function violations(/** @type {import('playwright-core').Page} */ page) {
  await page.evaluate(AXE);
  return page.evaluate(async (runOnly) => {
    // What stands in a frame is a page of its own, and looked at by itself.
    const options = { runOnly, iframes: false };
    const { violations: found } = await Reflect.get(window, 'axe').run(document, options);
    return found.map((/** @type {any} */ { id, nodes }) => ({
      id,
      nodes: nodes
        .slice(0, 4)
        .map((/** @type {any} */ node) => `${node.target.join(' ')}: ${node.failureSummary}`),
    }));
  }, RULES);
}

/** @param {string} path
 * @param {{shown: string, phone?: boolean, light?: boolean, tall?: boolean}} look */
async function check(path, { shown, phone = false, light = false, tall = false }) {
  const opened = await visit(browser, server.url + path, {
    viewport: phone ? PHONE : tall ? TALL : DESKTOP,
    isMobile: phone,
    hasTouch: phone,
    colorScheme: light ? 'light' : 'dark',
  });
  await opened.page.locator(shown).first().waitFor();
  assert.deepEqual(await violations(opened.page), []);
  return opened;
}

for (const phone of [false, true]) {
  test(`a board with variables ${phone ? 'on a phone' : 'on a desk'}`, async () => {
    const path = '/d/variables?var-mode=none&filter=cpu:0';
    const opened = await check(path, { shown: '#modes[data-drawn]', phone, light: phone });
    await opened.page.locator('[data-var="mode"] summary').click();
    assert.deepEqual(await violations(opened.page), []);
    await opened.close();
  });
}

for (const phone of [false, true]) {
  for (const light of [false, true]) {
    const look = `${light ? 'light' : 'dark'}, on a ${phone ? 'phone' : 'desk'}`;
    test(`the overview, ${look}`, async () => {
      const opened = await check('/', { shown: 'wg-panel[data-drawn] canvas', phone, light });
      await opened.close();
    });
  }
}

test('the overview without a script that has taken over', async () => {
  const opened = await visit(browser, server.url, {
    before: ({ page }) => page.route('**/assets/**/*.js', (route) => route.abort()),
  });
  assert.equal(await opened.page.locator('html').getAttribute('data-state'), 'still');
  assert.deepEqual(await violations(opened.page), []);
  await opened.close([/Failed to load resource/]);
});

test('the overview paused, with a data table open', async () => {
  const opened = await check('/', { shown: '#cpu[data-drawn] canvas' });
  await opened.page.locator('#cpu .plot').focus();
  await opened.page.keyboard.press('d');
  await opened.page.locator('#cpu .data').waitFor();
  await opened.page.locator('wg-status button').click();
  await opened.state('paused');
  assert.deepEqual(await violations(opened.page), []);
  await opened.close();
});

for (const light of [false, true]) {
  test(`a panel of every kind, ${light ? 'light' : 'dark'}`, async () => {
    const opened = await check('/d/kinds', { shown: '#disks[data-drawn] td', light, tall: true });
    await opened.page.getByRole('button', { name: 'Information on Memory' }).click();
    await opened.page.locator('#i-memory').waitFor({ state: 'visible' });
    assert.deepEqual(await violations(opened.page), []);
    await opened.close();
  });
}

for (const light of [false, true]) {
  test(`the menu of a panel and what shares it, ${light ? 'light' : 'dark'}`, async () => {
    const opened = await check('/d/kinds', { shown: '#memory[data-drawn]', light, tall: true });
    await opened.page.locator('#memory .dots').focus();
    await opened.page.keyboard.press('Enter');
    await opened.page.getByRole('menu').waitFor();
    assert.deepEqual(await violations(opened.page), []);
    await opened.page.getByRole('menuitem', { name: /Share/ }).click();
    await opened.page.getByRole('dialog').getByLabel('Show').selectOption('some');
    assert.deepEqual(await violations(opened.page), []);
    await opened.close();
  });
}

for (const [path, shown] of [
  ['/d/kinds', 'wg-panel[data-drawn]'],
  ['/d', '#main a'],
  ['/h', '#hosts[data-drawn] td'],
  ['/status', '#history td'],
  ['/explore', '.metrics td'],
  ['/explore?q=orders', '#result[data-drawn] canvas'],
  ['/explore?q=orders&view=table', '#result[data-drawn] td'],
  ['/explore?q=sum(orders%20by)', '.under mark'],
  ['/d/self', 'wg-panel[data-drawn]'],
  ['/embed/overview/cpu', '#cpu[data-drawn] canvas'],
  ['/embed/overview/cpu?theme=light', '#cpu[data-drawn] canvas'],
  ['/embed/overview/processes', '#processes[data-drawn]'],
  ['/embed/overview/cpu,load?bg=transparent', '#cpu[data-drawn] canvas'],
  ['/embed/kinds', '#memory[data-drawn]'],
  ['/embed/overview/nothing', 'main'],
  ['/nowhere', 'main'],
]) {
  test(`the page ${path}`, async () => {
    for (const phone of [false, true]) {
      const opened = await check(path, { shown, phone, light: phone });
      await opened.close(/no(where|thing)$/.test(path) ? [/404/] : []);
    }
  });
}
