/**
 * A chart's legend: the series with their values, which are those under the crosshair, else the
 * newest; pressing an entry shows its series alone, with Ctrl it comes and goes.
 *
 * The one idea: no entry moves when its value changes. A value keeps the room that its longest text
 * so far took, and what does not change is not written.
 *
 * @import { Spec } from '../subscription.js'
 * @import { Row } from '../rows.js'
 * @typedef {{item: HTMLElement, button: Element, value: HTMLElement, age: Element,
 *   room: number}} Entry  room: of the value, in letters
 */

import { ageOf, bandAt, resolution } from '../rows.js';
import { format, dateTime } from '../units.js';
import { make } from './build.js';

/** @param {number} index @param {Row} row @returns {Entry} */
function entryOf(index, { name, colour }) {
  const value = make('b');
  const age = make('small', { class: 'asof' });
  const button = make(
    'button',
    { type: 'button', class: colour, 'aria-pressed': 'true', 'data-series': String(index) },
    [make('i'), make('span', { title: name }, [name]), value, age],
  );
  return { item: make('li', {}, [button]), button, value, age, room: 0 };
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

  /** Makes the entries, when there are others. @param {Row[]} rows */
  show(rows) {
    this.#rows = rows;
    const every = resolution(rows);
    const keys = [every, ...rows.map((row) => `${row.key} ${row.name} ${row.colour}`)].join('|');
    if (keys === this.#keys) return;
    this.#keys = keys;
    this.#entries = rows.map((row, index) => entryOf(index, row));
    let list = this.panel.querySelector('.legend');
    if (!list) this.panel.append((list = make('ul', { class: 'legend' })));
    list.replaceChildren(...this.#entries.map(({ item }) => item));
    if (every) list.append(make('li', { class: 'every' }, [every]));
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
    this.#entries.forEach((entry, index) => {
      const row = this.#rows[index];
      const n = at === null ? row.n : Math.round(at / row.window.stepMs);
      const told = (/** @type {number | null} */ value) => format(value, row.unit, spec.decimals);
      const bounds = at === null ? null : bandAt(row, n);
      const between = bounds ? ` (${told(bounds[0])} to ${told(bounds[1])})` : '';
      const text = told(at === null ? row.value : row.window.value(row.index, n)) + between;
      const old = at === null && row.stale;
      const age = old ? ageOf(row, dateTime) : '';
      if (write(entry.value, text) && text.length > entry.room) {
        entry.room = text.length;
        entry.value.style.minWidth = `${entry.room}ch`;
      }
      write(entry.age, age === said ? '' : age);
      entry.value.toggleAttribute('data-stale', old);
    });
  }

  /** @param {MouseEvent} event @returns {boolean} whether other series are shown now */
  click({ target, ctrlKey, metaKey }) {
    const button = target instanceof Element ? target.closest('[data-series]') : null;
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

  #mark() {
    this.#entries.forEach(({ button }, index) => {
      button.setAttribute('aria-pressed', String(!this.#off.has(this.#rows[index].key)));
    });
  }
}
