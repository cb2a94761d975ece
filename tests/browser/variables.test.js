/**
 * Variables: the bar works without a script, and with one without a reload; chosen values stand in
 * the address, and new ones are offered while the page is open.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
import { Server } from './support/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

const BOARD = `title = "Shops"
[[variable]]
name = "shop"
title = "Shop"
query = "label_values(orders, shop)"
[[variable]]
name = "till"
title = "Till"
query = 'label_values(orders{shop="$shop"}, till)'
multi = true
all = true
[[panel]]
id = "orders"
title = "Orders of $shop"
kind = "table"
legend = "till {{till}}"
query = 'orders{shop="$shop",till=~"$till"}'
[[panel]]
id = "till"
title = "Till"
kind = "stat"
repeat = "till"
query = 'orders{shop="$shop",till="$till"}'
`;

before(async () => {
  server = new Server();
  server.write('dashboards/shops.toml', BOARD);
  const plain = `title = "Plain"\n[[panel]]\nid = "lines"\ntitle = "Orders"\nquery = "orders"\n`;
  server.write('dashboards/plain.toml', plain);
  [browser] = await Promise.all([launch(), server.start()]);
  await server.push(`orders{shop="east",till="1"} 41
orders{shop="east",till="2"} 42
orders{shop="west",till="9"} 49`);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const address = (/** @type {string} */ path) => new URL(path, server.url).href;

test('values are chosen without a reload, and the way back is the browser’s', async () => {
  const opened = await visit(browser, address('/d/shops?range=15m'));
  await opened.state('live');
  await opened.mark();
  await opened.shows('#orders h2', 'Orders of east');
  await opened.page.getByLabel('Shop').selectOption('west');
  await opened.shows('#orders h2', 'Orders of west');
  await opened.shows('#till-9 .num span', '49');
  const said = () => new URL(opened.page.url()).searchParams;
  assert.deepEqual([said().get('var-shop'), said().get('range')], ['west', '15m']);
  await opened.page.goBack();
  await opened.shows('#orders h2', 'Orders of east');
  assert.equal(await opened.page.getByLabel('Shop').inputValue(), 'east');
  assert.ok(await opened.marked(), 'the page was loaded anew');
  await opened.close();
});

test('several values are ticked, and all of them again', async () => {
  const opened = await visit(browser, address('/d/shops?var-shop=east'));
  await opened.state('live');
  await opened.mark();
  const pick = opened.page.locator('[data-var="till"]');
  await pick.locator('summary').click();
  await pick.getByLabel('2', { exact: true }).check();
  await opened.page.locator('#till-1').waitFor({ state: 'detached' });
  await opened.shows('#till-2 .num span', '42');
  assert.equal(await pick.getByLabel('All').isChecked(), false);
  await pick.getByLabel('All').check();
  await opened.shows('#till-1 .num span', '41');
  await opened.page.keyboard.press('Escape');
  assert.equal(await pick.getAttribute('open'), null);
  assert.ok(await opened.marked(), 'the page was loaded anew');
  await opened.close();
});

test('a filter is a chip that a press removes', async () => {
  const opened = await visit(browser, address('/d/shops?var-shop=east&filter=till:1'));
  await opened.state('live');
  await opened.mark();
  await opened.page.locator('#till-2').getByText('filtered out').waitFor();
  await opened.page.getByRole('link', { name: 'Remove the filter till = 1' }).click();
  await opened.shows('#till-2 .num span', '42');
  assert.equal(new URL(opened.page.url()).search, '?var-shop=east');
  assert.equal(await opened.page.locator('#filters a').count(), 0);
  assert.ok(await opened.marked(), 'the page was loaded anew');
  await opened.close();
});

test('a press on a series with Alt filters the dashboard by it', async () => {
  const opened = await visit(browser, address('/d/plain'));
  await opened.state('live');
  await opened.mark();
  const entry = opened.page.locator('#lines .legend [data-series]', { hasText: 'till=2' });
  await entry.click({ modifiers: ['Alt'] });
  await opened.page.getByRole('link', { name: 'Remove the filter till = 2' }).waitFor();
  const filters = () => new URL(opened.page.url()).searchParams.getAll('filter');
  assert.deepEqual(filters(), ['shop:east', 'till:2']);
  await opened.page.locator('#lines .legend li:not(.every)').nth(1).waitFor({ state: 'detached' });
  await opened.page.goBack();
  const other = opened.page.locator('#lines .legend [data-series]', { hasText: 'till=9' });
  await other.waitFor();
  await other.focus();
  await opened.page.keyboard.press('Alt+Enter');
  await opened.page.getByRole('link', { name: 'Remove the filter till = 9' }).waitFor();
  assert.ok(await opened.marked(), 'the page was loaded anew');
  await opened.close();
});

test('without a script the form does the same', async () => {
  const still = await visit(browser, address('/d/shops?range=15m'), { javaScriptEnabled: false });
  await still.page.getByLabel('Shop').selectOption('west');
  await still.page.getByRole('button', { name: 'Show' }).click();
  await still.page.getByRole('heading', { name: 'Orders of west' }).waitFor();
  assert.equal(new URL(still.page.url()).searchParams.get('range'), '15m');
  await still.close();
});

test('what cannot be chosen is said, and goes with the next choice', async () => {
  const opened = await visit(browser, address('/d/shops?var-shop=<b>'));
  await opened.state('live');
  await opened.page.getByText('Shop has no value `<b>`.').waitFor();
  await opened.page.getByLabel('Shop').selectOption('west');
  await opened.page.locator('#notes').waitFor({ state: 'hidden' });
  await opened.close();
});

test('a value that comes is offered while the page is open', async () => {
  const opened = await visit(browser, address('/d/shops?var-shop=west'));
  await opened.state('live');
  await opened.mark();
  await server.push('orders{shop="north",till="1"} 1');
  // Values are looked up every ten seconds.
  const option = opened.page.locator('option', { hasText: 'north' });
  await option.waitFor({ state: 'attached', timeout: 25_000 });
  assert.ok(await opened.marked(), 'the page was loaded anew');
  await opened.close();
});
