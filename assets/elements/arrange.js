/**
 * The panels of a board while the board changes: those that came are put in, those that went are
 * taken out. A page that is open follows its board without being loaded again.
 *
 * @import { Document, Spec } from '../subscription.js'
 */

import { emptyNote, make } from './build.js';

/** What a panel's element is made from; another panel needs another one. @param {Spec} spec */
const shapeOf = ({ kind, width, height, title }) => `${kind} ${width} ${height} ${title}`;

/** A whole panel, empty. @param {Spec} spec */
function panelElement(spec) {
  const panel = document.createElement('wg-panel');
  const attributes = {
    class: `panel k-${spec.kind}`,
    id: spec.id,
    role: 'group',
    'data-w': String(spec.width),
    'data-h': String(spec.height),
    'aria-labelledby': `t-${spec.id}`,
  };
  for (const [key, value] of Object.entries(attributes)) panel.setAttribute(key, value);
  const head = make('header', { class: 'head' }, [
    make('h2', { id: `t-${spec.id}` }, [spec.title]),
  ]);
  if (spec.subtitle) head.append(make('span', { class: 'sub' }, [spec.subtitle]));
  panel.append(head, make('div', { class: 'body' }, [emptyNote()]));
  return panel;
}

/** What puts the panels of a board on the page, in their order.
 * @param {Document} board what is on the page now */
export function arranger(board) {
  const shapes = new Map(board.panels.map(({ panel, spec }) => [panel, shapeOf(spec)]));
  return (/** @type {Document} */ { panels }) => {
    const grid = document.querySelector('.grid');
    const wanted = new Set(panels.map(({ panel }) => panel));
    for (const element of document.querySelectorAll('wg-panel')) {
      if (!wanted.has(element.id)) element.remove();
    }
    /** @type {Element | null} */
    let before = null;
    for (const { panel, spec } of panels) {
      let element = document.getElementById(panel);
      if (element && shapes.get(panel) !== shapeOf(spec)) {
        const fresh = panelElement(spec);
        element.replaceWith(fresh);
        element = fresh;
      }
      if (!element) {
        element = panelElement(spec);
        if (before) before.after(element);
        else grid?.prepend(element);
      }
      shapes.set(panel, shapeOf(spec));
      before = element;
    }
  };
}
