/**
 * The series of a panel, in the order of its queries: their names, colours, newest values and ages.
 * Pure.
 *
 * @import { Channel, Spec } from './subscription.js'
 * @import { Window } from './window.js'
 * @typedef {{key: string, name: string, query: number, slot: number, colour: string, unit: string,
 *   labels: Record<string, string>, window: Window, index: number, value: number, n: number,
 *   stale: boolean}} Row  n: the column of the newest value
 */

const SERIES_MAX = 20;
const SLOTS_MAX = 400;

/** When nothing newer came for three intervals, and at least this long, a value is stale. */
const STALE_MIN_MS = 3000;

/** Labels that are the same for nearly every series of a host, and so tell nothing apart. */
const PLAIN = new Set(['__name__', 'instance', 'job']);

/**
 * @param {string} template text with `{{label}}` in it; empty: the labels that tell it apart
 * @param {Record<string, string>} labels
 * @param {{title: string, alone: boolean}} panel its heading, and whether there is one series only
 */
export function seriesName(template, labels, { title, alone }) {
  if (template) {
    return template.replace(/\{\{\s*([^}\s]+)\s*\}\}/g, (_, name) => labels[name] ?? '');
  }
  const kept = Object.keys(labels)
    .filter((name) => !PLAIN.has(name))
    .sort();
  if (kept.length > 0) return kept.map((name) => `${name}=${labels[name]}`).join(', ');
  return alone ? title : labels.__name__ || title;
}

/** Labels as text, made once for each series of a window. @type {WeakMap<object, string>} */
const texts = new WeakMap();

/** @param {Record<string, string>} labels */
function textOf(labels) {
  let text = texts.get(labels);
  if (text === undefined) texts.set(labels, (text = JSON.stringify(labels)));
  return text;
}

/** How old the newest column of a step may be, in ms, to count as the present.
 * @param {number} stepMs */
export const freshMs = (stepMs) => Math.max(3 * stepMs, STALE_MIN_MS);

/** @param {Spec} spec @param {Channel[]} channels in the order of the queries
 * @param {Map<string, number>} slots which colour each series took, kept by the caller
 * @param {number} now in ms: a value that nobody renews grows old, whatever else comes */
export function rowsOf(spec, channels, slots, now) {
  /** @type {Row[]} */
  const rows = [];
  channels.forEach(({ window }, query) => {
    if (!window) return;
    window.labels.forEach((labels, index) => {
      const n = window.last(index);
      const value = n === null ? null : window.value(index, n);
      if (n === null || value === null) return;
      const key = `${query} ${textOf(labels)}`;
      const stale = now - n * window.stepMs > freshMs(window.stepMs);
      const unit = spec.queries[query]?.unit || spec.unit;
      rows.push({
        key,
        name: '',
        query,
        slot: 0,
        colour: '',
        unit,
        labels,
        window,
        index,
        value,
        n,
        stale,
      });
    });
  });
  const most = spec.kind === 'table' ? rows.length : (spec.limit ?? SERIES_MAX);
  const kept = rows.slice(0, most);
  for (const row of kept) {
    row.name = seriesName(spec.queries[row.query]?.legend ?? '', row.labels, {
      title: spec.title,
      alone: rows.length === 1,
    });
    let slot = slots.get(row.key);
    // Series that come and go must not make this grow for ever.
    if (slots.size > SLOTS_MAX) slots.clear();
    slot ??= slots.size;
    slots.set(row.key, slot);
    row.slot = slot;
    row.colour = `c${(((spec.color || 1) - 1 + slot) % 8) + 1}`;
  }
  return kept;
}

/** The highest threshold that one of these series has reached; old values reach none. What a stat
 * says in its note reaches none either.
 * @param {Spec} spec @param {Row[]} rows */
export function reached(spec, rows) {
  const counts = (/** @type {Row} */ { stale, query }) =>
    !stale && (spec.kind !== 'stat' || query === 0);
  return spec.thresholds.findLast(({ value }) =>
    rows.some((row) => counts(row) && row.value >= value),
  );
}
