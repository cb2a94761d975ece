/**
 * The series of a panel, in the order of its queries: their names, colours, newest values and ages.
 * Pure.
 *
 * @import { Channel, Spec } from './subscription.js'
 * @import { Window } from './window.js'
 * @typedef {{key: string, name: string, query: number, slot: number, colour: string, unit: string,
 *   labels: Record<string, string>, window: Window, index: number, value: number, n: number,
 *   at: number, stale: boolean, silent: boolean, heard: Heard | undefined,
 *   band: Bound[] | null}} Row  n: the column of the newest value; at: the time of its sample in
 *   ms; silent: the series has ended; band: the two bounds of what lies between columns
 * @typedef {{window: Window, index: number}} Bound
 * @typedef {{at: number, freshMs: number, window: Window, index: number}} Heard  when a series was
 *   last heard, how long it is fresh after that, and where its times stand
 */

import { judges, mappingOf, verdict } from './judge.js';
import { format, rangeText } from './units.js';

/** The kinds that choose what they show among all series, or gather those beyond their limit. */
const LOOK_AT_ALL = new Set(['table', 'bars', 'pie', 'events', 'line', 'stack', 'targets']);

/** From this step on a chart says how far apart its values are. */
const FAR_APART_MS = 15_000;
const SERIES_MAX = 20;
const SLOTS_MAX = 400;

/** When nothing newer came for three intervals, and at least this long, a value is stale. */
const STALE_MIN_MS = 3000;

/** Labels that are the same for nearly every series of a host, and so tell nothing apart. */
const PLAIN = new Set(['__name__', 'instance', 'job']);

/** The labels that tell the series of a panel apart: not those that are the same for all of them.
 * @param {Record<string, string>[]} all the labels of each @returns {(name: string) => boolean} */
export function telling(all) {
  const [first, ...others] = all;
  const same = (/** @type {string} */ name) => others.every((other) => other[name] === first[name]);
  const alike = new Set(others.length > 0 ? Object.keys(first).filter(same) : []);
  return (name) => !PLAIN.has(name) && !alike.has(name);
}

/**
 * @param {string} template text with `{{label}}` in it; empty: the labels that tell it apart
 * @param {Record<string, string>} labels
 * @param {{title: string, alone: boolean, tells: (name: string) => boolean}} panel its heading,
 *   whether there is one series only, and which labels tell its series apart
 */
export function seriesName(template, labels, { title, alone, tells }) {
  if (template) {
    return template.replace(/\{\{\s*([^}\s]+)\s*\}\}/g, (_, name) => labels[name] ?? '');
  }
  const kept = Object.keys(labels).filter(tells).sort();
  if (kept.length > 0) return kept.map((name) => `${name}=${labels[name]}`).join(', ');
  return alone ? title : labels.__name__ || title;
}

/** A text of labels, made once for each series of a window.
 * @param {(labels: Record<string, string>) => string} make */
function once(make) {
  /** @type {WeakMap<object, string>} */
  const texts = new WeakMap();
  return (/** @type {Record<string, string>} */ labels) => {
    const text = texts.get(labels) ?? make(labels);
    texts.set(labels, text);
    return text;
  };
}

const textOf = once((labels) => JSON.stringify(labels));
const nameless = once(({ __name__, ...labels }) => JSON.stringify(labels));

/** How long a series is fresh whose rhythm is not known yet. */
const FRESH_AT_FIRST_MS = 15_000;

/** When a series was last heard, read off a series of times, and how long it is fresh after that:
 * three of its usual intervals, the median of those in the window.
 * @param {Window} window @param {number} index @returns {Heard | null} */
function heardOf(window, index) {
  let at = 0;
  const intervals = [];
  for (let n = window.firstN; n <= window.newest; n += 1) {
    const seconds = window.value(index, n);
    if (seconds === null || !Number.isFinite(seconds)) continue;
    const time = Math.round(seconds * 1000);
    if (at && time > at) intervals.push(time - at);
    at = time;
  }
  if (!at) return null;
  const usual = intervals.sort((a, b) => a - b)[(intervals.length - 1) >> 1];
  const freshMs = usual ? Math.max(3 * usual, STALE_MIN_MS) : FRESH_AT_FIRST_MS;
  return { at, freshMs, window, index };
}

/** The value of a row at column n; nothing where its query only repeats a sample that was old by
 * then: silence is a gap. @param {Row} row @param {number} n */
export function valueAt({ window, index, heard }, n) {
  const value = window.value(index, n);
  // Times of another step say nothing of this column.
  if (value === null || heard?.window.stepMs !== window.stepMs) return value;
  const seconds = heard.window.value(heard.index, n);
  return seconds !== null && n * window.stepMs - 1000 * seconds > heard.freshMs ? null : value;
}

/** The value of a row at a time in ms: that of the column before it. @param {Row} row
 * @param {number} ms */
export const wasAt = (row, ms) => valueAt(row, Math.floor(ms / row.window.stepMs));

/** What the panel's queries of times say, by labels.
 * @param {Spec} spec @param {Channel[]} channels */
function heards(spec, channels) {
  /** @type {Map<string, Heard>} */
  const heard = new Map();
  channels.forEach(({ window }, query) => {
    if (!window || !spec.queries[query]?.times) return;
    window.labels.forEach((labels, index) => {
      const found = heardOf(window, index);
      if (found) heard.set(nameless(labels), found);
    });
  });
  return heard;
}

/** Where the bounds of a query's series stand. @param {Spec} spec @param {Channel[]} channels
 * @param {number} query @param {Record<string, string>} labels @returns {Bound[] | null} */
function boundsOf(spec, channels, query, labels) {
  const place = spec.bands?.indexOf(query) ?? -1;
  const at = spec.queries.length + 2 * place;
  if (place < 0 || !channels[at + 1]) return null;
  const found = channels.slice(at, at + 2).map(({ window }) => ({
    window: /** @type {Window} */ (window),
    index: window?.labels.findIndex((other) => nameless(other) === nameless(labels)) ?? -1,
  }));
  return found.every(({ index }) => index >= 0) ? found : null;
}

/** The least and the greatest value between column n and the one before.
 * @param {Row} row @param {number} n @returns {[number, number] | null} */
export function bandAt({ band }, n) {
  const [one, other] = band?.map(({ window, index }) => window.value(index, n)) ?? [];
  if (one == null || other == null || !Number.isFinite(one + other)) return null;
  return one < other ? [one, other] : [other, one];
}

/** What the values of a chart are, in words, where they are far apart. @param {Row[]} rows */
export function resolution(rows) {
  const stepMs = Math.max(...rows.map(({ window }) => window.stepMs));
  const shaded = rows.some(({ band }) => band) ? ', shaded from least to greatest' : '';
  return stepMs < FAR_APART_MS ? '' : `a value every ${rangeText(stepMs)}${shaded}`;
}

/** How old a value is, in words, when it must not be taken for the present; else nothing.
 * @param {Row} row @param {(ms: number) => string} timeOfDay */
export function ageOf(row, timeOfDay) {
  if (!row.stale) return '';
  return `${row.silent ? 'silent since' : 'as of'} ${timeOfDay(row.at)}`;
}

/** The age of the newest of these, whether it is old by itself or the connection is lost.
 * @param {Row[]} rows @param {(ms: number) => string} timeOfDay */
export function newestAge(rows, timeOfDay) {
  const newest = rows.reduce((one, other) => (other.at > one.at ? other : one));
  return ageOf({ ...newest, stale: true }, timeOfDay);
}

/** The newest values as a sentence for those who hear the page. @param {Spec} spec
 * @param {Row[]} rows */
export function spoken(spec, rows) {
  return rows.map((row) => `${row.name} ${format(row.value, row.unit, spec.decimals)}`).join(', ');
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
  const heard = heards(spec, channels);
  const own = channels.slice(0, spec.queries.length);
  own.forEach(({ window }, query) => {
    if (!window || spec.queries[query]?.times) return;
    window.labels.forEach((labels, index) => {
      const n = window.last(index);
      const value = n === null ? null : window.value(index, n);
      if (n === null || value === null) return;
      const key = `${query} ${textOf(labels)}`;
      const ended = now - n * window.stepMs > freshMs(window.stepMs);
      const times = heard.size > 0 ? heard.get(nameless(labels)) : undefined;
      const at = times ? times.at : n * window.stepMs;
      const silent = ended && times !== undefined;
      const old = times !== undefined && now - at > times.freshMs;
      const stale = ended || old;
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
        at,
        stale,
        silent,
        heard: times,
        band: boundsOf(spec, channels, query, labels),
      });
    });
  });
  const most = LOOK_AT_ALL.has(spec.kind) ? rows.length : (spec.limit ?? SERIES_MAX);
  // Where not all can be shown, those that go on come before those that have ended.
  if (rows.length > most) rows.sort((one, other) => Number(one.stale) - Number(other.stale));
  const kept = rows.slice(0, most);
  const tells = telling(rows.map((row) => row.labels));
  const panel = { title: spec.title, alone: rows.length === 1, tells };
  for (const row of kept) {
    row.name = seriesName(spec.queries[row.query]?.legend ?? '', row.labels, panel);
    // A band is one thing in several rows: its queries' series of the same labels.
    const own = spec.kind === 'band' ? nameless(row.labels) : row.key;
    let slot = slots.get(own);
    // Series that come and go must not make this grow for ever.
    if (slots.size > SLOTS_MAX) slots.clear();
    slot ??= slots.size;
    slots.set(own, slot);
    row.slot = slot;
    row.colour = `c${(((spec.color || 1) - 1 + slot) % 8) + 1}`;
  }
  return kept;
}

const RANK = { warn: 1, critical: 2 };

/** What is worst among the fresh values of these series: its level and the word for it, which is
 * empty where the panel says it in place of the value anyway. @param {Spec} spec
 * @param {Row[]} rows @returns {{level: string, word: string} | undefined} */
export function reached(spec, rows) {
  /** @type {{rank: number, value: number, level: string, word: string} | undefined} */
  let worst;
  for (const { query, stale, value } of rows) {
    const found = stale || !judges(spec, query) ? null : verdict(spec, value);
    if (!found) continue;
    const rank = RANK[/** @type {keyof typeof RANK} */ (found.level)];
    // Of two thresholds of one level the higher one counts.
    if (!worst || rank > worst.rank || (rank === worst.rank && value > worst.value))
      worst = { ...found, rank, value };
  }
  if (!worst) return undefined;
  const shownAnyway = spec.kind === 'stat' && mappingOf(spec, worst.value) >= 0;
  return { level: worst.level, word: shownAnyway ? '' : worst.word };
}
