/** Bytes to frames: every value code, every frame, and what a reader must refuse. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { FrameFault, fill, readMessage, readSnapshot } from '../../../assets/frame.js';
import * as encode from './encode.js';

const VECTORS = new URL('../../vectors/live.json', import.meta.url);
const bytes = (list) => Uint8Array.from(list);

/** The cells of a block once the column before is known. */
function cells(column, previous) {
  const values = [];
  fill(
    column,
    previous.length,
    (index) => previous[index],
    (index, value) => {
      values[index] = value;
    },
  );
  return values;
}

/** One tick with one block of these value-list bytes, read with a column before. */
function read(list, previous) {
  const body = [7, 9, 100, previous.length, ...list];
  const [
    {
      kind,
      body: { blocks },
    },
  ] = readMessage(bytes(encode.frame(1, 0, body)));
  assert.equal(kind, 'tick');
  assert.deepEqual([blocks[0].channel, blocks[0].seq, blocks[0].n], [7, 9, 100]);
  return cells(blocks[0].column, previous);
}

test('each value code gives the value back exactly', () => {
  const check = (list, previous, wanted) => assert.deepEqual(read(list, previous), wanted);
  check(encode.run(0, [[], []]), [1.5, null], [1.5, null]);
  check(encode.run(1, [[]]), [3], [null]);
  check(encode.run(2, [encode.f64(0.1), encode.f64(-0)]), [null, 1], [0.1, -0]);
  check(encode.run(2, [encode.f64(NaN), encode.f64(-Infinity)]), [1, 2], [NaN, -Infinity]);
  check(encode.run(3, [encode.f32(1.25)]), [null], [1.25]);
  check(encode.run(4, [encode.zigzag(-3)]), [10], [7]);
  check(encode.run(6, [encode.zigzag(1)]), [25.81], [25.82]);
  check(encode.run(5, [encode.zigzag(425)]), [null], [42.5]);
  check(encode.run(5, [encode.zigzag(425)]), [NaN], [42.5]);
  check(encode.run(4, [encode.zigzag(5)]), [1e300], [5]);
  check(encode.run(4, [encode.zigzag(2n ** 53n - 1n)]), [0], [2 ** 53 - 1]);
  check(encode.run(4, [encode.zigzag(-(2n ** 54n) + 3n)]), [2 ** 53 - 2], [-(2 ** 53) + 1]);
  check(encode.run(4, [encode.zigzag(4)]), [2 ** 53 - 1], [4]);
  check(
    encode.run(
      4,
      Array.from({ length: 40 }, () => [2]),
    ),
    Array(40).fill(1),
    Array(40).fill(2),
  );
});

test('a column of fewer cells than series leaves the rest without a value', () => {
  const [{ body }] = readMessage(bytes(encode.frame(1, 0, encode.block(1, 1, 1, [5], [null]))));
  assert.deepEqual(cells(body.blocks[0].column, [null, 8]), [5, null]);
  assert.throws(() => cells(body.blocks[0].column, []), FrameFault);
});

test('JSON and binary say the same', () => {
  const [json] = readMessage(
    '{"tick":{"blocks":[{"channel":3,"seq":4,"n":5,"values":[[1,"+Inf"],[2,null]]}],"open":true}}',
  );
  assert.deepEqual([json.body.open, json.body.revise], [true, false]);
  assert.deepEqual(cells(json.body.blocks[0].column, [1, 2, 3]), [1, Infinity, null]);
  const previous = [1, 2, 3];
  const [binary] = readMessage(
    bytes(encode.frame(1, 1, encode.block(3, 4, 5, [1, Infinity, null], previous))),
  );
  assert.deepEqual([binary.body.open, binary.body.revise], [true, false]);
  assert.deepEqual(cells(binary.body.blocks[0].column, previous), [1, Infinity, null]);
});

test('a message holds several frames, and unknown kinds are passed over', () => {
  const beat = new TextEncoder().encode('{"beat":{"time":5}}');
  const message = [
    ...encode.frame(0, 0, [...beat]),
    ...encode.frame(99, 0, [1, 2, 3]),
    ...encode.frame(0, 0, [...beat]),
  ];
  assert.deepEqual(readMessage(bytes(message)), Array(2).fill({ kind: 'beat', body: { time: 5 } }));
  assert.equal(readMessage('{"pong":1}\n{"beat":{"time":1}}\n').length, 2);
});

test('a batch has its position, revisions and columns', () => {
  const body = [
    7,
    ...encode.varint(300),
    ...encode.varint(297),
    1,
    ...[20, 1, ...encode.valueList([9], [8])],
    50,
    2,
    ...[1, ...encode.valueList([1], [null])],
    ...[2, ...encode.valueList([1, 4], [null, null])],
  ];
  const [{ body: batch }] = readMessage(bytes(encode.frame(2, 0, body)));
  assert.deepEqual([batch.channel, batch.seq, batch.after, batch.fromN], [7, 300, 297, 50]);
  assert.deepEqual(
    batch.columns.map((column) => cells(column, [null, null])),
    [
      [1, null],
      [1, 4],
    ],
  );
  assert.deepEqual(
    batch.revised.map(({ n, column }) => [n, cells(column, [8])]),
    [[20, [9]]],
  );
});

test('a snapshot is read back', () => {
  const values = [
    [null, 1, 1, 1.5, NaN, 2 ** 40],
    [0.1, 0.2, null, null, -7, -7],
  ];
  const series = values.map((list, at) => ({
    labels: { __name__: 'x', at: String(at) },
    values: list,
  }));
  const given = { channel: 300, epoch: 'é1', seq: 2 ** 40, stepMs: 1000, n: 1_700_000_000, series };
  assert.deepEqual(readSnapshot(bytes(encode.snapshot(given))), { ...given, columns: 6 });
});

test('what is not the protocol is a fault', () => {
  const check = (message) => assert.throws(() => readMessage(message), FrameFault);
  check(bytes([1]));
  check(bytes([1, 0, 5, 1]));
  check(bytes([1, 0, ...Array(11).fill(255)]));
  check(bytes(encode.frame(1, 0, [1, 1, 1, 1, 0xe1])));
  check(bytes(encode.frame(1, 0, [1, 1, 1, 1, 0x02])));
  check(bytes(encode.frame(1, 0, [1, 1, 1, 1, 0x00, 0])));
  check(bytes(encode.frame(1, 0, [1, 1, 1, ...encode.varint(2n ** 40n), 0])));
  check(bytes(encode.frame(0, 0, [123])));
  check('{}');
  check('{"tick":{"blocks":[{"channel":1,"seq":1,"n":1,"values":[[0,"many"]]}]}}');
  assert.throws(() => readSnapshot(bytes([2])), FrameFault);
  assert.throws(
    () =>
      readSnapshot(bytes([1, 1, 0, 1, 1, 1, ...encode.varint(2 ** 31), ...encode.varint(2 ** 31)])),
    FrameFault,
  );
});

/** A frame as plain data, its columns filled in over the column that the vector gives. */
function plain({ kind, body }, previous) {
  const filled = (column) => cells(column, previous);
  if (kind === 'tick') {
    return {
      kind,
      open: body.open,
      revise: body.revise,
      blocks: body.blocks.map(({ column, ...rest }) => ({ ...rest, values: filled(column) })),
    };
  }
  if (kind === 'batch') {
    return {
      kind,
      ...body,
      columns: body.columns.map((column) => filled(column)),
      revised: body.revised.map(({ n, column }) => ({ n, values: filled(column) })),
    };
  }
  return { kind, body };
}

test('the vectors shared with the server mean the same in both forms', () => {
  const vectors = JSON.parse(readFileSync(VECTORS, 'utf8'));
  assert.ok(vectors.length >= 4);
  for (const { name, previous = [], hex, json } of vectors) {
    const binary = readMessage(bytes(Buffer.from(hex, 'hex')));
    const lines = readMessage(json.map((frame) => JSON.stringify(frame)).join('\n'));
    assert.deepEqual(
      binary.map((frame) => plain(frame, previous)),
      lines.map((frame) => plain(frame, previous)),
      name,
    );
  }
});
