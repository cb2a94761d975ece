/** The sliding window: the law of live queries as far as one page can keep it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Window } from '../../../assets/window.js';

const LABELS = [{ a: '1' }, { a: '2' }];
const pairs = (...values) => ({ pairs: values });
const block = (seq, n, ...values) => ({ channel: 1, seq, n, column: pairs(...values) });

/** A window at column 10, seq 5, with three columns of two series. */
function start(columns = 4) {
  return Window.from(
    {
      channel: 1,
      epoch: 'e',
      seq: 5,
      stepMs: 1000,
      n: 10,
      columns: 3,
      series: LABELS.map((labels, at) => ({ labels, values: [at, at + 1, at + 2] })),
    },
    columns,
  );
}
const row = (window, series) => {
  const values = [];
  for (let n = window.firstN; n <= window.n; n += 1) values.push(window.value(series, n));
  return values;
};

test('a tick adds a column and repeats what it does not name', () => {
  const window = start();
  assert.equal(window.tick(block(6, 11, [0, 9]), false, false), true);
  assert.deepEqual(
    [row(window, 0), row(window, 1)],
    [
      [0, 1, 2, 9],
      [1, 2, 3, 3],
    ],
  );
  assert.deepEqual([window.n, window.seq, window.firstN], [11, 6, 8]);
});

test('the window slides, for ever, without growing', () => {
  const window = start();
  for (let at = 1; at <= 1000; at += 1) window.tick(block(5 + at, 10 + at, [0, at]), false, false);
  assert.deepEqual(row(window, 0), [997, 998, 999, 1000]);
  assert.deepEqual(row(window, 1), [3, 3, 3, 3]);
  assert.equal(window.series[0].numbers.length, 8);
});

test('columns between two ticks are gaps, and nothing is repeated over them', () => {
  const window = start(6);
  window.tick(block(6, 13, [0, 7]), false, false);
  assert.deepEqual(row(window, 0), [0, 1, 2, null, null, 7]);
  assert.deepEqual(row(window, 1), [1, 2, 3, null, null, null]);
});

test('a long sleep empties the window instead of filling it with gaps', () => {
  const window = start();
  window.tick(block(6, 5000, [1, 2]), false, false);
  assert.deepEqual([window.firstN, row(window, 1)], [5000, [2]]);
});

test('the column in progress is on top until its final one comes', () => {
  const window = start();
  window.tick(block(5, 11, [0, 50]), true, false);
  assert.deepEqual([window.newest, window.value(0, 11), window.value(1, 11)], [11, 50, 3]);
  assert.deepEqual([window.n, window.seq], [10, 5]);
  window.tick(block(6, 11, [0, 51]), false, false);
  assert.deepEqual([window.open, window.value(0, 11)], [null, 51]);
  window.tick(block(6, 11, [0, 1]), true, false);
  assert.equal(window.value(0, 11), 51, 'a late provisional column changes nothing');
});

test('a revision changes the named cells of one column', () => {
  const window = start();
  window.tick(block(6, 9, [1, null]), false, true);
  assert.deepEqual(
    [row(window, 0), row(window, 1)],
    [
      [0, 1, 2],
      [1, null, 3],
    ],
  );
  window.tick(block(7, 2, [1, 8]), false, true);
  assert.equal(window.seq, 7, 'one that has left the window still counts');
});

test('a missing entry is told, a known one is passed over', () => {
  const window = start();
  assert.equal(window.tick(block(7, 12, [0, 1]), false, false), false);
  assert.equal(window.tick(block(7, 12, [0, 1]), true, false), false);
  assert.equal(window.n, 10);
  assert.equal(window.tick(block(5, 10, [0, 99]), false, false), true);
  assert.equal(window.value(0, 10), 2);
});

test('a batch fills in what was missed, its revisions first', () => {
  const window = start(6);
  const batch = {
    channel: 1,
    seq: 9,
    after: 5,
    revised: [{ n: 10, column: pairs([1, 70]) }],
    fromN: 11,
    columns: [pairs([0, 3]), pairs([0, null], [1, null]), pairs([0, 5])],
  };
  assert.equal(window.batch(batch), true);
  assert.deepEqual(row(window, 0), [0, 1, 2, 3, null, 5]);
  assert.deepEqual(row(window, 1), [1, 2, 70, 70, null, null]);
  assert.deepEqual([window.seq, window.n], [9, 13]);
  assert.equal(window.batch(batch), true, 'what is known already changes nothing');
  assert.equal(window.batch({ ...batch, seq: 12, after: 10 }), false);
  assert.deepEqual([window.seq, window.n], [9, 13]);
  const columns = [pairs(), pairs()];
  window.batch({ ...batch, seq: 11, after: 9, revised: [], fromN: 14, columns });
  assert.deepEqual([row(window, 0).slice(-2), window.n], [[5, 5], 15]);
});

test('series are added at the end of the table', () => {
  const window = start();
  window.append([{ a: '3' }]);
  window.tick(block(6, 11, [2, 4]), false, false);
  assert.deepEqual(row(window, 2), [null, null, null, 4]);
  assert.deepEqual([window.last(2), window.last(0), window.labels.length], [11, 11, 3]);
});

test('NaN is a value, absent is none', () => {
  const window = start();
  window.tick(block(6, 11, [0, NaN], [1, null]), false, false);
  assert.ok(Number.isNaN(window.value(0, 11)));
  assert.deepEqual([window.value(1, 11), window.last(0), window.last(1)], [null, 11, 10]);
});

test('a snapshot longer than the window keeps its newest columns', () => {
  const window = start(2);
  assert.deepEqual([row(window, 0), window.firstN], [[1, 2], 9]);
});
