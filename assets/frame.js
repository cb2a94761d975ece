/**
 * Bytes of the live protocol to frames. Pure: no page, no clock, no socket.
 *
 * The one idea: a binary message and a JSON message become the same objects, and a column's cells
 * stay packed until somebody holds the column before, since values are differences to it.
 * The bytes are described in docs/formats/live.md.
 *
 * @typedef {number | null} Value  null is absent
 * @typedef {{size: number, bytes: Uint8Array} | {pairs: [number, Value][]}} Column
 * @typedef {{channel: number, seq: number, n: number, column: Column}} Block
 * @typedef {{n: number, column: Column}} Revision
 * @typedef {{channel: number, seq: number, after: number, fromN: number, columns: Column[],
 *   revised: Revision[]}} Batch  after: the only position it may be taken at
 * @typedef {{kind: string, body: any}} Frame  kind is the frame's name
 * @typedef {{channel: number, epoch: string, seq: number, stepMs: number, n: number,
 *   columns: number, series: {labels: Record<string, string>, values: Value[]}[]}} Snapshot
 */

const SAFE = 2 ** 53;
const CELLS_MAX = 20_000_000;
const POWERS = Array.from({ length: 10 }, (_, e) => 10 ** e);
const text = new TextDecoder('utf-8', { fatal: true });

/** Bytes that are not what the protocol says; the reader of them ends the connection. */
export class FrameFault extends Error {}

class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }
  get done() {
    return this.at >= this.bytes.length;
  }
  /** Steps over `length` bytes and says where they start. @param {number} length */
  take(length) {
    const start = this.at;
    if (length > this.bytes.length - start) throw new FrameFault('the message ends too early');
    this.at = start + length;
    return start;
  }
  byte() {
    return this.bytes[this.take(1)];
  }
  /** An unsigned number; beyond 2^53 it comes as a bigint. @returns {number | bigint} */
  wide() {
    let value = 0;
    let large = 0n;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.byte();
      if (index < 7) value += (byte & 127) * 2 ** (7 * index);
      else large += BigInt(byte & 127) << BigInt(7 * index);
      if (byte < 128) return large === 0n ? value : BigInt(value) + large;
    }
    throw new FrameFault('a number is longer than 10 bytes');
  }
  varint() {
    const value = Number(this.wide());
    if (value >= SAFE) throw new FrameFault('a number is 2^53 or more');
    return value;
  }
  slice(length = this.varint()) {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }
  text() {
    return text.decode(this.slice());
  }
}

/** @param {number | bigint} difference zigzag @param {number} base */
function plusZigzag(base, difference) {
  if (typeof difference === 'number' && difference < SAFE / 2) {
    return base + (difference % 2 ? -(difference + 1) / 2 : difference / 2);
  }
  const wide = BigInt(difference);
  return Number(BigInt(base) + (wide % 2n ? -((wide + 1n) / 2n) : wide / 2n));
}

/** The whole number nearest to `previous` at a scale.
 * @param {Value} previous @param {number} scale */
function scaled(previous, scale) {
  const whole = Math.floor((previous ?? NaN) * scale + 0.5);
  return Math.abs(whole) < SAFE ? whole : 0;
}

/**
 * Reads a value list of `size` cells.
 * @param {Reader} reader @param {number} size
 * @param {(index: number) => Value} previous @param {(index: number, value: Value) => void} store
 */
function readCells(reader, size, previous, store) {
  for (let index = 0; index < size;) {
    const head = reader.byte();
    const code = head >> 4;
    const length = head & 15 || reader.varint();
    if (length < 1 || length > size - index) throw new FrameFault('a run of cells is too long');
    if (code > 13) throw new FrameFault(`value code ${code} is not known`);
    for (const end = index + length; index < end; index += 1) {
      if (code === 0) store(index, previous(index));
      else if (code === 1) store(index, null);
      else if (code === 2) store(index, reader.view.getFloat64(reader.take(8), true));
      else if (code === 3) store(index, reader.view.getFloat32(reader.take(4), true));
      else {
        const scale = POWERS[code - 4];
        store(index, plusZigzag(scaled(previous(index), scale), reader.wide()) / scale);
      }
    }
  }
}

const ignore = () => null;

/** Steps over a value list and keeps its bytes. @param {Reader} reader @param {number} size */
function packed(reader, size) {
  if (size > CELLS_MAX) throw new FrameFault('a column has too many cells');
  const start = reader.at;
  readCells(reader, size, ignore, ignore);
  return { size, bytes: reader.bytes.subarray(start, reader.at) };
}

/**
 * Gives all `count` cells of a column, once the values before it are known.
 * @param {Column} column @param {number} count how many series the channel has
 * @param {(index: number) => Value} previous @param {(index: number, value: Value) => void} store
 */
export function fill(column, count, previous, store) {
  const size = 'size' in column ? column.size : count;
  if (size > count) throw new FrameFault(`a column of ${size} cells for ${count} series`);
  if ('size' in column) readCells(new Reader(column.bytes), size, previous, store);
  else {
    for (let index = 0; index < count; index += 1) store(index, previous(index));
    for (const [index, value] of column.pairs) {
      if (!(index < count)) throw new FrameFault(`a cell ${index} of ${count} series`);
      store(index, value);
    }
  }
  for (let index = size; index < count; index += 1) store(index, null);
}

/** @param {unknown} value a value of the JSON form @returns {Value} */
function fromJson(value) {
  if (value === null || typeof value === 'number') return value;
  if (value === 'NaN') return NaN;
  if (value === '+Inf') return Infinity;
  if (value === '-Inf') return -Infinity;
  throw new FrameFault(`\`${value}\` is not a value`);
}

/** @param {[number, unknown][]} values @returns {Column} */
const pairs = (values) => ({ pairs: values.map(([index, value]) => [index, fromJson(value)]) });

/** One frame in JSON form. @param {any} object @returns {Frame} */
function jsonFrame(object) {
  const kind = Object.keys(object ?? {})[0];
  if (!kind) throw new FrameFault('a frame without a name');
  const body = object[kind];
  if (kind === 'tick') {
    const blocks = body.blocks.map((/** @type {any} */ { channel, seq, n, values }) => ({
      channel,
      seq,
      n,
      column: pairs(values),
    }));
    return { kind, body: { open: !!body.open, revise: !!body.revise, blocks } };
  }
  if (kind === 'batch') {
    const { channel, seq, after, from_n: fromN } = body;
    const columns = body.columns.map(pairs);
    const revised = (body.revised ?? []).map((/** @type {any} */ { n, values }) => ({
      n,
      column: pairs(values),
    }));
    return { kind, body: { channel, seq, after, fromN, columns, revised } };
  }
  return { kind, body };
}

/** @param {Reader} reader @param {number} flags @returns {Frame} */
function binaryTick(reader, flags) {
  const blocks = [];
  while (!reader.done) {
    const [channel, seq, n] = [reader.varint(), reader.varint(), reader.varint()];
    blocks.push({ channel, seq, n, column: packed(reader, reader.varint()) });
  }
  return { kind: 'tick', body: { open: !!(flags & 1), revise: !!(flags & 2), blocks } };
}

/** @param {Reader} reader @returns {Frame} */
function binaryBatch(reader) {
  const [channel, seq, after] = [reader.varint(), reader.varint(), reader.varint()];
  const revised = [];
  for (let left = reader.varint(); left > 0; left -= 1) {
    revised.push({ n: reader.varint(), column: packed(reader, reader.varint()) });
  }
  const fromN = reader.varint();
  /** @type {Column[]} */
  const columns = [];
  for (let left = reader.varint(); left > 0; left -= 1) {
    columns.push(packed(reader, reader.varint()));
  }
  return { kind: 'batch', body: { channel, seq, after, fromN, columns, revised } };
}

/**
 * Reads one message: text is JSON with a frame a line, bytes are binary frames.
 * @param {string | ArrayBuffer | Uint8Array} data @returns {Frame[]}
 */
export function readMessage(data) {
  try {
    if (typeof data === 'string') {
      return data
        .split('\n')
        .filter((line) => line.trim())
        .map((line) => jsonFrame(JSON.parse(line)));
    }
    /** @type {Frame[]} */
    const frames = [];
    const reader = new Reader(data instanceof Uint8Array ? data : new Uint8Array(data));
    while (!reader.done) {
      const [kind, flags] = [reader.byte(), reader.byte()];
      const body = new Reader(reader.slice());
      if (kind === 0) frames.push(jsonFrame(JSON.parse(text.decode(body.bytes))));
      else if (kind === 1) frames.push(binaryTick(body, flags));
      else if (kind === 2) frames.push(binaryBatch(body));
    }
    return frames;
  } catch (fault) {
    throw fault instanceof FrameFault ? fault : new FrameFault(String(fault));
  }
}

/** Reads a channel's window in binary form. @param {Uint8Array} bytes @returns {Snapshot} */
export function readSnapshot(bytes) {
  const reader = new Reader(bytes);
  if (reader.byte() !== 1) throw new FrameFault('a snapshot of another version');
  const channel = reader.varint();
  const epoch = reader.text();
  const [seq, stepMs, n] = [reader.varint(), reader.varint(), reader.varint()];
  const [columns, count] = [reader.varint(), reader.varint()];
  if (columns * count > CELLS_MAX) throw new FrameFault('a snapshot has too many cells');
  const series = [];
  for (let left = count; left > 0; left -= 1) {
    const labels = JSON.parse(reader.text());
    /** @type {Value[]} */
    const values = [];
    readCells(
      reader,
      columns,
      (index) => (index ? values[index - 1] : null),
      (_, value) => values.push(value),
    );
    series.push({ labels, values });
  }
  return { channel, epoch, seq, stepMs, n, columns, series };
}

/** Reads the base64 of a snapshot that stands in the page. @param {string} encoded */
export function readInlineSnapshot(encoded) {
  return readSnapshot(Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0)));
}
