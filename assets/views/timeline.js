/**
 * The states of series over time, a strip each.
 *
 * The one idea: places are shares of the strip's width, so nothing is measured but whether a word
 * fits into its piece.
 *
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 */

import { tickText, timeTicks } from '../chart/times.js';
import { html, percent, resize, scroller, set, svg, write } from '../parts/elements.js';
import { piecesOf, spells, strip, textOf } from '../parts/strip.js';
import { dateTime } from '../units.js';

/** How many times stand below the strips at most. */
const TICKS_MAX = 5;

/** One series, empty. */
function lane() {
  const root = html('div');
  const [name, track, now] = [html('span'), html('div', 'track'), html('b')];
  track.setAttribute('role', 'img');
  const { picture, draw } = strip();
  track.append(picture);
  root.append(name, track, now);
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
  /** @type {ReturnType<typeof lane>[]} */
  const strips = [];
  /** @type {SVGTextElement[]} */
  const ticks = [];
  const label = () => axis.appendChild(svg('text', { y: '1em' }));
  const added = () => {
    const one = lane();
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
