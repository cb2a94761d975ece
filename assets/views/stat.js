/**
 * One large number with a small line below it.
 *
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 */

import { format, parts } from '../units.js';
import { reached } from '../rows.js';

const SVG = 'http://www.w3.org/2000/svg';
const [WIDE, HIGH, POINTS, LEAST_MS] = [120, 32, 60, 60_000];

/** Written only when it changed.
 * @param {Element} element @param {string} name @param {string} value */
function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

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

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const line = host.ownerDocument.createElement('p');
  line.className = 'num';
  const [note, number, unit] = ['em', 'span', 'small'].map((name) => document.createElement(name));
  line.append(...(spec.note ? [note] : []), number, unit);
  const spark = document.createElement('div');
  spark.className = `spark c${spec.color || 1}`;
  const svg = document.createElementNS(SVG, 'svg');
  set(svg, 'viewBox', `0 0 ${WIDE} ${HIGH}`);
  set(svg, 'preserveAspectRatio', 'none');
  set(svg, 'aria-hidden', 'true');
  const [area, stroke] = ['a', 'l'].map((name) => {
    const path = document.createElementNS(SVG, 'path');
    set(path, 'class', name);
    return svg.appendChild(path);
  });
  spark.append(svg);
  host.replaceChildren(line, spark);
  return {
    /** @param {Model} model */
    update({ rows, endMs, rangeMs }) {
      const row = rows.find(({ query }) => query === 0);
      if (!row) return;
      const [value, suffix] = parts(row.value, row.unit, spec.decimals);
      if (number.textContent !== value) number.textContent = value;
      if (unit.textContent !== suffix) unit.textContent = suffix;
      const threshold = reached(spec, [row]);
      const words = spec.note.replace(/\{(\d+)\}/g, (_, query) => {
        const other = rows.find((each) => each.query === Number(query));
        return format(other?.value, other?.unit ?? '', spec.decimals);
      });
      if (note.textContent !== words) note.textContent = words;
      if (threshold) set(line, 'data-level', threshold.level);
      else line.removeAttribute('data-level');
      // The line spans what there is, a minute at least. Its points stand on a fixed grid of
      // columns, else the shape would shimmer at every step.
      const step = row.window.stepMs;
      const newest = Math.floor(endMs / step);
      const oldest = row.window.first(row.index) ?? newest;
      const span = Math.min(rangeMs, Math.max(LEAST_MS, (newest - oldest) * step));
      const stride = Math.max(1, Math.ceil(span / step / POINTS));
      const count = Math.max(2, Math.floor(span / step / stride) + 1);
      const last = Math.floor(newest / stride) * stride;
      const values = Array.from({ length: count }, (_, at) => {
        const found = row.window.value(row.index, last - (count - 1 - at) * stride);
        return Number.isFinite(found) ? found : null;
      });
      const [filled, drawn] = paths(values);
      set(area, 'd', filled);
      set(stroke, 'd', drawn);
    },
    resize() {},
    destroy() {},
  };
}
