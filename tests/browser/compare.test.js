/** What was so long before, as a ghost in charts and a word in legends. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, TALL, visit } from './support/browser.js';
import { Server } from './support/server.js';

const BOARD = `
title = "Stairs"

[[panel]]
id = "stairs"
title = "Stairs"
query = "stairs"
legend = "{{n}}"
width = 12
height = 6

[[panel]]
id = "sum"
title = "Sum"
kind = "stack"
query = "stairs"
legend = false
width = 12
`;
const RANGE_S = 300;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  const dashboards = { stairs: BOARD };
  [browser, server] = await Promise.all([launch(), Server.start({ dashboards })]);
  // The last minute of twenty is a hundred times the others.
  const now = Math.floor(Date.now() / 1000);
  const lines = [];
  for (let back = 4 * RANGE_S; back >= 0; back -= 2)
    for (const n of [1, 2])
      lines.push(`stairs{n="${n}"} ${back > 60 ? n : 100 * n} ${1000 * (now - back)}`);
  assert.deepEqual((await server.push(lines.join('\n'))).errors, []);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const VALUE = '#stairs .legend b';
const CHIP = '[data-do="alike"]';

/** @param {string} [query] */
async function board(query = '') {
  const opened = await visit(browser, `${server.url}/d/stairs${query}`, { viewport: TALL });
  await opened.page.locator('#stairs[data-drawn]').waitFor();
  return opened;
}

/** A number that stands for what a chart's canvas holds.
 * @param {import('./support/browser.js').Visit} opened @param {string} panel */
const drawn = ({ page }, panel) =>
  page.locator(`#${panel} canvas`).evaluate((canvas) => {
    const chart = /** @type {HTMLCanvasElement} */ (canvas);
    const { width, height } = chart;
    const image = chart.getContext('2d')?.getImageData(0, 0, width, height);
    let sum = 0;
    for (const part of image?.data ?? []) sum = (31 * sum + part) % 1_000_003;
    return sum;
  });

test('an address shows what was one range before, under the crosshair too', async () => {
  const opened = await board('?compare=period');
  await opened.shows(VALUE, '100, was 1');
  const chip = opened.page.locator(CHIP);
  assert.equal(await chip.innerText(), 'vs. the time before ✕');
  await opened.page.locator('#stairs .plot').focus();
  await opened.page.keyboard.press('Shift+ArrowLeft');
  await opened.page.locator('#stairs .at').waitFor();
  await opened.shows(VALUE, '100, was 1');
  await chip.click();
  await opened.shows(VALUE, '100');
  assert.equal(new URL(opened.page.url()).search, '');
  await opened.close();
});

test('the ghost is drawn behind lines and stacks, and goes', async () => {
  // A stretch of the past stands still, so that pictures of it can be compared.
  const to = Math.floor(Date.now() / 1000) - 10;
  const opened = await board(`?from=${to - RANGE_S}&to=${to}`);
  await opened.shows(VALUE, '100');
  const before = await Promise.all(['stairs', 'sum'].map((panel) => drawn(opened, panel)));
  await opened.page.keyboard.press('c');
  await opened.shows(VALUE, '100, was 1');
  for (const [at, panel] of ['stairs', 'sum'].entries())
    assert.notEqual(await drawn(opened, panel), before[at], panel);
  await opened.page.locator(CHIP).click();
  await opened.shows(VALUE, '100');
  assert.deepEqual(
    await Promise.all(['stairs', 'sum'].map((panel) => drawn(opened, panel))),
    before,
  );
  await opened.close();
});

test('it is chosen beside the range, and stays when that changes', async () => {
  const opened = await board();
  await opened.page.locator('.custom summary').click();
  await opened.page.locator('.versus select').selectOption('1d');
  await opened.shows(VALUE, '100, was –');
  await opened.page.keyboard.press('Escape');
  await opened.page.locator('.seg [data-range="60000"]').click();
  await opened.until(() => location.search.includes('range=1m'));
  assert.equal(new URL(opened.page.url()).searchParams.get('compare'), '1d');
  await opened.close();
});

test('what is no length of time is said, and the page stays', async () => {
  const opened = await board('?compare=soon');
  await opened.page.locator('#notice', { hasText: '`soon` is neither' }).waitFor();
  await opened.shows(VALUE, '100');
  await opened.close();
});
