/**
 * The entry of an embed: panels and nothing around them. It tells the page that holds it how high
 * it is, and lets that page change what it shows.
 *
 * The one idea: it speaks with one window, its parent, and only while that is a page of an origin
 * that may hold it: those of the settings, and our own.
 */

import { start } from './start.js';

/** What does what the page around asks for. */
const taking = () => import('./later/take.js');

const root = document.documentElement;
const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const { panels, parents = '' } = main.dataset;
const allowed = new Set([location.origin, ...parents.split(' ')]);

/** The origins that the page around may have: its own where the browser tells. */
function around() {
  const { referrer } = document;
  const told = location.ancestorOrigins?.[0] ?? (referrer && new URL(referrer).origin);
  return [...allowed].filter((origin) => origin && (!told || origin === told));
}

/** How high it would be, in pixels: a single panel as high as on its board, whatever the frame. */
function height() {
  const panel = root.hasAttribute('data-single') && main.querySelector('wg-panel');
  if (!(panel instanceof HTMLElement)) return Math.ceil(main.getBoundingClientRect().height);
  const style = getComputedStyle(root);
  const [row, gap] = ['--row', '--gap'].map((name) => parseFloat(style.getPropertyValue(name)));
  const rows = Number(panel.dataset.h);
  return Math.round((rows * row + (rows - 1) * gap) * parseFloat(style.fontSize));
}

const page = start(null, panels ? panels.split(',') : null);
if (page?.first) void taking().then(({ travel }) => travel(page), page.fault);
if (page && parent !== window) {
  let told = 0;
  new ResizeObserver(() => {
    const now = height();
    if (!now || now === told) return;
    told = now;
    for (const origin of around()) parent.postMessage({ watchglass: 'size', height: now }, origin);
  }).observe(main);
  addEventListener('message', async ({ source, origin, data }) => {
    if (source !== parent || !allowed.has(origin) || data?.watchglass !== 'set') return;
    try {
      const { take } = await taking();
      const state = await take(page, data);
      parent.postMessage({ watchglass: 'state', ...state, height: height() }, origin);
    } catch (reason) {
      const text = reason instanceof Error ? reason.message : String(reason);
      parent.postMessage({ watchglass: 'error', text }, origin);
    }
  });
}
