/** What views are made of: elements that are written only where something changed. */

const SVG = 'http://www.w3.org/2000/svg';

/** Written only when it changed.
 * @param {Element} element @param {string} name @param {string | null | undefined} value none:
 *   the attribute goes */
export function set(element, name, value) {
  if (value == null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Written only when it changed. @param {Node} node @param {string} text */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @template {keyof SVGElementTagNameMap} K
 * @param {K} name @param {Record<string, string>} [attributes]
 * @returns {SVGElementTagNameMap[K]} */
export function svg(name, attributes = {}) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  return element;
}

/** @template {keyof HTMLElementTagNameMap} K
 * @param {K} name @param {string} [className] @returns {HTMLElementTagNameMap[K]} */
export function html(name, className) {
  const element = document.createElement(name);
  if (className) element.className = className;
  return element;
}

/** A box that scrolls, and so can be reached by keys. @param {string} className
 * @param {string} label */
export function scroller(className, label) {
  const box = html('div', className);
  box.tabIndex = 0;
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', label);
  return box;
}

/** Brings a list of parts to a length, so that an update touches nothing else.
 * @template T @param {T[]} list @param {number} length @param {() => T} make
 * @param {(part: T) => void} drop */
export function resize(list, length, make, drop) {
  while (list.length < length) list.push(make());
  while (list.length > length) drop(/** @type {T} */ (list.pop()));
}

/** A share as an attribute has it: `12.3%`. @param {number} share */
export const percent = (share) => `${Math.round(1000 * share) / 10}%`;
