/** What panels say of the newest values and of states, held to the vectors that the server's stills
 * are held to as well. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { reached, rowsOf } from '../../../assets/rows.js';
import { format } from '../../../assets/units.js';
import { bars } from '../../../assets/views/bars.js';
import { events } from '../../../assets/views/events.js';
import { difference } from '../../../assets/parts/change.js';
import { figures } from '../../../assets/parts/figures.js';
import { Gathering } from '../../../assets/parts/gather.js';
import { percent } from '../../../assets/parts/elements.js';
import { pie } from '../../../assets/views/pie.js';
import { table } from '../../../assets/views/table.js';
import { spells } from '../../../assets/parts/strip.js';
import { Window } from '../../../assets/window.js';

const VECTORS = new URL('../../vectors/kinds.json', import.meta.url);
const END_MS = 1_700_000_400_000;
const SPECIAL = { NaN, '+Inf': Infinity };

/** The document of a panel from what its file says. */
function specOf(panel) {
  const queries = Array.isArray(panel.query) ? panel.query : [{ legend: panel.legend }];
  const unit = panel.unit ?? 'none';
  return {
    title: 'Title',
    decimals: null,
    max: null,
    color: 1,
    thresholds: [],
    limit: { table: 10, bars: 10, pie: 7, events: 50, line: 8, stack: 8 }[panel.kind] ?? 20,
    ...panel,
    unit,
    mappings: panel.mappings?.map(({ value, from, to, text, level }) => ({
      from: value ?? from ?? null,
      to: value ?? to ?? null,
      text,
      level: level ?? null,
    })),
    queries: queries.map((query) => ({ legend: '', bar: false, unit, ...query })),
  };
}

function channels({ windows, step_ms: stepMs }) {
  return windows.map((window) => {
    const columns = Math.max(...window.map(([, values]) => values.length));
    const series = window.map(([labels, values]) => ({
      labels,
      values: [...Array(columns - values.length).fill(null), ...values].map(
        (value) => SPECIAL[value] ?? value,
      ),
    }));
    const n = END_MS / stepMs;
    return { window: Window.from({ channel: 1, epoch: 'e', seq: 1, stepMs, n, columns, series }, 99) };
  });
}

const at = (ms) => ms - END_MS;

/** What each kind says, in the form of the vectors. */
const SAID = {
  bars: (spec, rows) =>
    bars(spec, rows).map(({ name, share, text, level, word }) => [
      name,
      percent(share),
      text,
      level ?? null,
      word ?? null,
    ]),
  pie: (spec, rows) => {
    const { slices, total, leftOut } = pie(spec, rows);
    return [slices.map(({ name, text, percent }) => [name, text, percent]), total, leftOut];
  },
  timeline: (spec, rows, rangeMs) =>
    rows.map((row) => [
      row.name,
      spells(spec, row, END_MS, rangeMs).map(({ from, to, state }) => [
        at(from),
        at(to),
        state && [state.text, state.level, state.colour],
      ]),
    ]),
  events: (spec, rows, rangeMs) =>
    events(spec, rows, END_MS, rangeMs).map((event) => [
      at(event.at),
      event.name,
      event.from,
      event.to,
      event.level,
    ]),
  stat: (spec, [row], rangeMs) => {
    const found = difference(spec, row, END_MS, rangeMs);
    const worst = reached(spec, [row]);
    return [found && [found.text, found.level], worst ? [worst.level, worst.word] : null];
  },
  line: (spec, rows) =>
    rows.map((row) => [row.name, figures(spec.stats, row).map((value) => format(value, row.unit))]),
  stack: (spec, rows) =>
    new Gathering()
      .arrange(spec, rows, () => true, END_MS)
      .map(({ name, colour }) => [name, Number(colour.slice(1))]),
  table: (spec, rows) =>
    table(spec, rows).map(({ name, labels, cells }) => [
      name,
      labels,
      cells.map(({ bar, text, level, word }) => {
        const filled = bar === null ? null : percent(bar);
        return [filled, text, level, word];
      }),
    ]),
};

export function said(vector) {
  const spec = specOf(vector.panel);
  const rows = rowsOf(spec, channels(vector), new Map(), END_MS);
  return SAID[spec.kind](spec, rows, vector.range_ms);
}

test('panels say what the vectors say', () => {
  const vectors = JSON.parse(readFileSync(VECTORS, 'utf8'));
  assert.ok(vectors.length > 30);
  for (const vector of vectors) assert.deepEqual(said(vector), vector.said, vector.about);
});

test('a table is sorted by the column that was chosen', () => {
  const spec = specOf({
    kind: 'table',
    columns: ['n'],
    limit: 3,
    query: [{ query: 'x' }, { query: 'y' }],
  });
  const series = (...values) => values.map((value, n) => [{ n: `disk${n}` }, [value]]);
  const vector = { step_ms: 1000, windows: [series(4, 3, 2, 1), series(7, null, 9, 8)] };
  const rows = rowsOf(spec, channels(vector), new Map(), END_MS);
  const names = (column, rising) =>
    table(spec, rows, { column, rising }).map(({ labels }) => labels[0]);
  assert.deepEqual(names(1, false), ['disk0', 'disk1', 'disk2']);
  assert.deepEqual(names(1, true), ['disk3', 'disk2', 'disk1']);
  assert.deepEqual(names(0, false), ['disk3', 'disk2', 'disk1']);
  assert.deepEqual(names(2, true), ['disk0', 'disk3', 'disk2']);
  assert.deepEqual(names(2, false), ['disk2', 'disk3', 'disk0'], 'no value comes last');
  assert.equal(format(null, ''), table(spec, rows)[1].cells[1].text);
});
