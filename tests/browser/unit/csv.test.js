/**
 * Numbers as CSV: lines, columns, and texts that a spreadsheet must not take for formulas.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv } from '../../../assets/later/csv.js';
import { Window } from '../../../assets/window.js';

/** A row of a window of its own, which ends at column `n`.
 * @param {string} name @param {number} stepMs @param {number} n
 * @param {(number | null)[]} values */
function row(name, stepMs, n, values) {
  const series = [{ labels: {}, values }];
  const snapshot = { channel: 1, epoch: 'e', seq: 1, stepMs, n, columns: values.length, series };
  const window = Window.from(snapshot, values.length);
  return /** @type {any} */ ({ name, window, index: 0, heard: undefined });
}

test('a line a time, a column a series, what is missing left empty', () => {
  const rows = [
    row('a', 1000, 1_700_000_004, [1, 2.5, null, NaN]),
    row('b', 2000, 850_000_002, [-7, Infinity]),
  ];
  const text = csv(rows, 1_700_000_004_000, 4000);
  assert.equal(
    text,
    'time,unix,a,b\r\n' +
      '2023-11-14T22:13:21.000Z,1700000001,1,\r\n' +
      '2023-11-14T22:13:22.000Z,1700000002,2.5,-7\r\n' +
      '2023-11-14T22:13:24.000Z,1700000004,NaN,+Inf\r\n',
  );
});

test('names are quoted where they have to be, and never a formula', () => {
  const heads = (/** @type {string} */ name) =>
    csv([row(name, 1000, 5, [1])], 5000, 1000).split('\r\n')[0].replace('time,unix,', '');
  for (const [name, expected] of [
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['=1+2', "'=1+2"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
  ])
    assert.equal(heads(name), expected);
});
