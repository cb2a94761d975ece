/**
 * For how long a series had each meaning. Pure; `src/render/state.rs` says the same.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @typedef {{from: number, to: number, value: number | null}} Run  from the time of its first
 *   column to that of its last one, or to the end of the range for one that goes on, in ms; value:
 *   of the first column, null where the series was silent
 */

import { meaningOf } from '../judge.js';
import { freshMs, valueAt } from '../rows.js';

/** The stretches of a series in the range, the oldest first. Before its first value there is none;
 * a value holds while it is fresh, and what comes after that is silence.
 * @param {Spec} spec @param {Row} row @param {number} endMs @param {number} rangeMs
 * @returns {Run[]} */
export function runs(spec, row, endMs, rangeMs) {
  const { stepMs, firstN } = row.window;
  /** @type {Run[]} */
  const found = [];
  /** @type {string | null} */
  let before = null;
  const last = Math.floor(endMs / stepMs);
  for (let n = Math.max(firstN, Math.floor((endMs - rangeMs) / stepMs) + 1); n <= last; n += 1) {
    const value = valueAt(row, n);
    const known = value === null ? null : meaningOf(spec, value);
    if (known === null && found.length === 0) continue;
    const run = found.at(-1);
    if (run && known === before) run.to = n * stepMs;
    else found.push({ from: n * stepMs, to: n * stepMs, value });
    before = known;
  }
  // What has come of late is not yet silence.
  if (found.at(-1)?.value === null) found.pop();
  const run = found.at(-1);
  if (!run) return found;
  if (endMs - run.to <= freshMs(stepMs)) run.to = endMs;
  else found.push({ from: run.to + stepMs, to: endMs, value: null });
  return found;
}
