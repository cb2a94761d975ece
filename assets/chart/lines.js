/**
 * Lines, areas and the shade between columns.
 *
 * @import { Columns, Line } from './columns.js'
 * @import { Frame } from './frame.js'
 */

import { colour, faded } from './colours.js';

/** The runs of columns that have a value: from one, up to but not with another.
 * @param {Float64Array} values @param {(from: number, to: number) => void} take */
function runs(values, take) {
  let from = -1;
  for (let at = 0; at <= values.length; at += 1) {
    const there = at < values.length && values[at] === values[at];
    if (there && from < 0) from = at;
    if (!there && from >= 0) {
      take(from, at);
      from = -1;
    }
  }
}

/** Draws to the columns of a run, forwards, or backwards when `to` lies before.
 * @param {Frame} frame @param {Columns} columns @param {Float64Array} values
 * @param {number} from @param {number} to the last one */
function trace({ ctx, x, y }, columns, values, from, to) {
  const by = from <= to ? 1 : -1;
  for (let at = from; at !== to + by; at += by) ctx.lineTo(x(columns.timeAt(at)), y(values[at]));
}

/** The area between two rows of values.
 * @param {Frame} frame @param {Columns} columns @param {Float64Array} lows
 * @param {Float64Array} highs @param {string} fill @param {string} [edge] */
export function between(frame, columns, lows, highs, fill, edge) {
  const { ctx } = frame;
  ctx.fillStyle = fill;
  runs(highs, (from, to) => {
    ctx.beginPath();
    trace(frame, columns, highs, from, to - 1);
    trace(frame, columns, lows, to - 1, from);
    ctx.closePath();
    ctx.fill();
    if (!edge) return;
    ctx.strokeStyle = edge;
    ctx.lineWidth = 1;
    ctx.stroke();
  });
}

/** The area between a row of values and one value.
 * @param {Frame} frame @param {Columns} columns @param {Float64Array} values
 * @param {number} base @param {string} fill */
export function under(frame, columns, values, base, fill) {
  const { ctx, x, y } = frame;
  ctx.fillStyle = fill;
  runs(values, (from, to) => {
    ctx.beginPath();
    ctx.lineTo(x(columns.timeAt(from)), y(base));
    trace(frame, columns, values, from, to - 1);
    ctx.lineTo(x(columns.timeAt(to - 1)), y(base));
    ctx.fill();
  });
}

/** One line; a value without a neighbour is a dot.
 * @param {Frame} frame @param {Columns} columns @param {Line} line
 * @param {number} thick @param {number} [alpha] */
export function line(frame, columns, { row, tops }, thick, alpha) {
  const { ctx, x, y } = frame;
  const ink = alpha === undefined ? colour(row.colour) : faded(row.colour, alpha);
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  ctx.lineWidth = thick;
  ctx.lineJoin = 'round';
  if (row.slot > 7) ctx.setLineDash([6, 4]);
  ctx.beginPath();
  /** @type {number[]} */
  const lone = [];
  runs(tops, (from, to) => {
    if (to - from === 1) lone.push(from);
    else {
      ctx.moveTo(x(columns.timeAt(from)), y(tops[from]));
      trace(frame, columns, tops, from + 1, to - 1);
    }
  });
  ctx.stroke();
  ctx.setLineDash([]);
  for (const at of lone) {
    ctx.beginPath();
    ctx.arc(x(columns.timeAt(at)), y(tops[at]), 2, 0, 7);
    ctx.fill();
  }
}

/** What was before: a faint line of dashes, so that nobody takes it for what is.
 * @param {Frame} frame @param {Columns} columns */
export function ghosts({ ctx, x, y }, columns) {
  ctx.lineWidth = 1.5;
  ctx.setLineDash([2, 3]);
  for (const { colour: name, values } of columns.ghosts) {
    ctx.strokeStyle = faded(name, 0.75);
    ctx.beginPath();
    runs(values, (from, to) => {
      for (let at = from; at < to; at += 1) {
        const [px, py] = [x(columns.timeAt(at)), y(values[at])];
        if (at === from) ctx.moveTo(px, py);
        else ctx.lineTo(px, py);
      }
    });
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

/** What lies between the columns of a line, as a shade with an edge: a peak of one column is as
 * wide as a pixel, and without its edge nobody would see it.
 * @param {Frame} frame @param {Columns} columns @param {Line} line */
export function shade(frame, columns, { row, band }) {
  if (!band) return;
  between(frame, columns, band[0], band[1], faded(row.colour, 0.24), faded(row.colour, 0.6));
}

/** Queries from the lowest to the highest: areas between the first and the last, the second and the
 * last but one; the one in the middle is a line.
 * @param {Frame} frame @param {Columns} columns */
export function fan(frame, columns) {
  /** @type {Map<string, Line[]>} */
  const sets = new Map();
  for (const each of columns.lines)
    sets.set(each.row.colour, [...(sets.get(each.row.colour) ?? []), each]);
  for (const [name, set] of sets) {
    const middle = set.length >> 1;
    for (let k = 0; k < middle; k += 1)
      between(frame, columns, set[k].tops, set[set.length - 1 - k].tops, faded(name, 0.18));
    if (set.length % 2) line(frame, columns, set[middle], 1.5);
    else for (const each of [set[0], set[set.length - 1]]) line(frame, columns, each, 1, 0.6);
  }
}
