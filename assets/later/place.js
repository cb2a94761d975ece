/**
 * Addresses of what a page shows: of a panel's picture, its query, its page. What the page's own
 * address says beside the time (a clock's zone, chosen values) goes along.
 *
 * @import { When } from '../when.js'
 */

import { rangeText } from '../units.js';

/** What goes along: parameters of these names, or that begin so. */
const ALONG = /^(tz|filter|var-.*)$/;

/** @param {When} when @returns {Record<string, string>} */
export function timeOf(when) {
  if ('rangeMs' in when) return { range: rangeText(when.rangeMs) };
  return { from: String(when.fromMs), to: String(when.toMs) };
}

/** A query of an address, of what goes along and of what is said.
 * @param {Record<string, string | number | null>} said nothing: it is left out */
export function queryOf(said) {
  const query = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(location.search))
    if (ALONG.test(name)) query.append(name, value);
  for (const [name, value] of Object.entries(said))
    if (value !== null && value !== '') query.set(name, String(value));
  const text = query.toString();
  return text && `?${text}`;
}

/** @param {string} part of a path */
const enc = encodeURIComponent;

/** @param {string} slug @param {string} id @param {string} ending
 * @param {Record<string, string | number | null>} said */
export const pictureOf = (slug, id, ending, said) =>
  `/panel/${enc(slug)}/${enc(id)}.${ending}${queryOf(said)}`;

/** This page at that time, with one panel alone, or with all. @param {string | null} panel
 * @param {When} when */
export function pageOf(panel, when) {
  const url = new URL(location.href);
  for (const name of ['range', 'from', 'to', 'panel', 'kiosk']) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(timeOf(when))) url.searchParams.set(name, value);
  if (panel) url.searchParams.set('panel', panel);
  return url.href;
}
