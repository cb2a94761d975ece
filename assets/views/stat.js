/**
 * One large number with a small line below it, and how it has changed.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 */

import { mappingOf } from '../judge.js';
import { difference } from '../parts/change.js';
import { html, set, svg, write } from '../parts/elements.js';
import { reached } from '../rows.js';
import { format, parts } from '../units.js';

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
 * @param {Row} row @param {Model} model */
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

/** What stands in large: the word for the value, or the number and its unit; and its level.
 * @param {Spec} spec @param {Row} row */
function shown(spec, row) {
  const mapping = spec.mappings?.[mappingOf(spec, row.value)];
  if (!mapping)
    return { text: parts(row.value, row.unit, spec.decimals), level: reached(spec, [row])?.level };
  return { text: [mapping.text, ''], level: row.stale ? null : mapping.level, mapped: true };
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const line = html('p', 'num');
  const [note, number, unit] = [html('em'), html('span'), html('small')];
  line.append(...(spec.note ? [note] : []), number, unit);
  const change = html('p', 'change');
  const words = change.appendChild(html('span'));
  const spark = html('div', `spark c${spec.color || 1}`);
  const picture = svg('svg', {
    viewBox: `0 0 ${WIDE} ${HIGH}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  const [area, stroke] = [svg('path', { class: 'a' }), svg('path', { class: 'l' })];
  picture.append(area, stroke);
  spark.append(picture);
  host.replaceChildren(line, ...(spec.change ? [change] : []), spark);
  return {
    /** @param {Model} model */
    update(model) {
      const { rows, endMs, rangeMs } = model;
      const row = rows.find(({ query }) => query === 0);
      if (!row) return;
      const { text, level, mapped } = shown(spec, row);
      write(number, text[0]);
      write(unit, text[1]);
      set(line, 'data-level', level);
      write(
        note,
        spec.note.replace(/\{(\d+)\}/g, (_, query) => {
          const other = rows.find((each) => each.query === Number(query));
          return format(other?.value, other?.unit ?? '', spec.decimals);
        }),
      );
      if (spec.change) {
        const found = mapped ? null : difference(spec, row, endMs, rangeMs);
        write(words, found?.text ?? '');
        set(words, 'data-level', found?.level);
      }
      const [filled, drawn] = paths(pointsOf(row, model));
      set(area, 'd', filled);
      set(stroke, 'd', drawn);
    },
    resize() {},
    destroy() {},
  };
}
