/**
 * Prometheus remote write 1.0: samples as Protocol Buffers, in a Snappy block that compresses
 * nothing, so that every server spends the same on it.
 */

/** @param {number} value */
function varint(value) {
  const bytes = [];
  let rest = BigInt(value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/**
 * @param {number} field
 * @param {Buffer} body
 */
function message(field, body) {
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(body.length), body]);
}

/** @param {string} text */
const text = (text) => Buffer.from(text, 'utf8');

/**
 * The labels of a series, sorted, as they stand in every request.
 * @param {Record<string, string>} labels
 */
export function encodedLabels(labels) {
  const names = Object.keys(labels).sort();
  return Buffer.concat(names.map((name) => message(
    1, Buffer.concat([message(1, text(name)), message(2, text(labels[name]))]))));
}

/**
 * @param {number} value
 * @param {number} at milliseconds
 */
function sample(value, at) {
  const number = Buffer.alloc(9);
  number[0] = (1 << 3) | 1;
  number.writeDoubleLE(value, 1);
  return message(2, Buffer.concat([number, Buffer.from([2 << 3]), varint(at)]));
}

/**
 * The body of a request.
 * @param {{ labels: Buffer, samples: [number, number][] }[]} series values with their times
 */
export function body(series) {
  return snappy(Buffer.concat(series.map((one) => message(1, Buffer.concat(
    [one.labels, ...one.samples.map(([value, at]) => sample(value, at))])))));
}

/** @param {Buffer} bytes as a Snappy block of literals */
function snappy(bytes) {
  const pieces = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 65536) {
    const piece = bytes.subarray(at, at + 65536);
    const size = piece.length - 1;
    pieces.push(Buffer.from([61 << 2, size & 255, size >> 8]), piece);
  }
  return Buffer.concat(pieces);
}
