/**
 * Which time a page shows: the last so much, live, or a stretch of the past; and how that stands in
 * its address. Pure.
 *
 * @typedef {{rangeMs: number}} Live
 * @typedef {{fromMs: number, toMs: number}} Stretch
 * @typedef {Live | Stretch} When
 */

import { rangeText } from './units.js';

/** The shortest and the longest stretch of the past, and of a live page, in ms. */
const [STRETCH_MIN, LIVE_MIN, MAX] = [10_000, 60_000, 2 * 365 * 86_400_000];
/** @type {Record<string, number>} */
const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** @param {number} value @param {number} least @param {number} most */
const within = (value, least, most) => Math.max(least, Math.min(most, value));

/** A stretch of whole seconds around these times that is long enough to be shown.
 * @param {number} fromMs @param {number} toMs @returns {Stretch} */
export function stretch(fromMs, toMs) {
  const length = within(toMs - fromMs, STRETCH_MIN, MAX);
  const from = Math.round((fromMs + toMs - length) / 2000) * 1000;
  return { fromMs: from, toMs: from + Math.round(length / 1000) * 1000 };
}

/** The ends of what is shown. @param {When} when @param {number} nowMs @returns {Stretch} */
export function endsOf(when, nowMs) {
  return 'rangeMs' in when ? { fromMs: nowMs - when.rangeMs, toMs: nowMs } : when;
}

/** So much of what is shown later, or earlier; the live page again when that reaches the present.
 * @param {When} when @param {number} part @param {number} nowMs @returns {When} */
export function moved(when, part, nowMs) {
  const { fromMs, toMs } = endsOf(when, nowMs);
  const by = part * (toMs - fromMs);
  if (toMs + by >= nowMs && toMs - fromMs >= LIVE_MIN) return { rangeMs: toMs - fromMs };
  return stretch(fromMs + by, toMs + by);
}

/** So many times as long: around its middle, or up to the present on a live page.
 * @param {When} when @param {number} factor @returns {When} */
export function scaled(when, factor) {
  if ('rangeMs' in when) return { rangeMs: within(when.rangeMs * factor, LIVE_MIN, MAX) };
  const [middle, half] = [(when.fromMs + when.toMs) / 2, ((when.toMs - when.fromMs) * factor) / 2];
  return stretch(middle - half, middle + half);
}

/** A length of time such as `5m`, in ms; not a number where it is none. @param {string} text */
export function lengthOf(text) {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  return Number(count) * UNITS[unit];
}

/** What an address says; nothing where it says none. @param {URLSearchParams} address
 * @returns {When | null} */
export function read(address) {
  const [from, to] = ['from', 'to'].map((name) => Number(address.get(name)));
  if (from > 0 && to > from) return stretch(from, to);
  const rangeMs = lengthOf(address.get('range') ?? '');
  return rangeMs >= 0 ? { rangeMs } : null;
}

/** The address that shows it, all else as it was. @param {string} address @param {When} when */
export function written(address, when) {
  const url = new URL(address);
  for (const name of ['range', 'from', 'to']) url.searchParams.delete(name);
  if ('rangeMs' in when) url.searchParams.set('range', rangeText(when.rangeMs));
  else {
    url.searchParams.set('from', String(when.fromMs));
    url.searchParams.set('to', String(when.toMs));
  }
  return url.href;
}

/** The steps that the server may take. */
const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400,
];
const COLUMNS_MAX = 900;

/** The step that the server takes for a range. @param {number} rangeMs */
export function stepOf(rangeMs) {
  return 1000 * (STEPS_S.find((step) => rangeMs / 1000 / step <= COLUMNS_MAX) ?? 86_400);
}
