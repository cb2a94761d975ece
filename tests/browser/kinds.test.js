/**
 * Panels that show more than lines: what they say before any script runs and after values came, in
 * place, by pointer and by keys.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, TALL, visit } from './support/browser.js';
import { KINDS as BOARD } from './support/kinds.js';
import { Server } from './support/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start({ dashboards: { shop: BOARD } })]);
  await server.push('stock{of="apples"} 4\nstock{of="pears"} 8\nstock{of="plums"} 1');
  await server.push('parts{of="apples"} 3\nparts{of="pears"} 1\nparts{of="plums"} -2');
  await server.push('door{door="front"} 1');
  await server.push('load{of="a"} 4\nload{of="b"} 9');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens the board with its panels alive. @param {string} id of the panel that is waited for */
async function board(id) {
  const opened = await visit(browser, `${server.url}/d/shop`, { viewport: TALL });
  await opened.page.locator(`#${id}[data-drawn]`).waitFor();
  return opened;
}

/** Waits until these places hold these texts, in this order.
 * @param {import('./support/browser.js').Visit} opened @param {string} selector
 * @param {string[]} wanted */
const shows = (opened, selector, wanted) =>
  opened.until(
    ([place, texts]) => {
      const found = [...document.querySelectorAll(place)].map((each) => each.textContent?.trim());
      return JSON.stringify(found) === JSON.stringify(texts);
    },
    [selector, wanted],
  );

test('bars follow their values, the largest first', async () => {
  const opened = await board('bars');
  await shows(opened, '#bars li span', ['pears', 'apples', 'other (1)']);
  await server.push('stock{of="apples"} 16');
  await shows(opened, '#bars li', ['apples16', 'pears8', 'other (1)1']);
  const widths = opened.page.locator('#bars rect');
  assert.deepEqual(
    await widths.evaluateAll((bars) => bars.map((bar) => bar.getAttribute('width'))),
    ['100%', '50%', '6.3%'],
  );
  await server.push('stock{of="apples"} 4');
  await shows(opened, '#bars li span', ['pears', 'apples', 'other (1)']);
  await opened.close();
});

test('shares follow their values, and negative ones are told', async () => {
  const opened = await board('pie');
  await shows(opened, '#pie li', ['apples375.0\u202f%', 'pears125.0\u202f%']);
  await shows(opened, '#pie p', ['1 negative value left out']);
  const apples = await opened.page.locator('#pie li', { hasText: 'apples' }).getAttribute('class');
  await server.push('parts{of="pears"} 9');
  await shows(opened, '#pie li span', ['pears', 'apples']);
  await shows(opened, '#pie strong', ['12']);
  const later = await opened.page.locator('#pie li', { hasText: 'apples' }).getAttribute('class');
  assert.equal(later, apples, 'a series keeps its colour');
  await server.push('parts{of="pears"} 1');
  await opened.close();
});

test('a door that is shut shows in its strip, among the events and as a word', async () => {
  const opened = await board('timeline');
  const { page } = opened;
  await opened.shows('#stat .num span', 'up');
  await server.push('door{door="front"} 0');
  await opened.shows('#stat .num span', 'down');
  assert.equal(await page.locator('#stat').getAttribute('data-level'), 'critical');
  assert.equal(await page.locator('#stat .word').count(), 0, 'the number says it already');
  await opened.shows('#timeline .strip b', 'down');
  await page.locator('#timeline rect.critical').waitFor({ state: 'attached' });
  assert.match((await page.locator('.track').getAttribute('aria-label')) ?? '', /^down since \d/);
  await opened.shows('#events tbody tr td:last-child', 'up → down');
  await opened.shows('#calm .empty:not([hidden])', 'nothing happened in the last 1 min');
  // Until a column is over its newest value stands for it.
  await opened.until(
    () => parseFloat(document.querySelector('rect.critical')?.getAttribute('width') ?? '') > 2,
  );
  await server.push('door{door="front"} 1');
  await opened.shows('#events tbody tr td:last-child', 'down → up');

  await page.locator('#timeline .list').focus();
  await page.keyboard.press('d');
  const data = page.locator('#timeline .data');
  await data.waitFor();
  const cells = await data.locator('tbody tr').first().locator('th, td').allInnerTexts();
  assert.deepEqual([cells[0], cells[3]], ['front', 'up']);
  await page.keyboard.press('d');
  await data.waitFor({ state: 'detached' });
  await opened.close();
});

test('a stat says how it has changed since a range ago', async () => {
  const ago = Date.now() - 62_000;
  await server.push(`sales 100 ${ago}`);
  await server.push('sales 112');
  const opened = await board('change');
  await opened.shows('#change .change', '+12\u202f% in 1 min');
  assert.equal(await opened.page.locator('#change .change span').getAttribute('data-level'), 'ok');
  await opened.close();
});

test('a table is sorted by the heading that is pressed', async () => {
  const opened = await board('table');
  const { page } = opened;
  const first = '#table tbody td:first-child';
  await shows(opened, first, ['pears', 'apples', 'plums']);
  await page.getByRole('button', { name: 'Parts', exact: true }).click();
  await shows(opened, first, ['apples', 'pears', 'plums']);
  await page.keyboard.press('Enter');
  await shows(opened, first, ['plums', 'pears', 'apples']);
  const sorted = page.locator('#table th[aria-sort]');
  const last = await page.locator('#table th').last().innerText();
  assert.deepEqual(await sorted.allInnerTexts(), [last]);
  assert.equal(await sorted.getAttribute('aria-sort'), 'ascending');
  await page.getByRole('button', { name: 'of', exact: true }).click();
  await shows(opened, first, ['apples', 'pears', 'plums']);
  await server.push('stock{of="plums"} 9');
  const cell = page.locator('#table td[data-level="warn"]');
  await cell.waitFor();
  assert.equal(await cell.getAttribute('title'), 'too much');
  await server.push('stock{of="plums"} 1');
  await opened.close();
});

test('a legend lists figures as a table, which is sorted by the heading that is pressed', async () => {
  const opened = await board('legend');
  const { page } = opened;
  const rows = '#legend .legend tbody tr';
  await shows(opened, `${rows} td:first-child`, ['a', 'b']);
  await shows(opened, `${rows} td:nth-child(2)`, ['4', '9']);
  assert.deepEqual(await page.locator('#legend thead th').allInnerTexts(), [
    'Series',
    'max',
    'mean',
  ]);
  await page.getByRole('button', { name: 'max' }).click();
  await shows(opened, `${rows} td:first-child`, ['b', 'a']);
  await page.keyboard.press('Enter');
  await shows(opened, `${rows} td:first-child`, ['a', 'b']);
  assert.equal(await page.locator('#legend th[aria-sort]').getAttribute('aria-sort'), 'ascending');
  const of = (/** @type {string} */ name) =>
    page.locator('#legend .legend button[data-series]', { hasText: name });
  await of('b').click();
  assert.equal(await of('a').getAttribute('aria-pressed'), 'false');
  assert.equal(await of('b').getAttribute('aria-pressed'), 'true');
  await opened.close();
});

test('a text is what the server read, with and without scripts', async () => {
  const texts = [];
  for (const javaScriptEnabled of [true, false]) {
    const opened = await visit(browser, `${server.url}/d/shop`, { javaScriptEnabled });
    const { page } = opened;
    if (javaScriptEnabled) await page.locator('#words[data-drawn]').waitFor();
    await page.getByRole('heading', { name: 'Hello', level: 3 }).waitFor();
    assert.equal(await page.locator('#words img').count(), 0);
    const links = page.locator('#words a');
    assert.deepEqual(await links.allInnerTexts(), ['this']);
    assert.equal(await links.getAttribute('target'), '_blank');
    texts.push(await opened.text('#words .body'));
    await opened.close();
  }
  assert.match(texts[0], /<img src=x onerror=alert\(1\)> and this or that/);
  assert.equal(texts[0], texts[1]);
});

test('a text that changes shows in open pages, by the script', async () => {
  const opened = await visit(browser, `${server.url}/d/shop`);
  const { page } = opened;
  await page.locator('#words[data-drawn]').waitFor();
  server.write('dashboards/shop.toml', BOARD.replace('# Hello', '# Hello *again*'));
  await page.getByRole('heading', { name: 'Hello again', level: 3 }).waitFor();
  assert.match(await opened.text('#words .body'), /<img src=x onerror=alert\(1\)> and this or that/);
  assert.equal(await page.locator('#words em').innerText(), 'again');
  assert.equal(await page.locator('#words img').count(), 0);
  const links = page.locator('#words a');
  assert.deepEqual(await links.allInnerTexts(), ['this']);
  assert.equal(await links.getAttribute('rel'), 'noopener');
  server.write('dashboards/shop.toml', BOARD);
  await page.getByRole('heading', { name: 'Hello', exact: true, level: 3 }).waitFor();
  await opened.close();
});

test('what a panel is about is reached by keys', async () => {
  const opened = await board('bars');
  const { page } = opened;
  const about = page.locator('#i-bars');
  assert.equal(await about.isVisible(), false);
  await page.getByRole('button', { name: 'Information on Stock' }).focus();
  await page.keyboard.press('Enter');
  await about.waitFor({ state: 'visible' });
  assert.match(await about.innerText(), /What lies in the shops\s+All dashboards/);
  await page.keyboard.press('Escape');
  await about.waitFor({ state: 'hidden' });
  await opened.close();
});

test('an empty panel has words of its own, which go when values come', async () => {
  const opened = await visit(browser, `${server.url}/d/shop`, { viewport: TALL });
  await opened.shows('#empty .empty', 'no fans here');
  await server.push('fans{of="case"} 900');
  await shows(opened, '#empty li', ['of=case900']);
  await opened.close();
});

test('the kinds without a chart stand in embeds, too', async () => {
  for (const id of ['bars', 'pie', 'timeline', 'events', 'table', 'words']) {
    const opened = await visit(browser, `${server.url}/embed/shop/${id}`);
    await opened.page.locator(`#${id}[data-drawn]`).waitFor();
    await opened.close();
  }
});
