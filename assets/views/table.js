/**
 * The newest values as rows: a row for each label set, a column for each query. A press on a
 * heading sorts by its column, another one turns the order round.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 * @typedef {{bar: number | null, text: string, level: string | null, word: string}} Cell
 * @typedef {{name: string, labels: string[], values: number[], stale: boolean,
 *   cells: Cell[]}} Line
 * @typedef {{column: number, rising: boolean}} Order  column: -1 for the names, then those of
 *   labels, then those of queries
 */

import { judges, mappingOf, verdict } from '../judge.js';
import { html, resize, scroller, set, write } from '../parts/elements.js';
import { present } from '../parts/largest.js';
import { format } from '../units.js';

const ROWS_MAX = 10;

/** The rows before they are ordered: one for each series of the first query, with the values that
 * the other queries have for the same labels. What has ended goes.
 * @param {Spec} spec @param {Row[]} rows */
function joined(spec, rows) {
  /** @type {Map<string, Omit<Line, 'cells'>>} */
  const found = new Map();
  for (const row of present(rows)) {
    const { __name__: _, ...labels } = row.labels;
    const key = JSON.stringify(labels);
    if (row.query === 0) {
      const values = spec.queries.map(() => NaN);
      const own = (spec.columns ?? []).map((name) => row.labels[name] ?? '');
      found.set(key, { name: row.name, labels: own, values, stale: row.stale });
    }
    const line = found.get(key);
    if (line) line.values[row.query] = row.value;
  }
  return [...found.values()];
}

/** Text by its letters, the numbers in it by their size. */
const texts = new Intl.Collator(undefined, { numeric: true });

/** @param {Spec} spec @param {Order | null} order none: by the first query, the largest first
 * @returns {(a: Omit<Line, 'cells'>, b: Omit<Line, 'cells'>) => number} */
function comparing(spec, order) {
  const labels = spec.columns?.length ?? 0;
  const { column, rising } = order ?? { column: labels, rising: false };
  const sign = rising ? 1 : -1;
  const byName = (/** @type {{name: string}} */ a, /** @type {{name: string}} */ b) =>
    a.name < b.name ? -1 : Number(a.name > b.name);
  if (column < 0) return (a, b) => sign * texts.compare(a.name, b.name);
  if (column < labels)
    return (a, b) => sign * texts.compare(a.labels[column], b.labels[column]) || byName(a, b);
  return (a, b) => {
    const [one, two] = [a.values[column - labels], b.values[column - labels]];
    // What has no value comes last in either order.
    if (Number.isNaN(one) || Number.isNaN(two))
      return Number(Number.isNaN(one)) - Number(Number.isNaN(two)) || byName(a, b);
    return sign * (one - two) || byName(a, b);
  };
}

/** @param {Spec} spec @param {number} query @param {number} value
 * @param {number} most the value that fills its bar
 * @param {boolean} stale an old value has no level @returns {Cell} */
function cellOf(spec, query, value, most, stale) {
  const { bar, unit } = spec.queries[query];
  const share = most > 0 ? Math.max(0, Math.min(1, value / most)) || 0 : 0;
  const judged = judges(spec, query);
  const mapping = judged ? spec.mappings?.[mappingOf(spec, value)] : undefined;
  const found = judged && !stale && !mapping ? verdict(spec, value) : null;
  return {
    bar: bar ? share : null,
    text: mapping?.text ?? format(value, unit || spec.unit, spec.decimals),
    level: (stale ? null : mapping?.level) ?? found?.level ?? null,
    word: found?.word ?? '',
  };
}

/** The rows as they are shown; `src/render/table.rs` makes the same in the order that nobody chose.
 * @param {Spec} spec @param {Row[]} rows @param {Order | null} [order] @returns {Line[]} */
export function table(spec, rows, order = null) {
  const found = joined(spec, rows).sort(comparing(spec, order));
  const shown = found.slice(0, spec.limit ?? ROWS_MAX);
  const most = spec.queries.map(
    (_, query) => spec.max ?? Math.max(0, ...shown.map(({ values }) => values[query] || 0)),
  );
  return shown.map((line) => ({
    ...line,
    cells: line.values.map((value, query) =>
      cellOf(spec, query, value, most[query], line.stale),
    ),
  }));
}

/** Whether the first column holds the names of the rows. @param {Spec} spec */
const named = ({ columns, queries }) => !columns?.length || !!queries[0]?.legend;

/** The headings, which sort. @param {Spec} spec @param {(column: number) => void} sort */
function headings(spec, sort) {
  const row = html('tr');
  const labels = spec.columns ?? [];
  const titles = [...labels, ...spec.queries.map((query) => query.column)];
  const all = named(spec) ? [spec.heading, ...titles] : titles;
  const before = all.length - titles.length;
  const cells = all.map((title, at) => {
    const cell = html('th', at >= before && at < before + labels.length ? 'w' : '');
    cell.scope = 'col';
    // A column without a heading has nothing that could be pressed.
    if (title) {
      const button = cell.appendChild(html('button'));
      button.type = 'button';
      button.textContent = title;
      button.addEventListener('click', () => sort(at - before));
    }
    row.append(cell);
    return { cell, column: at - before };
  });
  return { row, cells };
}

/** A row with its text nodes, so that an update touches nothing else.
 * @param {Spec} spec @param {HTMLTableSectionElement} body */
function line(spec, body) {
  const row = body.insertRow();
  const cell = named(spec) ? row.insertCell() : html('td');
  const name = cell.appendChild(document.createTextNode(''));
  const code = cell.appendChild(html('code'));
  const labels = (spec.columns ?? []).map(() => {
    const cell = row.insertCell();
    cell.className = 'w';
    return cell;
  });
  const cells = spec.queries.map((query) => {
    const cell = row.insertCell();
    const bar = query.bar ? cell.appendChild(html('i', 'm')) : null;
    return { cell, bar, text: cell.appendChild(document.createTextNode('')) };
  });
  return { row, name, code, labels, cells };
}

/** @param {ReturnType<typeof line>} parts @param {Line} shown */
function fill(parts, shown) {
  // What stands between backquotes in a name is set apart as code.
  const [, before, code, after] = /^(.*?)\s*`(.*?)`(.*)$/.exec(shown.name) ?? [];
  write(parts.name, code === undefined ? shown.name : `${before}${after}${code && ' '}`);
  write(parts.code, code ?? '');
  parts.labels.forEach((cell, at) => write(cell, shown.labels[at]));
  parts.cells.forEach(({ cell, bar, text }, query) => {
    const { bar: share, text: words, level, word } = shown.cells[query];
    write(text, words);
    set(cell, 'data-level', level);
    set(cell, 'title', word || null);
    const part = String(Math.round(100 * (share ?? 0)));
    if (bar && bar.dataset.p !== part) {
      bar.dataset.p = part;
      bar.style.setProperty('--p', part);
    }
  });
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const box = scroller('tbl', spec.title);
  const list = html('table');
  const first = spec.columns?.length ?? 0;
  /** @type {Order} */
  let order = { column: first, rising: false };
  /** @type {Row[]} */
  let known = [];
  const { row, cells } = headings(spec, (column) => {
    const rising = column === order.column ? !order.rising : column < first;
    order = { column, rising };
    draw();
  });
  list.createTHead().append(row);
  const body = list.createTBody();
  box.append(list);
  host.replaceChildren(box);
  /** @type {ReturnType<typeof line>[]} */
  const lines = [];

  function draw() {
    const shown = table(spec, known, order);
    resize(
      lines,
      shown.length,
      () => line(spec, body),
      ({ row }) => row.remove(),
    );
    shown.forEach((each, at) => fill(lines[at], each));
    for (const { cell, column } of cells) {
      const sorted = order.rising ? 'ascending' : 'descending';
      set(cell, 'aria-sort', column === order.column ? sorted : null);
    }
  }
  return {
    /** @param {Model} model */
    update({ rows }) {
      known = rows;
      draw();
    },
    resize() {},
    destroy() {},
  };
}
