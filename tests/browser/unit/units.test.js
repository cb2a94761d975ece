/** What numbers look like, held to the vectors that the server's writer is held to as well. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { axis, axisEnds, axisTicks, format, parts, timeOfDay } from '../../../assets/units.js';

const VECTORS = new URL('../../vectors/numbers.json', import.meta.url);
const SPECIAL = new Map([
  ['NaN', NaN],
  ['+Inf', Infinity],
  ['-Inf', -Infinity],
]);
const plain = (text) => text.replace(/[\u00a0\u202f]/g, ' ');

test('numbers are written as the vectors say', () => {
  assert.ok(existsSync(VECTORS), 'the vectors stand in tests/vectors/numbers.json');
  for (const { value, unit, decimals, parts: wanted } of JSON.parse(
    readFileSync(VECTORS, 'utf8'),
  )) {
    const given = SPECIAL.get(value) ?? value;
    assert.deepEqual(parts(given, unit, decimals), wanted, `${value} ${unit} ${decimals}`);
  }
});

test('a number and its unit are joined by a narrow space', () => {
  assert.equal(format(38, 'percent'), '38.0\u202f%');
  assert.equal(format(null, 'bytes'), '–');
});

test('an axis has one scale and no needless digits', () => {
  const check = (ticks, unit, wanted) => assert.deepEqual(axis(ticks, unit).map(plain), wanted);
  check([0, 20, 40], 'percent', ['0%', '20%', '40%']);
  check([0, 500, 1000, 1500], 'none', ['0', '500', '1000', '1500']);
  check([0, 5000, 10000, 15000], 'per_second', ['0', '5k', '10k', '15k']);
  check([0, 5e7, 1e8], 'bits_per_second', ['0', '50M', '100M']);
  check([0, 2 ** 29, 2 ** 30], 'bytes', ['0', '0.5 GiB', '1.0 GiB']);
  check([-5, 0, 5], 'currency:EUR', ['−€5', '0', '€5']);
  check([0, 0.02, 0.04], 'seconds', ['0', '20 ms', '40 ms']);
  check([-1, 0, 1], 'celsius', ['−1 °C', '0', '1 °C']);
  check([], 'none', []);
});

test('an axis ends at round values and names round ones', () => {
  const check = ([least, most, min, max, unit], ends, ticks) => {
    assert.deepEqual(axisEnds(least, most, min, max, unit), ends);
    assert.deepEqual(axisTicks(ends[0], ends[1], unit), ticks);
  };
  check([0, 87, null, null, 'percent'], [0, 100], [0, 25, 50, 75, 100]);
  check([12, 37, null, 100, 'percent'], [0, 100], [0, 25, 50, 75, 100]);
  check([0, 107, 0, 100, 'percent'], [0, 100], [0, 25, 50, 75, 100]);
  check([0, 180, null, 10, 'percent'], [0, 200], [0, 50, 100, 150, 200]);
  check([-3, 9, null, null, 'none'], [-5, 10], [-5, 0, 5, 10]);
  check([0, 3000, null, null, 'bytes'], [0, 3072], [0, 1024, 2048, 3072]);
  check([0, 0, null, null, 'none'], [0, 1], [0, 0.25, 0.5, 0.75, 1]);
});

test('a time of day has two digits everywhere', () => {
  const at = new Date(2024, 0, 2, 3, 4, 5).getTime();
  assert.equal(timeOfDay(at), '03:04:05');
  assert.equal(timeOfDay(at, true), '03:04');
});
