/**
 * Charts of many series: the largest by themselves, the others together, a table of all; and what a
 * reader chose of them, which the address holds.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, TALL, visit } from './support/browser.js';
import { Server } from './support/server.js';

const BOARD = `
title = "Queues"

[[panel]]
id = "lines"
title = "Lines"
query = "depth"
legend = "{{q}}"
width = 12

[[panel]]
id = "stack"
title = "Stack"
kind = "stack"
query = "depth"
legend = "{{q}}"
legend_as = "list"
width = 12
`;
const COUNT = 12;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start({ dashboards: { many: BOARD } })]);
  const lines = Array.from({ length: COUNT }, (_, n) => `depth{q="q${n}"} ${10 + n}`);
  await server.push(lines.join('\n'));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** @param {string} [query] */
async function board(query = '') {
  const opened = await visit(browser, `${server.url}/d/many${query}`, { viewport: TALL });
  await opened.page.locator('#lines[data-drawn]').waitFor();
  await opened.page.locator('#stack[data-drawn]').waitFor();
  return opened;
}

const ROWS = '#lines .legend tbody tr';
/** @param {import('./support/browser.js').Visit} opened @param {string} name */
const entry = ({ page }, name) =>
  page.locator('#lines .legend button[data-series]', { hasText: new RegExp(`^${name}`) });
/** The series that are shown. @param {import('./support/browser.js').Visit} opened */
const pressed = ({ page }) =>
  page.locator('#lines .legend button[aria-pressed="true"] span').allInnerTexts();

test('past eight series the legend is a table, with and without scripts', async () => {
  const opened = await board();
  const still = await visit(browser, `${server.url}/d/many`, { javaScriptEnabled: false });
  for (const { page } of [still, opened]) {
    assert.deepEqual(
      await page.locator('#lines .legend thead th').allInnerTexts(),
      ['Series', 'last', 'min', 'max', 'mean'],
    );
    const names = await page.locator(`${ROWS} span`).allInnerTexts();
    assert.deepEqual(names, Array.from({ length: COUNT }, (_, n) => `q${COUNT - 1 - n}`));
    const colours = await page.locator(`${ROWS} button`).evaluateAll((all) =>
      all.map((button) => button.className),
    );
    const own = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8'];
    assert.deepEqual(colours, [...own, 'c0', 'c0', 'c0', 'c0']);
    assert.equal(await page.locator('#stack .legend button').count(), 8);
    assert.equal(await page.locator('#stack .legend .every').innerText(), 'other (4)');
  }
  await still.close();
  await opened.close();
});

test('the order that a reader chose stays when a series comes', async () => {
  const opened = await board();
  await opened.page.locator('#lines th button', { hasText: 'Series' }).click();
  await opened.shows(`${ROWS} span`, 'q0');
  await server.push('depth{q="a"} 1');
  await opened.shows(`${ROWS} span`, 'a');
  const sorted = opened.page.locator('#lines th[aria-sort]');
  assert.equal(await sorted.getAttribute('aria-sort'), 'ascending');
  await opened.close();
});

test('a series that is chosen gets a line of its own, and its address shows it too', async () => {
  const opened = await board();
  await entry(opened, 'q1$').click();
  assert.deepEqual(await pressed(opened), ['q1']);
  await opened.until(
    (place) => document.querySelector(place)?.className !== 'c0',
    '#lines .legend button[aria-pressed="true"]',
  );
  const address = new URL(opened.page.url());
  assert.deepEqual(address.searchParams.getAll('only'), ['lines:q1']);
  const other = await board(address.search);
  assert.deepEqual(await pressed(other), ['q1']);
  await other.close();
  await opened.close();
});

test('hidden series stay hidden over ranges, and the way back shows what was shown', async () => {
  const opened = await board('?hide=lines:q11');
  const hidden = '#lines .legend button[aria-pressed="false"] span';
  assert.deepEqual(await opened.page.locator(hidden).allInnerTexts(), ['q11']);
  await opened.page.keyboard.press('1');
  await opened.until(() => location.search.includes('range=1m'));
  assert.ok(opened.page.url().includes('hide=lines%3Aq11'), opened.page.url());
  await entry(opened, 'q11').click({ modifiers: ['Control'] });
  assert.equal(await opened.page.locator(hidden).count(), 0);
  await opened.page.goBack();
  await opened.page.locator(hidden, { hasText: 'q11' }).waitFor();
  await opened.close();
});
