/**
 * By which clock a page tells times: the address's, the reader's, the dashboard's, the browser's.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
import { Server } from './support/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;
const begun = 1000 * Math.floor(Date.now() / 1000) - 600_000;

const board = (/** @type {string} */ more) => `
title = "Alps"
embed = true
range = "15m"
${more}
[[panel]]
id = "ramp"
title = "Ramp"
query = "ramp"
`;

before(async () => {
  const dashboards = { alps: board('time_zone = "Asia/Kathmandu"'), plain: board('') };
  [browser, server] = await Promise.all([launch(), Server.start({ dashboards })]);
  const lines = Array.from({ length: 540 }, (_, s) => `ramp ${s} ${begun + 1000 * s}`);
  assert.deepEqual((await server.push(lines.join('\n'))).errors, []);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The time of day in a zone. @param {number} ms @param {string} timeZone */
const timeIn = (ms, timeZone) =>
  new Date(ms).toLocaleTimeString('en-GB', { timeZone, hour12: false });

/** @param {string} path @param {object} [options] */
async function open(path, options = {}) {
  const own = { timezoneId: 'Europe/Zurich', ...options };
  const opened = await visit(browser, server.url + path, own);
  await opened.page.locator('#ramp[data-drawn] canvas').waitFor();
  return opened;
}

/** The newest time in the table of a panel's numbers. @param {import('./support/browser.js').Visit}
 * opened */
async function newest({ page }) {
  await page.locator('#ramp .plot').focus();
  await page.keyboard.press('d');
  const times = page.locator('#ramp .data tbody th');
  await times.first().waitFor();
  const all = await times.allInnerTexts();
  await page.keyboard.press('d');
  return all;
}

test('times follow the browser where nothing else is said, and say nothing of it', async () => {
  const opened = await open('/d/plain');
  assert.ok((await newest(opened)).includes(timeIn(begun + 500_000, 'Europe/Zurich')));
  assert.equal(await opened.page.locator('.zone').isVisible(), false);
  await opened.close();
});

test('a dashboard names its clock, an address another one, and a reader chooses', async () => {
  const opened = await open('/d/alps');
  const { page } = opened;
  assert.equal(await opened.text('.zone'), 'Asia/Kathmandu');
  assert.ok((await newest(opened)).includes(timeIn(begun + 500_000, 'Asia/Kathmandu')));

  await page.locator('.custom summary').click();
  const field = page.locator('.custom [name="from"]');
  const far = page.locator('.custom option[value="America/New_York"]');
  await far.waitFor({ state: 'attached' });
  assert.equal(await page.locator('.custom [name="tz"]').inputValue(), 'Asia/Kathmandu');
  await page.locator('.custom [name="tz"]').selectOption('America/New_York');
  await page.waitForURL('**/d/alps?tz=America%2FNew_York');
  assert.equal(await opened.text('.zone'), 'America/New_York');
  assert.ok((await newest(opened)).includes(timeIn(begun + 500_000, 'America/New_York')));

  // The ends that are asked for are those of this clock.
  const local = (/** @type {number} */ ms) =>
    new Date(ms).toLocaleString('sv', { timeZone: 'America/New_York' }).replace(' ', 'T');
  await field.fill(local(begun + 100_000));
  await page.locator('.custom [name="to"]').fill(local(begun + 160_000));
  await page.locator('.custom').getByRole('button', { name: 'Show' }).click();
  const ends = `from=${begun + 100_000}&to=${begun + 160_000}`;
  await page.waitForURL(`**/d/alps?tz=America%2FNew_York&${ends}`);
  const end = timeIn(begun + 160_000, 'America/New_York');
  await opened.until(
    (time) => document.querySelector('.stretch')?.textContent?.includes(time),
    end,
  );

  // It is remembered, and stands in the address so that a copy shows the same.
  await page.goto(`${server.url}/d/plain`);
  await page.waitForURL('**/d/plain?tz=America%2FNew_York');
  assert.equal(await opened.text('.zone'), 'America/New_York');
  await page.goto(`${server.url}/d/plain?tz=utc`);
  await opened.state('live');
  assert.equal(await opened.text('.zone'), 'UTC');
  await page.goto(`${server.url}/d/alps?tz=browser`);
  await opened.state('live');
  assert.equal(await page.locator('.zone').isVisible(), false);
  assert.ok((await newest(opened)).includes(timeIn(begun + 500_000, 'Europe/Zurich')));
  await opened.close();
});

test('without a script the server tells times by the clock that is named', async () => {
  const still = async (/** @type {string} */ path) => {
    const opened = await visit(browser, server.url + path, { javaScriptEnabled: false });
    const words = [await opened.text('.zone'), await opened.page.locator('.stretch').innerText()];
    const kept = await opened.page.locator('.seg a').first().getAttribute('href');
    await opened.close();
    return [...words, kept];
  };
  const ends = `from=${begun}&to=${begun + 60_000}`;
  const [clock, words, kept] = await still(`/d/plain?tz=America/New_York&${ends}`);
  assert.equal(clock, 'America/New_York');
  assert.match(String(words), new RegExp(`${timeIn(begun, 'America/New_York')} to `));
  assert.equal(kept, '?tz=America%2FNew_York&range=1m');
  assert.equal((await still('/d/alps'))[0], 'Asia/Kathmandu');
  assert.match(String((await still('/d/plain'))[0]), /^UTC[+-]\d\d:\d\d$/);
  // A time without a zone is one of the clock that is named.
  const text = new Date(begun).toLocaleString('sv', { timeZone: 'Asia/Tokyo' }).replace(' ', 'T');
  const asked = `from=${text}&to=${begun + 60_000}`;
  assert.match(String((await still(`/d/plain?tz=Asia/Tokyo&${asked}`))[1]), / to /);
  for (const path of ['/', '/embed/plain/ramp', '/explore']) {
    const answer = await fetch(`${server.url}${path}?tz=Mars/Base`);
    assert.equal(answer.status, 400, path);
    assert.match(await answer.text(), /Mars\/Base<\/code> is no time zone/, path);
  }
});

test('an embed takes a clock by its address', async () => {
  const opened = await open('/embed/plain/ramp?tz=Asia/Tokyo');
  await opened.page.locator('#ramp .plot').hover();
  await opened.until(() => /^\d\d:\d\d/.test(document.querySelector('.at')?.textContent ?? ''));
  const hour = (await opened.text('.at')).slice(0, 2);
  const near = [0, 900_000].map((back) => timeIn(Date.now() - back, 'Asia/Tokyo').slice(0, 2));
  assert.ok(near.includes(hour), `${hour} is one of ${near}`);
  await opened.close();
});
