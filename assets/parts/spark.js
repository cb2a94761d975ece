/**
 * The small line of a value over time.
 *
 * @import { Row } from '../rows.js'
 */

import { set, svg } from './elements.js';

const [WIDE, HIGH, POINTS, LEAST_MS] = [120, 32, 60, 60_000];

/** The line of values and the area below it, with breaks where there is none.
 * @param {(number | null)[]} values @returns {[string, string]} */
function paths(values) {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  // Noise stays noise: the line's own height is a twentieth of the value at least.
  const pad = Math.max((high - low) * 0.15, (Math.abs(high) * 0.05 - (high - low)) / 2) || 1;
  const scale = HIGH / (high - low + 2 * pad);
  let [area, line] = ['', ''];
  values.forEach((value, at) => {
    if (value === null) return;
    const x = ((at * WIDE) / (values.length - 1)).toFixed(1);
    const y = (HIGH - (value - low + pad) * scale).toFixed(1);
    const begins = (values[at - 1] ?? null) === null;
    line += `${begins ? 'M' : 'L'}${x} ${y}`;
    area += begins ? `M${x} ${HIGH}V${y}` : `L${x} ${y}`;
    if ((values[at + 1] ?? null) === null) area += `V${HIGH}`;
  });
  return [area, line];
}

/** The values that the small line goes through. It spans what there is, a minute at least; its
 * points stand on a fixed grid of columns, else the shape would shimmer at every step.
 * @param {Row} row @param {{endMs: number, rangeMs: number}} shown */
function pointsOf(row, { endMs, rangeMs }) {
  const step = row.window.stepMs;
  const newest = Math.floor(endMs / step);
  const oldest = row.window.first(row.index) ?? newest;
  const span = Math.min(rangeMs, Math.max(LEAST_MS, (newest - oldest) * step));
  const stride = Math.max(1, Math.ceil(span / step / POINTS));
  const count = Math.max(2, Math.floor(span / step / stride) + 1);
  const last = Math.floor(newest / stride) * stride;
  return Array.from({ length: count }, (_, at) => {
    const found = row.window.value(row.index, last - (count - 1 - at) * stride);
    return Number.isFinite(found) ? found : null;
  });
}

/** A small line, to be drawn again whenever there is news. */
export function spark() {
  const picture = svg('svg', {
    viewBox: `0 0 ${WIDE} ${HIGH}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  const [area, line] = [svg('path', { class: 'a' }), svg('path', { class: 'l' })];
  picture.append(area, line);
  /** @param {Row} row @param {{endMs: number, rangeMs: number}} shown */
  function draw(row, shown) {
    const [filled, drawn] = paths(pointsOf(row, shown));
    set(area, 'd', filled);
    set(line, 'd', drawn);
  }
  return { picture, draw };
}
