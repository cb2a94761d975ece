/**
 * A strip of what a series was and when.
 *
 * @import { State } from '../judge.js'
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @typedef {{from: number, to: number, state: State | null}} Spell  in ms; null: silent
 * @typedef {{from: number, to: number, state: State | null}} Piece  in shares of the range
 */

import { stateOf } from '../judge.js';
import { percent, resize, set, svg, write } from './elements.js';
import { runs } from './runs.js';

/** What is shorter than this share goes into the piece before, which shows the worse of both. */
const LEAST = 1 / 200;
/** The width of a letter in pixels, about. */
const LETTER = 7;

/** @param {Spec} spec @param {Row} row @param {number} endMs @param {number} rangeMs
 * @returns {Spell[]} the oldest first */
export function spells(spec, row, endMs, rangeMs) {
  return runs(spec, row, endMs, rangeMs).map(({ from, to, value }) => ({
    from,
    to,
    state: value === null ? null : stateOf(spec, row.unit, value),
  }));
}

/** How much a state must not be overlooked. @param {State | null} state */
const badness = (state) => (state ? { critical: 3, warn: 2 }[state.level ?? ''] ?? 0 : 1);

/** Where spells stand: a column reaches from the one before it to its own time.
 * @param {Spell[]} found @param {number} stepMs @param {number} endMs @param {number} rangeMs */
export function piecesOf(found, stepMs, endMs, rangeMs) {
  const share = (/** @type {number} */ at) =>
    Math.max(0, Math.min(1, 1 - (endMs - at) / rangeMs));
  /** @type {Piece[]} */
  const pieces = [];
  for (const spell of found) {
    const last = pieces.at(-1);
    const { state } = spell;
    if (last && last.to - last.from < LEAST - 1e-9) {
      last.to = share(spell.to);
      if (badness(state) >= badness(last.state)) last.state = state;
    } else pieces.push({ from: share(spell.from - stepMs), to: share(spell.to), state });
  }
  return pieces;
}

export const textOf = (/** @type {Spell | undefined} */ spell) => spell?.state?.text ?? 'silent';

/** A strip, empty. */
export function strip() {
  const picture = svg('svg', { 'aria-hidden': 'true' });
  const before = svg('rect', { height: '100%' });
  picture.append(before);
  const piece = () => {
    const [rect, word] = [
      svg('rect', { height: '100%' }),
      svg('text', { y: '50%', dx: '5', dy: '.35em' }),
    ];
    picture.append(rect, word);
    return { rect, word };
  };
  /** @type {ReturnType<typeof piece>[]} */
  const parts = [];

  /** @param {Piece[]} pieces @param {string} colour @param {number} width in pixels */
  function draw(pieces, colour, width) {
    set(before, 'width', percent(pieces[0]?.from ?? 1));
    const drawn = pieces.filter(({ state }) => state);
    resize(parts, drawn.length, piece, ({ rect, word }) => {
      rect.remove();
      word.remove();
    });
    drawn.forEach(({ from, to, state }, at) => {
      const { rect, word } = parts[at];
      set(rect, 'class', `v ${state?.level ?? state?.colour ?? colour}`);
      set(rect, 'x', percent(from));
      set(rect, 'width', percent(to - from));
      const text = state?.text ?? '';
      const fits = (text.length + 1) * LETTER <= (to - from) * width;
      set(word, 'x', percent(from));
      write(word, fits ? text : '');
    });
  }
  return { picture, draw };
}
