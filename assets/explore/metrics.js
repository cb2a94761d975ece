/**
 * The list of metrics: narrowed as one types, its newest values asked for again while they are on
 * screen.
 */

import { format } from '../units.js';

const AGAIN_MS = 5000;
/** Names that are asked for at once. */
const NAMES_MAX = 60;

/** Keeps the list on the page alive. */
export function follow() {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.metrics tbody tr')]);
  const search = /** @type {HTMLInputElement | null} */ (document.getElementById('search'));
  const found = document.getElementById('found');
  search?.addEventListener('input', () => {
    const part = search.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.dataset.name?.toLowerCase().includes(part);
    const shown = rows.filter((row) => !row.hidden).length;
    if (found) found.textContent = `${shown} of ${rows.length}`;
  });
  /** @type {Set<Element>} */
  const seen = new Set();
  const observer = new IntersectionObserver((entries) =>
    entries.forEach(({ target, isIntersecting }) =>
      isIntersecting ? seen.add(target) : seen.delete(target),
    ),
  );
  rows.forEach((row) => observer.observe(row));
  setInterval(() => {
    const shown = rows.filter((row) => seen.has(row)).slice(0, NAMES_MAX);
    if (!document.hidden && shown.length > 0) void refresh(shown);
  }, AGAIN_MS);
}

/** The value of each metric by name. @param {string} operation @param {string} names
 * @returns {Promise<Map<string, number>>} */
async function ask(operation, names) {
  const query = `${operation} by (__name__) ({__name__=~"${names}"})`;
  const body = new URLSearchParams({ query });
  const answer = await fetch('/api/v1/query', { method: 'POST', body });
  const { data } = await answer.json();
  const series = /** @type {{metric: {__name__: string}, value: [number, string]}[]} */ (
    answer.ok ? data.result : []
  );
  return new Map(series.map(({ metric, value }) => [metric.__name__, Number(value[1])]));
}

/** @param {HTMLElement[]} rows */
async function refresh(rows) {
  const escaped = (/** @type {HTMLElement} */ { dataset }) =>
    JSON.stringify(String(dataset.name).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).slice(1, -1);
  const names = rows.map(escaped).join('|');
  const both = await Promise.all([ask('min', names), ask('max', names)]).catch(() => null);
  if (!both) return;
  for (const row of rows) {
    const [least, most] = both.map((values) => values.get(row.dataset.name ?? ''));
    const text = (/** @type {number | undefined} */ value) =>
      value === undefined ? '' : format(value, row.dataset.unit ?? 'none', null);
    const cell = row.querySelector('td');
    const words = least === most ? text(least) : `${text(least)} … ${text(most)}`;
    if (cell && cell.textContent !== words) cell.textContent = words;
  }
}
