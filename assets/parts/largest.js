/**
 * Which values a list of bars or shares shows. Pure; `src/render/bars.rs` chooses the same.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 */

/** Fresh rows by their newest finite values, the largest first: those within the limit, and the sum
 * of the values beyond it with their count, when there are any.
 * @param {Spec} spec @param {Row[]} rows */
export function largest(spec, rows) {
  const fresh = rows.filter((row) => !row.stale && Number.isFinite(row.value));
  fresh.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : Number(a.name > b.name)));
  const rest = fresh.splice(spec.limit ?? fresh.length);
  const sum = rest.reduce((sum, row) => sum + row.value, 0);
  return { all: fresh, rest: rest.length > 0 ? { sum, count: rest.length } : null };
}
