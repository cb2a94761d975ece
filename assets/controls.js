/**
 * What stands around the panels: the clock, the pill, and what a reader can press: ranges, pause,
 * theme, the data table, one panel alone, another clock; by pointer and by keys. What is used now
 * and then is loaded when it is asked for. An embedded panel goes without.
 *
 * @import { Connection } from './connection.js'
 * @import { LivePage } from './start.js'
 * @import { Stretch, When } from './when.js'
 * @typedef {{range: (rangeMs: number) => void, stretch: (fromMs: number, toMs: number) => void,
 *   move: (part: number) => void, scale: (factor: number) => void,
 *   back: () => void, pause: () => void, theme: () => void,
 *   table: (panel: Element | null) => void, alone: (panel: Element | null) => void,
 *   share?: (panel: Element | null) => void, compare: (text: string) => void,
 *   clock: (name: string) => void, now: () => number, ends: () => Stretch,
 *   said: (text: string) => void, behindMs: () => number, stepMs: () => number,
 *   connection: Connection | null, page: LivePage | null}} Actions  move: by so much of what is
 *   shown; scale: so many times as long; back: to what was shown before; alone: that panel and no
 *   other, or all again; compare: with how long before, as the address says it; clock: tells times
 *   by another one; ends: of what is shown; said: words for the reader; behindMs: how far behind
 *   the present the page is
 */

import { actionsOf } from './actions.js';
import {
  alone,
  recallClock,
  rememberClock,
  say,
  showAlone,
  zoneText,
} from './elements/address.js';
import { keyboard } from './elements/keyboard.js';
import { NAMES, Status } from './elements/status.js';
import { Time } from './elements/time.js';
import { day, timeOfDay } from './units.js';
import { wall, zone } from './zone.js';

const THEME = 'watchglass.theme';

const root = document.documentElement;

/** Takes the theme that was chosen earlier. The address says more than the memory. */
function recallTheme() {
  if (new URLSearchParams(location.search).has('theme')) return;
  const chosen = localStorage.getItem(THEME);
  if (chosen === 'dark' || chosen === 'light') root.dataset.theme = chosen;
}

/** Changes between dark and light, and remembers it. */
function switchTheme() {
  const dark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  localStorage.setItem(THEME, root.dataset.theme);
  // An address that names one is kept in step: it says more than the memory.
  if (new URLSearchParams(location.search).has('theme')) say('theme', root.dataset.theme);
}

/** The sheet of what is loaded when it is asked for. @type {Promise<unknown> | null} */
let sheet = null;

/** Loads a script that is used now and then, and the sheet of all those.
 * @template T @param {() => Promise<T>} load @param {(module: T) => void} then
 * @param {(text: string) => void} said what is said when it cannot be had */
async function ask(load, then, said) {
  sheet ??= new Promise((resolve) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = new URL('./later.css', import.meta.url).href;
    link.onload = link.onerror = resolve;
    document.head.append(link);
  });
  try {
    const [module] = await Promise.all([load(), sheet]);
    then(module);
  } catch {
    said('This could not be loaded: the server may be away, or another version. Try again.');
  }
}

/** Opens the dialog that shares a panel, or the whole board.
 * @param {import('./elements/panel.js').Panel | null} panel @param {LivePage} page */
function share(panel, page) {
  ask(() => import('./later/share.js'), ({ open }) => open(panel, { page }), page.said);
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
  if (stretch) stretch.textContent = rangeMs ? '' : stretchText(when);
}

/** Says beside the range by which clock times are told, where it is not the browser's. */
function markClock() {
  const clock = document.querySelector('.zone');
  if (!clock) return;
  const asked = new URLSearchParams(location.search).get('tz') ?? zone();
  const unknown = asked === zone() ? '' : `no zone ${asked} here, `;
  const text = unknown + (zoneText() || (unknown && 'local time'));
  clock.textContent = text;
  clock.toggleAttribute('data-said', !!text);
}

/** A day with its year. @param {number} ms */
const date = (ms) => wall(ms).toUTCString().slice(5, 16);

/** A stretch of the past in words. @param {When} when */
function stretchText(when) {
  if ('rangeMs' in when) return '';
  const [from, to] = [when.fromMs, when.toMs];
  const same = date(from) === date(to);
  return `${day(from)} ${timeOfDay(from)} to ${same ? '' : `${day(to)} `}${timeOfDay(to)}`;
}

/** Puts the page on a wall, the panels and nothing else, or takes it from there.
 * @param {Actions} actions @param {boolean} on */
function kiosk(actions, on) {
  if (!on) {
    say('kiosk', null);
    delete root.dataset.kiosk;
    return;
  }
  if (root.dataset.kiosk === undefined) {
    say('kiosk', '');
    root.dataset.kiosk = '';
  }
  ask(() => import('./later/kiosk.js'), ({ begin }) => begin(), actions.said);
}

/** Out of what takes the whole page. @param {Actions} actions */
function escape(actions) {
  const form = document.querySelector('.custom[open]');
  if (form) form.removeAttribute('open');
  else if (document.querySelector('wg-panel[data-alone]')) alone(null);
  else if (root.dataset.kiosk !== undefined) kiosk(actions, false);
}

/** Says on paper what time it shows, and when it was printed. @param {Actions} actions */
function print({ ends, now }) {
  const paper = document.querySelector('.printed');
  const at = `${date(now())} ${timeOfDay(now(), true)}`;
  const clock = zoneText() || Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (paper) paper.textContent = `${stretchText(ends())} (${clock}), printed ${at}`;
}

/** What a press on an element with `data-do` does.
 * @param {Actions} actions
 * @returns {Record<string, (button: HTMLElement, key?: string) => void>} */
function deeds(actions) {
  const { said, connection } = actions;
  const missing = new Set(actions.share ? [] : ['e']);
  return {
    pause: actions.pause,
    theme: actions.theme,
    all: () => alone(null),
    menu: (button) => {
      const host = { ...actions, page: /** @type {LivePage} */ (actions.page) };
      ask(() => import('./later/menu.js'), ({ open }) => open(button, host), said);
    },
    step: (panel, key = '') => {
      ask(() => import('./later/step.js'), ({ step }) => step(panel, key), said);
    },
    alike: () => actions.compare(''),
    kiosk: () => kiosk(actions, root.dataset.kiosk === undefined),
    palette: () => {
      const load = () => import('./later/palette.js');
      ask(load, ({ open }) => open({ ...actions, does: deeds(actions) }), said);
    },
    keys: () => ask(() => import('./later/keys.js'), ({ open }) => open(missing), said),
    connection: (button) => {
      const wire = /** @type {Connection} */ (connection);
      const host = { ...actions, names: NAMES, connection: wire };
      const load = () => import('./later/connection.js');
      const more = /** @type {HTMLButtonElement} */ (button);
      ask(load, ({ attach }) => attach(more, host, actions.stepMs), said);
    },
  };
}

/** @param {Actions} actions */
function listen(actions) {
  if (document.querySelector('details.section'))
    ask(() => import('./later/sections.js'), ({ recallSections }) => recallSections(), actions.said);
  Time.now = actions.now;
  customElements.define('wg-time', Time);
  customElements.define('wg-status', Status);
  /** @type {Element | null} the panel that was pointed at last */
  let pointed = null;
  document.addEventListener('pointerover', ({ target }) => {
    pointed = target instanceof Element ? target.closest('wg-panel') : null;
  });
  const does = deeds(actions);
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = /** @type {HTMLElement | null} */ (event.target.closest('.seg [data-range]'));
    if (link) actions.range(Number(link.dataset.range));
    const what = /** @type {HTMLElement | null} */ (event.target.closest('[data-do]'));
    if (what) does[what.dataset.do ?? '']?.(what);
    if (link || what?.matches('a')) event.preventDefault();
  });
  document.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLSelectElement && target.matches('.versus select'))
      actions.compare(target.value);
  });
  // A toggle does not bubble.
  document.addEventListener('toggle', ({ target }) => {
    if (!(target instanceof HTMLDetailsElement) || !target.matches('.custom[open]')) return;
    const form = /** @type {HTMLFormElement} */ (target.querySelector('form'));
    ask(() => import('./later/custom.js'), ({ fill }) => fill(form, actions), actions.said);
  }, true);
  addEventListener('popstate', showAlone);
  addEventListener('beforeprint', () => print(actions));
  keyboard({ ...actions, escape: () => escape(actions) }, does, () => pointed);
  if (root.dataset.kiosk !== undefined) kiosk(actions, true);
}

/** What makes tables of numbers. */
const dataTable = () => import('./later/data.js');

/** Has other values of variables shown without loading the page anew.
 * @param {import('./later/variables.js').Host} page */
function choose(page) {
  const load = () => import('./later/variables.js');
  // Without its script the form does the same by loading the page.
  if (document.querySelector('.vars'))
    load().then(({ variables }) => variables(page), console.warn);
  const press = (/** @type {MouseEvent | KeyboardEvent} */ event) => {
    const { target } = event;
    if (!event.altKey || ('key' in event && event.key !== 'Enter')) return;
    const entry = target instanceof Element && target.closest('.legend [data-series]');
    // Hosts, single metrics and Explore have boards of their own kind, without filters.
    if (!entry || page.board.document.slug.split('?')[0].includes(':')) return;
    event.preventDefault();
    event.stopPropagation();
    load().then(({ filter }) => filter(page, entry), console.warn);
  };
  document.addEventListener('click', press, true);
  document.addEventListener('keydown', press, true);
}

export const controls = {
  /** The page lives: it can be told what to do. @param {LivePage} page */
  begin: (page) => {
    listen(actionsOf(page, controls));
    choose(page);
  },
  alone,
  share,
  markClock,
  recallClock,
  recallTheme,
  rememberClock,
  switchTheme,
  markRange,
  listen,
  dataTable,
  showAlone,
};
