/**
 * The parts of a panel as the server writes them, for panels that appear later and for bodies that
 * were empty so far. Elements are made one by one: the content policy lets no text become HTML.
 */

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

/** What stands behind the `i` in a panel's head: what it shows, and where it leads.
 * @param {import('../subscription.js').Spec} spec @returns {Node[]} */
export function about({ id, title, description, links = [] }) {
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

/** A word in a panel's head that comes and goes.
 * @param {Element} panel @param {string} name @param {string} text @param {string} [level] */
export function headWord(panel, name, text, level) {
  let word = /** @type {HTMLElement | null} */ (panel.querySelector(`.head .${name}`));
  if (!text) return word?.remove();
  if (!word) panel.querySelector('.head')?.append((word = make('span', { class: name })));
  if (word && word.textContent !== text) word.textContent = text;
  if (word && level) word.dataset.level = level;
  return undefined;
}
