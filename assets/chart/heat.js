/**
 * A heat map: a row a bucket of a histogram, a cell a column, darker the more fell into it. Buckets
 * that count all below their edge (`le`) are taken apart first.
 *
 * @import { Columns } from './columns.js'
 * @import { Frame } from './frame.js'
 * @import { Row } from '../rows.js'
 */

import { format } from '../units.js';
import { colour } from './colours.js';

const SHADES = 6;

/** The upper edge of a bucket; not a number where there is none. @param {Row} row */
const edgeOf = ({ labels }) => ('le' in labels ? Number(labels.le.replace('Inf', 'Infinity')) : NaN);

/** Whether rows are buckets, which are named at their upper edges. @param {Row[]} rows */
export const edged = (rows) => rows.every((row) => !Number.isNaN(edgeOf(row)));

/** The rows in the order in which they stand, the lowest first; those with an edge by it.
 * @param {Row[]} rows */
export function ordered(rows) {
  return edged(rows) ? [...rows].sort((one, other) => edgeOf(one) - edgeOf(other)) : rows;
}

/** How the row of a bucket is named. @param {Row} row */
export function bucketName(row) {
  const edge = edgeOf(row);
  if (Number.isNaN(edge)) return row.name;
  if (edge === Infinity) return '+∞';
  const text = format(edge, row.unit);
  return text.replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)/, '');
}

/** Takes the lines of buckets apart, in place: what fell into each, and not into the one below.
 * @param {Columns} columns whose lines stand in order */
export function apart({ lines, count }) {
  if (!edged(lines.map(({ row }) => row))) return;
  for (let at = 0; at < count; at += 1) {
    let below = 0;
    for (const { tops } of lines) {
      const value = tops[at];
      if (value !== value) continue;
      // Buckets are read one after the other: a lower one may be ahead by a moment.
      tops[at] = Math.max(0, value - below);
      below = Math.max(below, value);
    }
  }
}

/** The most that fell into one cell. @param {Columns} columns */
export function mostOf({ lines }) {
  let most = 0;
  for (const { tops } of lines) for (const value of tops) if (value > most) most = value;
  return most;
}

/** Draws the cells. @param {Frame} frame @param {Columns} columns */
export function cells({ ctx, x, y }, columns) {
  const most = mostOf(columns);
  const wide = Math.max(1, x(columns.stepMs) - x(0));
  const inks = Array.from({ length: SHADES }, (_, shade) => colour(`h${shade}`));
  columns.lines.forEach(({ tops }, k) => {
    const [top, high] = [y(k + 1), y(k) - y(k + 1)];
    for (let at = 0; at < columns.count; at += 1) {
      const value = tops[at];
      if (!(value > 0)) continue;
      // By the root: few among many shall be seen too.
      const shade = Math.ceil(Math.sqrt(value / most) * (SHADES - 1));
      ctx.fillStyle = inks[shade];
      // By whole pixels: neighbours would shine through where they meet.
      const end = Math.round(x(columns.timeAt(at)));
      const start = Math.round(x(columns.timeAt(at)) - wide);
      ctx.fillRect(start, top + 0.5, end - start, Math.max(1, high - 1));
    }
  });
}
