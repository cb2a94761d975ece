/**
 * Charts over time: lines, stacked and mirrored areas, bands and heat maps, on one canvas each.
 *
 * The one idea: everything is drawn anew from the windows, once a tick and only while it is seen; a
 * canvas of this size takes less time to draw than to keep account of what changed on it. The
 * crosshair is no part of the drawing: it is moved over it.
 *
 * @import { Spec } from '../subscription.js'
 * @import { Row } from '../rows.js'
 * @import { Ghost } from '../later/before.js'
 * @typedef {{rows: Row[], endMs: number, rangeMs: number, said: string,
 *   before: Ghost | null}} Model  said: an age that stands in the panel's head
 * @typedef {{spec: Spec, width: number, height: number, drawn: () => void,
 *   cursor: (ms: number | null) => void, cross: (ms: number | null) => void,
 *   select: ((fromMs: number, toMs: number) => void) | null, back: () => void}} Options
 *   cursor: the time under the crosshair of this chart; cross: the time that all charts shall show
 */

import { Columns } from '../chart/columns.js';
import { faded } from '../chart/colours.js';
import { Frame } from '../chart/frame.js';
import { apart, bucketName, cells, edged, ordered } from '../chart/heat.js';
import { between, fan, ghosts, line, shade, under } from '../chart/lines.js';
import { beginning, grid, hatch, threshold } from '../chart/marks.js';
import { follow } from '../chart/pointer.js';
import { tickText, timeTicks } from '../chart/times.js';
import { axis, axisEnds, axisTicks, dateTime } from '../units.js';

const CALM_DRAWS = 10;
/** Among more lines than this, an area below the first one would say nothing. */
const FILLED_MAX = 4;
/** Names of buckets that have room beside a chart, by its height in pixels. */
const NAME_PIXELS = 16;

/** An element that lies over the drawing. @param {string} name */
function over(name) {
  const element = document.createElement('i');
  element.className = name;
  element.hidden = true;
  return element;
}

/** One chart. */
class Chart {
  #columns = new Columns();
  #frame = new Frame();
  #calm = { top: 0, bottom: 0, draws: 0 };
  /** @type {number | null} the time under the crosshair in ms */
  #at = null;
  #tag = over('at');
  #rule = over('cross');
  /** @type {HTMLElement[]} */
  #dots = [];

  /** @param {HTMLElement} host the plot @param {Options} options */
  constructor(host, options) {
    this.host = host;
    this.options = options;
    this.spec = options.spec;
    this.size = [options.width, options.height];
    // A whole number of pixels: letters stand sharper.
    this.em = Math.round(parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.72);
    this.font = `${this.em}px ${getComputedStyle(document.body).fontFamily}`;
    this.widest = this.em * 4.4;
    host.replaceChildren(this.#frame.canvas, this.#rule, this.#tag);
    this.leave = follow(host, this.#frame, options);
  }

  /** @param {Model} model */
  update({ rows, endMs, rangeMs, before }) {
    const columns = this.#columns;
    if (rows.length === 0) {
      columns.count = 0;
      const [wide, high] = this.size;
      this.#frame.begin(wide, high, this.widest, this.em * 2);
      return;
    }
    const heat = this.spec.kind === 'heatmap';
    columns.fill(this.spec, heat ? ordered(rows) : rows, endMs, rangeMs, heat ? null : before);
    if (heat) apart(columns);
    this.#draw();
    this.options.drawn();
  }

  /** @param {number} wide @param {number} high */
  resize(wide, high) {
    if (wide === this.size[0] && high === this.size[1]) return;
    this.size = [wide, high];
    if (this.#columns.count > 0) this.#draw();
  }

  /** Puts the crosshair at a time, or away. @param {number | null} ms */
  cross(ms) {
    if (this.#at === null && ms === null) return;
    this.#at = ms;
    this.#point();
  }

  /** The time that lies so many columns from the crosshair, else from the end.
   * @param {number} by */
  beside(by) {
    const columns = this.#columns;
    const last = columns.count - 1;
    const here = this.#at === null ? last : columns.near(this.#at);
    return columns.timeAt(Math.max(0, Math.min(last, here + by)));
  }

  destroy() {
    this.leave();
    this.host.replaceChildren();
  }

  #draw() {
    this.#paint();
    this.#point();
    this.host.style.setProperty('--cross-top', `${this.#frame.top}px`);
    this.host.style.setProperty('--cross-high', `${this.#frame.height}px`);
  }

  /** The ends of the value axis: they move outwards at once and inwards after a while.
   * @returns {[number, number]} */
  #ends() {
    const { spec } = this;
    if (spec.kind === 'heatmap') return [0, Math.max(1, this.#columns.lines.length)];
    const [bottom, top] = axisEnds(...this.#columns.extent, spec.min, spec.max, spec.unit);
    const calm = this.#calm;
    calm.draws = top < calm.top || bottom > calm.bottom ? calm.draws + 1 : 0;
    const wider = top > calm.top || bottom < calm.bottom;
    if (wider || calm.draws > CALM_DRAWS || calm.top === calm.bottom)
      Object.assign(calm, { top, bottom, draws: 0 });
    return [calm.bottom, calm.top];
  }

  /** What stands beside the value axis. @returns {[number, string][]} */
  #values() {
    const { kind, unit } = this.spec;
    if (kind === 'heatmap') {
      const rows = this.#columns.lines.map(({ row }) => row);
      const [names, place] = [rows.map(bucketName), edged(rows) ? 1 : 0.5];
      const every = Math.ceil((names.length * NAME_PIXELS) / Math.max(1, this.size[1]));
      return names
        .map((name, k) => /** @type {[number, string]} */ ([k + place, name]))
        .filter((_, k) => (names.length - 1 - k) % every === 0);
    }
    const ticks = axisTicks(...this.#frame.values, unit);
    // Below the line of zero is no less than nothing, but the other way.
    const texts = axis(ticks, unit);
    const size = (/** @type {string} */ text) => text.replace(/^\u2212/, '');
    return ticks.map((tick, at) => [tick, kind === 'mirror' ? size(texts[at]) : texts[at]]);
  }

  #paint() {
    const [frame, columns, { em, font }] = [this.#frame, this.#columns, this];
    frame.values = this.#ends();
    frame.times = [columns.startMs, columns.startMs + columns.rangeMs];
    const y = this.#values();
    // The room of the axis grows with its texts and never shrinks: no chart moves to and fro.
    frame.ctx.font = font;
    const wide = (/** @type {string} */ text) => Math.ceil(frame.ctx.measureText(text).width) + 8;
    this.widest = Math.max(this.widest, ...y.map(([, text]) => wide(text)));
    frame.begin(this.size[0], this.size[1], this.widest, em * 2);
    const ticks = timeTicks(...frame.times, Math.max(2, Math.floor(frame.width / (em * 5.5))));
    const x = ticks.map(
      (tick) => /** @type {[number, string]} */ ([tick, tickText(tick, ticks, columns.rangeMs)]),
    );
    grid(frame, { x, y, font, em });
    frame.inside(() => {
      this.#series();
      this.#marks();
    });
  }

  #marks() {
    const [frame, columns, { spec }] = [this.#frame, this.#columns, this];
    for (const [from, to] of columns.gaps) hatch(frame, columns.timeAt(from), columns.timeAt(to));
    for (const { value, level, show } of spec.kind === 'heatmap' ? [] : spec.thresholds)
      threshold(frame, value, level === 'critical' ? 'crit' : 'warn', show);
    const since = columns.timeAt(columns.begin);
    if (columns.begin > 0)
      beginning(frame, since, `recording since ${dateTime(since, true)}`, this.font);
  }

  #series() {
    const [frame, columns, { kind }] = [this.#frame, this.#columns, this.spec];
    const { lines } = columns;
    if (kind === 'heatmap') return cells(frame, columns);
    if (kind === 'band') return fan(frame, columns);
    if (columns.around)
      between(frame, columns, ...columns.around, faded('c0', 0.24), faded('c0', 0.6));
    for (const each of lines) shade(frame, columns, each);
    for (const { row, tops, bases } of lines)
      if (bases) between(frame, columns, bases, tops, faded(row.colour, 0.62));
    if (kind === 'mirror')
      for (const { row, tops } of lines) under(frame, columns, tops, 0, faded(row.colour, 0.3));
    else if (kind === 'line' && lines.length <= FILLED_MAX && lines[0] && !lines[0].band)
      under(frame, columns, lines[0].tops, 0, faded(lines[0].row.colour, 0.1));
    ghosts(frame, columns);
    for (const each of lines) line(frame, columns, each, kind === 'line' ? 1.5 : 1);
    return undefined;
  }

  /** Moves the crosshair to where it is to be. */
  #point() {
    const [frame, columns, at] = [this.#frame, this.#columns, this.#at];
    const on = at !== null && columns.count > 0 && at >= frame.times[0] && at <= frame.times[1];
    this.#rule.hidden = !on;
    this.#tag.hidden = !on;
    const column = columns.near(at ?? 0);
    const time = columns.timeAt(column);
    this.#mark(on && this.spec.kind !== 'heatmap' ? columns.lines : [], column);
    this.options.cursor(on ? time : null);
    if (!on) return;
    const text = dateTime(time);
    if (this.#tag.textContent !== text) this.#tag.textContent = text;
    this.#rule.style.transform = `translateX(${frame.x(time)}px)`;
    this.#tag.style.left = `${frame.x(time)}px`;
  }

  /** Dots where the crosshair meets lines.
   * @param {import('../chart/columns.js').Line[]} lines @param {number} column */
  #mark(lines, column) {
    const [frame, dots] = [this.#frame, this.#dots];
    while (dots.length < lines.length) {
      const dot = over('dot');
      dots.push(dot);
      this.host.append(dot);
    }
    dots.forEach((dot, k) => {
      const value = lines[k]?.tops[column] ?? NaN;
      dot.hidden = value !== value;
      if (dot.hidden) return;
      dot.className = `dot ${lines[k].row.colour}`;
      const x = frame.x(this.#columns.timeAt(column));
      dot.style.transform = `translate(${x}px,${frame.y(value)}px)`;
    });
  }
}

/** @param {HTMLElement} host the plot @param {Options} options */
export function create(host, options) {
  return new Chart(host, options);
}
