/**
 * The sliding window of one channel: its last columns, by series. Pure.
 *
 * The one idea: a series is one typed array of twice the window. Columns are written at its end;
 * when the end is reached the live half moves to the front once, so a tick copies nothing. The
 * window also knows its place in the channel's log and tells when an entry is missing.
 *
 * @import { Batch, Block, Column, Revision, Snapshot, Value } from './frame.js'
 */

import { fill } from './frame.js';

/** Both halves of the bits of an absent cell: a NaN that arithmetic never makes. */
const ABSENT = 0x7ff4_7ff4;

/** Values with a mark for absent, kept apart from the value NaN. */
class Cells {
  /** @param {number} length */
  constructor(length) {
    this.numbers = new Float64Array(length);
    this.words = new Uint32Array(this.numbers.buffer).fill(ABSENT);
  }
  /** @param {number} index @returns {Value} */
  get(index) {
    const value = this.numbers[index];
    if (value === value) return value;
    return this.words[2 * index] === ABSENT && this.words[2 * index + 1] === ABSENT ? null : NaN;
  }
  /** @param {number} index @param {Value} value */
  set(index, value) {
    if (value === null) this.words.fill(ABSENT, 2 * index, 2 * index + 2);
    else this.numbers[index] = value === value ? value : NaN;
  }
  /** @param {number} from @param {number} length */
  toFront(from, length) {
    this.words.copyWithin(0, 2 * from, 2 * (from + length));
    this.words.fill(ABSENT, 2 * length);
  }
}

/** The columns of one channel, and the place in its log that they show. */
export class Window {
  /** @param {number} stepMs @param {number} columns how many are kept
   * @param {Record<string, string>[]} labels the series table */
  constructor(stepMs, columns, labels) {
    this.stepMs = stepMs;
    this.columns = Math.max(2, columns);
    this.start = 0;
    this.length = 0;
    /** The number of the newest final column. */
    this.n = 0;
    /** The number of the newest entry of the log that is in here. */
    this.seq = 0;
    /** @type {Cells[]} */
    this.series = [];
    /** @type {{n: number, values: Value[]} | null} the column in progress */
    this.open = null;
    /** @type {Record<string, string>[]} */
    this.labels = [];
    this.append(labels);
  }

  /** @param {Snapshot} snapshot @param {number} columns how many to keep */
  static from(snapshot, columns) {
    const window = new Window(
      snapshot.stepMs,
      columns,
      snapshot.series.map(({ labels }) => labels),
    );
    const skip = Math.max(0, snapshot.columns - window.columns);
    window.n = snapshot.n;
    window.seq = snapshot.seq;
    window.length = snapshot.columns - skip;
    snapshot.series.forEach(({ values }, index) => {
      for (let at = skip; at < values.length; at += 1)
        window.series[index].set(at - skip, values[at]);
    });
    return window;
  }

  /** The number of the oldest column. */
  get firstN() {
    return this.n - this.length + 1;
  }

  /** Adds series that have no value yet. @param {Record<string, string>[]} labels */
  append(labels) {
    this.labels = this.labels.concat(labels);
    for (const _ of labels) this.series.push(new Cells(2 * this.columns));
  }

  /** The value of a series at column n, the one in progress included.
   * @param {number} series @param {number} n @returns {Value} */
  value(series, n) {
    if (this.open?.n === n) return this.open.values[series] ?? null;
    if (n > this.n || n < this.firstN) return null;
    return this.series[series].get(this.start + n - this.firstN);
  }

  /** The newest column number, the one in progress included. */
  get newest() {
    return this.open ? this.open.n : this.n;
  }

  /** The oldest column in which a series has a value, or null. @param {number} series */
  first(series) {
    for (let n = this.firstN; n <= this.newest; n += 1) {
      if (this.value(series, n) !== null) return n;
    }
    return null;
  }

  /** The newest column in which a series has a value, or null. @param {number} series */
  last(series) {
    for (let n = this.newest; n >= this.firstN; n -= 1) {
      if (this.value(series, n) !== null) return n;
    }
    return null;
  }

  /** Adds one column without values. */
  #push() {
    if (this.start + this.length === 2 * this.columns) {
      for (const cells of this.series) cells.toFront(this.start, this.length);
      this.start = 0;
    }
    if (this.length === this.columns) this.start += 1;
    else this.length += 1;
    this.n += 1;
    const at = this.start + this.length - 1;
    for (const cells of this.series) cells.set(at, null);
  }

  /** Adds column n; what lies between stays without values. @param {number} n
   * @param {Column} column */
  #add(n, column) {
    if (this.length === 0 || n - this.n > this.columns) {
      this.start = 0;
      this.length = 0;
      this.n = n - 1;
    }
    while (this.n < n - 1) this.#push();
    const before = this.n;
    this.#push();
    const at = this.start + this.length - 1;
    fill(
      column,
      this.series.length,
      (series) => this.value(series, before),
      (series, value) => this.series[series].set(at, value),
    );
    if (this.open && this.open.n <= n) this.open = null;
  }

  /** Changes cells of one final column; one that has left the window is passed over.
   * @param {Revision} revision */
  #revise({ n, column }) {
    if (n > this.n || n < this.firstN) return;
    const at = this.start + n - this.firstN;
    fill(
      column,
      this.series.length,
      (series) => this.series[series].get(at),
      (series, value) => this.series[series].set(at, value),
    );
  }

  /**
   * Takes a block of a tick. False: an entry of the log before it is missing, ask for it.
   * @param {Block} block @param {boolean} open @param {boolean} revise
   */
  tick(block, open, revise) {
    if (open) {
      if (block.seq > this.seq) return false;
      if (block.n <= this.n || block.seq < this.seq) return true;
      /** @type {Value[]} */
      const values = [];
      fill(
        block.column,
        this.series.length,
        (series) => (block.n - 1 > this.n ? null : this.value(series, block.n - 1)),
        (series, value) => {
          values[series] = value;
        },
      );
      this.open = { n: block.n, values };
      return true;
    }
    if (block.seq <= this.seq) return true;
    if (block.seq > this.seq + 1) return false;
    if (revise) this.#revise(block);
    else if (block.n > this.n) this.#add(block.n, block.column);
    this.seq = block.seq;
    return true;
  }

  /** Takes everything that a position missed. False: the window stands elsewhere, ask anew.
   * @param {Batch} batch */
  batch({ seq, after, fromN, columns, revised }) {
    if (seq <= this.seq) return true;
    if (after !== this.seq) return false;
    this.open = null;
    revised.forEach((revision) => this.#revise(revision));
    columns.forEach((column, index) => this.#add(fromN + index, column));
    this.seq = seq;
    return true;
  }
}
