/** The board: holes are asked for, blocks are held until a window stands. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { readMessage } from '../../../assets/frame.js';
import { Board } from '../../../assets/subscription.js';
import { snapshot } from './encode.js';

const DOCUMENT = {
  slug: 'overview',
  revision: 1,
  panels: [{ panel: 'cpu', channels: [7], spec: {} }],
};
const WINDOW = {
  channel: 7,
  epoch: 'e',
  seq: 5,
  stepMs: 1000,
  n: 10,
  series: [{ labels: { a: '1' }, values: [1, 2, 3] }],
};
const base64 = (window) => Buffer.from(snapshot(window)).toString('base64');

/** @type {object[]} */
let sent = [];
let faults = 0;
let now = 0;
let seen = true;

beforeEach(() => {
  sent = [];
  faults = 0;
  now = 1_000_000;
  seen = true;
});

/** A board whose first window stood in the page, or not. */
function board(t, snapshots = { 7: base64(WINDOW) }) {
  t.mock.method(Date, 'now', () => now);
  const made = new Board(
    { time: 0, build: 'b', board: structuredClone(DOCUMENT), range_ms: 300_000, snapshots, at: {} },
    {
      only: null,
      seen: () => seen,
      send: (command) => sent.push(command),
      changed: () => {},
      board: () => {},
      said: () => {},
      fault: () => {
        faults += 1;
      },
    },
  );
  sent.push(...made.commands());
  return made;
}
const receive = (made, ...frames) =>
  frames.forEach((frame) => made.receive(readMessage(JSON.stringify(frame))[0]));
const tick = (seq, n, value) => ({
  tick: { blocks: [{ channel: 7, seq, n, values: [[0, value]] }] },
});
const value = (made, n) => made.channel(7).window.value(0, n);

test('the first subscription starts where the page stands', (t) => {
  board(t);
  assert.deepEqual(sent, [
    { sub: { id: 1, board: 'overview', range: '5m', from: { 7: { epoch: 'e', seq: 5 } } } },
  ]);
});

test('a hole is held, asked for once, and filled by a batch', (t) => {
  const made = board(t);
  receive(made, tick(6, 11, 4));
  now += 5000;
  receive(made, tick(8, 13, 6), tick(9, 14, 7));
  assert.equal(value(made, 14), null, 'nothing is drawn over a hole');
  assert.deepEqual(sent.slice(1), [
    { unsub: 1 },
    { sub: { id: 2, board: 'overview', range: '5m', from: { 7: { epoch: 'e', seq: 6 } } } },
  ]);
  receive(made, {
    batch: { channel: 7, seq: 8, after: 6, revised: [], from_n: 12, columns: [[[0, 5]], [[0, 6]]] },
  });
  assert.deepEqual(
    [11, 12, 13, 14].map((n) => value(made, n)),
    [4, 5, 6, 7],
  );
});

test('a batch for another place is not taken', (t) => {
  const made = board(t);
  now += 5000;
  receive(made, {
    batch: { channel: 7, seq: 9, after: 7, revised: [], from_n: 13, columns: [[[0, 6]]] },
  });
  assert.deepEqual([value(made, 13), sent.length], [null, 3]);
  assert.deepEqual(sent[2].sub.from, { 7: { epoch: 'e', seq: 5 } });
});

test('a window that is fetched takes the blocks that came meanwhile', async (t) => {
  t.mock.method(globalThis, 'fetch', async () => new Response(Uint8Array.from(snapshot(WINDOW))));
  const made = board(t, {});
  receive(
    made,
    { schema: { channel: 7, epoch: 'e', step_ms: 1000, series: [{ a: '1' }] } },
    { at: { channel: 7, seq: 5, n: 10, snapshot: '/live/snapshot/x' } },
    tick(6, 11, 4),
    tick(7, 12, 5),
  );
  assert.equal(made.channel(7).window, null);
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  assert.deepEqual(
    [10, 11, 12].map((n) => value(made, n)),
    [3, 4, 5],
  );
});

test('the newest column in progress that came meanwhile is taken too', async (t) => {
  t.mock.method(globalThis, 'fetch', async () => new Response(Uint8Array.from(snapshot(WINDOW))));
  const made = board(t, {});
  const open = (/** @type {number} */ amount) => ({
    tick: { open: true, blocks: [{ channel: 7, seq: 5, n: 11, values: [[0, amount]] }] },
  });
  receive(
    made,
    { schema: { channel: 7, epoch: 'e', step_ms: 1000, series: [{ a: '1' }] } },
    { at: { channel: 7, seq: 5, n: 10, snapshot: '/live/snapshot/x' } },
    open(4),
    open(6),
  );
  assert.equal(made.channel(7).held.length, 1, 'each replaces the one before');
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  assert.deepEqual([value(made, 10), value(made, 11)], [3, 6]);
});

test('the window of what nobody sees is fetched when somebody does', async (t) => {
  const answer = async () => new Response(Uint8Array.from(snapshot(WINDOW)));
  const fetched = t.mock.method(globalThis, 'fetch', answer);
  seen = false;
  const made = board(t, {});
  const at = { channel: 7, seq: 5, n: 10, snapshot: '/live/snapshot/x' };
  receive(made, { at }, tick(6, 11, 4));
  now += 60_000;
  receive(made, tick(7, 12, 5));
  assert.deepEqual([fetched.mock.callCount(), sent.length], [0, 1]);
  made.want(7);
  made.want(7);
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  assert.equal(fetched.mock.callCount(), 1);
  assert.deepEqual([value(made, 10), value(made, 12)], [3, 5]);
});

test('series added in the schema count from the next column', (t) => {
  const made = board(t);
  receive(
    made,
    { schema: { channel: 7, epoch: 'e', step_ms: 1000, series: [{ a: '2' }], append: 1 } },
    { tick: { blocks: [{ channel: 7, seq: 6, n: 11, values: [[1, 8]] }] } },
  );
  assert.deepEqual(
    [made.channel(7).window.labels, made.channel(7).window.value(1, 11)],
    [[{ a: '1' }, { a: '2' }], 8],
  );
});

test('another epoch keeps the picture but not the place', (t) => {
  const made = board(t);
  receive(
    made,
    { schema: { channel: 7, epoch: 'other', step_ms: 1000, series: [{ a: '1' }] } },
    tick(6, 11, 4),
  );
  assert.deepEqual([value(made, 10), value(made, 11)], [3, null]);
  assert.equal(made.commands()[0].sub.from, undefined);
});

test('a narrower range of the same step goes on from where it is, a wider one starts anew', (t) => {
  const made = board(t);
  made.setRange(60_000);
  made.setRange(900_000);
  assert.deepEqual(sent.slice(1), [
    { unsub: 1 },
    { sub: { id: 2, board: 'overview', range: '1m', from: { 7: { epoch: 'e', seq: 5 } } } },
    { unsub: 2 },
    { sub: { id: 3, board: 'overview', range: '15m' } },
  ]);
});

test('a broken window in the page is a fault, and the page goes on', (t) => {
  board(t, { 7: 'AAAA' });
  assert.equal(faults, 1);
  assert.equal(sent[0].sub.from, undefined);
});
