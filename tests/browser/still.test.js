/**
 * The page without scripts, and on a small screen: complete, and no wider than the window.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, launch, LIMIT_MS, PHONE, visit } from './support/browser.js';
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

/** Waits until the service has read its host a few times, so that rates have values. */
async function warm() {
  const opened = await visit(browser, server.url, { viewport: { width: 1440, height: 3000 } });
  await opened.page.locator('#cpu[data-drawn]').waitFor();
  await opened.page.locator('#processes tbody tr').first().waitFor();
  await opened.close();
}

test('without scripts the page has all values, rows and a picture of every chart', async () => {
  await warm();
  const opened = await visit(browser, server.url, { javaScriptEnabled: false });
  const { page } = opened;
  await page.getByText(/page is a snapshot of \d\d:\d\d:\d\d: .*does not move/).waitFor();
  assert.match(await opened.text('#cpu-busy .num'), /\d+(\.\d+)?\s*%/);
  assert.match(await opened.text('#memory .num'), /\d.*(M|G)i?B/);
  assert.ok((await page.locator('#processes tbody tr').count()) >= 2, 'rows of processes');
  const row = await page.locator('#processes tbody tr').first().locator('td').allInnerTexts();
  assert.equal(row.length, 3);
  assert.match(row[0], /\S+ \d+/);
  const pid = page.locator('#processes tbody tr').first().locator('td code');
  assert.match(await pid.innerText(), /^\d+$/, 'a number of its own kind is set apart');
  assert.match(row[1], /\d/);
  assert.match(row[2], /\d.*B/);

  const charts = page.locator('wg-panel:is(.k-line, .k-stack):not([hidden])');
  const count = await charts.count();
  assert.ok(count >= 8, `${count} charts`);
  const bare = await charts.evaluateAll((panels) =>
    panels
      .filter((panel) => !panel.querySelector('.plot svg path[d], .empty'))
      .map((panel) => panel.id),
  );
  assert.deepEqual(bare, [], 'charts without a picture');
  assert.ok((await page.locator('.plot svg path[d]').count()) >= 10, 'lines in pictures');
  assert.ok((await page.locator('.spark svg path[d]').count()) >= 3, 'sparklines');
  const words = await page.locator('#cpu .plot').getAttribute('aria-label');
  assert.match(words ?? '', /CPU by mode.*user.*\d/);
  assert.match(await opened.text('#cpu .legend'), /user/);
  assert.equal(await page.locator('canvas').count(), 0);
  assert.equal(await page.locator('[data-drawn]').count(), 0);
  await opened.close();
});

test('a pushed metric stands in the page without scripts', async () => {
  await server.push('tickets 17');
  const opened = await visit(browser, server.url, { javaScriptEnabled: false });
  const panel = opened.page.locator('wg-panel', { hasText: 'tickets' });
  assert.equal(await panel.count(), 1);
  // Its value stands in the page once the second it was pushed in is over.
  const until = performance.now() + LIMIT_MS;
  while (!/\b17\b/.test(await panel.innerText()) && performance.now() < until)
    await opened.page.reload();
  assert.match(await panel.innerText(), /\b17\b/);
  await opened.close();
});

test('without scripts a range is an address', async () => {
  const opened = await visit(browser, server.url, { javaScriptEnabled: false });
  await opened.page.getByRole('link', { name: '15m' }).click();
  await opened.page.waitForURL('**/?range=15m');
  const current = opened.page.locator('.seg [aria-current]');
  assert.deepEqual(await current.allInnerTexts(), ['15m']);
  await opened.close();
});

for (const path of ['/', '/d', '/status', '/d/self', '/embed/overview/cpu', '/nowhere']) {
  test(`nothing of ${path} stands out sideways, on a phone and on a desk`, async () => {
    for (const viewport of [PHONE, DESKTOP]) {
      const opened = await visit(browser, `${server.url}${path}`, {
        viewport,
        isMobile: viewport === PHONE,
        hasTouch: viewport === PHONE,
      });
      if (path === '/') await opened.page.locator('[data-drawn]').first().waitFor();
      const [wide, window_] = await opened.page.evaluate(() => [
        document.documentElement.scrollWidth,
        innerWidth,
      ]);
      assert.ok(wide <= viewport.width, `${wide} px in a window of ${viewport.width}`);
      assert.equal(window_, viewport.width, 'the window was not widened by the page');
      await opened.close(path === '/nowhere' ? [/404/] : []);
    }
  });
}
