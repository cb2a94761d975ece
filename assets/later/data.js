/**
 * What a panel draws as a table, for those who cannot read the picture. Loaded when it is asked
 * for.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 */

import { bandAt } from '../rows.js';
import { format, dateTime } from '../units.js';
import { make } from '../elements/build.js';

const TABLE_ROWS_MAX = 300;

/** @param {Spec} spec @param {Row[]} rows @param {number} endMs @param {number} rangeMs
 * @param {{head: string[], body: string[][]}} [told] what a view says of itself, in place of times
 *   and values */
export function dataTable(spec, rows, endMs, rangeMs, told) {
  const { head, body } = told ?? values(spec, rows, endMs, rangeMs);
  const lines = body.slice(0, TABLE_ROWS_MAX).map(([first, ...cells]) => {
    const line = [make('th', { scope: 'row' }, [first])];
    return make('tr', {}, [...line, ...cells.map((cell) => make('td', {}, [cell]))]);
  });
  const titles = head.map((name) => make('th', { scope: 'col' }, [name]));
  const table = make('table', {}, [
    make('caption', { class: 'sr' }, [spec.title]),
    make('thead', {}, [make('tr', {}, titles)]),
    make('tbody', {}, lines),
  ]);
  const label = `${spec.title}, data`;
  return make('div', { class: 'data', tabindex: '0', role: 'group', 'aria-label': label }, [table]);
}

/** The newest row first.
 * @param {Spec} spec @param {Row[]} rows @param {number} endMs @param {number} rangeMs */
function values(spec, rows, endMs, rangeMs) {
  const { stepMs } = rows[0].window;
  const last = endMs / stepMs;
  const count = Math.min(TABLE_ROWS_MAX, Math.floor(rangeMs / stepMs));
  const body = Array.from({ length: count }, (_, back) => {
    const cells = rows.map((row) => {
      const told = (/** @type {number | null} */ value) => format(value, row.unit, spec.decimals);
      const bounds = bandAt(row, last - back);
      const between = bounds ? ` (${told(bounds[0])} to ${told(bounds[1])})` : '';
      return told(row.window.value(row.index, last - back)) + between;
    });
    return [dateTime((last - back) * stepMs), ...cells];
  });
  return { head: ['Time', ...rows.map((row) => row.name)], body };
}
