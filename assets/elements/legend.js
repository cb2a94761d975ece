/**
 * A chart's legend: the series with their values, which are those under the crosshair, else the
 * newest, and with their figures; pressing an entry shows its series alone, with Ctrl it comes and
 * goes. It is a list, or a table that a press on a heading sorts.
 *
 * The one idea: no entry moves when its value changes. A value keeps the room that its longest text
 * so far took, what does not change is not written, and a table is sorted once for each press.
 *
 * @import { Spec } from '../subscription.js'
 * @import { Row } from '../rows.js'
 * @typedef {{item: HTMLElement, button: Element, values: HTMLElement[], age: Element,
 *   rooms: number[]}} Entry  rooms: of the values, in letters
 */

import { figures } from '../parts/figures.js';
import { ageOf, bandAt, resolution } from '../rows.js';
import { format, dateTime } from '../units.js';
import { make } from './build.js';

/** @param {Spec} spec */
const statsOf = ({ stats }) => stats ?? ['last'];

/** @param {number} index @param {Row} row @param {(Node | string)[]} behind the name */
function buttonOf(index, { name, colour }, behind) {
  const attributes = { class: colour, 'aria-pressed': 'true', 'data-series': String(index) };
  const parts = [make('i'), make('span', { title: name }, [name]), ...behind];
  return make('button', { type: 'button', ...attributes }, parts);
}

/** An entry of a list. @param {Spec} spec @param {number} index @param {Row} row
 * @returns {Entry} */
function listed(spec, index, row) {
  const values = statsOf(spec).map(() => make('b'));
  const age = make('small', { class: 'asof' });
  const named = spec.stats
    ? values.flatMap((value, at) => [make('em', {}, [statsOf(spec)[at]]), value])
    : values;
  const button = buttonOf(index, row, [...named, age]);
  return { item: make('li', {}, [button]), button, values, age, rooms: values.map(() => 0) };
}

/** A row of a table. @param {Spec} spec @param {number} index @param {Row} row @returns {Entry} */
function tabled(spec, index, row) {
  const values = statsOf(spec).map(() => make('td'));
  const age = make('small', { class: 'asof' });
  const button = buttonOf(index, row, [age]);
  const item = make('tr', {}, [make('td', {}, [button]), ...values]);
  return { item, button, values, age, rooms: values.map(() => 0) };
}

/** The whole legend. @param {Spec} spec @param {Entry[]} entries @param {string} every what is said
 * of all values */
function legendOf(spec, entries, every) {
  const items = entries.map(({ item }) => item);
  if (spec.legend_as !== 'table') {
    const said = every ? [make('li', { class: 'every' }, [every])] : [];
    return make('ul', { class: 'legend' }, [...items, ...said]);
  }
  const heads = ['Series', ...statsOf(spec)].map((title, at) => {
    const button = make('button', { type: 'button', 'data-sort': String(at - 1) }, [title]);
    return make('th', { scope: 'col' }, [button]);
  });
  const table = make('table', {}, [
    make('thead', {}, [make('tr', {}, heads)]),
    make('tbody', {}, items),
  ]);
  const label = `Series of ${spec.title}`;
  const attributes = { class: 'legend tabled', tabindex: '0', role: 'group', 'aria-label': label };
  return make('div', attributes, [table, ...(every ? [make('p', { class: 'every' }, [every])] : [])]);
}

/** @param {Element} element @param {string} text written only when it changed */
function write(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

/** The legend of one panel. */
export class Legend {
  /** @type {Row[]} */
  #rows = [];
  /** @type {Entry[]} */
  #entries = [];
  #keys = '';
  /** @type {Set<string>} the series that are left out */
  #off = new Set();

  /** @param {Element} panel */
  constructor(panel) {
    this.panel = panel;
  }

  /** Those that are not left out. @param {Row[]} rows */
  chosen(rows) {
    return rows.filter((row) => !this.#off.has(row.key));
  }

  /** Makes the entries, when there are others. @param {Row[]} rows @param {Spec} spec */
  show(rows, spec) {
    this.#rows = rows;
    const every = resolution(rows);
    const keys = [every, ...rows.map((row) => `${row.key} ${row.name} ${row.colour}`)].join('|');
    if (keys === this.#keys) return;
    this.#keys = keys;
    const entryOf = spec.legend_as === 'table' ? tabled : listed;
    this.#entries = rows.map((row, index) => entryOf(spec, index, row));
    const legend = legendOf(spec, this.#entries, every);
    const old = this.panel.querySelector('.legend');
    if (old) old.replaceWith(legend);
    else this.panel.append(legend);
    this.#mark();
  }

  /** Takes it away; what is left out stays so. */
  clear() {
    this.#keys = '';
    this.#entries = [];
    this.panel.querySelector('.legend')?.remove();
  }

  /** Writes the values at a time in ms, else the newest.
   * @param {Spec} spec @param {number | null} at
   * @param {string} said an age that stands in the panel's head, and is not said again */
  read(spec, at, said) {
    const stats = statsOf(spec);
    this.#entries.forEach((entry, index) => {
      const row = this.#rows[index];
      const told = (/** @type {number | null} */ value) => format(value, row.unit, spec.decimals);
      const old = at === null && row.stale;
      const age = old ? ageOf(row, dateTime) : '';
      figures(stats, row).forEach((figure, place) => {
        const text =
          at === null || stats[place] !== 'last' ? told(figure) : Legend.#under(row, at, told);
        const value = entry.values[place];
        if (write(value, text) && text.length > entry.rooms[place]) {
          entry.rooms[place] = text.length;
          value.style.minWidth = `${text.length}ch`;
        }
        value.toggleAttribute('data-stale', old);
      });
      write(entry.age, age === said ? '' : age);
    });
  }

  /** The value of a series under the crosshair, with what lies between it and the one before.
   * @param {Row} row @param {number} at @param {(value: number | null) => string} told */
  static #under(row, at, told) {
    const n = Math.round(at / row.window.stepMs);
    const bounds = bandAt(row, n);
    const between = bounds ? ` (${told(bounds[0])} to ${told(bounds[1])})` : '';
    return told(row.window.value(row.index, n)) + between;
  }

  /** @param {MouseEvent} event @returns {boolean} whether other series are shown now */
  click({ target, ctrlKey, metaKey }) {
    const button = target instanceof Element ? target.closest('[data-series], [data-sort]') : null;
    if (button instanceof HTMLElement && button.dataset.sort) this.#sort(button);
    const row = this.#rows[Number(button?.getAttribute('data-series') ?? -1)];
    if (!row) return false;
    const others = this.#rows.filter((each) => each !== row).map((each) => each.key);
    if (ctrlKey || metaKey) {
      if (!this.#off.delete(row.key) && others.some((key) => !this.#off.has(key)))
        this.#off.add(row.key);
    } else {
      const alone = !this.#off.has(row.key) && others.every((key) => this.#off.has(key));
      this.#off = new Set(alone ? [] : others);
    }
    this.#mark();
    return true;
  }

  /** Brings the rows of a table into the order of a column: names rising and figures falling at
   * first, the other way at the next press. @param {HTMLElement} button of the heading */
  #sort(button) {
    const column = Number(button.dataset.sort);
    const head = /** @type {HTMLElement} */ (button.parentElement);
    const rising = head.ariaSort ? head.ariaSort === 'descending' : column < 0;
    for (const other of head.parentElement?.children ?? []) other.removeAttribute('aria-sort');
    head.ariaSort = rising ? 'ascending' : 'descending';
    const stats = [...(button.closest('tr')?.querySelectorAll('[data-sort]') ?? [])].slice(1);
    const names = stats.map((stat) => stat.textContent ?? '');
    const keys = this.#rows.map((row) =>
      column < 0 ? row.name : (figures(names, row)[column] ?? -Infinity),
    );
    const compare = (/** @type {number} */ a, /** @type {number} */ b) =>
      keys[a] < keys[b] ? -1 : Number(keys[a] > keys[b]);
    const order = [...keys.keys()].sort(compare);
    if (!rising) order.reverse();
    const body = this.panel.querySelector('.legend tbody');
    body?.replaceChildren(...order.map((index) => this.#entries[index].item));
  }

  #mark() {
    this.#entries.forEach(({ button }, index) => {
      button.setAttribute('aria-pressed', String(!this.#off.has(this.#rows[index].key)));
    });
  }
}
