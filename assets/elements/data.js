/**
 * A chart's numbers as a table, for those who cannot read the chart. Loaded when it is asked for.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 */

import { bandAt } from '../rows.js';
import { format, dateTime } from '../units.js';
import { make } from './build.js';

const TABLE_ROWS_MAX = 300;

/** The newest row first.
 * @param {Spec} spec @param {Row[]} rows @param {number} endMs @param {number} rangeMs */
export function dataTable(spec, rows, endMs, rangeMs) {
  const { stepMs } = rows[0].window;
  const last = endMs / stepMs;
  const count = Math.min(TABLE_ROWS_MAX, Math.floor(rangeMs / stepMs));
  const cells = rows.map(() => '');
  const names = ['Time', ...rows.map((row) => row.name)];
  const head = names.map((name) => make('th', { scope: 'col' }, [name]));
  const body = Array.from({ length: count }, (_, back) => {
    rows.forEach((row, at) => {
      const told = (/** @type {number | null} */ value) => format(value, row.unit, spec.decimals);
      const bounds = bandAt(row, last - back);
      const between = bounds ? ` (${told(bounds[0])} to ${told(bounds[1])})` : '';
      cells[at] = told(row.window.value(row.index, last - back)) + between;
    });
    const time = make('th', { scope: 'row' }, [dateTime((last - back) * stepMs)]);
    return make('tr', {}, [time, ...cells.map((cell) => make('td', {}, [cell]))]);
  });
  const table = make('table', {}, [
    make('caption', { class: 'sr' }, [spec.title]),
    make('thead', {}, [make('tr', {}, head)]),
    make('tbody', {}, body),
  ]);
  const label = `${spec.title}, data`;
  return make('div', { class: 'data', tabindex: '0', role: 'group', 'aria-label': label }, [table]);
}
