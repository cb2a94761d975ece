/**
 * What the address says of how the page is seen, beside the time: which panel alone, and by which
 * clock. Copying it shares the view.
 */

import { zone } from '../zone.js';
import { reachable } from './keyboard.js';

const CLOCK = 'watchglass.clock';

const said = (/** @type {string} */ name) => new URLSearchParams(location.search).get(name);

/** Puts a part of the address, or takes it away.
 * @param {string} name @param {string | null} text */
export function say(name, text) {
  const url = new URL(location.href);
  if (text === null) url.searchParams.delete(name);
  else url.searchParams.set(name, text);
  history.replaceState(history.state, '', url);
}

/** The clock that this browser's reader chose last; it goes into the address where a board's own
 * may be another one. @param {string | null | undefined} board */
export function recallClock(board) {
  const chosen = localStorage.getItem(CLOCK);
  if (chosen && !said('tz') && chosen !== (board ?? 'browser')) say('tz', chosen);
  return chosen;
}

/** Chooses a clock, here and for later. @param {string} name */
export function rememberClock(name) {
  localStorage.setItem(CLOCK, name);
  say('tz', name);
}

/** The clock in words; nothing where it is the browser's own. */
export function zoneText() {
  const name = zone();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const same = ['browser', own].includes(name) || (name === 'utc' && own === 'UTC');
  return same ? '' : name === 'utc' ? 'UTC' : name;
}

/** Shows the panel that the address names alone, or all of them. */
export function showAlone() {
  const id = said('panel');
  for (const panel of document.querySelectorAll('wg-panel'))
    panel.toggleAttribute('data-alone', panel.id === id);
  const panel = document.querySelector('wg-panel[data-alone]');
  // The sheet asks the page and not its panels: a `:has` would be tried at every change in them.
  document.querySelector('main')?.toggleAttribute('data-one', panel !== null);
  const section = panel?.closest('details');
  if (section) section.open = true;
  reachable();
}

/** That panel and no other; pressed again, or with none, all. @param {Element | null} panel */
export function alone(panel) {
  const now = document.querySelector('wg-panel[data-alone]');
  if (!panel && !now) return;
  say('panel', panel && !now ? panel.id : null);
  showAlone();
  (now ?? panel)?.scrollIntoView({ block: 'nearest' });
}
