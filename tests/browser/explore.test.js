/**
 * The page that explores: completion and mistakes while one types, by keys alone; live results.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
import { Server } from './support/server.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** While one types, what is no query yet may be refused: the console tells of the status. */
const REFUSED = /400 \(Bad Request\)/;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  await server.push('orders_total{shop="berlin"} 42\norders_total{shop="paris"} 7\n');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const explore = (/** @type {string} */ rest = '') =>
  visit(browser, new URL(`/explore${rest}`, server.url).href);

test('a query is written with completion, by keys, and runs live', async () => {
  const opened = await explore();
  const box = opened.page.getByRole('textbox', { name: 'Query' });
  const option = (/** @type {string} */ name) => opened.page.getByRole('option', { name });
  await box.pressSequentially('ord');
  await option('orders_total').waitFor();
  assert.match(String(await box.getAttribute('aria-activedescendant')), /^word-0$/);
  await opened.page.evaluate(AXE);
  const wrong = await opened.page.evaluate(async () => {
    const { violations } = await Reflect.get(window, 'axe').run(document);
    return violations.map((/** @type {any} */ { id, nodes }) => `${id} ${nodes[0].target}`);
  });
  assert.deepEqual(wrong, [], 'with the list open');
  await box.press('Enter');
  await box.pressSequentially('{sh');
  await option('shop').waitFor();
  await box.press('Tab');
  await box.pressSequentially('="');
  await option('berlin').waitFor();
  await box.press('ArrowDown');
  assert.equal(await option('paris').getAttribute('aria-selected'), 'true');
  await box.press('ArrowUp');
  await box.press('Enter');
  await box.pressSequentially('"}');
  assert.equal(await box.inputValue(), 'orders_total{shop="berlin"}');
  await box.press('Control+Enter');
  await opened.page.locator('#result[data-drawn] .plot').waitFor();
  await opened.state('live');
  await opened.shows('#result .legend b', '42');
  await server.push('orders_total{shop="berlin"} 43');
  await opened.shows('#result .legend b', '43');
  const panel = await opened.page.locator('.add pre').textContent();
  assert.match(String(panel), /query = '*orders_total\{shop="berlin"\}'*\n/);
  await opened.close([REFUSED]);
});

test('a mistake is underlined where it is while one types', async () => {
  const opened = await explore();
  const box = opened.page.getByRole('textbox', { name: 'Query' });
  await box.pressSequentially('sum(orders_total by');
  await box.press('Escape');
  await box.pressSequentially(')');
  await opened.page.getByRole('alert').getByText('1:18: parse error: ').waitFor();
  assert.equal(await opened.page.locator('.under mark').textContent(), 'by');
  const [mark, area] = await opened.page.evaluate(() => {
    const place = (/** @type {string} */ name) =>
      /** @type {Element} */ (document.querySelector(name)).getBoundingClientRect().toJSON();
    return [place('.under mark'), place('#q')];
  });
  assert.ok(mark.top >= area.top && mark.bottom <= area.bottom && mark.width > 8, 'in the box');
  await box.fill('orders_total');
  await opened.page.waitForFunction(() => !document.getElementById('wrong')?.textContent);
  assert.equal(await box.getAttribute('aria-invalid'), null);
  await opened.close([REFUSED]);
});

test('the list is narrowed as one types and its values live', async () => {
  const opened = await explore();
  await opened.page.getByRole('searchbox', { name: 'Search metrics' }).fill('ORDERS');
  const rows = opened.page.locator('.metrics tbody tr:visible');
  await opened.page.waitForFunction(
    () => document.querySelectorAll('.metrics tbody tr:not([hidden])').length === 1,
  );
  assert.match(await rows.first().innerText(), /orders_total/);
  await server.push('orders_total{shop="paris"} 77');
  await rows.first().getByText('… 77').waitFor();
  await rows.first().getByRole('link').click();
  await opened.page.locator('#result[data-drawn] .plot').waitFor();
  await opened.close();
});

test('views and ranges keep the query in the address', async () => {
  const opened = await explore('?q=orders_total');
  await opened.state('live');
  await opened.page.getByRole('link', { name: 'table', exact: true }).click();
  await opened.page.locator('#result[data-drawn] td').first().waitFor();
  await opened.page.getByRole('link', { name: '15m', exact: true }).click();
  await opened.page.waitForURL(/q=orders_total&view=table&range=15m/);
  await opened.page.getByRole('link', { name: 'raw', exact: true }).click();
  await opened.page.getByText('orders_total{shop="paris"} ').waitFor();
  await opened.close();
});
