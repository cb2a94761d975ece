/**
 * What stands on a chart's plot beside its lines: grid and axes, hatched gaps, thresholds, and
 * since when there is anything. Drawn in CSS pixels.
 *
 * @import { Frame } from './frame.js'
 */

import { colour, faded } from './colours.js';

/** Between two pixels a line of one would be two pale ones. @param {number} place */
const crisp = (place) => Math.round(place) + 0.5;

/** The lines of the grid and the texts beside them.
 * @param {Frame} frame
 * @param {{y: [number, string][], x: [number, string][], font: string, em: number}} axes */
export function grid({ ctx, left, top, width, height, y, x }, axes) {
  ctx.strokeStyle = colour('grid');
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (const [value] of axes.y) {
    ctx.moveTo(left, crisp(y(value)));
    ctx.lineTo(left + width, crisp(y(value)));
  }
  for (const [time] of axes.x) {
    ctx.moveTo(crisp(x(time)), top);
    ctx.lineTo(crisp(x(time)), top + height);
  }
  ctx.stroke();
  ctx.fillStyle = colour('muted');
  ctx.font = axes.font;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'right';
  for (const [value, text] of axes.y) ctx.fillText(text, left - 6, y(value));
  ctx.textBaseline = 'top';
  ctx.textAlign = 'center';
  for (const [time, text] of axes.x) {
    const half = ctx.measureText(text).width / 2;
    // What would be cut at an end is left out.
    if (x(time) - half < left - 6 || x(time) + half > left + width + 6) continue;
    ctx.fillText(text, x(time), top + height + axes.em * 0.5);
  }
}

/** A stretch without samples, as a hatched band.
 * @param {Frame} frame @param {number} from in ms @param {number} to */
export function hatch({ ctx, left, top, width, height, x }, from, to) {
  const start = Math.max(left, x(from));
  const end = Math.min(left + width, x(to));
  if (end <= start) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(start, top, end - start, height);
  ctx.clip();
  ctx.strokeStyle = faded('line-strong', 0.35);
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let at = start - height; at < end; at += 7) {
    ctx.moveTo(at, top + height);
    ctx.lineTo(at + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

/** A threshold: a dashed line, a faint band above it, or both.
 * @param {Frame} frame @param {number} value @param {string} name its colour
 * @param {string} [show] */
export function threshold({ ctx, left, top, width, height, y }, value, name, show) {
  const place = y(value);
  if (show === 'none' || place > top + height) return;
  if (show !== 'line' && place > top) {
    ctx.fillStyle = faded(name, 0.06);
    ctx.fillRect(left, top, width, place - top);
  }
  if (show === 'band' || place < top) return;
  ctx.strokeStyle = colour(name);
  ctx.lineWidth = 1;
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(left, crisp(place));
  ctx.lineTo(left + width, crisp(place));
  ctx.stroke();
  ctx.setLineDash([]);
}

/** Words in the empty part before the first sample, if they fit.
 * @param {Frame} frame @param {number} first in ms @param {string} words @param {string} font */
export function beginning({ ctx, left, top, height, x }, first, words, font) {
  const room = x(first) - left;
  const [across, down] = [left + room / 2, top + height / 2];
  ctx.font = font;
  if (ctx.measureText(words).width * 1.1 >= room) return;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  // A ground of its own, where a line of the grid or a threshold runs.
  ctx.strokeStyle = colour('surface');
  ctx.lineWidth = 6;
  ctx.lineJoin = 'round';
  ctx.strokeText(words, across, down);
  ctx.fillStyle = colour('muted');
  ctx.fillText(words, across, down);
}
