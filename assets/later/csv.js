/**
 * Numbers as CSV (RFC 4180): a line a time, a column a series. Pure.
 *
 * @import { Row } from '../rows.js'
 */

import { valueAt } from '../rows.js';

/** What a spreadsheet takes for a formula when a text begins with it. */
const FORMULA = /^[=+\-@\t\r]/;

/** A text from outside as a cell: never a formula, quoted where it has to be.
 * @param {string} text */
function cell(text) {
  const tame = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
}

/** @param {number | null} value */
function number(value) {
  if (value === null) return '';
  if (value !== value) return 'NaN';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}

/** The rows of a panel over the time that it shows, the oldest line first.
 * @param {Row[]} rows @param {number} endMs @param {number} rangeMs */
export function csv(rows, endMs, rangeMs) {
  const stepMs = Math.min(...rows.map(({ window }) => window.stepMs));
  const [first, last] = [Math.ceil((endMs - rangeMs) / stepMs), Math.floor(endMs / stepMs)];
  const lines = [['time', 'unix', ...rows.map(({ name }) => cell(name))]];
  for (let n = first; n <= last; n += 1) {
    const ms = n * stepMs;
    // A row whose columns lie farther apart has a value at some of these times.
    const values = rows.map((row) =>
      number(ms % row.window.stepMs === 0 ? valueAt(row, ms / row.window.stepMs) : null),
    );
    const time = new Date(ms).toISOString();
    if (values.some(Boolean)) lines.push([time, String(ms / 1000), ...values]);
  }
  return lines.map((line) => `${line.join()}\r\n`).join('');
}
