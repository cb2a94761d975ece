/**
 * The newest values as rows: a row for each label set, a column for each query.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './line.js'
 */

import { format } from '../units.js';

const ROWS_MAX = 12;

/** Joins the queries' series by their labels and puts the largest first. @param {Row[]} rows */
function joined(rows) {
  /** @type {Map<string, {name: string, cells: (Row | undefined)[]}>} */
  const found = new Map();
  /** @type {number[]} the newest column of each query: who is not in it is gone */
  const newest = [];
  for (const row of rows) newest[row.query] = Math.max(newest[row.query] ?? 0, row.n);
  for (const row of rows) {
    if (row.n < newest[row.query]) continue;
    const { __name__: _, ...labels } = row.labels;
    const key = JSON.stringify(labels);
    const line = found.get(key) ?? { name: row.name, cells: [] };
    line.cells[row.query] = row;
    found.set(key, line);
  }
  const first = (/** @type {{cells: (Row | undefined)[]}} */ line) => line.cells[0]?.value ?? -Infinity;
  return [...found.values()].sort((one, two) => first(two) - first(one) || (one.name < two.name ? -1 : 1));
}

/** @param {Node} node @param {string} text written only when it changed */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const box = document.createElement('div');
  box.className = 'tbl';
  box.tabIndex = 0;
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', spec.title);
  const table = document.createElement('table');
  const head = table.createTHead().insertRow();
  for (const title of [spec.heading || spec.title, ...spec.queries.map((query) => query.column)]) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = title;
    head.append(cell);
  }
  const body = table.createTBody();
  box.append(table);
  host.replaceChildren(box);

  /** A row with its text nodes, so that an update touches nothing else. */
  function line() {
    const row = body.insertRow();
    const name = row.insertCell().appendChild(document.createTextNode(''));
    const cells = spec.queries.map((query) => {
      const cell = row.insertCell();
      const bar = query.bar ? cell.appendChild(document.createElement('i')) : null;
      if (bar) bar.className = 'm';
      return { bar, text: cell.appendChild(document.createTextNode('')) };
    });
    return { row, name, cells };
  }
  /** @type {ReturnType<typeof line>[]} */
  const lines = [];
  return {
    /** @param {Model} model */
    update({ rows }) {
      const shown = joined(rows).slice(0, spec.limit ?? ROWS_MAX);
      while (lines.length < shown.length) lines.push(line());
      while (lines.length > shown.length) lines.pop()?.row.remove();
      const most = spec.queries.map((_, query) =>
        spec.max ?? Math.max(...shown.map((each) => each.cells[query]?.value ?? 0)));
      shown.forEach(({ name, cells }, at) => {
        write(lines[at].name, name);
        lines[at].row.toggleAttribute('data-stale', cells.some((cell) => cell?.stale));
        lines[at].cells.forEach(({ bar, text }, query) => {
          const cell = cells[query];
          write(text, format(cell?.value, cell?.unit ?? '', spec.decimals));
          const part = Math.round(Math.max(0, Math.min(100, (100 * (cell?.value ?? 0)) / (most[query] || 1))));
          if (bar && bar.dataset.p !== String(part)) {
            bar.dataset.p = String(part);
            bar.style.setProperty('--p', String(part));
          }
        });
      });
    },
    resize() {},
    destroy() {},
  };
}
