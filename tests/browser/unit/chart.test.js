/** Charts: columns from windows, heat maps, and the times below. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Columns } from '../../../assets/chart/columns.js';
import { apart, bucketName, mostOf, ordered } from '../../../assets/chart/heat.js';
import { tickText, timeTicks } from '../../../assets/chart/times.js';
import { Window } from '../../../assets/window.js';

/** Rows of a window whose last column is 10. @param {(number | null)[][]} series */
function rowsOf(series, labels = series.map((_, k) => ({ k: String(k) }))) {
  const snapshot = {
    channel: 1,
    epoch: 'e',
    seq: 1,
    stepMs: 1000,
    n: 10,
    columns: series[0].length,
    series: series.map((values, k) => ({ labels: labels[k], values })),
  };
  const window = Window.from(snapshot, 20);
  return series.map((_, index) => ({
    window,
    index,
    query: index,
    labels: labels[index],
    unit: '',
    name: `n${index}`,
    colour: 'c1',
    band: null,
  }));
}

/** @param {(number | null)[][]} series @param {object} [more] */
function filled(series, more = {}) {
  const columns = new Columns();
  const spec = { kind: 'line', queries: [], ...more };
  columns.fill(spec, rowsOf(series), 10_000, 5000);
  return columns;
}

const tops = (columns) => columns.lines.map((line) => [...line.tops]);

test('columns reach from the range to its end, and what is not there is a gap', () => {
  const columns = filled([[1, 2, null, null, 5, 6]]);
  assert.deepEqual(tops(columns), [[1, 2, NaN, NaN, 5, 6]]);
  assert.deepEqual(columns.gaps, [[1, 4]]);
  assert.deepEqual(columns.extent, [1, 6]);
  assert.deepEqual([columns.timeAt(0), columns.timeAt(5)], [5000, 10_000]);
  assert.deepEqual([columns.near(0), columns.near(7400), columns.near(99_000)], [0, 2, 5]);
});

test('what lies before the first value is no gap, what follows the last is one', () => {
  const columns = filled([[3, 4, null]]);
  assert.deepEqual(tops(columns), [[NaN, NaN, NaN, 3, 4, NaN]]);
  assert.deepEqual([columns.begin, columns.gaps], [3, [[4, 5]]]);
});

test('areas stand on each other, and one that is missing adds nothing', () => {
  const series = [
    [1, 1, 1],
    [2, null, 2],
    [4, 4, 4],
  ];
  const columns = filled(series, { kind: 'stack' });
  const last = columns.lines.map(({ tops: highs, bases }) => [
    [...highs].slice(3),
    [...bases].slice(3),
  ]);
  assert.deepEqual(last, [
    [
      [1, 1, 1],
      [0, 0, 0],
    ],
    [
      [3, NaN, 3],
      [1, 1, 1],
    ],
    [
      [7, 5, 7],
      [3, 1, 3],
    ],
  ]);
  assert.deepEqual(columns.extent, [1, 7]);
});

test('missing values are gaps, zeros, or led over, as the panel asks', () => {
  const values = [[1, null, null, 4, null]];
  assert.deepEqual(tops(filled(values, { nulls: 'zero' })), [[NaN, 1, 0, 0, 4, NaN]]);
  const led = filled(values, { nulls: 'connect' });
  assert.deepEqual([tops(led), led.gaps], [[[NaN, 1, 2, 3, 4, NaN]], []]);
});

test('values of a query below are drawn downwards', () => {
  const queries = [{}, { below: true }];
  const columns = filled([[1], [2]], { kind: 'mirror', queries });
  assert.deepEqual([columns.lines.map((line) => line.tops[5]), columns.extent], [[1, -2], [-2, 1]]);
});

test('a second filling takes the arrays of the first, and nothing of its values', () => {
  const columns = filled([[1, 2, 3, 4, 5, 6]]);
  const [{ tops: first }] = columns.lines;
  columns.fill({ kind: 'line', queries: [] }, rowsOf([[7]]), 10_000, 5000);
  assert.equal(columns.lines[0].tops, first);
  assert.deepEqual([...first], [NaN, NaN, NaN, NaN, NaN, 7]);
});

test('buckets stand by their edges, and each holds what the one below does not', () => {
  const edges = [{ le: '+Inf' }, { le: '0.5' }, { le: '2' }];
  const rows = ordered(rowsOf([[9], [3], [8]], edges));
  assert.deepEqual(rows.map(bucketName), ['0.5', '2', '+∞']);
  const columns = new Columns();
  columns.fill({ kind: 'heatmap', queries: [] }, rows, 10_000, 0);
  apart(columns);
  assert.deepEqual([tops(columns), mostOf(columns)], [[[3], [5], [1]], 5]);
});

test('series without edges keep their order and values', () => {
  const rows = ordered(rowsOf([[9], [3]]));
  const columns = new Columns();
  columns.fill({ kind: 'heatmap', queries: [] }, rows, 10_000, 0);
  apart(columns);
  assert.deepEqual([rows.map(bucketName), tops(columns)], [['n0', 'n1'], [[9], [3]]]);
});

test('times are round by the clock of the reader, and no more than there is room for', () => {
  const at = (/** @type {string} */ text) => new Date(text).getTime();
  const from = at('2026-11-24T12:03:20');
  const ticks = timeTicks(from, from + 300_000, 5);
  assert.deepEqual(
    ticks.map((tick) => tickText(tick, ticks, 300_000)),
    ['12:04', '12:05', '12:06', '12:07', '12:08'],
  );
  const minute = timeTicks(from, from + 60_000, 4);
  assert.deepEqual(
    minute.map((tick) => tickText(tick, minute, 60_000)),
    ['12:03:30', '12:03:45', '12:04:00', '12:04:15'],
  );
  const week = timeTicks(from, from + 7 * 86_400_000, 7);
  assert.equal(tickText(week[0], week, 7 * 86_400_000), 'Nov 25');
  assert.ok(timeTicks(from, from + 730 * 86_400_000, 4).length <= 5);
});
