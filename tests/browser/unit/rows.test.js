/** Which series a panel shows, and what they are called. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reached, rowsOf, seriesName, telling, valueAt } from '../../../assets/rows.js';
import { stepOf } from '../../../assets/when.js';
import { rangeText } from '../../../assets/units.js';
import { Window } from '../../../assets/window.js';

const SPEC = {
  kind: 'line',
  title: 'CPU',
  unit: 'percent',
  limit: null,
  color: 8,
  queries: [{ legend: '', unit: '' }],
  thresholds: [{ value: 5, level: 'warn', word: 'high' }],
};

function channel(...series) {
  const window = Window.from(
    {
      channel: 1,
      epoch: 'e',
      seq: 1,
      stepMs: 1000,
      n: 10,
      columns: series[0][1].length,
      series: series.map(([labels, values]) => ({ labels, values })),
    },
    10,
  );
  return { window };
}

test('series are named by template or by what tells them apart', () => {
  const labels = { __name__: 'node_cpu', instance: 'a', job: 'node', mode: 'user', cpu: '0' };
  const check = (template, all, wanted) => {
    const panel = { title: 'CPU', alone: all.length === 1, tells: telling(all) };
    assert.equal(seriesName(template, all[0], panel), wanted);
  };
  const up = { __name__: 'up', job: 'x' };
  check('core {{cpu}} {{ mode }} {{gone}}', [labels], 'core 0 user ');
  check('', [labels], 'cpu=0, mode=user');
  check('', [labels, { ...labels, cpu: '4' }, { ...labels, cpu: '5' }], 'cpu=0');
  check('', [labels, {}], 'cpu=0, mode=user');
  check('', [{}, labels], 'CPU');
  check('', [up], 'CPU');
  check('', [up, {}], 'up');
});

test('rows have colours in order, newest values and ages', () => {
  const slots = new Map();
  const rows = rowsOf(
    SPEC,
    [
      channel(
        [{ m: 'a' }, [1, 2, 3, 4, 9]],
        [{ m: 'b' }, [8, null, null, null, null]],
        [{ m: 'c' }, [null, null, null, null, null]],
      ),
    ],
    slots,
    10_900,
  );
  assert.deepEqual(
    rows.map((row) => [row.name, row.colour, row.value, row.n, row.stale]),
    [
      ['m=a', 'c8', 9, 10, false],
      ['m=b', 'c1', 8, 6, true],
    ],
  );
  assert.equal(rows[0].unit, 'percent');
  assert.equal(reached(SPEC, rows)?.word, 'high');
  assert.equal(reached(SPEC, rows.slice(1)), undefined, 'an old value reaches nothing');
});

test('where not all can be shown those that go on come first', () => {
  const ended = [1, null, null, null, null];
  const series = [ended, [9, 9, 9, 9, 2], ended, [9, 9, 9, 9, 4]];
  const given = [channel(...series.map((values, n) => [{ n: String(n) }, values]))];
  const names = (limit) =>
    rowsOf({ ...SPEC, kind: 'mirror', limit }, given, new Map(), 10_000).map((row) => row.name);
  assert.deepEqual(names(4), ['n=0', 'n=1', 'n=2', 'n=3']);
  assert.deepEqual(names(3), ['n=1', 'n=3', 'n=0']);
});

test('a value grows old with the clock, though no column follows it', () => {
  const stale = (now) => rowsOf(SPEC, [channel([{ m: 'a' }, [7]])], new Map(), now)[0].stale;
  assert.deepEqual([stale(13_000), stale(13_001)], [false, true]);
});

test('a sample that is only repeated is no value', () => {
  const spec = { ...SPEC, queries: [SPEC.queries[0], { ...SPEC.queries[0], times: true }] };
  const values = channel([{ m: 'a' }, [1, 2, 2, 2, 2, 2, 3]]);
  const times = channel([{ m: 'a' }, [4, 5, 5, 5, 5, 5, 10]]);
  const [row] = rowsOf(spec, [values, times], new Map(), 10_000);
  // Fresh for three seconds after 5 s, silent at 9 s.
  const seen = Array.from({ length: 7 }, (_, at) => valueAt(row, 4 + at));
  assert.deepEqual(seen, [1, 2, 2, 2, 2, null, 3]);
  assert.deepEqual([row.at, row.stale], [10_000, false]);
});

test('the usual interval tells how long a value is fresh', () => {
  const spec = { ...SPEC, queries: [SPEC.queries[0], { ...SPEC.queries[0], times: true }] };
  const stale = (times, now) => {
    const values = channel([{ m: 'a' }, times.map(() => 7)]);
    return rowsOf(spec, [values, channel([{ m: 'a' }, times])], new Map(), now)[0].stale;
  };
  // One pair in haste does not make the others late.
  const times = [1, 3, 3.5, 5.5, 7.5];
  assert.deepEqual([stale(times, 13_000), stale(times, 14_000)], [false, true]);
});

test('a stat is judged by its first query alone', () => {
  const spec = { ...SPEC, kind: 'stat', queries: [SPEC.queries[0], SPEC.queries[0]] };
  const judged = (...values) =>
    reached(spec, rowsOf(spec, values.map((value) => channel([{}, [value]])), new Map(), 0))?.word;
  assert.deepEqual([judged(1, 99), judged(6, 1)], [undefined, 'high']);
});

test('a colour stays with its series when others go', () => {
  const slots = new Map();
  rowsOf(SPEC, [channel([{ m: 'a' }, [1]], [{ m: 'b' }, [2]])], slots, 0);
  assert.equal(rowsOf(SPEC, [channel([{ m: 'b' }, [2]])], slots, 0)[0].colour, 'c1');
});

test('steps and ranges are written as the protocol has them', () => {
  const check = (rangeMs, step, text) =>
    assert.deepEqual([stepOf(rangeMs), rangeText(rangeMs)], [step, text]);
  check(60_000, 1000, '1m');
  check(900_000, 1000, '15m');
  check(1_800_000, 2000, '30m');
  check(3_600_000, 5000, '1h');
  check(90_000, 1000, '90s');
});
