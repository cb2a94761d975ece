/**
 * A text. The server reads its Markdown; what comes here is a tree of letters and elements.
 *
 * @import { Spec, TextNode } from '../subscription.js'
 */

import { html, scroller } from '../parts/elements.js';

/** @param {TextNode[]} nodes @returns {(Node | string)[]} */
function elements(nodes) {
  return nodes.map((node) => {
    if (typeof node === 'string') return node;
    const [name, href, children] = node;
    const element = html(name);
    if (href && element instanceof HTMLAnchorElement) {
      element.href = href;
      // A board goes on beside the page that a link leads to.
      element.target = '_blank';
      element.rel = 'noopener';
    }
    element.append(...elements(children));
    return element;
  });
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const box = scroller('md', spec.title);
  box.append(...elements(spec.text ?? []));
  // What the server wrote is the same, and may be under somebody's eyes.
  if (host.firstElementChild?.textContent !== box.textContent) host.replaceChildren(box);
  return { update() {}, resize() {}, destroy() {} };
}
