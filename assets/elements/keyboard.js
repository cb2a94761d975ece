/**
 * The keys of a page. Those that are single characters can be turned off: whoever speaks to their
 * device, or presses keys unmeant, would pause the page with a word.
 *
 * @import { Actions } from '../controls.js'
 * @typedef {{keys: () => void, palette: () => void}} Asked  what is opened over the page
 */

/** By how much of what is shown an arrow moves it. @type {Record<string, number>} */
const ARROWS = { ArrowLeft: -0.5, ArrowRight: 0.5 };
/** What a page is compared with, one press after the other. */
const COMPARED = ['', 'period', '1d', '7d'];
/** What has a use of its own for them. */
const OWN_ARROWS = '.plot, .tbl, .data, .legend';
/** Where keys write, or are somebody else's. */
const OWN_KEYS = 'input, select, textarea, [contenteditable], dialog, [popover]';
const OFF = 'watchglass.keys';

/** Whether single characters are keys, as this browser remembers it. */
export const singleKeys = {
  get on() {
    return localStorage.getItem(OFF) !== 'off';
  },
  set on(on) {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, 'off');
  },
};

/** The panel whose middle lies nearest in the direction of an arrow.
 * @param {Element} from @param {string} arrow */
function beside(from, arrow) {
  const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
    arrow
  ] ?? [0, 0];
  const middle = (/** @type {Element} */ panel) => {
    const { left, top, width, height } = panel.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2, width, height };
  };
  const start = middle(from);
  let [nearest, least] = [/** @type {HTMLElement | null} */ (null), Infinity];
  for (const panel of document.querySelectorAll('wg-panel')) {
    const there = middle(panel);
    if (panel === from || there.height === 0) continue;
    const [dx, dy] = [there.x - start.x, there.y - start.y];
    const along = dx * x + dy * y;
    // What lies to the side counts twice: rows and columns are followed.
    const distance = along + 2 * Math.abs(x ? dy : dx);
    if (along > 1 && distance < least)
      [nearest, least] = [/** @type {HTMLElement} */ (panel), distance];
  }
  return nearest;
}

/** Makes the first panel one that Tab reaches, if none is; arrows lead on from there. */
export function reachable() {
  if (document.querySelector('wg-panel[tabindex="0"]')) return;
  const first = /** @type {HTMLElement | null} */ (document.querySelector('wg-panel'));
  if (first) first.tabIndex = 0;
}

/** Goes from a panel to the one beside it, if there is one.
 * @param {HTMLElement} from @param {string} arrow */
function step(from, arrow) {
  const to = beside(from, arrow);
  if (!to) return false;
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
  return true;
}

/** What single characters do. @param {Actions} actions @param {Asked} asked
 * @returns {Record<string, (panel: Element | null) => void>} */
function characters(actions, asked) {
  const ranges = /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll('.seg [data-range]')
  );
  const byNumber = [...ranges].slice(0, 8).map(({ dataset }, at) => {
    return [String(at + 1), () => actions.range(Number(dataset.range))];
  });
  const { share } = actions;
  const compare = () => {
    const at = COMPARED.indexOf(new URLSearchParams(location.search).get('compare') ?? '');
    actions.compare(COMPARED[(at + 1) % COMPARED.length]);
  };
  return {
    t: actions.theme,
    0: actions.back,
    '+': () => actions.scale(0.5),
    '-': () => actions.scale(2),
    d: actions.table,
    f: actions.alone,
    c: compare,
    ...(share && { e: share }),
    '?': asked.keys,
    '/': asked.palette,
    ...Object.fromEntries(byNumber),
  };
}

/** @param {Actions} actions @param {Asked} asked
 * @param {() => Element | null} pointed the panel under the pointer */
export function keyboard(actions, asked, pointed) {
  const single = characters(actions, asked);
  reachable();
  document.addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (event.isComposing || event.altKey || !(target instanceof HTMLElement)) return;
    if (event.ctrlKey || event.metaKey) {
      if (key !== 'k' || event.shiftKey) return;
      asked.palette();
    } else if (target.closest(OWN_KEYS)) return;
    else if (key === 'Escape') {
      // What lies over the page closes first.
      if (!document.querySelector(':popover-open')) actions.escape();
      return;
    } else if (key === ' ') {
      if (target.closest('button, summary, .tbl, .data')) return;
      actions.pause();
    } else if (key.startsWith('Arrow') && target.matches('wg-panel')) {
      if (!step(target, key)) return;
    } else if (ARROWS[key] && !target.closest(OWN_ARROWS)) actions.move(ARROWS[key]);
    else if (single[key] && singleKeys.on)
      single[key](target.closest('wg-panel') ?? pointed());
    else return;
    event.preventDefault();
  });
}
