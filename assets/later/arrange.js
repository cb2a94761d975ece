/**
 * Keeps the page in step with the board: panels that came are put in, those that went are taken
 * out, those that are others are made anew; what stands beside the panels follows as well. Loaded
 * when a board is first another one than its page was made for.
 *
 * @import { Document, Place, Spec } from '../subscription.js'
 * @import { Panel } from '../elements/panel.js'
 */

import { emptyNote, make } from '../elements/build.js';
import { gridOf, tidy } from './sections.js';
import { showChoice } from './fields.js';

/** What a panel's element and view were made from; another document needs others.
 * @param {Place} place */
const shapeOf = ({ spec }) => JSON.stringify(spec);

/** What stands behind the `i` in a panel's head: what it shows, and where it leads.
 * @param {Spec} spec @returns {Node[]} */
function about({ id, title, description, links = [] }) {
  if (!description && links.length === 0) return [];
  const label = `Information on ${title}`;
  const behind = links.map(({ title, url }) =>
    make('p', {}, [make('a', { href: url, target: '_blank', rel: 'noopener' }, [title])]),
  );
  if (description) behind.unshift(make('p', {}, [description]));
  const button = { type: 'button', class: 'i', popovertarget: `i-${id}`, 'aria-label': label };
  return [
    make('button', button, ['i']),
    make('div', { class: 'about', id: `i-${id}`, popover: '' }, behind),
  ];
}

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
  const alone = new URLSearchParams(location.search).get('name') === spec.metric;
  const address = `/d/metric?name=${encodeURIComponent(spec.metric ?? '')}`;
  const title = spec.metric && !alone ? make('a', { href: address }, [spec.title]) : spec.title;
  const head = make('header', { class: 'head' }, [make('h2', { id: `t-${spec.id}` }, [title])]);
  if (spec.subtitle) head.append(make('span', { class: 'sub' }, [spec.subtitle]));
  head.append(...about(spec));
  panel.append(head, make('div', { class: 'body' }, [emptyNote(spec.no_data)]));
  return panel;
}

/** Says what there is to say of the board: its name, what is chosen, and what is wrong with its
 * file. @param {Document} document */
function told({ spec }) {
  const { title, mistakes = [], gone } = spec;
  showChoice(spec);
  const heading = document.querySelector('.bar h1');
  if (title && heading && heading.textContent !== title) {
    heading.textContent = title;
    document.title = `${title} · Watchglass`;
  }
  const box = document.getElementById('mistakes');
  if (!box) return;
  const words = gone
    ? 'This dashboard was removed: no file has it any more.'
    : 'A dashboard file has mistakes. What was good in it last is shown.';
  const items = mistakes.map((line) => make('li', {}, [make('code', {}, [line])]));
  const [fresh, is] = [make('p', {}, [words]), box.textContent];
  box.hidden = !gone && items.length === 0;
  // What is said already is not said again.
  if (words + mistakes.join('') !== is) box.replaceChildren(fresh, make('ul', {}, items));
}

/** Says in an embed, where nothing else would, that nothing is left. @param {boolean} empty */
function emptied(empty) {
  const note = document.querySelector('.grid > .empty');
  if (!empty || document.getElementById('mistakes')) return note?.remove();
  const words = 'this was removed: no dashboard file has it any more';
  if (!note) document.querySelector('.grid')?.append(emptyNote(words));
  return undefined;
}

/** @param {Place[]} places those that stand in the page already
 * @param {Set<Panel>} shown the panels on the page
 * @returns {(document: Document) => void} */
export function arranger(places, shown) {
  const shapes = new Map(places.map((place) => [place.panel, shapeOf(place)]));
  return (board) => {
    told(board);
    const { panels } = board;
    const wanted = new Set(panels.map(({ panel }) => panel));
    for (const panel of [...shown]) if (!wanted.has(panel.id)) panel.remove();
    /** @type {Map<Element, Element>} the panel that stands last so far in each grid */
    const last = new Map();
    for (const place of panels) {
      const grid = gridOf(place.spec.section ?? '');
      if (!grid) return;
      const before = last.get(grid);
      let element = document.getElementById(place.panel);
      const shape = shapeOf(place);
      if (element && shapes.has(place.panel) && shapes.get(place.panel) !== shape) {
        const fresh = panelElement(place.spec);
        element.replaceWith(fresh);
        element = fresh;
      }
      element ??= panelElement(place.spec);
      /** @type {Element | null} */
      const here = before ? before.nextElementSibling : grid.firstElementChild;
      if (here !== element) {
        if (before) before.after(element);
        else grid.prepend(element);
      }
      shapes.set(place.panel, shape);
      last.set(grid, element);
    }
    tidy();
    emptied(panels.length === 0);
  };
}
