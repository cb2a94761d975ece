/**
 * What the page around an embed may change: the range, or a stretch of the past, and the theme. All
 * of a wish is read before any of it is done, and what cannot be done is answered in words.
 *
 * @import { When } from '../when.js'
 * @import { LivePage } from '../start.js'
 * @typedef {{range?: unknown, from?: unknown, to?: unknown, theme?: unknown}} Wish
 */

import { Travel } from '../past.js';
import { rangeText } from '../units.js';
import { read, stretch } from '../when.js';

/** What stands in a message beside the name of what it wants. */
const KNOWN = ['watchglass', 'range', 'from', 'to', 'theme'];
/** From this on a number is milliseconds since 1970, and not seconds. */
const MILLISECONDS_FROM = 1e11;
/** Within these a range is live, in ms. */
const [LEAST, MOST] = [10_000, 2 * 365 * 86_400_000];

/** A time in ms: since 1970, in seconds or milliseconds, or a date. @param {string} name
 * @param {unknown} said */
function time(name, said) {
  const number = Number(said);
  const at = Number.isFinite(number)
    ? number * (Math.abs(number) < MILLISECONDS_FROM ? 1000 : 1)
    : Date.parse(String(said));
  if (said === null || said === '' || !(at > 0))
    throw new Error(`\`${name}\` is seconds or milliseconds since 1970, or a date, not \`${said}\``);
  return at;
}

/** @param {Wish} wish @returns {When | null} nothing when it does not say */
function whenOf({ range, from, to }) {
  if (range !== undefined) {
    if (from !== undefined || to !== undefined)
      throw new Error('there is a `range`, or a `from` and a `to`, not both');
    const when = read(new URLSearchParams({ range: String(range) }));
    const length = when && 'rangeMs' in when ? when.rangeMs : 0;
    if (!when || length < LEAST || length > MOST)
      throw new Error(`a \`range\` is written as 15m, from 10s to 730d, not \`${range}\``);
    return when;
  }
  if (from === undefined && to === undefined) return null;
  if (from === undefined || to === undefined) throw new Error('`from` and `to` go together');
  const [begin, end] = [time('from', from), time('to', to)];
  if (end <= begin) throw new Error('`to` lies behind `from`');
  return stretch(begin, end);
}

/** @param {Wish} wish @returns {string | null | undefined} the theme; null: the reader's own;
 *   undefined when it does not say */
function themeOf({ theme }) {
  if (theme === undefined || theme === 'dark' || theme === 'light') return theme;
  if (theme === 'auto') return null;
  throw new Error(`\`theme\` is dark, light or auto, not \`${theme}\``);
}

/** Where in time an embed is; made when it is first to be elsewhere. @type {Travel | null} */
let travelling = null;

/** Makes the embed go where its page was made for, if that is the past. @param {LivePage} page */
export function travel(page) {
  return (travelling ??= page.travelling(Travel));
}

/** Does what is wished, and says what is shown then. @param {LivePage} page @param {Wish} wish */
export async function take(page, wish) {
  const root = document.documentElement;
  const strange = Object.keys(wish).find((name) => !KNOWN.includes(name));
  if (strange) throw new Error(`there is nothing named \`${strange}\` to set`);
  const [when, wanted] = [whenOf(wish), themeOf(wish)];
  if (wanted) root.dataset.theme = wanted;
  if (wanted === null) delete root.dataset.theme;
  if (wanted !== undefined) page.restyle();
  const failed = when && (await travel(page).change(when));
  if (failed) throw new Error(failed);
  const { when: shown } = page.travel;
  return {
    ...('rangeMs' in shown
      ? { range: rangeText(shown.rangeMs) }
      : { from: shown.fromMs, to: shown.toMs }),
    theme: root.dataset.theme ?? 'auto',
    panels: page.board.document.panels.map(({ panel }) => panel),
  };
}
