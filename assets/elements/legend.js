/**
 * A chart's legend: the series with their values, which are those under the crosshair, else the
 * newest, and with their figures; pressing an entry shows its series alone, with Ctrl it comes and
 * goes. It is a list, or a table that a press on a heading sorts.
 *
 * The one idea: no entry moves when its value changes. A value keeps the room that its longest text
 * so far took, what does not change is not written, and a table is sorted once for each press.
 *
 * @import { Spec } from '../subscription.js'
 * @import { Ghost } from '../later/before.js'
 * @import { Row } from '../rows.js'
 * @typedef {{item: HTMLElement, button: Element, values: HTMLElement[], age: Element,
 *   rooms: number[]}} Entry  rooms: of the values, in letters
 */

import { figures } from '../parts/figures.js';
import { isGathered } from '../parts/gather.js';
import { ageOf, bandAt, resolution, wasAt } from '../rows.js';
import { format, dateTime } from '../units.js';
import { make } from './build.js';
import { Chosen } from './chosen.js';

/** With more series than this a legend becomes a table by itself. */
const LISTED_MAX = 8;
/** The most rows of a table. */
const ROWS_MAX = 100;
const ALL_STATS = ['last', 'min', 'max', 'mean'];

/** What a legend is like. @typedef {{table: boolean, stats: string[], named: boolean}} Form  named:
 *   whether a list says what is what */

/** @param {number} index @param {Row} row @param {(Node | string)[]} behind the name */
function buttonOf(index, { name, colour }, behind) {
  const attributes = { class: colour, 'aria-pressed': 'true', 'data-series': String(index) };
  const parts = [make('i'), make('span', { title: name }, [name]), ...behind];
  return make('button', { type: 'button', ...attributes }, parts);
}

/** An entry of a list. @param {Form} form @param {number} index @param {Row} row
 * @returns {Entry} */
function listed({ stats, named }, index, row) {
  const values = stats.map(() => make('b'));
  const age = make('small', { class: 'asof' });
  const told = named
    ? values.flatMap((value, at) => [make('em', {}, [stats[at]]), value])
    : values;
  const button = buttonOf(index, row, [...told, age]);
  return { item: make('li', {}, [button]), button, values, age, rooms: values.map(() => 0) };
}

/** A row of a table. @param {Form} form @param {number} index @param {Row} row @returns {Entry} */
function tabled({ stats }, index, row) {
  const values = stats.map(() => make('td'));
  const age = make('small', { class: 'asof' });
  const button = buttonOf(index, row, [age]);
  const item = make('tr', {}, [make('td', {}, [button]), ...values]);
  return { item, button, values, age, rooms: values.map(() => 0) };
}

/** The whole legend. @param {string} title of the panel @param {Form} form
 * @param {Entry[]} entries @param {string[]} said what is said of all */
function legendOf(title, { table: isTable, stats }, entries, said) {
  const items = entries.map(({ item }) => item);
  const all = (/** @type {'li' | 'p'} */ tag) =>
    said.map((text) => make(tag, { class: 'every' }, [text]));
  if (!isTable) return make('ul', { class: 'legend' }, [...items, ...all('li')]);
  const heads = ['Series', ...stats].map((name, at) => {
    const button = make('button', { type: 'button', 'data-sort': String(at - 1) }, [name]);
    return make('th', { scope: 'col' }, [button]);
  });
  const table = make('table', {}, [
    make('thead', {}, [make('tr', {}, heads)]),
    make('tbody', {}, items),
  ]);
  const label = `Series of ${title}`;
  const attributes = { class: 'legend tabled', tabindex: '0', role: 'group', 'aria-label': label };
  return make('div', attributes, [table, ...all('p')]);
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
  /** @type {Form} */
  #form = { table: false, stats: ['last'], named: false };
  /** By which column a table is sorted. @type {{column: number, rising: boolean} | null} */
  #sorted = null;

  /** @param {Element} panel */
  constructor(panel) {
    this.panel = panel;
    this.chosen = new Chosen(panel);
  }

  /** @param {Spec} spec */
  #shape({ legend_as: form, stats }) {
    // What became a table by itself stays one: it must not change its form to and fro.
    const auto = !form && (this.#form.table || this.#rows.length > LISTED_MAX);
    const table = form === 'table' || auto;
    this.#form = { table, stats: stats ?? (auto ? ALL_STATS : ['last']), named: Boolean(stats) };
  }

  /** Makes the entries, when there are others. @param {Row[]} rows @param {Spec} spec */
  show(rows, spec) {
    this.#rows = rows;
    this.#shape(spec);
    const every = resolution(rows);
    const keys = [every, ...rows.map((row) => `${row.key} ${row.name} ${row.colour}`)].join('|');
    if (keys === this.#keys) return;
    this.#keys = keys;
    const { table } = this.#form;
    const entryOf = table ? tabled : listed;
    const shown = table ? rows.slice(0, ROWS_MAX) : rows.filter((row) => !isGathered(row));
    this.#entries = shown.map((row, index) => entryOf(this.#form, index, row));
    const left = rows.length - shown.length;
    const more = left > 0 ? [table ? `and ${left} more series` : `other (${left})`] : [];
    const said = every ? [...more, every] : more;
    const legend = legendOf(spec.title, this.#form, this.#entries, said);
    const old = this.panel.querySelector('.legend');
    if (old) old.replaceWith(legend);
    else this.panel.append(legend);
    this.#order();
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
   * @param {string} said an age that stands in the panel's head, and is not said again
   * @param {Ghost | null} before what is told beside the newest */
  read(spec, at, said, before) {
    const { stats } = this.#form;
    this.#entries.forEach((entry, index) => {
      const row = this.#rows[index];
      const told = (/** @type {number | null} */ value) => format(value, row.unit, spec.decimals);
      const old = at === null && row.stale;
      const age = old ? ageOf(row, dateTime) : '';
      figures(stats, row).forEach((figure, place) => {
        const text =
          at === null || stats[place] !== 'last' ? told(figure) : Legend.#under(row, at, told);
        const value = entry.values[place];
        const was = before && stats[place] === 'last' ? Legend.#was(row, at, told, before) : '';
        if (write(value, text + was) && text.length > entry.rooms[place]) {
          entry.rooms[place] = text.length;
          value.style.minWidth = `${text.length}ch`;
        }
        value.toggleAttribute('data-stale', old);
      });
      write(entry.age, age === said ? '' : age);
    });
  }

  /** What a series was before, at the crosshair or at its newest value. @param {Row} row
   * @param {number | null} at @param {(value: number | null) => string} told
   * @param {Ghost} before */
  static #was(row, at, told, { find, shiftMs }) {
    const was = find(row.key);
    const ms = at ?? row.n * row.window.stepMs;
    return `, was ${told(was ? wasAt(was, ms - shiftMs) : null)}`;
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
    const { sort, series } = button instanceof HTMLElement ? button.dataset : {};
    if (sort) this.#sort(Number(sort));
    const row = this.#rows[Number(series ?? -1)];
    if (!row) return false;
    this.chosen.press(row, this.#rows, ctrlKey || metaKey);
    this.#mark();
    return true;
  }

  /** Takes what the address says. @returns {boolean} whether other series are shown now */
  recall() {
    const changed = this.chosen.recall();
    if (changed) this.#mark();
    return changed;
  }

  /** Sorts by a column: names rising and figures falling at first, the other way at the next press.
   * @param {number} column */
  #sort(column) {
    const again = this.#sorted?.column === column;
    this.#sorted = { column, rising: again ? !this.#sorted?.rising : column < 0 };
    this.#order();
  }

  /** Brings the rows of a table into the order that was chosen. */
  #order() {
    const heads = this.panel.querySelectorAll('.legend th');
    heads.forEach((head) => head.removeAttribute('aria-sort'));
    if (!this.#sorted || heads.length === 0) return;
    const { column, rising } = this.#sorted;
    heads[column + 1]?.setAttribute('aria-sort', rising ? 'ascending' : 'descending');
    const { stats } = this.#form;
    const keys = this.#entries.map((_, index) => {
      const row = this.#rows[index];
      return column < 0 ? row.name : (figures([stats[column]], row)[0] ?? -Infinity);
    });
    const compare = (/** @type {number} */ a, /** @type {number} */ b) =>
      keys[a] < keys[b] ? -1 : Number(keys[a] > keys[b]);
    const order = [...keys.keys()].sort(compare);
    if (!rising) order.reverse();
    const body = this.panel.querySelector('.legend tbody');
    body?.replaceChildren(...order.map((index) => this.#entries[index].item));
  }

  #mark() {
    this.#entries.forEach(({ button }, index) => {
      button.setAttribute('aria-pressed', String(this.chosen.has(this.#rows[index])));
    });
  }
}
