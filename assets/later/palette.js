/**
 * The command palette: everything that can be gone to or done, found by a few of its letters.
 * Loaded when it is opened.
 *
 * The one idea: what there is on the page is read from the page, what there is on the server is
 * asked when it is needed; both become entries, and one search chooses among them.
 *
 * @import { Actions } from '../controls.js'
 * @typedef {{group: string, text: string, beside?: string, run: () => void}} Entry  beside: a word
 *   at the end of its line
 * @typedef {Actions & {does: Record<string, (from: HTMLElement) => void>}} Host
 */

import { make } from '../elements/build.js';
import { lengthText } from '../units.js';
import { dialog } from './dialog.js';
import { best } from './match.js';

/** How many letters a metric is asked for by, at least, and how long a pause in typing is. */
const LETTERS_MIN = 2;
const PAUSE_MS = 150;
/** How many entries a group shows. */
const SHOWN_MAX = 7;
const PAGES = {
  Overview: '/',
  Hosts: '/h',
  Dashboards: '/d',
  Explore: '/explore',
  Status: '/status',
};

/** @param {string} href */
const go = (href) => location.assign(href);

/** What the API says; nothing when it says that it cannot. @param {string} path
 * @param {AbortSignal} [signal] @returns {Promise<any>} */
async function asked(path, signal) {
  const answer = await fetch(`/api/v1/${path}`, { signal });
  return answer.ok ? (await answer.json()).data : null;
}

/** The panels of this page. @returns {Entry[]} */
function panels() {
  const shown = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('wg-panel')]);
  return shown.flatMap((panel) => {
    const text = panel.querySelector('h2')?.textContent ?? '';
    if (!panel.checkVisibility() || !text) return [];
    const run = () => {
      panel.tabIndex = -1;
      panel.focus();
      panel.scrollIntoView({ block: 'center' });
    };
    return [{ group: 'Panels here', text, run }];
  });
}

/** The ranges in the bar. @param {Host} host @returns {Entry[]} */
function ranges({ range }) {
  const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.seg [data-range]')]);
  return links.map(({ dataset, textContent }) => ({
    group: 'Ranges',
    text: `Last ${lengthText(Number(dataset.range))}`,
    beside: textContent ?? '',
    run: () => range(Number(dataset.range)),
  }));
}

/** What can be done. @param {Host} host @returns {Entry[]} */
function actions({ connection, pause, theme, clock, behindMs, does }) {
  const entry = (/** @type {string} */ text, /** @type {() => void} */ run, beside = '') => ({
    group: 'Commands',
    text,
    beside,
    run,
  });
  const press = (/** @type {string} */ name) => () => does[name](document.body);
  const everywhere = [
    entry('Dark or light', theme, 't'),
    entry('Keys', press('keys'), '?'),
  ];
  if (!connection) return everywhere;
  return [
    entry(behindMs() > 0 ? 'Jump to live' : 'Pause', pause, 'Space'),
    ...everywhere,
    entry('On a wall: the panels and nothing else', press('kiosk'), 'k'),
    entry('Print', () => print()),
    entry('Times in UTC', () => clock('utc')),
    entry('Times in local time', () => clock('browser')),
  ];
}

/** The dashboards, pages and hosts of the server. @returns {Promise<Entry[]>} */
async function boards() {
  const none = { dashboards: [], hosts: [] };
  /** @type {{dashboards: {slug: string, title: string}[], hosts: string[]}} */
  const { dashboards, hosts } = (await asked('places').catch(() => null)) ?? none;
  const pages = Object.entries(PAGES).map(([text, href]) => [text, href, '']);
  const all = dashboards
    .filter(({ slug }) => slug !== 'overview')
    .map(({ slug, title }) => [title, `/d/${slug}`, slug]);
  const entry = (/** @type {string} */ group) => {
    return (/** @type {string[]} */ [text, href, beside = '']) => {
      return { group, text, beside, run: () => go(href) };
    };
  };
  const machines = hosts.map((name) => [name, `/h/${encodeURIComponent(name)}`]);
  return [...pages, ...all].map(entry('Dashboards and pages')).concat(machines.map(entry('Hosts')));
}

/** The metrics whose names have these letters, in this order.
 * @param {string} typed @param {AbortSignal} signal @returns {Promise<Entry[]>} */
async function metrics(typed, signal) {
  const letters = [...typed.replace(/\s/g, '')].map((letter) => letter.replace(/\W/g, '\\$&'));
  const selector = `{__name__=~${JSON.stringify(`(?i).*${letters.join('.*')}.*`)}}`;
  const query = `match[]=${encodeURIComponent(selector)}&limit=200`;
  /** @type {string[]} */
  const names = (await asked(`label/__name__/values?${query}`, signal)) ?? [];
  return names.map((name) => ({
    group: 'Metrics',
    text: name,
    run: () => go(`/explore?q=${encodeURIComponent(name)}`),
  }));
}

/** The list below the field. @param {HTMLElement} list @param {HTMLInputElement} field */
function listing(list, field) {
  /** @type {{entry: Entry, item: HTMLElement}[]} */
  let shown = [];
  let at = 0;

  /** @param {number} next */
  function mark(next) {
    shown[at]?.item.setAttribute('aria-selected', 'false');
    at = shown.length > 0 ? (next + shown.length) % shown.length : 0;
    const item = shown[at]?.item;
    item?.setAttribute('aria-selected', 'true');
    item?.scrollIntoView({ block: 'nearest' });
    if (item) field.setAttribute('aria-activedescendant', item.id);
    else field.removeAttribute('aria-activedescendant');
  }

  /** @param {Entry[]} entries in the order of their groups */
  function show(entries) {
    /** @type {Map<string, HTMLElement>} */
    const groups = new Map();
    shown = entries.map((entry, index) => {
      const { group: name, text, beside } = entry;
      const option = { id: `find-${index}`, role: 'option', 'aria-selected': 'false' };
      const item = make('li', option, [make('span', {}, [text])]);
      if (beside) item.append(make('small', {}, [beside]));
      let group = groups.get(name);
      if (!group) {
        group = make('ul', { role: 'group', 'aria-label': name });
        group.append(make('li', { role: 'presentation', class: 'of' }, [name]));
        groups.set(name, group);
      }
      group.append(item);
      return { entry, item };
    });
    const none = make('p', { class: 'none' }, ['Nothing has these letters.']);
    list.replaceChildren(...(groups.size > 0 ? groups.values() : [none]));
    mark(0);
  }

  return {
    show,
    move: (/** @type {number} */ by) => mark(at + by),
    chosen: () => shown[at]?.entry,
    of: (/** @type {Node} */ node) => shown.find(({ item }) => item.contains(node))?.entry,
  };
}

/** Opens it, or closes it. @param {Host} host */
export async function open(host) {
  const before = /** @type {HTMLDialogElement | null} */ (document.querySelector('.palette'));
  if (before) return before.close();
  // It opens over nothing else: one dialog at a time.
  /** @type {NodeListOf<HTMLDialogElement>} */ (document.querySelectorAll('dialog[open]'))
    .forEach((other) => other.close());
  const field = make('input', {
    type: 'text',
    role: 'combobox',
    placeholder: 'Search dashboards, metrics, panels, commands',
    'aria-label': 'Search',
    'aria-expanded': 'true',
    'aria-controls': 'found-list',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const list = make('div', { id: 'found-list', role: 'listbox', 'aria-label': 'Found' });
  const found = listing(list, field);
  const here = [...panels(), ...ranges(host), ...actions(host)];
  /** @type {Entry[]} */
  let elsewhere = [];
  /** @type {Entry[]} */
  let named = [];
  const box = dialog('Search', 'palette', [field, list]);
  const show = () => found.show(best(field.value, [...elsewhere, ...named, ...here], SHOWN_MAX));
  const run = (/** @type {Entry | undefined} */ entry) => {
    if (!entry) return;
    box.close();
    entry.run();
  };

  let asking = new AbortController();
  let pause = 0;
  field.addEventListener('input', () => {
    asking.abort();
    clearTimeout(pause);
    show();
    if (field.value.trim().length < LETTERS_MIN) return;
    const { signal } = (asking = new AbortController());
    pause = setTimeout(() => {
      metrics(field.value, signal).then(
        (entries) => {
          named = entries;
          show();
        },
        () => {},
      );
    }, PAUSE_MS);
  });
  field.addEventListener('keydown', (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) found.move(by);
    else if (event.key === 'Enter') run(found.chosen());
    else return;
    event.preventDefault();
  });
  list.addEventListener('click', ({ target }) => {
    if (target instanceof Node) run(found.of(target));
  });
  field.focus();
  show();
  elsewhere = await boards();
  show();
  return undefined;
}
