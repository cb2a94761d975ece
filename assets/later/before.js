/**
 * What the same series were so long before: drawn as a ghost behind what is shown. Loaded when it
 * is asked for.
 *
 * The one idea: the ghost is a stretch of the past like any other, fetched with some time to spare
 * at its end, and fetched again when the page has moved past that.
 *
 * @import { Past } from './past.js'
 * @import { Spec } from '../subscription.js'
 * @import { Stretch } from '../when.js'
 * @import { Row } from '../rows.js'
 * @typedef {{slug: () => string, only: () => string[] | null, ends: () => Stretch,
 *   changed: () => void, said: (text: string) => void}} Host  only: the panels of an embed; ends:
 *   of what the page shows
 * @typedef {{shiftMs: number, find: (key: string) => Row | undefined}} Ghost  find: the series of
 *   that key, so long before
 */

import { rowsOf } from '../rows.js';
import { lengthOf } from '../when.js';
import { fetchPast } from './past.js';

/** The part of what is shown that is fetched beyond its end. */
const SPARE = 1 / 8;
const SPARE_MIN_MS = 30_000;

/** How long before, as the address says it: `period`, or a length of time.
 * @param {string} text @param {number} rangeMs @returns {number} in ms; not a number otherwise */
export function shiftOf(text, rangeMs) {
  return text === 'period' ? rangeMs : lengthOf(text);
}

/** What was before, for all panels of a page. */
export class Before {
  /** @type {Past | null} */
  #past = null;
  /** What is there or on its way: of which board, from when to when. */
  #asked = { slug: '', shiftMs: 0, fromMs: 0, toMs: 0, rangeMs: 0 };
  #fetching = new AbortController();
  /** The rows of each panel. @type {Map<string, {spec: Spec, rows: Map<string, Row>}>} */
  #rows = new Map();

  /** @param {string} text as the address says it @param {Host} host */
  constructor(text, host) {
    this.text = text;
    this.host = host;
  }

  /** What a panel showed before; nothing until it is there.
   * @param {string} panel its id @param {Spec} spec @returns {Ghost | null} */
  of(panel, spec) {
    this.#keep();
    const past = this.#past;
    if (!past) return null;
    let own = this.#rows.get(panel);
    if (own?.spec !== spec) {
      const channels = (past.channelsOf.get(panel) ?? []).map((number) => past.channel(number));
      const rows = rowsOf(spec, channels, new Map(), past.toMs);
      own = { spec, rows: new Map(rows.map((row) => [row.key, row])) };
      this.#rows.set(panel, own);
    }
    const { rows } = own;
    return { shiftMs: this.#asked.shiftMs, find: (key) => rows.get(key) };
  }

  /** Fetches what is not there. */
  #keep() {
    const { fromMs, toMs } = this.host.ends();
    const rangeMs = toMs - fromMs;
    const [slug, shiftMs] = [this.host.slug(), shiftOf(this.text, rangeMs)];
    const asked = this.#asked;
    const same = asked.slug === slug && asked.shiftMs === shiftMs && asked.rangeMs === rangeMs;
    if (same && asked.fromMs <= fromMs - shiftMs && asked.toMs >= toMs - shiftMs) return;
    if (!same) this.#past = null;
    const spare = Math.min(shiftMs, Math.max(SPARE_MIN_MS, SPARE * rangeMs));
    const stretch = { fromMs: fromMs - shiftMs, toMs: toMs - shiftMs + spare };
    this.#asked = { slug, shiftMs, rangeMs, ...stretch };
    this.#fetching.abort();
    this.#fetching = new AbortController();
    this.#fetch(slug, stretch, this.#fetching.signal);
  }

  /** @param {string} slug @param {Stretch} stretch @param {AbortSignal} signal */
  async #fetch(slug, stretch, signal) {
    try {
      const board = { slug, only: this.host.only() };
      const { past } = await fetchPast(board, stretch, signal);
      this.#past = past;
      this.#rows.clear();
      this.host.changed();
    } catch (reason) {
      if (signal.aborted) return;
      const words = reason instanceof Error ? reason.message : String(reason);
      this.host.said(`what was before cannot be shown: ${words}`);
    }
  }

  /** Forgets what is on its way. */
  end() {
    this.#fetching.abort();
  }
}
