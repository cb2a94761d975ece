/** Which series a reader wants to see, and how the address tells it. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Chosen } from '../../../assets/elements/chosen.js';

const rows = ['user', 'system', 'a:b&c'].map((name) => ({ name }));
const [user, system, odd] = rows;

/** The page's address, as the module changes it. @type {URL} */
let address;
globalThis.history = { state: null, replaceState: (_state, _title, url) => visit(url) };

function visit(url) {
  address = new URL(url, 'http://here/');
  globalThis.location = address;
}

const shown = (chosen) => rows.filter(chosen.has).map(({ name }) => name);
const chosenOf = (panel = 'cpu') => {
  const chosen = new Chosen({ id: panel });
  chosen.recall();
  return chosen;
};

beforeEach(() => visit('/d/x?range=5m&only=other:user'));

test('a press shows a series alone, another press all of them', () => {
  const chosen = chosenOf();
  assert.deepEqual(shown(chosen), ['user', 'system', 'a:b&c']);
  chosen.press(odd, rows, false);
  assert.deepEqual(shown(chosen), ['a:b&c']);
  assert.deepEqual(address.searchParams.getAll('only'), ['other:user', 'cpu:a:b&c']);
  assert.deepEqual(shown(chosenOf()), ['a:b&c'], 'a copied address shows the same');
  chosen.press(system, rows, false);
  assert.deepEqual(shown(chosen), ['system']);
  chosen.press(system, rows, false);
  assert.deepEqual(shown(chosen), ['user', 'system', 'a:b&c']);
  assert.equal(address.search, '?range=5m&only=other%3Auser', 'the rest of the address stays');
});

test('with a key a series comes and goes, and the last one stays', () => {
  const chosen = chosenOf();
  chosen.press(user, rows, true);
  assert.deepEqual(shown(chosen), ['system', 'a:b&c']);
  assert.deepEqual(address.searchParams.getAll('hide'), ['cpu:user']);
  chosen.press(system, rows, true);
  chosen.press(odd, rows, true);
  assert.deepEqual(shown(chosen), ['a:b&c'], 'a chart of nothing helps nobody');
  chosen.press(user, rows, true);
  assert.deepEqual(shown(chosen), ['user', 'a:b&c']);
});

test('to what is shown alone another one is added, and a newcomer is not', () => {
  const chosen = chosenOf();
  chosen.press(user, rows, false);
  chosen.press(system, rows, true);
  assert.deepEqual(shown(chosen), ['user', 'system']);
  assert.equal(chosen.has({ name: 'later' }), false);
});

test('an address that changes is told', () => {
  const chosen = chosenOf();
  assert.equal(chosen.recall(), false);
  visit('/d/x?hide=cpu:user');
  assert.equal(chosen.recall(), true);
  assert.deepEqual(shown(chosen), ['system', 'a:b&c']);
});
