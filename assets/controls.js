/**
 * What stands around the panels: the clock, the pill, and what a reader can press: ranges, pause,
 * theme, the data table; by pointer and by single keys. An embedded panel goes without.
 *
 * @typedef {{range: (rangeMs: number) => void, pause: () => void, theme: () => void,
 *   table: (panel: Element | null) => void, now: () => number}} Actions
 */

import { arranger } from './elements/arrange.js';
import { dataTable } from './elements/data.js';
import { Status } from './elements/status.js';
import { Time } from './elements/time.js';

const THEME = 'watchglass.theme';

/** Takes the theme that was chosen earlier. The address says more than the memory. */
function recallTheme() {
  const root = document.documentElement;
  if (new URLSearchParams(location.search).has('theme')) return;
  const chosen = localStorage.getItem(THEME);
  if (chosen === 'dark' || chosen === 'light') root.dataset.theme = chosen;
}

/** Changes between dark and light, and remembers it. */
function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  localStorage.setItem(THEME, root.dataset.theme);
}

/** Marks the range in the bar and keeps it in the address. @param {number} rangeMs */
function markRange(rangeMs) {
  for (const link of document.querySelectorAll('.seg [data-range]')) {
    const current = Number(/** @type {HTMLElement} */ (link).dataset.range) === rangeMs;
    if (current) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
    if (current) history.replaceState(null, '', /** @type {HTMLAnchorElement} */ (link).href);
  }
}

/** @param {Actions} actions */
function listen(actions) {
  Time.now = actions.now;
  customElements.define('wg-time', Time);
  customElements.define('wg-status', Status);
  /** @type {Element | null} the panel that was pointed at last */
  let pointed = null;
  document.addEventListener('pointerover', ({ target }) => {
    pointed = target instanceof Element ? target.closest('wg-panel') : null;
  });
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const link = /** @type {HTMLElement | null} */ (event.target.closest('.seg [data-range]'));
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      actions.range(Number(link.dataset.range));
    }
    const what = event.target.closest('[data-do]')?.getAttribute('data-do');
    if (what === 'pause') actions.pause();
    if (what === 'theme') actions.theme();
  });
  document.addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !(target instanceof Element)) return;
    if (target.closest('input, select, textarea, [contenteditable]')) return;
    const ranges = /** @type {NodeListOf<HTMLElement>} */ (
      document.querySelectorAll('.seg [data-range]')
    );
    if (key === ' ' && !target.closest('button, .tbl, .data')) actions.pause();
    else if (key === 't') actions.theme();
    else if (key === 'd') actions.table(target.closest('wg-panel') ?? pointed);
    else if (key >= '1' && key <= '8' && ranges[Number(key) - 1]) {
      actions.range(Number(ranges[Number(key) - 1].dataset.range));
    } else return;
    event.preventDefault();
  });
}

export const controls = {
  recallTheme,
  switchTheme,
  markRange,
  listen,
  arranger,
  dataTable,
};
