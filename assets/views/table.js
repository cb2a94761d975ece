/**
 * The newest values as rows: a row for each label set, a column for each query.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 */

import { format } from '../units.js';

const ROWS_MAX = 10;

/** The rows: one for each series of the first query, the largest value first, with the values that
 * the other queries have for the same labels. What is no longer fresh has ended: it goes.
 * @param {Row[]} rows */
function joined(rows) {
  /** @type {Map<string, {name: string, cells: (Row | undefined)[]}>} */
  const found = new Map();
  for (const row of rows) {
    if (row.stale) continue;
    const { __name__: _, ...labels } = row.labels;
    const key = JSON.stringify(labels);
    if (row.query === 0) found.set(key, { name: row.name, cells: [row] });
    else {
      const line = found.get(key);
      if (line) line.cells[row.query] = row;
    }
  }
  const first = (/** @type {{cells: (Row | undefined)[]}} */ line) => line.cells[0]?.value ?? 0;
  return [...found.values()].sort((one, two) => first(two) - first(one));
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
  box.setAttribute('role', 'region');
  box.setAttribute('aria-label', spec.title);
  const table = document.createElement('table');
  const head = table.createTHead().insertRow();
  for (const title of [spec.heading, ...spec.queries.map((query) => query.column)]) {
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
    const cell = row.insertCell();
    const name = cell.appendChild(document.createTextNode(''));
    const code = cell.appendChild(document.createElement('code'));
    const cells = spec.queries.map((query, index) => {
      const cell = row.insertCell();
      const bar = query.bar && index === 0 ? cell.appendChild(document.createElement('i')) : null;
      if (bar) bar.className = 'm';
      return { bar, text: cell.appendChild(document.createTextNode('')) };
    });
    return { row, name, code, cells };
  }
  /** @type {ReturnType<typeof line>[]} */
  const lines = [];
  return {
    /** @param {Model} model */
    update({ rows }) {
      const shown = joined(rows).slice(0, spec.limit ?? ROWS_MAX);
      while (lines.length < shown.length) lines.push(line());
      while (lines.length > shown.length) lines.pop()?.row.remove();
      const most = spec.max ?? shown[0]?.cells[0]?.value ?? 100;
      shown.forEach(({ name, cells }, at) => {
        // What stands between backquotes in a name is set apart as code.
        const [, before, code, after] = /^(.*?)\s*`(.*?)`(.*)$/.exec(name) ?? ['', name, '', ''];
        write(lines[at].name, code ? `${before}${after} ` : before + after);
        write(lines[at].code, code);
        lines[at].cells.forEach(({ bar, text }, query) => {
          const cell = cells[query];
          write(text, format(cell?.value, cell?.unit ?? '', spec.decimals));
          const part = Math.round(
            Math.max(0, Math.min(100, (100 * (cell?.value ?? 0)) / (most || 1))),
          );
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
