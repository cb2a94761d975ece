/**
 * A small writer of the binary protocol, from docs/formats/live.md alone, to test its reader.
 * A cell is written as the test asks: a code and a value, so that every code is exercised.
 */

/** @param {number | bigint} number */
export function varint(number) {
  let left = BigInt(number);
  const bytes = [];
  do {
    const low = Number(left & 127n);
    left >>= 7n;
    bytes.push(left > 0n ? low | 128 : low);
  } while (left > 0n);
  return bytes;
}

/** @param {number | bigint} number */
export function zigzag(number) {
  const wide = BigInt(number);
  return varint(wide < 0n ? -wide * 2n - 1n : wide * 2n);
}

/** @param {string} string */
export function text(string) {
  const bytes = [...new TextEncoder().encode(string)];
  return [...varint(bytes.length), ...bytes];
}

/** @param {number} value */
export function f64(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [...bytes];
}

/** @param {number} value */
export function f32(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [...bytes];
}

/** One run. @param {number} code @param {number[][]} cells the bytes of each cell */
export function run(code, cells) {
  const length = cells.length;
  return length < 16
    ? [code * 16 + length, ...cells.flat()]
    : [code * 16, ...varint(length), ...cells.flat()];
}

/** A value list in which each cell takes the shortest plain form.
 * @param {(number | null)[]} values @param {(number | null)[]} previous */
export function valueList(values, previous) {
  return values.flatMap((value, index) => {
    const before = previous[index] ?? null;
    if (value === null) return run(1, [[]]);
    if (Object.is(value, before)) return run(0, [[]]);
    for (let e = 0; e < 4 && Number.isFinite(value); e += 1) {
      const whole = Math.round(value * 10 ** e);
      const base = Number.isFinite(before ?? NaN) ? Math.floor(before * 10 ** e + 0.5) : 0;
      if (whole / 10 ** e === value && !Object.is(value, -0))
        return run(4 + e, [zigzag(whole - base)]);
    }
    return Math.fround(value) === value ? run(3, [f32(value)]) : run(2, [f64(value)]);
  });
}

/** @param {number} kind @param {number} flags @param {number[]} body */
export function frame(kind, flags, body) {
  return [kind, flags, ...varint(body.length), ...body];
}

/** @param {number} channel @param {number} seq @param {number} n
 * @param {(number | null)[]} values @param {(number | null)[]} previous */
export function block(channel, seq, n, values, previous) {
  return [
    ...varint(channel),
    ...varint(seq),
    ...varint(n),
    ...varint(values.length),
    ...valueList(values, previous),
  ];
}

/** @param {{channel: number, epoch: string, seq: number, stepMs: number, n: number,
 *   series: {labels: object, values: (number | null)[]}[]}} window */
export function snapshot({ channel, epoch, seq, stepMs, n, series }) {
  const columns = series[0]?.values.length ?? 0;
  return [
    1,
    ...varint(channel),
    ...text(epoch),
    ...varint(seq),
    ...varint(stepMs),
    ...varint(n),
    ...varint(columns),
    ...varint(series.length),
    ...series.flatMap(({ labels, values }) => [
      ...text(JSON.stringify(labels)),
      ...values.flatMap((value, at) => valueList([value], [at ? values[at - 1] : null])),
    ]),
  ];
}
