/**
 * Hosts and services as rows: how each was, and the newest values with small lines. The server says
 * the same (`src/render/targets.rs`).
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 * @typedef {{name: string, address: string, rows: Row[], silent: boolean,
 *   state: string, level: string | null, words: string, pieces: Piece[]}} Target
 * @typedef {{column: number, rising: boolean}} Order  column: -2 the names, -1 the states, or the
 *   number of a query
 * @import { Piece } from '../parts/strip.js'
 */

import { judges, verdict } from '../judge.js';
import { html, resize, scroller, set, write } from '../parts/elements.js';
import { spark } from '../parts/spark.js';
import { piecesOf, spells, strip } from '../parts/strip.js';
import { seriesName } from '../rows.js';
import { dateTime, format } from '../units.js';

/** From so many on there is a field that narrows them. */
const MANY = 12;
const [NAME, STATE] = [-2, -1];
const RANK = { critical: 0, warn: 1 };

const texts = new Intl.Collator(undefined, { numeric: true });

/** The queries that are cells, by number. @param {Spec} spec */
const cellsOf = ({ queries }) =>
  queries.map((_, query) => query).filter((query) => query > 0 && !queries[query].times);

/** The time that a row is shown over: what its query reaches back, or as much of it as there is.
 * @param {Spec} spec @param {Row} row @param {number} rangeMs */
function spanOf(spec, { query, window }, rangeMs) {
  const there = (window.newest - window.firstN + 1) * window.stepMs;
  return Math.max(1, Math.min(spec.queries[query].range_ms ?? rangeMs, there));
}

/** Where a name leads: each label's value as one part of the address.
 * @param {string} link @param {Record<string, string>} labels */
const addressOf = (link, labels) =>
  link.replace(/\{\{\s*([^}\s]+)\s*\}\}/g, (_, name) => encodeURIComponent(labels[name] ?? ''));

/** A target for each set of labels that any query has.
 * @param {Spec} spec @param {Row[]} rows @param {number} endMs @param {number} rangeMs */
export function targets(spec, rows, endMs, rangeMs) {
  /** @type {Map<string, Row[]>} */
  const sets = new Map();
  for (const row of rows) {
    const { __name__: _, ...labels } = row.labels;
    const key = JSON.stringify(labels);
    sets.set(key, [...(sets.get(key) ?? []), row]);
  }
  return [...sets.values()].map((own) => target(spec, own, endMs, rangeMs));
}

/** @param {Spec} spec @param {Row[]} rows @param {number} endMs @param {number} rangeMs
 * @returns {Target} */
function target(spec, rows, endMs, rangeMs) {
  const [{ labels, name }] = rows;
  const template = spec.queries[0].legend;
  const main = rows.find(({ query }) => query === 0);
  const span = main ? spanOf(spec, main, rangeMs) : rangeMs;
  const found = main ? spells(spec, main, endMs, span) : [];
  const newest = found.at(-1);
  const silent = rows.every(({ stale }) => stale);
  const at = Math.max(...rows.map((row) => row.at));
  let [state, level] = [newest?.state?.text ?? 'new', newest?.state?.level ?? null];
  if (silent) [state, level] = [`silent since ${dateTime(at)}`, 'warn'];
  const since = newest && !silent ? `${state} since ${dateTime(newest.from)}` : state;
  return {
    name: template ? seriesName(template, labels, { title: '', alone: true, tells: () => true }) : name,
    address: addressOf(spec.link ?? '', labels),
    rows,
    silent,
    state,
    level,
    words: since,
    pieces: main ? piecesOf(found, main.window.stepMs, endMs, span) : [],
  };
}

/** @param {Order} order @returns {(a: Target, b: Target) => number} */
function comparing({ column, rising }) {
  const sign = rising ? 1 : -1;
  const value = (/** @type {Target} */ { level, rows }) => {
    if (column === STATE) return RANK[/** @type {keyof typeof RANK} */ (level)] ?? 2;
    return rows.find(({ query }) => query === column)?.value ?? NaN;
  };
  return (a, b) => {
    const byName = texts.compare(a.name, b.name);
    if (column === NAME) return sign * byName;
    const [one, two] = [value(a), value(b)];
    // What has no value comes last in either order.
    return Number(Number.isNaN(one)) - Number(Number.isNaN(two)) || sign * (one - two) || byName;
  };
}

/** A row of the table, empty. @param {Spec} spec */
function line(spec) {
  const row = html('tr');
  const head = row.appendChild(html('th'));
  head.scope = 'row';
  const name = head.appendChild(html(spec.link ? 'a' : 'span'));
  const track = html('div', 'track');
  track.setAttribute('role', 'img');
  const past = strip();
  track.append(past.picture);
  const box = row.appendChild(html('td', 'strip-box'));
  box.append(track);
  const state = row.appendChild(html('td', 'is')).appendChild(html('b'));
  const cells = cellsOf(spec).map((query) => {
    const cell = row.appendChild(html('td', `c${(((spec.color || 1) - 1 + query) % 8) + 1}`));
    const label = cell.appendChild(html('span', 'col'));
    label.textContent = spec.queries[query].column;
    const small = spark();
    const value = html('span', 'v');
    cell.append(small.picture, value);
    return { query, cell, small, value };
  });
  return { row, name, track, past, state, cells };
}

/** @param {ReturnType<typeof line>} parts @param {Target} shown @param {Spec} spec
 * @param {Model} model */
function fill({ row, name, track, past, state, cells }, shown, spec, { endMs, rangeMs }) {
  set(row, 'data-stale', shown.silent ? '' : null);
  write(name, shown.name);
  if (shown.address) set(name, 'href', shown.address);
  set(track, 'aria-label', shown.words);
  past.draw(shown.pieces, 'c0', 0);
  write(state, shown.state);
  set(state, 'data-level', shown.level);
  for (const { query, cell, small, value } of cells) {
    const own = shown.rows.find((each) => each.query === query);
    const found = own && !own.stale && judges(spec, query) ? verdict(spec, own.value) : null;
    write(value, own ? format(own.value, own.unit, spec.decimals) : '');
    set(cell, 'data-level', found?.level);
    set(cell, 'title', found?.word);
    small.picture.toggleAttribute('hidden', !own);
    if (own) small.draw(own, { endMs, rangeMs: spanOf(spec, own, rangeMs) });
  }
}

/** The headings, each a button that sorts.
 * @param {Spec} spec @param {(column: number) => void} sort */
function headings(spec, sort) {
  const row = html('tr');
  const all = [[spec.heading, NAME], ['State', STATE]].concat(
    cellsOf(spec).map((query) => [spec.queries[query].column, query]),
  );
  const cells = all.map(([title, column]) => {
    const cell = row.appendChild(html('th'));
    cell.scope = 'col';
    if (column === STATE) cell.colSpan = 2;
    const button = cell.appendChild(html('button'));
    button.type = 'button';
    button.textContent = String(title);
    button.addEventListener('click', () => sort(Number(column)));
    return { cell, column: Number(column) };
  });
  return { row, cells };
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const box = scroller('tbl targets', spec.title);
  const list = html('table');
  /** @type {Order} */
  let order = { column: NAME, rising: true };
  /** @type {Model | null} */
  let model = null;
  const field = html('input', 'narrow');
  field.type = 'search';
  field.placeholder = `Narrow ${spec.title} by name`;
  set(field, 'aria-label', field.placeholder);
  field.addEventListener('input', () => draw());
  const { row, cells } = headings(spec, (column) => {
    const rising = column === order.column ? !order.rising : column < 0;
    order = { column, rising };
    draw();
  });
  list.createTHead().append(row);
  const body = list.createTBody();
  box.append(list);
  host.replaceChildren(box);
  /** @type {ReturnType<typeof line>[]} */
  const lines = [];
  const added = () => {
    const one = line(spec);
    body.append(one.row);
    return one;
  };

  function draw() {
    if (!model) return;
    const shown = model;
    const all = targets(spec, shown.rows, shown.endMs, shown.rangeMs);
    if (all.length > MANY && !field.isConnected) box.prepend(field);
    if (all.length <= MANY) field.remove();
    const wanted = field.isConnected ? field.value.trim().toLowerCase() : '';
    const found = all.filter(({ name }) => name.toLowerCase().includes(wanted));
    found.sort(comparing(order)).splice(spec.limit ?? found.length);
    resize(lines, found.length, added, ({ row }) => row.remove());
    found.forEach((each, at) => fill(lines[at], each, spec, shown));
    for (const { cell, column } of cells) {
      const sorted = order.rising ? 'ascending' : 'descending';
      set(cell, 'aria-sort', column === order.column ? sorted : null);
    }
  }
  return {
    /** @param {Model} next */
    update(next) {
      model = next;
      draw();
    },
    resize() {},
    destroy() {},
  };
}
