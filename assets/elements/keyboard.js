/**
 * The keys of a page. Those that are single characters can be turned off: whoever speaks to their
 * device, or presses keys unmeant, would pause the page with a word.
 *
 * @import { Actions } from '../controls.js'
 * @typedef {Actions & {escape: () => void}} Deeds  escape: out of what takes the page
 * @typedef {Record<string, (from: HTMLElement, key?: string) => void>} Asked  what presses on the
 *   page do; step: from a panel to the one beside it
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

/** Makes the first panel one that Tab reaches, if none is; arrows lead on from there. */
export function reachable() {
  if (document.querySelector('wg-panel[tabindex="0"]')) return;
  const first = /** @type {HTMLElement | null} */ (document.querySelector('wg-panel'));
  if (first) first.tabIndex = 0;
}

/** What single characters do. @param {Deeds} actions @param {Asked} asked
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
    k: () => asked.kiosk(document.body),
    '?': () => asked.keys(document.body),
    '/': () => asked.palette(document.body),
    ...Object.fromEntries(byNumber),
  };
}

/** @param {Deeds} actions @param {Asked} asked
 * @param {() => Element | null} pointed the panel under the pointer */
export function keyboard(actions, asked, pointed) {
  const single = characters(actions, asked);
  reachable();
  document.addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (event.isComposing || event.altKey || !(target instanceof HTMLElement)) return;
    if (event.ctrlKey || event.metaKey) {
      if (key !== 'k' || event.shiftKey) return;
      asked.palette(target);
    } else if (target.closest(OWN_KEYS)) return;
    else if (key === 'Escape') {
      // What lies over the page closes first.
      if (!document.querySelector(':popover-open')) actions.escape();
      return;
    } else if (key === ' ') {
      if (target.closest('button, summary, .tbl, .data')) return;
      actions.pause();
    } else if (key.startsWith('Arrow') && target.matches('wg-panel')) asked.step(target, key);
    else if (ARROWS[key] && !target.closest(OWN_ARROWS)) actions.move(ARROWS[key]);
    else if (single[key] && singleKeys.on)
      single[key](target.closest('wg-panel') ?? pointed());
    else return;
    event.preventDefault();
  });
}
