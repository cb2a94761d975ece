/**
 * The menu of a panel: what can be done with what it shows. Loaded when it is first opened.
 *
 * @import { Actions } from '../controls.js'
 * @import { Panel } from '../elements/panel.js'
 * @typedef {Actions & {page: import('../start.js').LivePage}} Host
 */

import { make } from '../elements/build.js';
import { csv } from './csv.js';
import { pageOf, pictureOf, timeOf } from './place.js';

/** The sides of a picture, and how many pixels it may have. */
const [LEAST, MOST, PIXELS_MAX] = [100, 2000, 8_000_000];

/** Hands a file to the reader. @param {Blob} blob @param {string} name */
function save(blob, name) {
  const address = URL.createObjectURL(blob);
  make('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A name for a file of a panel, with its time. @param {string} slug @param {Panel} panel
 * @param {string} ending */
function fileName(slug, { id, seen }, ending) {
  const time = new Date(seen.endMs || Date.now()).toISOString().slice(0, 19).replaceAll(':', '-');
  return `${slug}-${id}-${time}Z.${ending}`.replace(/[^\w.-]+/g, '-');
}

/** The theme that is seen. */
function theme() {
  const { theme: chosen } = document.documentElement.dataset;
  return chosen ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
}

/** Saves a panel as a picture, twice as fine as the screen has it.
 * @param {Panel} panel @param {Host} actions */
async function png(panel, { page, said }) {
  const { slug } = page.board.document;
  const side = (/** @type {number} */ pixels) =>
    Math.max(LEAST, Math.min(MOST, Math.round(pixels)));
  const [w, h] = [side(panel.clientWidth), side(panel.clientHeight + 24)];
  const scale = 4 * w * h > PIXELS_MAX ? 1 : 2;
  const look = { theme: theme(), w, h, scale, foot: 1 };
  const address = pictureOf(slug, panel.id, 'png', { ...timeOf(page.travel.when), ...look });
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    save(await answer.blob(), fileName(slug, panel, 'png'));
  } catch (reason) {
    said(`The picture could not be had: ${/** @type {Error} */ (reason).message}`);
  }
}

/** @param {Panel} panel @param {Host} actions */
function numbers(panel, { page, said }) {
  const { rows, endMs } = panel.seen;
  if (rows.length === 0) return said('There are no values to save yet.');
  const text = csv(rows, endMs, page.rangeMs());
  save(
    new Blob([text], { type: 'text/csv;charset=utf-8' }),
    fileName(page.board.document.slug, panel, 'csv'),
  );
}

/** Copies a text, and says so; where a page may not, the address is gone to.
 * @param {string} address @param {(text: string) => void} said */
async function copy(address, said) {
  try {
    await navigator.clipboard.writeText(address);
    said('The link is copied.');
  } catch {
    location.assign(address);
  }
}

/** Where the queries of a panel are looked at. @param {Panel} panel @param {Host} actions
 * @returns {[string, string][]} words and addresses */
function queries({ id, spec }, { page }) {
  const { slug } = page.board.document;
  if (!spec || slug.startsWith('explore:')) return [];
  const shown = spec.queries.map((query, n) => ({ ...query, n })).filter(({ times }) => !times);
  return shown.map(({ n, column, legend }) => {
    const when = timeOf(page.travel.when);
    const query = new URLSearchParams({ board: slug, id, n: String(n), ...when });
    const name = column || (legend.includes('{{') ? '' : legend) || `query ${n + 1}`;
    const words = shown.length > 1 ? `Explore ${name}` : 'Open in Explore';
    return [words, `/explore?${query}`];
  });
}

/** What the menu of a panel holds. @param {Panel} panel @param {Host} actions
 * @returns {[string, string, string | (() => void)][]} words, key, and what is done or where it
 *   leads */
function entries(panel, actions) {
  const { page, share, alone, table, said } = actions;
  const text = panel.spec?.kind === 'text';
  const isAlone = panel.hasAttribute('data-alone');
  const link = pageOf(panel.id, page.travel.when);
  /** @type {[string, string, string | (() => void)][]} */
  const all = [[isAlone ? 'All panels' : 'This panel alone', 'f', () => alone(panel)]];
  if (!text) {
    const left = panel.seen.all ? '' : ', with all series';
    all.push(
      ['Data as a table', 'd', () => table(panel)],
      [`Save as PNG${left}`, '', () => png(panel, actions)],
      ['Save as CSV', '', () => numbers(panel, actions)],
    );
  }
  all.push(['Copy a link to it', '', () => copy(link, said)]);
  for (const [words, address] of queries(panel, actions)) all.push([words, '', address]);
  if (share) all.push(['Share …', 'e', () => share(panel)]);
  return all;
}

/** Moves the focus as arrows say. @param {KeyboardEvent} event @param {HTMLElement[]} items */
function move(event, items) {
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length].focus();
}

/** Opens the menu below its button. @param {HTMLElement} button @param {Host} actions */
export function open(button, actions) {
  const panel = /** @type {Panel} */ (button.closest('wg-panel'));
  const items = entries(panel, actions).map(([words, key, what]) => {
    const inside = [words, ...(key ? [make('kbd', {}, [key])] : [])];
    const attributes = { role: 'menuitem', tabindex: '-1' };
    if (typeof what === 'string') return make('a', { ...attributes, href: what }, inside);
    const item = make('button', { type: 'button', ...attributes }, inside);
    item.addEventListener('click', () => {
      menu.hidePopover();
      what();
    });
    return item;
  });
  const label = `Menu of ${panel.spec?.title ?? ''}`;
  const attributes = { class: 'menu', popover: '', role: 'menu', 'aria-label': label };
  const menu = make('div', attributes, items);
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Tab') menu.hidePopover();
    else move(event, items);
  });
  menu.addEventListener('toggle', (event) => {
    const opened = /** @type {ToggleEvent} */ (event).newState === 'open';
    button.setAttribute('aria-expanded', String(opened));
    if (!opened) menu.remove();
  });
  (document.querySelector('main') ?? document.body).append(menu);
  menu.showPopover();
  const [at, { width, height }] = [button.getBoundingClientRect(), menu.getBoundingClientRect()];
  const room = document.documentElement;
  menu.style.left = `${Math.max(8, Math.min(at.right - width, room.clientWidth - width - 8))}px`;
  const above = at.bottom + height + 8 > room.clientHeight && at.top > height + 8;
  menu.style.top = `${above ? at.top - height - 4 : at.bottom + 4}px`;
  items[0].focus();
}
