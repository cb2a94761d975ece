/**
 * Keeps the panels on the page in step with the board: those that came are put in, those that went
 * are taken out.
 *
 * @import { Document, Place, Spec } from '../subscription.js'
 * @import { Panel } from './panel.js'
 */

import { emptyNote, make } from './build.js';

/** What a panel's element was made from; another shape needs another element.
 * @param {Place} place */
const shapeOf = ({ spec }) => `${spec.kind} ${spec.width} ${spec.height} ${spec.title}`;

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

/** @param {Place[]} places those that stand in the page already
 * @param {Set<Panel>} shown the panels on the page
 * @returns {(document: Document) => void} */
export function arranger(places, shown) {
  const shapes = new Map(places.map((place) => [place.panel, shapeOf(place)]));
  return ({ panels }) => {
    const grid = document.querySelector('.grid');
    if (!grid) return;
    const wanted = new Set(panels.map(({ panel }) => panel));
    for (const panel of [...shown]) if (!wanted.has(panel.id)) panel.remove();
    /** @type {Element | null} */
    let before = null;
    for (const place of panels) {
      let element = document.getElementById(place.panel);
      const shape = shapeOf(place);
      if (element && shapes.has(place.panel) && shapes.get(place.panel) !== shape) {
        const fresh = panelElement(place.spec);
        element.replaceWith(fresh);
        element = fresh;
      }
      if (!element) {
        element = panelElement(place.spec);
        if (before) before.after(element);
        else grid.prepend(element);
      }
      shapes.set(place.panel, shape);
      before = element;
    }
  };
}
