/**
 * What a chart draws: the columns of its range, a line a series, with what stands below each line,
 * what lies between columns, and the stretches without any value. Pure.
 *
 * The one idea: the arrays are made once and filled again in place from the windows at every draw,
 * so revisions, gaps and the column in progress need no code of their own. A value that is not
 * there is NaN.
 *
 * @import { Ghost } from '../later/before.js'
 * @import { Spec } from '../subscription.js'
 * @import { Row } from '../rows.js'
 * @typedef {{row: Row, tops: Float64Array, bases: Float64Array | null,
 *   band: [Float64Array, Float64Array] | null}} Line  tops: the values; bases: from where an area
 *   reaches up to them; band: the least and the greatest value between columns
 */

import { isGathered, TOGETHER } from '../parts/gather.js';
import { bandAt, valueAt, wasAt } from '../rows.js';

/** @param {Float64Array | undefined} old @param {number} count */
const sized = (old, count) => (old?.length === count ? old : new Float64Array(count));

/** The columns of a chart's range. */
export class Columns {
  stepMs = 1000;
  /** The number of the first column, and how many there are. */
  first = 0;
  count = 0;
  startMs = 0;
  rangeMs = 1;
  /** @type {Line[]} */
  lines = [];
  /** @type {[number, number][]} from and to which column nothing came */
  gaps = [];
  /** The first column with a value. */
  begin = 0;
  /** From where to where those reach that have no line of their own; none in a stack, where their
   * sum is a line. @type {[Float64Array, Float64Array] | null} */
  around = null;
  /** What was before. @type {{colour: string, values: Float64Array}[]} */
  ghosts = [];
  /** The least and the greatest of all that is drawn. @type {[number, number]} */
  extent = [0, 1];

  /** The time in ms of a column, counted from the first. @param {number} at */
  timeAt(at) {
    return (this.first + at) * this.stepMs;
  }
  /** The column nearest to a time in ms. @param {number} ms */
  near(ms) {
    const at = Math.round(ms / this.stepMs) - this.first;
    return Math.max(0, Math.min(this.count - 1, at));
  }

  /** @param {Spec} spec @param {Row[]} rows @param {number} endMs @param {number} rangeMs
   * @param {Ghost | null} before */
  fill(spec, rows, endMs, rangeMs, before) {
    const [own, others] = [rows.filter((row) => !isGathered(row)), rows.filter(isGathered)];
    this.stepMs = rows[0].window.stepMs;
    this.startMs = endMs - rangeMs;
    this.rangeMs = rangeMs;
    this.count = Math.floor(rangeMs / this.stepMs) + 1;
    this.first = Math.round(endMs / this.stepMs) - this.count + 1;
    const { lines, count, first } = this;
    lines.length = own.length;
    const stacked = spec.kind === 'stack';
    own.forEach((row, k) => {
      const old = lines[k];
      const tops = sized(old?.tops, count);
      const bases = stacked ? sized(old?.bases ?? undefined, count) : null;
      /** @type {[Float64Array, Float64Array] | null} */
      const band = row.band ? [sized(old?.band?.[0], count), sized(old?.band?.[1], count)] : null;
      lines[k] = { row, tops, bases, band };
      const sign = spec.queries[row.query]?.below ? -1 : 1;
      for (let at = 0; at < count; at += 1) {
        const value = valueAt(row, first + at);
        tops[at] = value === null || !Number.isFinite(value) ? NaN : sign * value;
        if (!band) continue;
        const bounds = bandAt(row, first + at);
        band[0][at] = bounds ? sign * bounds[0] : NaN;
        band[1][at] = bounds ? sign * bounds[1] : NaN;
      }
    });
    this.#gather(others, stacked);
    if (stacked) this.#stack();
    this.#haunt(spec, rows, before);
    this.#survey();
    this.#mend(spec.nulls);
  }

  /** Takes those together that have no line of their own. @param {Row[]} rows
   * @param {boolean} stacked */
  #gather(rows, stacked) {
    const { count, first, around } = this;
    this.around = null;
    if (rows.length === 0) return;
    const [lows, highs] = [sized(around?.[0], count), sized(around?.[1], count)];
    for (let at = 0; at < count; at += 1) {
      let [low, high, sum] = [Infinity, -Infinity, NaN];
      for (const row of rows) {
        const value = valueAt(row, first + at);
        if (value === null || !Number.isFinite(value)) continue;
        [low, high] = [Math.min(low, value), Math.max(high, value)];
        sum = sum === sum ? sum + value : value;
      }
      lows[at] = low > high ? NaN : low;
      highs[at] = stacked ? sum : low > high ? NaN : high;
    }
    if (!stacked) this.around = [lows, highs];
    else this.lines.push({ row: rows[0], tops: highs, bases: lows, band: null });
  }

  /** Takes what was before: a ghost a line, or of a stack one of its height.
   * @param {Spec} spec @param {Row[]} rows @param {Ghost | null} before */
  #haunt(spec, rows, before) {
    this.ghosts = [];
    if (!before) return;
    const stacked = spec.kind === 'stack';
    for (const { key, colour, query } of rows) {
      const row = before.find(key);
      if (!row || (!stacked && colour === TOGETHER)) continue;
      const sign = spec.queries[query]?.below ? -1 : 1;
      let ghost = stacked ? this.ghosts[0] : undefined;
      if (!ghost) {
        ghost = { colour: stacked ? 'muted' : colour, values: new Float64Array(this.count) };
        ghost.values.fill(NaN);
        this.ghosts.push(ghost);
      }
      const { values } = ghost;
      for (let at = 0; at < this.count; at += 1) {
        const value = wasAt(row, this.timeAt(at) - before.shiftMs);
        if (value === null || !Number.isFinite(value)) continue;
        values[at] = values[at] === values[at] ? values[at] + value : sign * value;
      }
    }
  }

  /** Puts each line on top of those before it. What is not there adds nothing and stays a gap. */
  #stack() {
    for (let at = 0; at < this.count; at += 1) {
      let sum = 0;
      for (const { tops, bases } of this.lines) {
        if (bases) bases[at] = sum;
        if (tops[at] === tops[at]) sum += tops[at];
        if (tops[at] === tops[at]) tops[at] = sum;
      }
    }
  }

  /** Finds the gaps, where values begin, and how far they reach. */
  #survey() {
    const { around, ghosts } = this;
    let [low, high, gap, seen] = [Infinity, -Infinity, -1, false];
    this.gaps = [];
    this.begin = 0;
    for (let at = 0; at < this.count; at += 1) {
      let any = false;
      for (const { tops, band } of this.lines) {
        const value = tops[at];
        if (value === value) {
          any = true;
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
        if (band && band[0][at] === band[0][at]) {
          low = Math.min(low, band[0][at], band[1][at]);
          high = Math.max(high, band[0][at], band[1][at]);
        }
      }
      if (around && around[0][at] === around[0][at]) {
        any = true;
        low = Math.min(low, around[0][at]);
        high = Math.max(high, around[1][at]);
      }
      for (const { values } of ghosts) {
        if (values[at] !== values[at]) continue;
        low = Math.min(low, values[at]);
        high = Math.max(high, values[at]);
      }
      if (any && gap >= 0) this.gaps.push([gap, at]);
      if (any && !seen) [seen, this.begin] = [true, at];
      if (any) gap = -1;
      else if (seen && gap < 0) gap = at - 1;
    }
    if (gap >= 0) this.gaps.push([gap, this.count - 1]);
    this.extent = low > high ? [0, 1] : [low, high];
  }

  /** Fills what is missing between values, when the panel asks for it: with zero, or straight on.
   * @param {string | undefined} nulls */
  #mend(nulls) {
    if (nulls !== 'zero' && nulls !== 'connect') return;
    this.gaps = [];
    for (const { tops } of this.lines) {
      let last = -1;
      for (let at = 0; at < this.count; at += 1) {
        if (tops[at] !== tops[at]) continue;
        for (let between = last + 1; last >= 0 && between < at; between += 1) {
          const part = (between - last) / (at - last);
          tops[between] = nulls === 'zero' ? 0 : tops[last] + part * (tops[at] - tops[last]);
        }
        last = at;
      }
    }
  }
}
