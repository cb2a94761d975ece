/**
 * Lines and stacked areas over time, drawn by uPlot. The only file that names uPlot.
 *
 * The one idea: the arrays that uPlot draws from are made once and filled again in place from the
 * windows at every draw, so revisions, gaps and the column in progress need no code of their own.
 *
 * @import { Spec } from '../subscription.js'
 * @import { Row } from '../rows.js'
 * @typedef {{rows: Row[], endMs: number, rangeMs: number, said: string}} Model  said: an age that
 *   stands in the panel's head
 * @typedef {uPlot} Plot
 */

import { bandAt, valueAt } from '../rows.js';
import { axis, axisEnds, axisTicks, day, dateTime, timeOfDay } from '../units.js';
import uPlot from '../vendor/uplot/uplot.js';
import { colour, faded } from './colours.js';
import { beginning, hatch, shade, threshold } from './marks.js';

const CALM_DRAWS = 10;
/** Among more lines than this, an area below the first one would say nothing. */
const FILLED_MAX = 4;

/**
 * @param {HTMLElement} host the plot
 * @param {{spec: Spec, width: number, height: number, cursor: (index: number | null) => void,
 *   drawn: () => void}} options
 */
export function create(host, { spec, width, height, cursor, drawn }) {
  const stacked = spec.kind === 'stack';
  /** @type {uPlot | null} */
  let chart = null;
  let size = { width, height };
  let keys = '';
  /** @type {Model} */
  let model = { rows: [], endMs: 0, rangeMs: 1, said: '' };
  /** @type {any[][]} times in seconds, then a row a series */
  const data = [[]];
  /** @type {[number, number][]} */
  let gaps = [];
  /** @type {number[][]} points without a neighbour, which no line would show */
  let lone = [];
  /** @type {([number, number] | null)[][]} by series, what lies between columns */
  let bands = [];
  let extent = [0, 1];
  /** The first point of any series. */
  let begin = 0;
  const calm = { top: 0, bottom: 0, draws: 0 };
  const tag = document.createElement('span');
  tag.className = 'at';
  tag.hidden = true;

  /** Fills the arrays from the windows. */
  function fill() {
    const { rows, endMs, rangeMs } = model;
    const step = rows[0].window.stepMs;
    const last = Math.round(endMs / step);
    const count = Math.floor(rangeMs / step) + 1;
    const first = last - count + 1;
    let [low, high] = [Infinity, -Infinity];
    let [seen, gapStart] = [false, -1];
    begin = 0;
    data.length = rows.length + 1;
    gaps = [];
    lone = rows.map(() => []);
    for (let at = 0; at < count; at += 1) {
      const n = first + at;
      let [sum, any] = [0, false];
      data[0][at] = (n * step) / 1000;
      for (let k = 0; k < rows.length; k += 1) {
        const value = valueAt(rows[k], n);
        const list = (data[k + 1] ??= []);
        if (value === null || !Number.isFinite(value)) {
          list[at] = null;
          continue;
        }
        any = true;
        list[at] = stacked ? (sum += value) : value;
        if (list[at] < low) low = list[at];
        if (list[at] > high) high = list[at];
      }
      if (any && gapStart >= 0) gaps.push([gapStart, at]);
      if (any) gapStart = -1;
      else if (seen && gapStart < 0) gapStart = at - 1;
      if (any && !seen) [seen, begin] = [true, at];
    }
    if (gapStart >= 0) gaps.push([gapStart, count - 1]);
    for (let k = 0; k <= rows.length; k += 1) data[k].length = count;
    for (let k = 0; k < rows.length; k += 1) {
      const list = data[k + 1];
      for (let at = 0; at < count; at += 1) {
        if (list[at] !== null && list[at - 1] == null && list[at + 1] == null) lone[k].push(at);
      }
    }
    bands = rows.map((row) => (row.band ? data[0].map((_, at) => bandAt(row, first + at)) : []));
    for (const bounds of bands.flat()) {
      if (bounds) [low, high] = [Math.min(low, bounds[0]), Math.max(high, bounds[1])];
    }
    extent = low > high ? [0, 1] : [low, high];
  }

  /** The ends of the value axis: they move outwards at once and inwards after a while.
   * @returns {[number, number]} */
  function range() {
    const { min, max } = spec;
    const [bottom, top] = axisEnds(extent[0], extent[1], min, max, spec.unit);
    calm.draws = top < calm.top || bottom > calm.bottom ? calm.draws + 1 : 0;
    const wider = top > calm.top || bottom < calm.bottom;
    if (wider || calm.draws > CALM_DRAWS || calm.top === calm.bottom)
      Object.assign(calm, { top, bottom, draws: 0 });
    return [calm.bottom, calm.top];
  }

  /** What stands on the plot beside its lines. @param {uPlot} plot */
  function marks(plot) {
    const [times] = data;
    for (const [from, to] of gaps) hatch(plot, times[from], times[to]);
    for (const { value, level } of spec.thresholds) {
      threshold(plot, value, level === 'critical' ? 'crit' : 'warn');
    }
    const words = `recording since ${dateTime(times[begin] * 1000, true)}`;
    if (begin > 0) beginning(plot, times[begin], words, font(devicePixelRatio));
  }

  /** The labels of the time axis; those that would be cut at its ends are left out.
   * @param {uPlot} plot @param {number[]} ticks */
  function timeLabels(plot, ticks) {
    const withSeconds = ticks.some((tick) => tick % 60);
    const { min = 0, max = 1 } = plot.scales.x;
    const pixels = plot.bbox.width / devicePixelRatio || 400;
    const margin = (em * (withSeconds ? 2.4 : 1.6) * (max - min)) / pixels;
    const days = model.rangeMs > 43_200_000;
    return ticks.map((tick) => {
      if (tick < min + margin / 2 || tick > max - margin) return '';
      const date = new Date(tick * 1000);
      const midnight = days && date.getHours() + date.getMinutes() === 0;
      return midnight ? day(tick * 1000) : timeOfDay(tick * 1000, !withSeconds);
    });
  }

  /** @param {Row} row @param {number} k @returns {uPlot.Series} */
  function series(row, k) {
    const filled = k === 0 && (stacked || (model.rows.length <= FILLED_MAX && !row.band));
    return {
      label: row.name,
      stroke: colour(row.colour),
      width: stacked ? 1 : 1.5,
      spanGaps: false,
      fill: filled ? faded(row.colour, stacked ? 0.62 : 0.1) : undefined,
      dash: row.slot > 7 ? [6, 4] : undefined,
      points: {
        show: false,
        size: 4,
        fill: colour(row.colour),
        filter: () => (lone[k]?.length ? lone[k] : null),
      },
    };
  }

  // A whole number of pixels: uPlot misreads others on screens of a higher density.
  const em = Math.round(parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.72);
  const { fontFamily } = getComputedStyle(document.body);
  /** @param {number} ratio */
  const font = (ratio) => `${em * ratio}px ${fontFamily}`;

  let widest = em * 4.4;
  /** The width of the axis: it grows with its labels and never shrinks, so that no chart moves to
   * and fro. @param {uPlot} plot @param {string[] | null} labels */
  function room({ ctx }, labels) {
    ctx.save();
    ctx.font = font(devicePixelRatio);
    for (const label of labels ?? [])
      widest = Math.max(widest, Math.ceil(ctx.measureText(label).width / devicePixelRatio) + 8);
    ctx.restore();
    return widest;
  }

  /** @returns {uPlot.Options} */
  function setup() {
    const ink = { stroke: colour('muted'), font: font(1), ticks: { show: false } };
    const grid = { stroke: colour('grid'), width: 1 };
    return {
      ...size,
      legend: { show: false },
      padding: [8, 6, 0, 0],
      pxAlign: 1,
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: 7, width: 2, fill: () => colour('surface') },
        sync: { key: 'watchglass', setSeries: false, scales: ['x', null] },
      },
      scales: {
        x: { time: true, range: () => [(model.endMs - model.rangeMs) / 1000, model.endMs / 1000] },
        y: { range },
      },
      axes: [
        {
          ...ink,
          grid,
          size: em * 2,
          gap: em * 0.4,
          space: em * 5.5,
          values: timeLabels,
        },
        {
          ...ink,
          grid,
          size: room,
          gap: 6,
          splits: (_, __, low, high) => axisTicks(low, high, spec.unit),
          values: (_, ticks) => axis(ticks, spec.unit),
        },
      ],
      series: [{}, ...model.rows.map(series)],
      bands: stacked
        ? model.rows
            .slice(1)
            .map((row, k) => ({ series: [k + 2, k + 1], fill: faded(row.colour, 0.62) }))
        : undefined,
      hooks: {
        drawClear: [
          (plot) => bands.forEach((band, k) => shade(plot, data[0], band, model.rows[k].colour)),
        ],
        draw: [marks],
        setCursor: [
          (plot) => {
            const { left = -1, idx } = plot.cursor;
            const on = left >= 0 && idx != null;
            tag.hidden = !on;
            if (on) {
              tag.textContent = dateTime(data[0][idx] * 1000);
              tag.style.left = `${plot.over.offsetLeft + left}px`;
            }
            cursor(on ? idx : null);
          },
        ],
      },
    };
  }

  function destroy() {
    chart?.destroy();
    chart = null;
    keys = '';
  }

  return {
    /** @param {Model} next */
    update(next) {
      model = next;
      if (model.rows.length === 0) return destroy();
      fill();
      const now = model.rows.map((row) => `${row.key} ${row.colour}`).join('|');
      if (chart && now === keys) return void chart.setData(/** @type {any} */ (data));
      destroy();
      keys = now;
      host.replaceChildren();
      chart = new uPlot(setup(), /** @type {any} */ (data), host);
      host.append(tag);
      drawn();
      return undefined;
    },
    /** @param {number} wide @param {number} high */
    resize(wide, high) {
      if (wide === size.width && high === size.height) return;
      size = { width: wide, height: high };
      chart?.setSize(size);
    },
    /** Moves the crosshair by whole samples. @param {number} by */
    move(by) {
      if (!chart) return;
      const last = data[0].length - 1;
      const to = Math.max(0, Math.min(last, (chart.cursor.idx ?? last) + by));
      chart.setCursor({ left: chart.valToPos(data[0][to], 'x'), top: 0 });
    },
    /** The time in ms of a sample under the crosshair. @param {number} index */
    timeAt: (index) => data[0][index] * 1000,
    destroy,
  };
}
