/**
 * The fields of a board's variables, its filters and its notes, as the server writes them: kept in
 * step with the board. A field that is another one is made anew; one that is open stays open.
 *
 * @import { About } from '../subscription.js'
 * @typedef {{name: string, title: string, multi: boolean, all: boolean, is_all: boolean,
 *   choices: [string, string][], beyond: number, chosen: [string, string][]}} Variable  values with
 *   their words; beyond: how many more there are
 * @typedef {{notes?: string[], variables?: Variable[], filters?: [string, string[]][]}} Chosen
 *   notes: what could not be had
 */

import { make } from '../elements/build.js';

/** What an address says in place of values to choose all of them. */
export const ALL = '$__all';
/** From so many values on they can be narrowed by typing. */
const MANY = 12;

/** What is chosen, in a few words. @param {Variable} variable */
function words({ is_all, chosen, choices, beyond }) {
  if (is_all) return 'All';
  if (chosen.length < 2) return chosen[0]?.[1] ?? 'none';
  return `${chosen.length} of ${choices.length + beyond}`;
}

/** The values that are offered, with those that are silent now but chosen before them.
 * @param {Variable} variable */
function offered({ choices, chosen }) {
  const listed = new Set(choices.map(([value]) => value));
  return [...chosen.filter(([value]) => !listed.has(value)), ...choices];
}

/** The options of one that has one value. @param {Variable} variable */
function options(variable) {
  const chosen = new Set(variable.chosen.map(([value]) => value));
  const option = (/** @type {[string, string]} */ [value, text], /** @type {boolean} */ is) =>
    make('option', { value, ...(is && { selected: '' }) }, [text]);
  const all = variable.all ? [option([ALL, 'All'], variable.is_all)] : [];
  const found = offered(variable).map((choice) => option(choice, chosen.has(choice[0])));
  const none = all.length + found.length > 0 ? [] : [option(['', 'none'], true)];
  return [...none, ...all, ...found];
}

/** The boxes of one that may have several. @param {Variable} variable */
function boxes(variable) {
  const { name, beyond } = variable;
  const chosen = new Set(variable.chosen.map(([value]) => value));
  const box = (/** @type {[string, string]} */ [value, text], /** @type {boolean} */ is) =>
    make('label', {}, [
      make('input', { type: 'checkbox', name: `var-${name}`, value, ...(is && { checked: '' }) }),
      text,
    ]);
  const all = variable.all ? [box([ALL, 'All'], variable.is_all)] : [];
  const found = offered(variable).map((choice) => box(choice, chosen.has(choice[0])));
  const more = beyond > 0 ? [make('p', {}, [`${beyond} more are not listed.`])] : [];
  return [...all, ...found, ...more];
}

/** A field, empty. @param {Variable} variable */
function field({ name, title, multi }) {
  if (!multi) {
    const select = make('select', { name: `var-${name}` });
    return make('label', { class: 'pick', 'data-var': name }, [make('span', {}, [title]), select]);
  }
  const summary = make('summary', {}, [make('span', {}, [title]), make('b')]);
  const picks = make('div', { class: 'picks', role: 'group', 'aria-label': title });
  return make('details', { class: 'pick', 'data-var': name }, [summary, picks]);
}

/** Puts what may be chosen into a field. @param {Element} element @param {Variable} variable */
function fill(element, variable) {
  element.querySelector('span')?.replaceChildren(variable.title);
  const select = element.querySelector('select');
  if (select) {
    select.replaceChildren(...options(variable));
    return;
  }
  element.querySelector('summary b')?.replaceChildren(words(variable));
  const picks = /** @type {HTMLElement} */ (element.querySelector('.picks'));
  const focused = document.activeElement instanceof HTMLInputElement && document.activeElement;
  const was = focused && focused.type === 'checkbox' && picks.contains(focused) && focused.value;
  const search = picks.querySelector('[type="search"]');
  picks.replaceChildren(...(search ? [search] : []), ...boxes(variable));
  narrowable(element);
  if (was === false) return;
  for (const box of picks.querySelectorAll('input')) if (box.value === was) box.focus();
}

/** Gives a long list a field that narrows it, and applies what is in there.
 * @param {Element} element */
export function narrowable(element) {
  const picks = element.querySelector('.picks');
  if (!picks) return;
  const labels = [...picks.querySelectorAll('label')];
  let search = /** @type {HTMLInputElement | null} */ (picks.querySelector('[type="search"]'));
  if (!search) {
    if (labels.length <= MANY) return;
    const label = `Filter ${element.querySelector('summary span')?.textContent}`;
    search = make('input', { type: 'search', placeholder: 'Filter', 'aria-label': label });
    picks.prepend(search);
  }
  const wanted = search.value.trim().toLowerCase();
  for (const label of labels)
    label.hidden = !label.textContent?.toLowerCase().includes(wanted);
}

/** A filter that a press removes. @param {string} label @param {string} value */
function chip(label, value) {
  const address = new URL(location.href);
  const all = address.searchParams.getAll('filter').filter((one) => one !== `${label}:${value}`);
  address.searchParams.delete('filter');
  for (const one of all) address.searchParams.append('filter', one);
  const cross = make('i', { 'aria-hidden': 'true' }, ['×']);
  const parts = [make('span', {}, [label]), ' = ', make('b', {}, [value]), cross];
  const name = `Remove the filter ${label} = ${value}`;
  return make('li', {}, [make('a', { href: address.href, 'aria-label': name }, parts)]);
}

/** Puts the bar in step with the board. @param {About} about */
export function showChoice({ variables = [], filters = [], notes = [] }) {
  const box = document.getElementById('notes');
  const said = notes.map((note) => make('p', {}, [note]));
  if (box && box.textContent !== notes.join('')) box.replaceChildren(...said);
  if (box) box.hidden = notes.length === 0;
  let bar = document.querySelector('.vars');
  const above = document.querySelector('.bar');
  // An embed has no bar: it shows what it was made for.
  if (!above || (!bar && variables.length + filters.length === 0)) return;
  if (!bar) {
    const href = new URL('../variables.css', import.meta.url).href;
    document.head.append(make('link', { rel: 'stylesheet', href }));
    above.after((bar = make('div', { class: 'vars' })));
  }
  showFields(bar, variables);
  let chips = document.getElementById('filters');
  if (!chips) {
    chips = make('ul', { class: 'chips', id: 'filters', 'aria-label': 'Filters' });
    bar.append(chips);
  }
  chips.replaceChildren(
    ...filters.flatMap(([label, values]) => values.map((value) => chip(label, value))),
  );
}

/** @param {Element} bar @param {Variable[]} variables */
function showFields(bar, variables) {
  let form = /** @type {HTMLFormElement | null} */ (document.querySelector('#vars'));
  if (!form && variables.length === 0) return;
  if (!form) {
    form = make('form', { id: 'vars', method: 'get', 'aria-label': 'Variables' });
    form.append(make('button', { class: 'btn' }, ['Show']));
    bar.prepend(form);
  }
  const known = new Map(
    [...form.querySelectorAll('[data-var]')].map((one) => [one.getAttribute('data-var'), one]),
  );
  const button = form.querySelector('button');
  for (const variable of variables) {
    let element = known.get(variable.name);
    known.delete(variable.name);
    if (element && (element.tagName === 'DETAILS') !== variable.multi) {
      element.remove();
      element = undefined;
    }
    element ??= field(variable);
    const shape = JSON.stringify(variable);
    if (element.getAttribute('data-shape') !== shape) fill(element, variable);
    element.setAttribute('data-shape', shape);
    // Before the button; what stands there already is not moved, nor is its focus lost.
    if (element.parentElement !== form) form.insertBefore(element, button);
  }
  for (const gone of known.values()) gone.remove();
}
