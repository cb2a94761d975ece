/**
 * Deleting a metric on its own page: who watches it elsewhere sees its chart empty, and begin anew
 * with what is pushed afterwards.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
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
  assert.equal(await server?.stop(), 0, 'the service ends in order');
});

test('an open chart of a metric that is deleted empties, and begins anew', async () => {
  await server.push('ordres{shop="berlin"} 4\nordres{shop="rome"} 5\norders 6');
  const address = `${server.url}/d/metric?name=ordres`;
  const watching = await visit(browser, address);
  await watching.state('live');
  await watching.mark();
  const panel = watching.panel('ordres');
  await panel.locator('.legend b').nth(1).waitFor();
  assert.deepEqual(await panel.locator('.legend b').allInnerTexts(), ['4', '5']);
  await panel.locator('canvas').waitFor();

  const deleting = await visit(browser, address);
  await deleting.page.locator('summary', { hasText: 'Delete this metric' }).click();
  await deleting.page.getByRole('button', { name: 'Delete ordres' }).click();
  await deleting.page.waitForURL(`${server.url}/`);
  await deleting.panel('orders').waitFor();
  assert.equal(await deleting.panel('ordres').count(), 0, 'it has gone from the overview');
  await deleting.close();

  await panel.getByText('no series is named ordres').waitFor();
  assert.equal(await panel.locator('canvas').count(), 0);
  await server.push('ordres{shop="berlin"} 7');
  await panel.locator('canvas').waitFor();
  assert.deepEqual(await panel.locator('.legend b').allInnerTexts(), ['7']);
  await panel.locator('.plot').focus();
  await watching.page.keyboard.press('d');
  await panel.locator('.data tbody tr').first().waitFor();
  const cells = await panel.locator('.data tbody td').allInnerTexts();
  assert.deepEqual([...new Set(cells)].toSorted(), ['7', '–'], 'nothing of before is left');
  assert.ok(await watching.marked(), 'the page was not reloaded');
  await watching.close();
});
