/**
 * The states of series over time, a strip each.
 *
 * The one idea: places are shares of the strip's width, so nothing is measured but whether a word
 * fits into its piece.
 *
 * @import { State } from '../judge.js'
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 * @typedef {{from: number, to: number, state: State | null}} Spell  in ms; null: silent
 * @typedef {{from: number, to: number, state: State | null}} Piece  in shares of the range
 */

import { tickText, timeTicks } from '../chart/times.js';
import { stateOf } from '../judge.js';
import { html, percent, resize, scroller, set, svg, write } from '../parts/elements.js';
import { runs } from '../parts/runs.js';
import { dateTime } from '../units.js';

/** What is shorter than this share goes into the piece before, which shows the worse of both. */
const LEAST = 1 / 200;
/** How many times stand below the strips at most. */
const TICKS_MAX = 5;
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
function piecesOf(found, stepMs, endMs, rangeMs) {
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

const textOf = (/** @type {Spell | undefined} */ spell) => spell?.state?.text ?? 'silent';

/** One strip, empty. */
function strip() {
  const root = html('div');
  const [name, track, now] = [html('span'), html('div', 'track'), html('b')];
  track.setAttribute('role', 'img');
  const picture = svg('svg', { 'aria-hidden': 'true' });
  const before = svg('rect', { height: '100%' });
  picture.append(before);
  track.append(picture);
  root.append(name, track, now);
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
  return { root, name, track, now, draw };
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const box = scroller('list', spec.title);
  const list = html('div', 'strips');
  const foot = html('div', 'strip');
  const times = html('div', 'times');
  const axis = svg('svg', { 'aria-hidden': 'true', overflow: 'visible' });
  times.append(axis);
  foot.append(html('span'), times);
  list.append(foot);
  box.append(list);
  host.replaceChildren(box);
  /** @type {Model | null} */
  let model = null;
  let width = 0;
  /** @type {ReturnType<typeof strip>[]} */
  const strips = [];
  /** @type {SVGTextElement[]} */
  const ticks = [];
  const label = () => axis.appendChild(svg('text', { y: '1em' }));
  const added = () => {
    const one = strip();
    foot.before(one.root);
    return one;
  };

  function draw() {
    if (!model) return;
    const { rows, endMs, rangeMs } = model;
    resize(strips, rows.length, added, ({ root }) => root.remove());
    rows.forEach((row, at) => {
      const { root, name, track, now, draw } = strips[at];
      const found = spells(spec, row, endMs, rangeMs);
      const newest = found.at(-1);
      set(root, 'class', `strip ${row.colour}`);
      write(name, row.name);
      set(name, 'title', row.name);
      draw(piecesOf(found, row.window.stepMs, endMs, rangeMs), row.colour, width);
      set(track, 'aria-label', newest && `${textOf(newest)} since ${dateTime(newest.from)}`);
      write(now, newest ? textOf(newest) : '');
      set(now, 'data-level', newest?.state?.level);
    });
    // A text that would be cut at an edge is left out.
    const start = endMs - rangeMs;
    const moments = timeTicks(start + 0.03 * rangeMs, endMs - 0.03 * rangeMs, TICKS_MAX);
    resize(ticks, moments.length, label, (text) => text.remove());
    moments.forEach((at, index) => {
      set(ticks[index], 'x', percent((at - start) / rangeMs));
      write(ticks[index], tickText(at, moments, rangeMs));
    });
  }
  const sized = new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    draw();
  });
  sized.observe(times);
  return {
    /** @param {Model} next */
    update(next) {
      model = next;
      draw();
    },
    /** The same in words: from when to when each series was in which state, the newest first. */
    table() {
      const { rows, endMs, rangeMs } = /** @type {Model} */ (model);
      const body = rows.flatMap((row) =>
        spells(spec, row, endMs, rangeMs)
          .reverse()
          .map((spell) => [row.name, dateTime(spell.from), dateTime(spell.to), textOf(spell)]),
      );
      return { head: ['Series', 'From', 'To', 'State'], body };
    },
    resize() {},
    destroy() {
      sized.disconnect();
    },
  };
}
