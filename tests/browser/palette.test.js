/**
 * The command palette: what it finds, by which keys, and what it does.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch, PHONE, TALL, visit } from './support/browser.js';
import { Server } from './support/server.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const BOARD = 'title = "Shop floor"\n[[panel]]\nid = "p"\ntitle = "P"\nquery = "up"\n';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  const start = Server.start({ dashboards: { shop: BOARD } });
  [browser, server] = await Promise.all([launch(), start]);
  await server.push('orders_by_hour 42');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A live overview with the palette open. @param {string} [key] @param {object} [options] */
async function palette(key = 'Control+k', options = {}) {
  const opened = await visit(browser, server.url, { viewport: TALL, ...options });
  await opened.state('live');
  await opened.page.keyboard.press(key);
  await opened.page.getByRole('combobox', { name: 'Search' }).waitFor();
  await opened.page.getByRole('option', { name: 'Shop floor' }).waitFor();
  return opened;
}

/** Opens it once more. @param {import('./support/browser.js').Visit} opened */
async function again({ page }) {
  await page.locator('.palette').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search' }).waitFor();
}

/** The text of the option that Enter takes. @param {import('./support/browser.js').Visit} opened */
const chosen = ({ page }) => page.locator('[role="option"][aria-selected="true"] span').innerText();

test('a dashboard is found by a few letters and opened by Enter', async () => {
  const opened = await palette();
  const { page } = opened;
  await page.keyboard.type('shfl');
  await opened.shows('[role="option"][aria-selected="true"] span', 'Shop floor');
  assert.equal(
    await page.locator('.palette input').getAttribute('aria-activedescendant'),
    await page.locator('[aria-selected="true"]').getAttribute('id'),
  );
  await page.keyboard.press('Enter');
  await page.waitForURL('**/d/shop');
  await opened.close();
});

test('metrics are asked of the server, whatever is typed', async () => {
  const opened = await palette('/');
  const { page } = opened;
  await page.keyboard.type('.*(');
  await page.locator('.palette .none').waitFor();
  await page.locator('.palette input').fill('ordhour');
  await page.getByRole('group', { name: 'Metrics' }).getByRole('option').first().click();
  await page.waitForURL('**/explore?q=orders_by_hour');
  await opened.close();
});

test('arrows choose, and commands do what their keys do', async () => {
  const opened = await palette();
  const { page } = opened;
  const first = await chosen(opened);
  await page.keyboard.press('ArrowDown');
  assert.notEqual(await chosen(opened), first);
  await page.keyboard.press('ArrowUp');
  assert.equal(await chosen(opened), first);
  await page.keyboard.type('pause');
  await page.keyboard.press('Enter');
  await opened.state('paused');
  await again(opened);
  await page.keyboard.type('jump to live');
  await page.keyboard.press('Enter');
  await opened.state('live');
  await again(opened);
  await page.keyboard.type('last 1 h');
  await opened.shows('[role="option"][aria-selected="true"] span', 'Last 1 h');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/?range=1h');
  await again(opened);
  await page.keyboard.type('load');
  await page.getByRole('option', { name: 'Load', exact: true }).click();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'load-history');
  await again(opened);
  await page.keyboard.press('Control+k');
  await page.locator('.palette').waitFor({ state: 'detached' });
  await opened.close();
});

test('it opens on pages without panels, by its button', async () => {
  const opened = await visit(browser, `${server.url}/status`);
  await opened.page.getByRole('button', { name: 'Search and commands' }).click();
  await opened.page.getByRole('combobox').waitFor();
  await opened.page.keyboard.type('keys');
  await opened.page.keyboard.press('Enter');
  await opened.page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await opened.close();
});

for (const [name, options] of Object.entries({
  dark: {},
  'light, on a phone': { viewport: PHONE, isMobile: true, hasTouch: true, colorScheme: 'light' },
})) {
  test(`what is opened over a page passes axe, ${name}`, async () => {
    const opened = await palette('Control+k', options);
    const { page } = opened;
    await page.evaluate(AXE);
    const broken = () =>
      page.evaluate(async () => {
        const rules = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
        const { violations } = await Reflect.get(window, 'axe').run(document, { runOnly: rules });
        return violations.map((/** @type {any} */ { id, nodes }) => [id, nodes[0].html]);
      });
    assert.deepEqual(await broken(), []);
    await page.keyboard.press('Escape');
    await page.locator('.palette').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    assert.deepEqual(await broken(), []);
    await page.keyboard.press('Escape');
    await page.locator('.keymap').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Connection' }).click();
    await page.getByRole('dialog', { name: 'Connection' }).waitFor();
    assert.deepEqual(await broken(), []);
    await opened.close();
  });
}
