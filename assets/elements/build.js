/**
 * The parts of a panel as the server writes them, for panels that appear later and for bodies that
 * were empty so far. Elements are made one by one: the content policy lets no text become HTML.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 */

import { format, timeOfDay } from '../units.js';

const TABLE_ROWS_MAX = 300;

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(name, attributes = {}, children = []) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** A whole panel, empty. @param {Spec} spec */
export function panelElement(spec) {
  const panel = document.createElement('wg-panel');
  const attributes = {
    class: `panel k-${spec.kind}`,
    id: spec.id,
    'data-panel': spec.id,
    role: 'group',
    'data-w': String(spec.width),
    'data-h': String(spec.height),
    'aria-labelledby': `t-${spec.id}`,
  };
  for (const [key, value] of Object.entries(attributes)) panel.setAttribute(key, value);
  const head = make('header', { class: 'head' }, [
    make('h2', { id: `t-${spec.id}` }, [spec.title]),
  ]);
  if (spec.subtitle) head.append(make('span', { class: 'sub' }, [spec.subtitle]));
  panel.append(head, make('div', { class: 'body' }, [emptyNote()]));
  return panel;
}

/** What stands in a body while nothing was returned. */
export function emptyNote() {
  return make('p', { class: 'empty' }, ['no data in this range']);
}

/** One entry of a legend. @param {number} index @param {string} colour @param {string} name */
export function legendEntry(index, colour, name) {
  const value = make('b');
  const age = make('small', { class: 'asof' });
  const button = make(
    'button',
    { type: 'button', class: colour, 'aria-pressed': 'true', 'data-series': String(index) },
    [make('i'), make('span', {}, [name]), value, age],
  );
  return { item: make('li', {}, [button]), button, value, age };
}

/** A chart's numbers as a table, newest first.
 * @param {Spec} spec @param {Row[]} rows @param {number} endMs @param {number} rangeMs */
export function dataTable(spec, rows, endMs, rangeMs) {
  const { stepMs } = rows[0].window;
  const last = endMs / stepMs;
  const count = Math.min(TABLE_ROWS_MAX, Math.floor(rangeMs / stepMs));
  const cells = rows.map(() => '');
  const names = ['Time', ...rows.map((row) => row.name)];
  const head = names.map((name) => make('th', { scope: 'col' }, [name]));
  const body = Array.from({ length: count }, (_, back) => {
    rows.forEach((row, at) => {
      cells[at] = format(row.window.value(row.index, last - back), row.unit, spec.decimals);
    });
    const time = make('th', { scope: 'row' }, [timeOfDay((last - back) * stepMs)]);
    return make('tr', {}, [time, ...cells.map((cell) => make('td', {}, [cell]))]);
  });
  const table = make('table', {}, [
    make('caption', { class: 'sr' }, [spec.title]),
    make('thead', {}, [make('tr', {}, head)]),
    make('tbody', {}, body),
  ]);
  const label = `${spec.title}, data`;
  return make('div', { class: 'data', tabindex: '0', role: 'group', 'aria-label': label }, [table]);
}
