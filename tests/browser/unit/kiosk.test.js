/** How a page that is too long for a screen on a wall is cut into screens. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

const place = (/** @type {number} */ start, /** @type {number} */ end) => ({
  panel: /** @type {any} */ (null),
  start,
  end,
});
// It looks at the document when it is loaded.
Object.assign(globalThis, { document: { documentElement: {} } });
const { cut } = await import('../../../assets/later/kiosk.js');

test('what fits is one screen', () => {
  assert.deepEqual(cut([place(0, 2), place(2, 7)], 7), [[0, 7]]);
  assert.deepEqual(cut([], 7), [[0, 1]]);
});

test('no panel is cut, and the last screen is as full as it can be', () => {
  const rows = [place(0, 2), place(0, 2), place(2, 7), place(7, 12), place(12, 16)];
  assert.deepEqual(cut(rows, 12), [
    [0, 12],
    [7, 16],
  ]);
  assert.deepEqual(cut(rows, 6), [
    [0, 2],
    [2, 7],
    [7, 12],
    [12, 16],
  ]);
  // One that is low beside one that is high is shown with both that come before and after it.
  assert.deepEqual(cut([place(0, 3), place(3, 9), place(3, 5)], 6), [
    [0, 5],
    [3, 9],
  ]);
});

test('a screen is never lower than the highest panel', () => {
  assert.deepEqual(cut([place(0, 12), place(12, 14)], 5), [
    [0, 12],
    [12, 14],
  ]);
});
