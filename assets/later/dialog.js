/** A dialog over the page: a heading, what it shows, and a button that closes it. */

import { make } from '../elements/build.js';

/** Opens one, and takes it away when it is closed; what had the focus gets it back.
 * @param {string} title @param {string} name its class @param {Node[]} children */
export function dialog(title, name, children) {
  const close = make('button', { type: 'button', class: 'icon', 'aria-label': 'Close' }, ['×']);
  const heading = make('h2', { id: `${name}-title` }, [title]);
  const box = make('dialog', { class: `over ${name}`, 'aria-labelledby': `${name}-title` }, [
    make('header', {}, [heading, close]),
    ...children,
  ]);
  close.addEventListener('click', () => box.close());
  // A press beside it closes it as well.
  box.addEventListener('pointerdown', ({ target, clientX: x, clientY: y }) => {
    const { left, right, top, bottom } = box.getBoundingClientRect();
    if (target === box && (x < left || x > right || y < top || y > bottom)) box.close();
  });
  box.addEventListener('close', () => box.remove());
  // Its heading is none of the page's own there.
  (document.querySelector('main') ?? document.body).append(box);
  box.showModal();
  return box;
}
