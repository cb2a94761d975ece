/** What a chart draws one by one and what together, as time goes on. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Gathering, isGathered } from '../../../assets/parts/gather.js';

const MINUTE_MS = 60_000;
const spec = { kind: 'line', limit: 2, color: 1 };

/** Rows with one value each. @param {Record<string, number>} values */
const rowsOf = (values) =>
  Object.entries(values).map(([name, value]) => ({
    key: name,
    name,
    colour: '',
    slot: 0,
    stale: false,
    index: 0,
    band: null,
    heard: undefined,
    window: { firstN: 1, newest: 1, stepMs: 1000, value: () => value },
  }));

const all = () => true;
const told = (rows) => rows.map(({ name, colour }) => `${name} ${colour}`);

test('what is largest is looked for once a minute, and who stays keeps its colour', () => {
  const gathering = new Gathering();
  const at = (values, now, shown = all) =>
    told(gathering.arrange(spec, rowsOf(values), shown, now));
  assert.deepEqual(at({ a: 1, b: 3, c: 2 }, 0), ['b c1', 'c c2', 'a c0']);
  assert.deepEqual(at({ a: 9, b: 3, c: 2 }, 1000), ['b c1', 'c c2', 'a c0'], 'no change at once');
  const later = at({ a: 9, b: 1, c: 2 }, 2 * MINUTE_MS);
  assert.deepEqual(later, ['a c1', 'c c2', 'b c0'], 'c keeps its colour, a takes the free one');
});

test('a new series is looked at when it comes', () => {
  const gathering = new Gathering();
  gathering.arrange(spec, rowsOf({ a: 1, b: 3, c: 2 }), all, 0);
  const rows = gathering.arrange(spec, rowsOf({ a: 1, b: 3, c: 2, d: 8 }), all, 1000);
  assert.deepEqual(told(rows), ['d c2', 'b c1', 'c c0', 'a c0']);
});

test('what a reader chose has a line of its own, however small it is', () => {
  const gathering = new Gathering();
  const only = ({ name }) => name === 'a';
  const rows = gathering.arrange(spec, rowsOf({ a: 1, b: 3, c: 2, d: 1 }), only, 0);
  assert.deepEqual(rows.filter(isGathered).map(({ name }) => name), ['d']);
});

test('few series, and other kinds, are left as they are', () => {
  const rows = rowsOf({ a: 1, b: 3 });
  assert.equal(new Gathering().arrange(spec, rows, all, 0), rows);
  const many = rowsOf({ a: 1, b: 3, c: 2 });
  assert.equal(new Gathering().arrange({ ...spec, kind: 'mirror' }, many, all, 0), many);
  assert.deepEqual(told(many), ['a ', 'b ', 'c ']);
});
