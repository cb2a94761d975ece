/**
 * Hosts and services, and the parts of a page: they come and change while a page is open.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, PHONE, visit } from './support/browser.js';
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

/** What a node exporter sends of hosts. @param {string[]} hosts */
const nodes = (hosts) =>
  hosts
    .map((host) =>
      ['node_load1', 'node_time_seconds', 'node_memory_MemTotal_bytes']
        .map((name) => `${name}{job="exporter",instance="${host}"} 7`)
        .join('\n'),
    )
    .join('\n');

test('a host that begins to send is listed and has a page, without a reload', async () => {
  const opened = await visit(browser, server.url);
  await opened.state('live');
  await opened.mark();
  const row = opened.page.locator('#hosts tbody tr');
  await row.first().waitFor();
  assert.equal(await row.count(), 1);
  assert.equal(await opened.page.locator('details.section').count(), 0);
  await server.push(nodes(['web-02:9100', 'web-10:9100']));
  const link = opened.page.getByRole('link', { name: 'web-02:9100' });
  await link.waitFor();
  // Beside others, this host has a part of its own.
  await opened.page.locator('details.section #cpu[data-drawn] canvas').waitFor();
  const names = () =>
    [...document.querySelectorAll('#hosts tbody th')].map((cell) => cell.textContent).slice(-2);
  assert.deepEqual(await opened.page.evaluate(names), ['web-02:9100', 'web-10:9100']);
  // A heading turns the order round.
  const heading = opened.page.locator('#hosts').getByRole('button', { name: 'Host', exact: true });
  await heading.click();
  await heading.click();
  await heading.click();
  const first = opened.page.locator('#hosts tbody th').first();
  assert.equal(await opened.page.locator('#hosts th[aria-sort="descending"]').count(), 1);
  assert.ok((await first.textContent())?.startsWith('web-10'));
  await link.click();
  await opened.shows('.bar h1', 'web-02:9100');
  await opened.page.locator('#load[data-drawn]').waitFor();
  await opened.close();
});

test('parts of a page come live, and those that were closed stay closed', async () => {
  const opened = await visit(browser, server.url);
  await opened.state('live');
  await server.push('basket_size 3\nbasket_price 4\nvisitors 5');
  const part = opened.page.locator('details[data-section="basket"]');
  await part.scrollIntoViewIfNeeded();
  await part.locator('#basket-size[data-drawn] canvas').waitFor();
  await opened.page.locator('main > .grid #visitors').waitFor();
  // A panel that came later leads to its metric's page as well.
  assert.equal(
    await part.locator('#basket-price h2 a').getAttribute('href'),
    '/d/metric?name=basket_price',
  );
  await part.locator('summary').click();
  await part.locator('#basket-size').waitFor({ state: 'hidden' });
  await opened.page.reload();
  await opened.state('live');
  await part.locator('summary').waitFor();
  assert.equal(await part.locator('#basket-size').isVisible(), false);
  await part.locator('summary').click();
  await part.locator('#basket-size[data-drawn] canvas').waitFor();
  await opened.close();
});

test('on a phone each host is a card, and a long list can be narrowed', async () => {
  await server.push(nodes(Array.from({ length: 20 }, (_, at) => `db-${at}:9100`)));
  const opened = await visit(browser, new URL('/h', server.url).href, { viewport: PHONE });
  await opened.state('live');
  const field = opened.page.getByRole('searchbox', { name: 'Narrow Hosts by name' });
  await field.fill('DB-1');
  const rows = opened.page.locator('#hosts tbody tr');
  await opened.until(() => document.querySelectorAll('#hosts tbody tr').length === 11, undefined);
  const wide = await rows.first().evaluate((row) => row.scrollWidth <= row.clientWidth);
  assert.ok(wide, 'a card is no wider than the screen');
  await opened.close();
});

test('an open page says why a panel is empty, and what it shows once there are values', async () => {
  const board = 'title = "Empty"\n[[panel]]\nid = "a"\ntitle = "A"\nquery = \'lamps{of="hal"}\'\n';
  server.write('dashboards/empty.toml', board);
  const url = new URL('/d/empty', server.url).href;
  for (let status = 404; status === 404; ) ({ status } = await fetch(url));
  const opened = await visit(browser, url);
  await opened.state('live');
  const words = (/** @type {string} */ text) => opened.page.locator('#a .empty', { hasText: text });
  await words('no series is named lamps').waitFor();
  server.write('dashboards/empty.toml', board.replace('lamps{of="hal"}', 'basket_sizes'));
  const link = words('the nearest: ').getByRole('link', { name: 'basket_size', exact: true });
  assert.equal(await link.getAttribute('href'), '/explore?q=basket_size');
  server.write('dashboards/empty.toml', board.replace('lamps{of="hal"}', 'basket_size'));
  await opened.page.locator('#a[data-drawn] canvas').waitFor();
  await opened.close();
});
