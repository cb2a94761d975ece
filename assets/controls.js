/**
 * What stands around the panels: the clock, the pill, and what a reader can press: ranges, pause,
 * theme, the data table; by pointer and by single keys. An embedded panel goes without.
 *
 * @import { When } from './when.js'
 * @typedef {{range: (rangeMs: number) => void, stretch: (fromMs: number, toMs: number) => void,
 *   move: (part: number) => void, scale: (factor: number) => void,
 *   back: () => void, pause: () => void, theme: () => void,
 *   table: (panel: Element | null) => void, now: () => number}} Actions  move: by so much of what
 *   is shown; scale: so many times as long; back: to what was shown before
 */

import { Status } from './elements/status.js';
import { Time } from './elements/time.js';
import { day, timeOfDay } from './units.js';

/** By how much of what is shown an arrow moves it. @type {Record<string, number>} */
const ARROWS = { ArrowLeft: -0.5, ArrowRight: 0.5 };
/** What has a use of its own for them. */
const OWN_ARROWS = '.plot, .tbl, .data, .legend';
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

/** Marks what is shown in the bar. @param {When} when */
function markRange(when) {
  const rangeMs = 'rangeMs' in when ? when.rangeMs : 0;
  for (const link of document.querySelectorAll('.seg [data-range]')) {
    const current = Number(/** @type {HTMLElement} */ (link).dataset.range) === rangeMs;
    if (current) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  const stretch = document.querySelector('.stretch');
  if (!stretch) return;
  stretch.textContent = rangeMs ? '' : stretchText(when);
}

/** A stretch of the past in words. @param {When} when */
function stretchText(when) {
  if ('rangeMs' in when) return '';
  const [from, to] = [when.fromMs, when.toMs];
  const same = new Date(from).toDateString() === new Date(to).toDateString();
  return `${day(from)} ${timeOfDay(from)} to ${same ? '' : `${day(to)} `}${timeOfDay(to)}`;
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
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches('.custom form')) return;
    event.preventDefault();
    const [from, to] = ['from', 'to'].map((name) =>
      new Date(String(new FormData(form).get(name))).getTime(),
    );
    const wrong = !(to > from);
    form.classList.toggle('wrong', wrong);
    if (wrong) return;
    form.closest('details')?.removeAttribute('open');
    actions.stretch(from, to);
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
    else if (key === '0') actions.back();
    else if (key === '+' || key === '-') actions.scale(key === '+' ? 0.5 : 2);
    else if (ARROWS[key] && !target.closest(OWN_ARROWS)) actions.move(ARROWS[key]);
    else if (key === 'd') actions.table(target.closest('wg-panel') ?? pointed);
    else if (key >= '1' && key <= '8' && ranges[Number(key) - 1]) {
      actions.range(Number(ranges[Number(key) - 1].dataset.range));
    } else return;
    event.preventDefault();
  });
}

/** What makes tables of numbers. */
const dataTable = () => import('./later/data.js');

export const controls = {
  recallTheme,
  switchTheme,
  markRange,
  listen,
  dataTable,
};
