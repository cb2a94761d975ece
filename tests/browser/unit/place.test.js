/**
 * What stands at the cursor of a query: `|` is the cursor.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf } from '../../../assets/explore/place.js';

test('a word is completed as what it can be there', () => {
  const check = (/** @type {string} */ before, /** @type {string | null} */ expected) => {
    const place = placeOf(before);
    const told = place && `${place.kind} ${place.word} ${place.metric} ${place.label}`;
    assert.equal(told?.trim().replace(/ +/g, ' ') ?? null, expected, before);
    if (place) assert.equal(before.slice(place.start), place.word);
  };
  check('', null);
  check('no', 'name no');
  check('sum by (mo', 'label mo');
  check('sum by (mode, c', 'label c');
  check('sum by (mode) (ra', 'name ra');
  check('rate(node_cpu{', 'label node_cpu');
  check('rate(node_cpu{mo', 'label mo node_cpu');
  check('rate(node_cpu{mode="user", c', 'label c node_cpu');
  check('node_cpu{mode="', 'value node_cpu mode');
  check('node_cpu{mode=~"us', 'value us node_cpu mode');
  check("node_cpu{a=\"x\\\"}\", mode!='i", 'value i node_cpu mode');
  check('node_cpu{mode', 'label mode node_cpu');
  check('node_cpu{mode=', null);
  check('rate(node_cpu{mode="user"}[5m', null);
  check('rate(node_cpu{mode="user"}[5m]) + a', 'name a');
  check('a # note', null);
  check('a # note\n+ b', 'name b');
  check('label_replace(a, "x', null);
  check('5m', null);
});
