/**
 * The times that stand below a chart: round ones by the clock of whoever reads. Pure but for the
 * reader's zone.
 */

import { day, timeOfDay } from '../units.js';
import { offset, wall } from '../zone.js';

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const STEPS = [1, 2, 5, 10, 15, 30]
  .map((count) => count * SECOND)
  .concat([1, 2, 5, 10, 15, 30].map((count) => count * MINUTE))
  .concat([1, 2, 3, 6, 12].map((count) => count * HOUR))
  .concat([1, 2, 4, 7, 14, 30, 60, 120, 365].map((count) => count * DAY));

/** The round times from one to another, at most `most` of them.
 * @param {number} fromMs @param {number} toMs @param {number} most */
export function timeTicks(fromMs, toMs, most) {
  const step = STEPS.find((each) => (toMs - fromMs) / each <= most) ?? 2 * 365 * DAY;
  // Round by the reader's clock: the middle's distance from UTC serves for all, save for an hour on
  // the two days on which clocks are changed.
  const off = -offset((fromMs + toMs) / 2);
  const ticks = [];
  for (let at = Math.ceil((fromMs - off) / step) * step + off; at <= toMs; at += step)
    ticks.push(at);
  return ticks;
}

/** How a time is written beside others of a range: days where there are some.
 * @param {number} ms @param {number[]} ticks @param {number} rangeMs */
export function tickText(ms, ticks, rangeMs) {
  const midnight = wall(ms).getTime() % DAY === 0;
  if (rangeMs > DAY / 2 && (midnight || rangeMs > 20 * DAY)) return day(ms);
  return timeOfDay(ms, !ticks.some((tick) => tick % MINUTE));
}
