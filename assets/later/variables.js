/**
 * Shows other values at once, without loading the page anew: the board with them is another board
 * of the same live connection, and the address says which. Loaded by pages with variables or
 * filters, and when a reader filters by a series.
 *
 * @import { Board } from '../subscription.js'
 * @typedef {{board: Board, travel: {past: object | null}}} Host  the page; past: a stretch of it
 */

import { Panel } from '../elements/panel.js';
import { telling } from '../rows.js';
import { ALL, narrowable } from './fields.js';

/** How long it is waited for another box to be ticked. */
const MORE_MS = 500;
/** Labels that are made by queries, or name what is asked. */
const NO_FILTER = new Set(['__name__', 'le', 'quantile']);

/** The parameters of an address that choose something. @param {string} name */
const chooses = (name) => name.startsWith('var-') || name === 'filter';

/** The board that an address asks for. @param {string} slug @param {URLSearchParams} address */
export function slugOf(slug, address) {
  const [board] = slug.split('?');
  const chosen = new URLSearchParams([...address].filter(([name]) => chooses(name)));
  chosen.sort();
  return chosen.size > 0 ? `${board}?${chosen}` : board;
}

/** The address with what a form chooses in place of what it chose before.
 * @param {string} address @param {FormData} form @param {string[]} names of the variables in it */
export function chosenBy(address, form, names) {
  const url = new URL(address);
  for (const name of names) url.searchParams.delete(`var-${name}`);
  for (const name of names) {
    for (const value of form.getAll(`var-${name}`))
      if (value) url.searchParams.append(`var-${name}`, String(value));
  }
  return url;
}

/** The address with more filters; what is filtered by already stays once.
 * @param {string} address @param {[string, string][]} labels */
export function filteredBy(address, labels) {
  const url = new URL(address);
  for (const [label, value] of labels) {
    const filter = `${label}:${value}`;
    if (!url.searchParams.getAll('filter').includes(filter))
      url.searchParams.append('filter', filter);
  }
  return url;
}

/** Goes to an address of this page's board with other values.
 * @param {Host} host @param {URL} url */
function go(host, url) {
  if (url.href === location.href) return;
  // A stretch of the past has its windows fetched with the page.
  if (host.travel.past) {
    location.assign(url);
    return;
  }
  history.pushState(null, '', url);
  host.board.setSlug(slugOf(host.board.document.slug, url.searchParams));
  for (const link of document.querySelectorAll('.seg a[data-range]')) {
    const other = new URL(url);
    const range = new URL(/** @type {HTMLAnchorElement} */ (link).href).searchParams.get('range');
    for (const name of ['from', 'to']) other.searchParams.delete(name);
    if (range) other.searchParams.set('range', range);
    link.setAttribute('href', other.search);
  }
}

/** All and single values exclude each other. @param {HTMLInputElement} box */
function settle(box) {
  const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (
    box.closest('.picks')?.querySelectorAll('[type="checkbox"]') ?? []
  );
  if (!box.checked) return;
  for (const other of boxes)
    if (other !== box && (box.value === ALL || other.value === ALL)) other.checked = false;
}

/** The labels that tell a series of a panel apart from the others; all of one that is alone.
 * @param {string} name of the series @param {{name: string, labels: Record<string, string>}[]} rows
 * @returns {[string, string][]} */
export function labelsOf(name, rows) {
  const row = rows.find((each) => each.name === name);
  const all = Object.entries(row?.labels ?? {}).filter(([label]) => !NO_FILTER.has(label));
  const tells = telling(rows.map(({ labels }) => labels));
  const some = all.filter(([label]) => tells(label));
  return some.length > 0 ? some : all;
}

/** Filters by a series. @param {Host} host @param {Element} entry of a legend */
export function filter(host, entry) {
  const panel = entry.closest('wg-panel');
  const name = entry.querySelector('span')?.textContent ?? '';
  if (!(panel instanceof Panel)) return;
  const labels = labelsOf(name, panel.seen.rows);
  if (labels.length === 0) return;
  variables(host);
  go(host, filteredBy(location.href, labels));
}

/** Whether this page listens already. */
let listens = false;

/** @param {Host} host */
export function variables(host) {
  if (listens) return;
  listens = true;
  let timer = 0;
  const apply = () => {
    clearTimeout(timer);
    timer = 0;
    const form = /** @type {HTMLFormElement | null} */ (document.querySelector('#vars'));
    if (!form) return;
    const names = [...form.querySelectorAll('[data-var]')].map(
      (one) => one.getAttribute('data-var') ?? '',
    );
    go(host, chosenBy(location.href, new FormData(form), names));
  };
  document.querySelectorAll('#vars .pick').forEach(narrowable);
  document.querySelector('#vars > button')?.setAttribute('hidden', '');
  document.addEventListener('change', ({ target }) => {
    if (!(target instanceof HTMLElement) || !target.closest('#vars')) return;
    if (target instanceof HTMLSelectElement) apply();
    if (!(target instanceof HTMLInputElement) || target.type !== 'checkbox') return;
    settle(target);
    clearTimeout(timer);
    timer = setTimeout(apply, MORE_MS);
  });
  document.addEventListener('input', ({ target }) => {
    const field = target instanceof HTMLInputElement && target.type === 'search' && target;
    const pick = field && field.closest('#vars .pick');
    if (pick) narrowable(pick);
  });
  document.addEventListener('submit', (event) => {
    if (!(event.target instanceof HTMLFormElement) || event.target.id !== 'vars') return;
    event.preventDefault();
    apply();
  });
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const open = document.querySelectorAll('#vars details[open]');
    for (const one of open) if (!one.contains(event.target)) one.removeAttribute('open');
    const link = /** @type {HTMLAnchorElement | null} */ (event.target.closest('#filters a'));
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(host, new URL(link.href));
  });
  document.addEventListener('keydown', ({ key, target }) => {
    const open = target instanceof Element && target.closest('#vars details[open]');
    if (key !== 'Escape' || !open) return;
    open.removeAttribute('open');
    open.querySelector('summary')?.focus();
  });
  addEventListener('popstate', () => {
    const shown = host.board.document.slug;
    const slug = slugOf(shown, new URLSearchParams(location.search));
    if (slug !== shown) host.board.setSlug(slug);
  });
}
