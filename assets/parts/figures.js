/**
 * What a legend says of the values of a series in the window. Pure; `src/render/figures.rs` says
 * the same.
 *
 * @import { Row } from '../rows.js'
 */

import { bandAt, valueAt } from '../rows.js';

/** The finite values of a window, with the bounds of what lies between them.
 * @param {Row} row */
function known(row) {
  const values = [];
  let [least, most] = [Infinity, -Infinity];
  for (let n = row.window.firstN; n <= row.window.newest; n += 1) {
    const value = valueAt(row, n);
    const known = value !== null && Number.isFinite(value);
    if (known) values.push(value);
    const [low, high] = bandAt(row, n) ?? (known ? [value, value] : [Infinity, -Infinity]);
    [least, most] = [Math.min(least, low), Math.max(most, high)];
  }
  return { values, least, most };
}

/** The figures of these names, in their order; null where there is none.
 * @param {string[]} names `last`, `min`, `max` or `mean` @param {Row} row
 * @returns {(number | null)[]} */
export function figures(names, row) {
  if (names.every((name) => name === 'last')) return names.map(() => row.value);
  const { values, least, most } = known(row);
  return names.map((name) => {
    if (name === 'last') return row.value;
    if (values.length === 0) return null;
    if (name === 'min') return least;
    if (name === 'max') return most;
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
}
