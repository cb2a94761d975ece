/**
 * Sections of a board: parts under a heading that can be closed. Which of them a reader has closed
 * is remembered for each board. Loaded by pages that have some.
 */

import { make } from '../elements/build.js';

const CLOSED = 'watchglass.closed';
/** Closed sections that are remembered. */
const REMEMBERED_MAX = 200;

const boxes = () =>
  /** @type {HTMLDetailsElement[]} */ ([...document.querySelectorAll('details.section')]);

/** What a closed section is remembered by. @param {HTMLElement} box */
const keyOf = (box) => `${location.pathname} ${box.dataset.section}`;

/** @returns {string[]} */
function closed() {
  try {
    const known = JSON.parse(localStorage.getItem(CLOSED) ?? '[]');
    return Array.isArray(known) ? known : [];
  } catch {
    // Without a memory every section is open.
    return [];
  }
}

/** @param {HTMLDetailsElement} box */
function remember(box) {
  const key = keyOf(box);
  const others = closed().filter((other) => other !== key);
  const known = box.open ? others : [...others, key].slice(-REMEMBERED_MAX);
  try {
    localStorage.setItem(CLOSED, JSON.stringify(known));
  } catch {
    // It is closed until the page is left.
  }
}

let listens = false;

/** Remembers what is closed from now on. */
function listen() {
  if (listens) return;
  listens = true;
  // It does not bubble.
  document.addEventListener(
    'toggle',
    ({ target }) => {
      if (target instanceof HTMLDetailsElement && target.matches('.section')) remember(target);
    },
    true,
  );
}

/** Closes what was closed earlier, and remembers what is closed from now on. */
export function recallSections() {
  const known = closed();
  for (const box of boxes()) if (known.includes(keyOf(box))) box.open = false;
  listen();
}

/** The grid of a section, made behind the others if need be; that above all sections without a
 * title. @param {string} title @returns {Element | null | undefined} */
export function gridOf(title) {
  // An embed is one grid, whatever its sections are called.
  const alone = document.documentElement.dataset.mode === 'embed';
  if (!title || alone) return document.querySelector('main > .grid');
  const known = boxes().find((box) => box.dataset.section === title);
  if (known) return known.querySelector('.grid');
  const grid = make('div', { class: 'grid' });
  const heading = make('summary', {}, [make('h2', {}, [title]), make('span', { class: 'sub' })]);
  const box = make('details', { class: 'section', 'data-section': title }, [heading, grid]);
  box.open = !closed().includes(keyOf(box));
  document.querySelector('main')?.append(box);
  listen();
  return grid;
}

/** Takes out sections that have become empty, and counts the panels of the others. */
export function tidy() {
  for (const box of boxes()) {
    const count = box.querySelectorAll('wg-panel').length;
    if (count === 0) box.remove();
    const sub = box.querySelector('summary .sub');
    if (sub && sub.textContent !== String(count)) sub.textContent = String(count);
  }
}
