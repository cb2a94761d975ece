/**
 * Dashboard files that change on disk: open pages follow within a second, without a reload.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
import { Server } from './support/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

const panel = (/** @type {string} */ id, /** @type {string} */ more = '') =>
  `[[panel]]\nid = "${id}"\ntitle = "${id.toUpperCase()}"\nquery = "orders"\n${more}`;

before(async () => {
  server = new Server();
  server.write('dashboards/shop.toml', `title = "Shop"\n${panel('a')}${panel('b')}`);
  [browser] = await Promise.all([launch(), server.start()]);
  await server.push('orders 42');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const headings = () => [...document.querySelectorAll('wg-panel h2')].map((h) => h.textContent);

test('a board follows its file: order, panels, name, mistakes, and its end', async () => {
  const opened = await visit(browser, new URL('/d/shop', server.url).href);
  await opened.state('live');
  await opened.mark();
  const shows = (/** @type {string[]} */ wanted) =>
    opened.until(
      (titles) =>
        [...document.querySelectorAll('wg-panel h2')].map((h) => h.textContent).join() === titles,
      wanted.join(),
    );

  const stat = panel('c', 'kind = "stat"\n');
  server.write('dashboards/shop.toml', `title = "Store"\n${stat}${panel('b')}`);
  await shows(['C', 'B']);
  await opened.shows('.bar h1', 'Store');
  assert.equal(await opened.page.title(), 'Store · Watchglass');
  await opened.shows('#c .num span', '42');

  server.write('dashboards/shop.toml', `title = "Store"\n${panel('b', 'unit = "bytes"\n')}${stat}`);
  await shows(['B', 'C']);
  await opened.page.locator('#b .legend b', { hasText: /^42\sB$/ }).waitFor();

  server.write('dashboards/shop.toml', `title = "Store"\n${panel('d', 'kind = "pie chart"\n')}`);
  const alert = opened.page.getByRole('alert');
  await alert.getByText('shop.toml:6: panel[0].kind: no kind `pie chart`').waitFor();
  assert.deepEqual(await opened.page.evaluate(headings), ['B', 'C']);

  // Whoever comes now is told as well, script or not.
  const list = await visit(browser, new URL('/d', server.url).href, { javaScriptEnabled: false });
  await list.page.getByRole('alert').getByText('shop.toml:6: ').waitFor();
  await list.close();

  server.remove('dashboards/shop.toml');
  await alert.getByText('This dashboard was removed').waitFor();
  await shows([]);

  server.write('dashboards/shop.toml', `title = "Store"\n${panel('b')}`);
  await shows(['B']);
  await alert.waitFor({ state: 'hidden' });
  await opened.shows('#b .legend b', '42');
  assert.ok(await opened.marked(), 'the page was not reloaded');
  await opened.close();
});
