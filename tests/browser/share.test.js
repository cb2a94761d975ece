/**
 * The menu of a panel, what is saved of it, and the dialog that shares it.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
import { Server } from './support/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

const SHOP = `title = "Shop"
embed = true
[[panel]]
id = "orders"
title = 'Orders "A" & <b>'
query = "orders"
height = 4
[[panel]]
id = "two"
title = "Two"
[[panel.query]]
query = "orders"
legend = "first"
[[panel.query]]
query = "orders * 2"
[[panel]]
id = "words"
title = "Words"
kind = "text"
text = "Hello"
`;

before(async () => {
  const closed = SHOP.replace('embed = true\n', '');
  const dashboards = { shop: SHOP, closed };
  [browser, server] = await Promise.all([
    launch(),
    Server.start({ parents: ['https://intranet.example'], dashboards }),
  ]);
  const at = Math.floor(Date.now() / 1000) * 1000;
  const lines = Array.from({ length: 60 }, (_, back) => {
    const time = at - 1000 * back;
    return `orders{kind="a"} ${back}.5 ${time}\norders{kind="=b"} 1 ${time}`;
  });
  assert.deepEqual((await server.push(lines.join('\n'))).errors, []);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A board with a panel's menu open. @param {string} id @param {string} [path]
 * @param {object} [options] */
async function menuOf(id, path = '/d/shop?range=1m', options = {}) {
  const opened = await visit(browser, server.url + path, options);
  await opened.page.locator(`#${id}[data-drawn]`).waitFor();
  await opened.page.locator(`#${id} .dots`).focus();
  await opened.page.keyboard.press('Enter');
  const menu = opened.page.getByRole('menu');
  await menu.waitFor();
  const item = (/** @type {string | RegExp} */ name) => menu.getByRole('menuitem', { name });
  return { opened, page: opened.page, menu, item };
}

test('a menu opens by keys, arrows move in it, and Escape leads back', async () => {
  const { opened, page, menu, item } = await menuOf('orders');
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  assert.equal(await focused(), 'This panel alonef');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(), 'Data as a tabled');
  await page.keyboard.press('End');
  assert.equal(await focused(), 'Share …e');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(), 'This panel alonef');
  assert.equal(await page.locator('#orders .dots').getAttribute('aria-expanded'), 'true');
  await page.keyboard.press('Escape');
  await menu.waitFor({ state: 'detached' });
  await page.locator('#orders .dots:focus').waitFor();
  await page.keyboard.press('Enter');
  await item(/Data as a table/).click();
  await page.locator('#orders .data').waitFor();
  await opened.close();
});

test('a text has no picture and no numbers, several queries have a way each', async () => {
  const text = await menuOf('words');
  assert.equal(await text.item(/Save/).count(), 0);
  assert.equal(await text.item(/Explore/).count(), 0);
  await text.opened.close();
  const { opened, page, item } = await menuOf('two');
  await item('Explore first').waitFor();
  await item('Explore query 2').click();
  await page.waitForURL(/\/explore\?q=orders%20%2A%202&range=1m$/);
  assert.equal(await page.locator('#q').inputValue(), 'orders * 2');
  await opened.close();
});

test('the values on the screen are saved as CSV, without the series that is left out', async () => {
  const { opened, page, item } = await menuOf('orders');
  await page.keyboard.press('Escape');
  const save = async () => {
    await page.locator('#orders .dots').click();
    const [download] = await Promise.all([page.waitForEvent('download'), item(/CSV/).click()]);
    assert.match(download.suggestedFilename(), /^shop-orders-[\dT-]+Z\.csv$/);
    return readFileSync(await download.path(), 'utf8').split('\r\n');
  };
  const [heads, first] = await save();
  assert.deepEqual(heads.split(',').sort(), ['kind==b', 'kind=a', 'time', 'unix']);
  assert.match(first, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z,\d{10},/);
  assert.equal(Date.parse(first.split(',')[0]), 1000 * Number(first.split(',')[1]));
  await page.locator('#orders .legend button', { hasText: 'kind=a' }).click();
  await opened.until(() => location.search.includes('only='));
  const alone = await save();
  assert.equal(alone[0], 'time,unix,kind=a');
  assert.ok(alone.length > 20 && alone.at(-1) === '');
  await opened.close();
});

test('a panel is saved as a picture, twice as fine, in the theme of the page', async () => {
  const { opened, page, item } = await menuOf('orders');
  const [request, download] = await Promise.all([
    page.waitForRequest(/\/panel\/shop\/orders\.png/),
    page.waitForEvent('download'),
    item('Save as PNG').click(),
  ]);
  const said = new URL(request.url()).searchParams;
  assert.deepEqual([said.get('theme'), said.get('range'), said.get('foot')], ['dark', '1m', '1']);
  const png = readFileSync(await download.path());
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  assert.equal(png.readUInt32BE(16), 2 * Number(said.get('w')));
  assert.equal(png.readUInt32BE(20), 2 * Number(said.get('h')));
  await opened.close();
});

test('a link to a panel is copied', async () => {
  const { opened, page, item } = await menuOf('orders');
  await opened.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await item('Copy a link to it').click();
  await opened.shows('#notice', 'The link is copied.');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, `${server.url}/d/shop?range=1m&panel=orders`);
  await opened.close();
});

test('the dialog has lines to copy that show what was chosen, and shows it itself', async () => {
  const { opened, page, item } = await menuOf('orders');
  await opened.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await item(/Share/).click();
  const dialog = page.getByRole('dialog', { name: 'Share Orders "A" & <b>' });
  const line = (/** @type {string} */ name) => dialog.getByRole('textbox', { name });
  await dialog.getByText('Pages of https://intranet.example may hold the frame.').waitFor();
  const look = dialog.frameLocator('iframe');
  await look.locator('#orders[data-drawn]').waitFor();
  await dialog.getByLabel('Theme').selectOption('light');
  await dialog.getByLabel('Background').selectOption('transparent');
  await dialog.getByLabel('Range').selectOption('15m');
  await dialog.getByLabel('Height').fill('240');
  await dialog.getByLabel('With titles').uncheck();
  await look.locator('html[data-theme="light"][data-bg="transparent"]').waitFor();
  const at = `${server.url}/embed/shop/orders?theme=light&bg=transparent&title=0&range=15m`;
  assert.equal(
    await line('Frame for a page').inputValue(),
    `<iframe src="${at.replaceAll('&', '&amp;')}" title="Orders &quot;A&quot; &amp; &lt;b>"` +
      ' width="100%" height="240" loading="lazy" style="border: 0; color-scheme: light"></iframe>',
  );
  assert.match(
    await line('Picture, SVG').inputValue(),
    /^<img src="http.*\/panel\/shop\/orders\.svg\?theme=light&amp;range=15m&amp;w=640&amp;h=240" alt=/,
  );
  assert.match(await line('Badge').inputValue(), /\/badge\/shop\/orders\.svg\?range=15m" alt=/);
  await dialog.getByRole('button', { name: 'Copy: Frame for a page' }).click();
  await dialog.getByText('Copied', { exact: true }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, await line('Frame for a page').inputValue());

  await dialog.getByLabel('Show').selectOption('some');
  await dialog.getByLabel('Two').check();
  assert.match(await line('Frame for a page').inputValue(), /\/embed\/shop\/orders,two\?/);
  assert.equal(await line('Badge').count(), 0, 'several panels have no badge');
  await look.locator('#two').waitFor();
  await dialog.getByLabel('Show').selectOption('all');
  assert.match(await line('Frame for a page').inputValue(), /\/embed\/shop\?theme/);
  await look.locator('#words').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await opened.close();
});

test('a board that may not be embedded says what would have to be written where', async () => {
  const { opened, page, item } = await menuOf('orders', '/d/closed');
  await item(/Share/).click();
  const dialog = page.getByRole('dialog');
  const words = 'Write embed = true above its panels: in dashboards/closed.toml';
  await dialog.getByText(words).waitFor();
  assert.equal(await dialog.getByRole('textbox').count(), 1, 'only the link is offered');
  await opened.close();
});

test('by its key the panel under the pointer is shared, and a phone shows the button', async () => {
  const opened = await visit(browser, `${server.url}/d/shop`);
  await opened.page.locator('#two[data-drawn]').hover();
  await opened.page.keyboard.press('e');
  await opened.page.getByRole('dialog', { name: 'Share Two' }).waitFor();
  await opened.close();
  const phone = { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true };
  const small = await visit(browser, `${server.url}/d/shop`, phone);
  const dots = small.page.locator('#orders .dots');
  await dots.waitFor();
  assert.equal(await dots.evaluate((button) => getComputedStyle(button).opacity), '1');
  await dots.tap();
  await small.page.getByRole('menuitem', { name: /Share/ }).tap();
  await small.page.getByRole('dialog').waitFor();
  const wide = await small.page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(wide, 390, 'nothing scrolls sideways');
  await small.close();
});
