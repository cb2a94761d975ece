/** Which time a page shows, and its address. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { endsOf, moved, read, scaled, stretch, written } from '../../../assets/when.js';

const NOW = 1_800_000_000_000;

test('a stretch is of whole seconds, and never too short or too long', () => {
  assert.deepEqual(stretch(10_400, 70_600), { fromMs: 10_000, toMs: 70_000 });
  assert.deepEqual(stretch(100_000, 100_100), { fromMs: 95_000, toMs: 105_000 });
  const { fromMs, toMs } = stretch(0, 1e15);
  assert.equal(toMs - fromMs, 730 * 86_400_000);
});

test('moving goes into the past, and comes back to the live page at the present', () => {
  const back = moved({ rangeMs: 300_000 }, -0.5, NOW);
  assert.deepEqual(back, { fromMs: NOW - 450_000, toMs: NOW - 150_000 });
  assert.deepEqual(moved(back, 0.5, NOW), { rangeMs: 300_000 });
  assert.deepEqual(moved(back, 0.25, NOW), { fromMs: NOW - 375_000, toMs: NOW - 75_000 });
  // Shorter than any live page: it stays a stretch.
  const short = { fromMs: NOW - 30_000, toMs: NOW - 10_000 };
  assert.deepEqual(moved(short, 0.5, NOW), { fromMs: NOW - 20_000, toMs: NOW });
});

test('zooming keeps the middle of the past, and the end of a live page', () => {
  assert.deepEqual(scaled({ fromMs: 100_000, toMs: 200_000 }, 0.5), {
    fromMs: 125_000,
    toMs: 175_000,
  });
  assert.deepEqual(scaled({ rangeMs: 300_000 }, 2), { rangeMs: 600_000 });
  assert.deepEqual(scaled({ rangeMs: 60_000 }, 0.5), { rangeMs: 60_000 });
});

test('an address says it, and all else in it stays', () => {
  const address = 'http://h/d/x?theme=light&range=5m';
  const past = written(address, { fromMs: 1_700_000_000_000, toMs: 1_700_000_060_000 });
  assert.equal(past, 'http://h/d/x?theme=light&from=1700000000000&to=1700000060000');
  assert.equal(written(past, { rangeMs: 3_600_000 }), 'http://h/d/x?theme=light&range=1h');
  const said = (/** @type {string} */ text) => read(new URL(text).searchParams);
  assert.deepEqual(said(past), { fromMs: 1_700_000_000_000, toMs: 1_700_000_060_000 });
  assert.deepEqual(said(address), { rangeMs: 300_000 });
  assert.deepEqual(said('http://h/?range=2d'), { rangeMs: 172_800_000 });
  for (const none of ['', '?range=soon', '?from=5', '?from=60000&to=1'])
    assert.equal(said(`http://h/${none}`), null);
  assert.deepEqual(endsOf({ rangeMs: 60_000 }, NOW), { fromMs: NOW - 60_000, toMs: NOW });
});
