/**
 * What every kind of panel looks like, in both themes and on three sizes of screen, over samples
 * that are always the same; and what must not vary with fonts: places, sizes, texts and colours.
 *
 * The pictures are in `pictures/`. `PICTURES=write` makes them anew; look at them before they are
 * committed.
 */

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
import { apart, cells, encoded, shrunk } from './support/picture.js';
import { BOARD, dump, FROM_MS, PANELS, TO_MS } from './support/seeded.js';
import { Server } from './support/server.js';

/** @typedef {import('./support/picture.js').Box} Box */

const FOLDER = new URL('./pictures/', import.meta.url);
const WRITES = process.env.PICTURES === 'write';
const THEMES = /** @type {('dark' | 'light')[]} */ (['dark', 'light']);
const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1440, height: 900 },
  tv: { width: 2560, height: 1440 },
};
/** How far a panel may be from its picture. Measured: letters of another family (DejaVu Serif for
 * Sans) move the mean by at most 2.1 and 0.3 % of the cells by much; a thin line that is missing
 * moves the mean by 1.3 and 1.8 % of the cells by much, bars of another colour the mean by 5.6. */
const MEAN_MAX = 3;
const LARGE_MAX = 0.01;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  const dashboards = { kinds: BOARD };
  [browser, server] = await Promise.all([launch(), Server.start({ dashboards, dump: dump() })]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The board with every panel drawn. @param {'dark' | 'light'} theme
 * @param {keyof typeof SIZES} size @param {string} [more] of the address */
async function board(theme, size, more = '') {
  const { width } = SIZES[size];
  const address = `${server.url}/d/kinds?from=${FROM_MS}&to=${TO_MS}${more}`;
  const opened = await visit(browser, address, {
    // High enough that all panels are in view, and so are drawn.
    viewport: { width, height: size === 'phone' ? 6000 : 3200 },
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  });
  await opened.state('paused');
  const drawn = PANELS.filter((id) => id !== 'nothing');
  await opened.until(
    (ids) => ids.every((/** @type {string} */ id) => document.querySelector(`#${id}[data-drawn]`)),
    drawn,
  );
  return opened;
}

/** Where the panels are, within the grid. @param {import('./support/browser.js').Visit} opened
 * @returns {Promise<Box[]>} */
const boxes = ({ page }) =>
  page.locator('.grid').first().evaluate((grid) => {
    const { left, top } = grid.getBoundingClientRect();
    return [...grid.querySelectorAll('wg-panel')].map((panel) => {
      const { x, y, width, height } = panel.getBoundingClientRect();
      return { id: panel.id, x: x - left, y: y - top, width, height };
    });
  });

/** @param {import('./support/browser.js').Visit} opened */
const taken = async ({ page }) => shrunk(page, await page.locator('.grid').first().screenshot());

for (const theme of THEMES)
  for (const size of /** @type {(keyof typeof SIZES)[]} */ (Object.keys(SIZES)))
    test(`every kind of panel looks as it did, ${theme}, ${size}`, async () => {
      const opened = await board(theme, size);
      const now = await taken(opened);
      const file = new URL(`${theme}-${size}.png`, FOLDER);
      if (WRITES) {
        mkdirSync(FOLDER, { recursive: true });
        writeFileSync(file, await encoded(opened.page, now));
      }
      const then = await cells(opened.page, readFileSync(file));
      assert.deepEqual([now.width, now.height], [then.width, then.height], 'the size of the grid');
      const found = (await boxes(opened)).map((box) => ({ id: box.id, ...apart(now, then, box) }));
      const other = found.filter(({ mean, large }) => mean > MEAN_MAX || large > LARGE_MAX);
      assert.deepEqual(other, [], 'panels that look otherwise');
      await opened.close();
    });

test('a picture tells a line that is missing and a colour that is another', async () => {
  const opened = await board('dark', 'desktop');
  const [then, places] = [await taken(opened), await boxes(opened)];
  const differs = async (/** @type {string} */ id) => {
    const box = /** @type {Box} */ (places.find((place) => place.id === id));
    const { mean, large } = apart(await taken(opened), then, box);
    return mean > MEAN_MAX || large > LARGE_MAX;
  };
  assert.equal(await differs('line'), false);
  const entry = (/** @type {string} */ name) =>
    opened.page.locator('#line .legend button', { hasText: name });
  await entry('user').click({ modifiers: ['Control'] });
  await opened.until(() => document.querySelector('#line [aria-pressed="false"]'));
  await opened.page.evaluate(() => new Promise(requestAnimationFrame));
  assert.equal(await differs('line'), true, 'a line is missing');
  await opened.page.locator('#bars .bars').evaluate((list) => (list.className = 'bars c4'));
  assert.equal(await differs('bars'), true, 'bars of another colour');
  await opened.close();
});

test('panels stand in the grid without a gap or an overlap, on every size', async () => {
  for (const size of /** @type {(keyof typeof SIZES)[]} */ (Object.keys(SIZES))) {
    const opened = await board('light', size);
    const places = await boxes(opened);
    assert.deepEqual(places.map(({ id }) => id), PANELS);
    const wide = await opened.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= SIZES[size].width, `${size}: ${wide} pixels wide`);
    for (const [at, one] of places.entries())
      for (const other of places.slice(at + 1)) {
        const apartX = one.x + one.width <= other.x + 0.5 || other.x + other.width <= one.x + 0.5;
        const apartY = one.y + one.height <= other.y + 0.5 || other.y + other.height <= one.y + 0.5;
        assert.ok(apartX || apartY, `${size}: ${one.id} and ${other.id} overlap`);
      }
    await opened.close();
  }
});

test('texts are those of the samples, whole, and colours those of the theme', async () => {
  for (const theme of THEMES) {
    const opened = await board(theme, 'desktop');
    const { page } = opened;
    const text = (/** @type {string} */ place) => page.locator(place).allInnerTexts();
    assert.deepEqual(await text('#line .legend b'), ['5.2\u202f%', '8.1\u202f%', '42.5\u202f%']);
    assert.deepEqual(await text('#bars li span'), ['plums', 'apples', 'pears', 'other (1)']);
    assert.deepEqual(await text('#gauge strong'), ['62%', '93%']);
    assert.deepEqual(await text('#table td:first-child'), ['/home', '/']);
    assert.deepEqual(await text('#pie .ring strong'), ['161']);
    assert.equal(await page.locator('#many tbody tr').count(), 12);
    assert.equal(await page.locator('#timeline .strip').count(), 3);
    assert.match((await text('#events tbody tr'))[0], /12:09:55\s+front\s+open → shut/);
    const cut = await page.locator('.head h2, .legend span, .num, .bars b').evaluateAll((all) =>
      all.filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent),
    );
    assert.deepEqual(cut, [], 'texts that are cut');
    const colours = await page.locator('#line .legend i').evaluateAll((all) =>
      all.map((each) => getComputedStyle(each).backgroundColor),
    );
    const first = { dark: 'rgb(134, 182, 255)', light: 'rgb(23, 80, 180)' };
    assert.equal(colours[0], first[theme]);
    assert.equal(new Set(colours).size, 3);
    await opened.close();
  }
});
