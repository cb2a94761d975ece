/**
 * Which values a list of bars or shares shows. Pure; `src/render/bars.rs` chooses the same.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 */

/** The rows that are shown where what has ended goes: the fresh ones; when none is fresh, those
 * that ended last, of which the panel says how old they are. @param {Row[]} rows */
export function present(rows) {
  const fresh = rows.filter((row) => !row.stale);
  const newest = Math.max(...rows.map((row) => row.at));
  return fresh.length > 0 ? fresh : rows.filter((row) => row.at === newest);
}

/** Rows by their newest finite values, the largest first: those within the limit, and the sum of
 * the values beyond it with their count, when there are any.
 * @param {Spec} spec @param {Row[]} rows those that are present */
export function largest(spec, rows) {
  const shown = rows.filter((row) => Number.isFinite(row.value));
  shown.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : Number(a.name > b.name)));
  const rest = shown.splice(spec.limit ?? shown.length);
  const sum = rest.reduce((sum, row) => sum + row.value, 0);
  return { all: shown, rest: rest.length > 0 ? { sum, count: rest.length } : null };
}
