/**
 * Which series of a chart are drawn one by one, and which together with others: the largest ones by
 * their mean have a line and a colour of their own. `src/render/panel_data.rs` gathers by the same
 * rule.
 *
 * The one idea: what is largest is looked for now and then, not at every draw, and a series that
 * stays among the largest keeps its colour. A chart whose lines change places says nothing.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 */

import { figures } from './figures.js';

/** After how long the largest are looked for again, in ms. */
const AGAIN_MS = 60_000;
/** The colour of what is drawn together. */
export const TOGETHER = 'c0';
const GATHERING = new Set(['line', 'stack']);

/** Whether a row is drawn together with others. @param {Row} row */
export const isGathered = ({ colour }) => colour === TOGETHER;

/** The first of a row of numbers that is not taken. @param {Set<number>} taken */
function free(taken) {
  let place = 0;
  while (taken.has(place)) place += 1;
  return place;
}

/** What one panel gathers. */
export class Gathering {
  #keys = '';
  #since = 0;
  /** @type {Map<string, number>} the place of each series among all, the largest first */
  #ranks = new Map();
  /** @type {Map<string, number>} of those with a line of their own, which colour they have */
  #slots = new Map();

  /** Brings rows into their order and gives them their colours, when there are too many to draw
   * each by itself. @param {Spec} spec @param {Row[]} rows
   * @param {(row: Row) => boolean} shown whether a reader wants to see it @param {number} now
   * @returns {Row[]} */
  arrange(spec, rows, shown, now) {
    const most = spec.limit ?? rows.length;
    if (!GATHERING.has(spec.kind) || rows.length <= most) return rows;
    const keys = rows.map((row) => `${row.key}${shown(row)}`).join('|');
    if (keys !== this.#keys || Math.abs(now - this.#since) > AGAIN_MS) {
      [this.#keys, this.#since] = [keys, now];
      this.#rank(rows, most, shown);
    }
    const rank = (/** @type {Row} */ { key }) => this.#ranks.get(key) ?? Infinity;
    for (const row of rows) {
      const slot = this.#slots.get(row.key);
      row.slot = slot ?? 0;
      row.colour = slot === undefined ? TOGETHER : `c${(((spec.color || 1) - 1 + slot) % 8) + 1}`;
    }
    return rows.sort((one, other) => rank(one) - rank(other));
  }

  /** @param {Row[]} rows @param {number} most @param {(row: Row) => boolean} shown */
  #rank(rows, most, shown) {
    const ranked = rows.map((row) => {
      const [mean] = figures(['mean'], row);
      return { row, mean: mean ?? -Infinity };
    });
    ranked.sort(
      (one, other) =>
        Number(one.row.stale) - Number(other.row.stale) ||
        (one.mean === other.mean ? 0 : other.mean - one.mean) ||
        (one.row.name < other.row.name ? -1 : Number(one.row.name > other.row.name)),
    );
    this.#ranks = new Map(ranked.map(({ row }, place) => [row.key, place]));
    const wanted = rows.filter(shown);
    // What a reader chose is drawn by itself, however small it is.
    const chosen = wanted.length <= most ? wanted.map(({ key }) => key) : [];
    const own = [...new Set([...ranked.slice(0, most).map(({ row }) => row.key), ...chosen])];
    const kept = own.filter((key) => this.#slots.has(key));
    this.#slots = new Map(kept.map((key) => [key, this.#slots.get(key) ?? 0]));
    for (const key of own)
      if (!this.#slots.has(key)) this.#slots.set(key, free(new Set(this.#slots.values())));
  }
}
