/**
 * The parts of a panel as the server writes them, for panels that appear later and for bodies that
 * were empty so far. Elements are made one by one: the content policy lets no text become HTML.
 */

import { write } from '../parts/elements.js';

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(name, attributes = {}, children = []) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** What stands in a body while there is nothing to draw. @param {string} [text] */
export function emptyNote(text = 'nothing to show yet') {
  return make('p', { class: 'empty' }, [make('span', {}, [text])]);
}

/** A word in a panel's head that comes and goes.
 * @param {Element} panel @param {string} name @param {string} text @param {string} [level] */
export function headWord(panel, name, text, level) {
  let word = /** @type {HTMLElement | null} */ (panel.querySelector(`.head .${name}`));
  if (!text) return word?.remove();
  if (!word) panel.querySelector('.head')?.append((word = make('span', { class: name })));
  if (word) write(word, text);
  if (word && level) word.dataset.level = level;
  return undefined;
}
