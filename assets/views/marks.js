/**
 * What stands on a chart's plot beside its lines: hatched gaps, thresholds, and since when there is
 * anything. Drawn on the canvas of uPlot, in its pixels.
 *
 * @import { Plot } from './line.js'
 */

import { colour, faded } from './colours.js';

/** From where to where a line goes between its columns, as an area.
 * @param {Plot} plot @param {number[]} times in seconds @param {([number, number] | null)[]} band
 * @param {string} name its colour */
export function shade({ ctx, valToPos }, times, band, name) {
  ctx.save();
  ctx.fillStyle = faded(name, 0.24);
  // A peak of one column is as wide as a pixel: without its edge nobody would see it.
  ctx.strokeStyle = faded(name, 0.6);
  ctx.lineWidth = devicePixelRatio;
  let from = 0;
  for (let to = 0; to <= band.length; to += 1) {
    if (band[to]) continue;
    ctx.beginPath();
    const place = (/** @type {number} */ at, /** @type {number} */ end) =>
      ctx.lineTo(valToPos(times[at], 'x', true), valToPos(band[at]?.[end] ?? 0, 'y', true));
    for (let at = from; at < to; at += 1) place(at, 1);
    for (let at = to - 1; at >= from; at -= 1) place(at, 0);
    ctx.fill();
    ctx.stroke();
    from = to + 1;
  }
  ctx.restore();
}

/** A stretch without samples, as a hatched band.
 * @param {Plot} plot @param {number} from in seconds @param {number} to */
export function hatch({ ctx, bbox, valToPos }, from, to) {
  const { left, top, width, height } = bbox;
  const start = Math.max(left, valToPos(from, 'x', true));
  const end = Math.min(left + width, valToPos(to, 'x', true));
  if (end <= start) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(start, top, end - start, height);
  ctx.clip();
  ctx.strokeStyle = faded('line-strong', 0.35);
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  for (let x = start - height; x < end; x += 7 * devicePixelRatio) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

/** A threshold, as a dashed line with a faint band above it.
 * @param {Plot} plot @param {number} value @param {string} name its colour */
export function threshold({ ctx, bbox, valToPos }, value, name) {
  const { left, top, width, height } = bbox;
  const y = valToPos(value, 'y', true);
  if (y < top || y > top + height) return;
  ctx.save();
  ctx.fillStyle = faded(name, 0.06);
  ctx.fillRect(left, top, width, y - top);
  ctx.strokeStyle = colour(name);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(left + width, y);
  ctx.stroke();
  ctx.restore();
}

/** Words in the empty part before the first sample, if they fit.
 * @param {Plot} plot @param {number} first in seconds @param {string} words
 * @param {string} font */
export function beginning({ ctx, bbox, valToPos }, first, words, font) {
  const room = valToPos(first, 'x', true) - bbox.left;
  const [x, y] = [bbox.left + room / 2, bbox.top + bbox.height / 2];
  ctx.save();
  ctx.font = font;
  if (ctx.measureText(words).width * 1.1 < room) {
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    // A ground of its own, where a line of the grid or a threshold runs.
    ctx.strokeStyle = colour('surface');
    ctx.lineWidth = 6 * devicePixelRatio;
    ctx.lineJoin = 'round';
    ctx.strokeText(words, x, y);
    ctx.fillStyle = colour('muted');
    ctx.fillText(words, x, y);
  }
  ctx.restore();
}
