/** What a few letters find. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { best, fit } from '../../../assets/later/match.js';

const entry = (/** @type {string} */ text, group = 'g', beside = '') => ({ group, text, beside });
const texts = (/** @type {{text: string}[]} */ entries) => entries.map(({ text }) => text);

test('letters are found in their order, whole words before scattered letters', () => {
  assert.equal(fit('node_cpu_seconds_total', 'xyz'), null);
  assert.equal(fit('abc', 'cb'), null);
  const names = ['cancel_previous_units', 'recpul', 'node_cpu_seconds_total', 'cpu'];
  assert.deepEqual(texts(best('CPU', names.map((name) => entry(name)), 9)), [
    'cpu',
    'node_cpu_seconds_total',
    'recpul',
    'cancel_previous_units',
  ].filter((name) => fit(name, 'cpu') !== null));
  assert.ok(Number(fit('node_cpu_seconds', 'ncs')) > Number(fit('unicycles', 'ncs')));
});

test('the group with the best entry comes first, and shows so many', () => {
  const entries = [
    entry('memory', 'a'),
    entry('disk'),
    entry('disk free'),
    entry('disk used'),
    entry('a disk', 'a'),
  ];
  assert.deepEqual(texts(best('di sk', entries, 2)), ['disk', 'disk free', 'a disk']);
  assert.deepEqual(texts(best('', entries, 2)), ['memory', 'a disk', 'disk', 'disk free']);
});

test('what stands beside an entry finds it as well', () => {
  const entries = [entry('Last 1 h', 'g', '1h'), entry('Times')];
  assert.deepEqual(texts(best('1h', entries, 9)), ['Last 1 h']);
});
