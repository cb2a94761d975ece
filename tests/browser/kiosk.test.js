/**
 * A page on a wall: it fills the screen, shows all of a long board, takes turns with others, and
 * stays while its service is away. And one on paper.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
import { Server } from './support/server.js';

/** What the browser itself says of connections that end. */
const GONE = /WebSocket connection to .* failed|Failed to load resource: net::ERR_/;
const TV = { width: 1920, height: 1080 };

/** @param {string} title @param {number} count @param {number} height */
const board = (title, count, height) =>
  `title = "${title}"\n${Array.from(
    { length: count },
    (_, at) =>
      `[[panel]]\nid = "p${at}"\ntitle = "P${at}"\nwidth = 12\nheight = ${height}\nquery = "up"\n`,
  ).join('')}`;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  const dashboards = { short: board('Short', 2, 3), long: board('Long', 9, 6) };
  [browser, server] = await Promise.all([launch(), Server.start({ dashboards })]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The panels that can be seen whole, and how much of the screen's end is left.
 * @param {import('./support/browser.js').Visit} opened */
const seen = ({ page }) =>
  page.evaluate(() => {
    const top = document.querySelector('.bar')?.getBoundingClientRect().bottom ?? 0;
    const shown = [...document.querySelectorAll('wg-panel')].filter((panel) => {
      const box = panel.getBoundingClientRect();
      const inside = box.top >= top - 1 && box.bottom <= innerHeight + 1;
      return inside && panel.checkVisibility({ visibilityProperty: true });
    });
    const low = Math.max(0, ...shown.map((panel) => panel.getBoundingClientRect().bottom));
    return { ids: shown.map(({ id }) => id), left: innerHeight - low };
  });

/** Waits until rows have their height. @param {import('./support/browser.js').Visit} opened */
const fitted = (opened) =>
  opened.until(() => document.documentElement.style.getPropertyValue('--row'));

test('the rows of a board fill the screen, without anything beside them', async () => {
  const opened = await visit(browser, `${server.url}/d/short?kiosk`, { viewport: TV });
  const { page } = opened;
  await opened.state('live');
  await fitted(opened);
  const { ids, left } = await seen(opened);
  assert.deepEqual(ids, ['p0', 'p1']);
  assert.ok(left >= 0 && left < 40, `${left} pixels are left`);
  for (const place of ['.top', '.seg', '.foot', '.more'])
    assert.equal(await page.locator(place).isVisible(), false, place);
  assert.ok(await page.locator('.clock').isVisible());
  assert.ok(await page.locator('wg-status button').isVisible());
  const cursor = () => page.evaluate(() => getComputedStyle(document.body).cursor);
  assert.equal(await cursor(), 'none');
  await page.mouse.move(300, 300);
  assert.notEqual(await cursor(), 'none', 'a pointer that moves is seen');
  await page.keyboard.press('k');
  await page.locator('.top').waitFor();
  assert.equal(new URL(page.url()).search, '');
  await page.keyboard.press('k');
  await page.waitForURL('**/d/short?kiosk=');
  await page.locator('.top').waitFor({ state: 'hidden' });
  await page.keyboard.press('Escape');
  await page.locator('.top').waitFor();
  await opened.close();
});

test('a board that is too long comes screen by screen, then the next board', async () => {
  const path = '/d/long?kiosk=5s&boards=long,gone,short&theme=light&range=15m';
  const opened = await visit(browser, server.url + path, { viewport: TV });
  const { page } = opened;
  await fitted(opened);
  /** @type {Set<string>} */
  const shown = new Set();
  const watch = async () => {
    const { ids, left } = await seen(opened);
    assert.ok(ids.length > 0 && left < 40, `${ids}: ${left}`);
    ids.forEach((id) => shown.add(id));
  };
  await watch();
  const first = await page.evaluate(() => scrollY);
  await opened.until((before) => scrollY > before, first);
  await watch();
  for (let at = 0; at < 5 && shown.size < 9; at += 1) {
    const before = await page.evaluate(() => scrollY);
    await opened.until((old) => scrollY > old, before);
    await watch();
  }
  assert.equal(shown.size, 9, [...shown].join(' '));
  await page.waitForURL((url) => url.pathname === '/d/short', { timeout: 30_000 });
  const { searchParams } = new URL(page.url());
  assert.equal([...searchParams.values()].join(' '), '5s long,gone,short light 15m');
  await page.waitForURL((url) => url.pathname === '/d/long', { timeout: 30_000 });
  await opened.close();
});

test('a screen goes nowhere while its service is away, and on when it is back', async () => {
  const own = await Server.start({ dashboards: { short: board('Short', 2, 3) } });
  const opened = await visit(browser, `${own.url}/d/short?kiosk=5s`, { viewport: TV });
  const { page } = opened;
  await opened.state('live');
  await own.kill();
  const failed = page.waitForEvent('requestfailed', (request) =>
    request.url().endsWith('/api/v1/places'),
  );
  await opened.state('retry');
  await failed;
  assert.equal(await page.locator('h1').innerText(), 'Short');
  assert.ok(await page.locator('#notice').isVisible());
  await own.start();
  await page.waitForURL((url) => url.pathname !== '/d/short', { timeout: 30_000 });
  await opened.state('live');
  assert.equal(new URL(page.url()).searchParams.get('kiosk'), '5s');
  await opened.close([GONE]);
  await own.stop();
});

test('without a script a screen goes on as well, and what makes no sense is refused', async () => {
  const text = await (await fetch(`${server.url}/d/short?kiosk=30s&boards=long,short`)).text();
  const refresh = '30;url=/d/long?kiosk=30s&#38;boards=long%2Cshort';
  assert.ok(text.includes(`<noscript><meta http-equiv="refresh" content="${refresh}">`), text);
  for (const kiosk of ['soon', '1s', '-5s', '400d'])
    assert.equal((await fetch(`${server.url}/d/short?kiosk=${kiosk}`)).status, 400, kiosk);
});

test('on paper there are title, time and panels in two columns, and no controls', async () => {
  const opened = await visit(browser, `${server.url}/?tz=Asia/Tokyo`, { viewport: TV });
  const { page } = opened;
  await opened.state('live');
  await page.locator('#cpu[data-drawn] canvas').waitFor();
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await page.setViewportSize({ width: 703, height: 1000 });
  await page.emulateMedia({ media: 'print' });
  const words = await opened.text('.printed');
  const ends = '\\w{3} \\d\\d \\d\\d:\\d\\d:\\d\\d to .+';
  const printed = 'printed \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d';
  assert.match(words, new RegExp(`^${ends} \\(Asia/Tokyo\\), ${printed}$`));
  for (const place of ['.top', '.seg', 'wg-status', '.more', '.foot', '#push'])
    assert.equal(await page.locator(place).isVisible(), false, place);
  assert.ok(await page.locator('h1').isVisible());
  await opened.until(() => {
    const [one, other] = ['#cpu', '#network'].map((id) =>
      document.querySelector(id)?.getBoundingClientRect(),
    );
    return one && other && one.top === other.top && Math.abs(one.width - other.width) < 1;
  });
  const ground = await page
    .locator('#cpu')
    .evaluate((panel) => getComputedStyle(panel).backgroundColor);
  assert.equal(ground, 'rgb(255, 255, 255)');
  await opened.close();
});
