/**
 * Several panels and whole boards inside another site's page: one connection, a height that is
 * told, wishes of the page around, and dashboard files that change.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, visit } from './support/browser.js';
import { Server } from './support/server.js';
import { Site } from './support/site.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Site} */
let site;
/** @type {Site} */
let foreign;
/** @type {Server} */
let server;

const panel = (/** @type {string} */ id, /** @type {string} */ more = '') =>
  `[[panel]]\nid = "${id}"\ntitle = "${id.toUpperCase()}"\nquery = "orders"\nwidth = 6\n${more}`;
const HEAD = 'title = "Shop"\nembed = true\n';

before(async () => {
  [browser, site, foreign] = await Promise.all([launch(), Site.start(), Site.start()]);
  server = new Server({ parents: [site.url] });
  const empty = '[[panel]]\nid = "d"\ntitle = "D"\nquery = "nobody"\nhide_when_empty = true\n';
  server.write('dashboards/shop.toml', `${HEAD}${panel('a')}${panel('b')}${panel('c')}${empty}`);
  await server.start();
  const at = Math.floor(Date.now() / 1000) * 1000;
  const lines = Array.from({ length: 120 }, (_, back) => `orders ${back} ${at - 1000 * back}`);
  assert.deepEqual((await server.push(lines.join('\n'))).errors, []);
});
after(async () => {
  await browser?.close();
  await Promise.all([site?.stop(), foreign?.stop()]);
  await server?.stop();
});

/** The site's page with these in its frames. @param {string[]} addresses */
async function framed(...addresses) {
  const query = addresses.map((address) => {
    const whole = address.startsWith('/') ? server.url + address : address;
    return `frame=${encodeURIComponent(whole)}`;
  });
  const opened = await visit(browser, `${site.url}/?${query.join('&')}`);
  const inside = opened.page.frames()[1];
  /** Waits for these panels. @param {string} wanted */
  const shows = (wanted) =>
    inside.waitForFunction(
      (ids) =>
        [...document.querySelectorAll('wg-panel:not([hidden])')].map(({ id }) => id).join() === ids,
      wanted,
    );
  /** Says something to the embed, and waits for its answer. @param {object} wish
   * @returns {Promise<any>} */
  const ask = (wish) =>
    opened.page.evaluate(
      (message) =>
        new Promise((resolve) => {
          addEventListener('message', function heard({ data }) {
            if (data.watchglass === 'size') return;
            removeEventListener('message', heard);
            resolve(data);
          });
          window.frames[0].postMessage({ watchglass: 'set', ...message }, '*');
        }),
      wish,
    );
  return { opened, inside, shows, ask };
}

test('several panels stand in the order that was asked for, over one connection', async () => {
  const { opened, inside, shows } = await framed('/embed/shop/c,a');
  await shows('c,a');
  await opened.page.locator('iframe').evaluate((frame) => frame.setAttribute('height', '900'));
  await inside.locator('#a[data-drawn] canvas').waitFor();
  await inside.locator('html[data-state="live"]').waitFor({ state: 'attached' });
  assert.equal(opened.sockets.length, 1);
  assert.match(opened.sent[0], /"panels":\["c","a"\]/);
  await server.push('orders 77');
  for (const id of ['a', 'c'])
    await inside.locator(`#${id} .legend b`, { hasText: '77' }).waitFor();
  await opened.close();
});

test('a whole board stands in its grid, without what is empty, and tells how high it is', async () => {
  const { opened, inside, shows } = await framed('/embed/shop');
  await shows('a,b,c');
  const tops = await inside.evaluate(() =>
    ['a', 'b', 'c'].map((id) => document.getElementById(id)?.getBoundingClientRect().top),
  );
  assert.equal(new Set(tops).size, 3, 'one column in a frame as narrow as a phone');
  await inside.locator('html[data-state="live"]').waitFor({ state: 'attached' });
  assert.equal(opened.sockets.length, 1);
  // A frame that is as high as it says has nothing to scroll.
  await opened.page.evaluate(() => {
    const [frame] = document.getElementsByTagName('iframe');
    const { data } = Reflect.get(window, 'told');
    if (data.watchglass === 'size') frame.style.height = `${data.height}px`;
  });
  await inside.waitForFunction(() => {
    const { clientHeight, scrollHeight } = document.documentElement;
    return clientHeight > 600 && scrollHeight === clientHeight;
  });
  await opened.close();
});

test('who names a panel gets it even while it is empty, with or without its title', async () => {
  const { opened, inside } = await framed('/embed/shop/d?title=0&bg=transparent&theme=light');
  await inside.locator('#d').waitFor();
  await inside.locator('#d h2').waitFor({ state: 'hidden' });
  const ground = () => getComputedStyle(document.documentElement).backgroundColor;
  assert.equal(await inside.evaluate(ground), 'rgba(0, 0, 0, 0)');
  await opened.close();
});

test('the page around changes range, time and theme without a reload, and hears what is shown', async () => {
  const { opened, inside, ask } = await framed('/embed/shop/a?theme=dark');
  await inside.locator('html[data-state="live"]').waitFor({ state: 'attached' });
  await inside.evaluate(() => Object.assign(window, { mark: true }));
  const began = await opened.page.evaluate(() => history.length);
  const state = await ask({ range: '15m', theme: 'light' });
  assert.deepEqual(
    { ...state, height: 0 },
    { watchglass: 'state', range: '15m', theme: 'light', panels: ['a'], height: 0 },
  );
  assert.ok(state.height > 0);
  assert.equal(await inside.locator('html').getAttribute('data-theme'), 'light');
  assert.match(inside.url(), /range=15m/);
  assert.ok(opened.sent.some((text) => /"range":"15m"/.test(text)));

  const end = Math.floor(Date.now() / 1000) - 30;
  const past = await ask({ from: end - 60, to: new Date(1000 * end).toISOString() });
  assert.deepEqual([past.from, past.to], [1000 * (end - 60), 1000 * end]);
  assert.match(inside.url(), new RegExp(`from=${1000 * (end - 60)}`));
  assert.equal((await ask({ theme: 'auto' })).theme, 'auto');
  assert.equal((await ask({ range: '1m' })).range, '1m');
  assert.ok(await inside.evaluate(() => 'mark' in window), 'it was not reloaded');
  const steps = await opened.page.evaluate(() => history.length);
  assert.equal(steps, began, 'there is no step on the way back');
  assert.equal(opened.sockets.length, 1);
  await opened.close();
});

test('what cannot be done is answered in words, and nothing of it is done', async () => {
  const { opened, inside, ask } = await framed('/embed/shop/a?theme=dark&range=1m');
  await inside.locator('html[data-state="live"]').waitFor({ state: 'attached' });
  for (const [wish, words] of /** @type {[object, RegExp][]} */ ([
    [{ theme: 'light', range: 'soon' }, /`range` is written as 15m, from 10s to 730d, not `soon`/],
    [{ theme: 'light', range: '1s' }, /not `1s`/],
    [{ from: 5 }, /`from` and `to` go together/],
    [{ from: 'x', to: 5 }, /`from` is seconds or milliseconds/],
    [{ from: 20, to: 10 }, /`to` lies behind `from`/],
    [{ range: '1m', from: 5, to: 6 }, /not both/],
    [{ theme: 'pink' }, /`theme` is dark, light or auto, not `pink`/],
    [{ query: 'up' }, /nothing named `query` to set/],
  ])) {
    const { watchglass, text } = await ask(wish);
    assert.equal(watchglass, 'error');
    assert.match(text, words);
  }
  const { range, theme } = await ask({});
  assert.deepEqual([range, theme], ['1m', 'dark']);
  await opened.close();
});

test('nobody but the page around is listened to', async () => {
  const { opened, inside, ask } = await framed('/embed/shop/a?theme=dark&range=1m', foreign.url);
  await inside.locator('html[data-state="live"]').waitFor({ state: 'attached' });
  const [, , stranger] = opened.page.frames();
  assert.ok(stranger.url().startsWith(foreign.url));
  await stranger.evaluate(() =>
    parent.frames[0].postMessage({ watchglass: 'set', theme: 'light', range: '15m' }, '*'),
  );
  // Messages to a window come in their order: by this answer the other one was passed over.
  const { range, theme } = await ask({});
  assert.deepEqual([range, theme], ['1m', 'dark']);
  assert.deepEqual(await stranger.evaluate(() => Reflect.get(window, 'all')), []);
  await opened.close();
});

test('an embed follows its dashboard’s file, to its end', async () => {
  const file = (/** @type {string} */ text) => server.write('dashboards/follow.toml', text);
  file(`${HEAD}${panel('a')}${panel('b')}`);
  const address = `${server.url}/embed/follow/b,a`;
  while ((await fetch(address)).status !== 200);
  const { opened, inside, shows } = await framed('/embed/follow/b,a');
  await inside.locator('html[data-state="live"]').waitFor({ state: 'attached' });
  await inside.evaluate(() => Object.assign(window, { mark: true }));
  file(`${HEAD}${panel('a', 'unit = "bytes"\n')}${panel('c')}`);
  await shows('a');
  await inside.locator('#a .legend b', { hasText: /\sB$/ }).waitFor();
  file(`${HEAD}${panel('c')}`);
  await inside.getByText('this was removed').waitFor();
  file(`${HEAD}${panel('a')}${panel('b')}`);
  await shows('b,a');
  assert.ok(await inside.evaluate(() => 'mark' in window), 'it was not reloaded');
  file(`title = "Shop"\n${panel('a')}${panel('b')}`);
  await inside.getByRole('alert').getByText('Not for embedding').waitFor();
  server.remove('dashboards/follow.toml');
  await opened.close([/403/]);
});
