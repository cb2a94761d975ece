/** By which clock times are told. */

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { tickText, timeTicks } from '../../../assets/chart/times.js';
import { day, timeOfDay } from '../../../assets/units.js';
import { zoneText } from '../../../assets/elements/address.js';
import { moment } from '../../../assets/later/custom.js';
import { choose, offset, wall, zone } from '../../../assets/zone.js';

const HOUR = 3_600_000;
/** Shortly before clocks are put forward in New York, 8 March 2026. */
const SPRING = Date.UTC(2026, 2, 8, 6, 59, 59);

afterEach(() => {
  choose('', []);
});

test('a zone is told by its own clock, on both sides of a change', () => {
  choose('?tz=America/New_York', ['utc']);
  assert.equal(zone(), 'America/New_York');
  assert.equal(offset(SPRING), -5 * HOUR);
  assert.equal(offset(SPRING + 1000), -4 * HOUR);
  assert.equal(timeOfDay(SPRING), '01:59:59');
  assert.equal(timeOfDay(SPRING + 1000, true), '03:00');
  assert.equal(day(Date.UTC(2026, 2, 8, 3)), 'Mar 07');
  choose('?tz=Asia/Kathmandu', []);
  assert.equal(wall(Date.UTC(2026, 0, 1)).toISOString(), '2026-01-01T05:45:00.000Z');
  choose('?tz=utc', []);
  assert.equal(timeOfDay(SPRING), '06:59:59');
});

test('what a clock shows is found as a time again', () => {
  for (const name of ['utc', 'Asia/Kathmandu', 'America/New_York', 'Pacific/Apia']) {
    choose(`?tz=${name}`, []);
    for (let at = SPRING - 30 * HOUR; at < SPRING + 30 * HOUR; at += 2.5 * HOUR) {
      const whole = at - (at % 1000);
      assert.equal(moment(wall(whole).toISOString().slice(0, 19)), whole, `${name} ${whole}`);
    }
  }
  assert.ok(Number.isNaN(moment('soon')));
});

test('the address comes before the reader, the reader before the board', () => {
  choose('?range=5m', [null, 'Asia/Tokyo']);
  assert.equal(zone(), 'Asia/Tokyo');
  choose('', ['utc', 'Asia/Tokyo']);
  assert.equal(zone(), 'utc');
  assert.equal(zoneText(), Intl.DateTimeFormat().resolvedOptions().timeZone === 'UTC' ? '' : 'UTC');
  choose('?tz=browser', ['Asia/Tokyo']);
  assert.equal(zone(), 'browser');
  assert.equal(zoneText(), '');
  choose('?tz=Mars/Base', ['Asia/Tokyo']);
  assert.equal(zone(), 'Asia/Tokyo');
});

test('times below a chart are round by the clock that is told by', () => {
  choose('?tz=Asia/Kathmandu', []);
  const [from, to] = [Date.UTC(2026, 0, 1, 0), Date.UTC(2026, 0, 1, 6)];
  const ticks = timeTicks(from, to, 7);
  const texts = ticks.map((at) => tickText(at, ticks, to - from));
  assert.deepEqual(texts, ['06:00', '07:00', '08:00', '09:00', '10:00', '11:00']);
});
