/**
 * The newest values as shares of their sum, on a ring and as a list.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 * @typedef {{key: string, name: string, text: string, share: number, percent: string}} Slice
 */

import { html, resize, scroller, set, svg, write } from '../parts/elements.js';
import { largest, present } from '../parts/largest.js';
import { format } from '../units.js';

/** The parts of a panel's whole; a negative value is no part of anything. `src/render/pie.rs` makes
 * the same. @param {Spec} spec @param {Row[]} rows */
export function pie(spec, rows) {
  const known = present(rows);
  const negative = known.filter((row) => row.value < 0).length;
  const { all, rest } = largest(
    spec,
    known.filter((row) => row.value >= 0),
  );
  const sum = all.reduce((sum, row) => sum + row.value, rest?.sum ?? 0);
  const slice = (
    /** @type {string} */ key,
    /** @type {string} */ name,
    /** @type {number} */ value,
    /** @type {string} */ unit,
  ) => {
    const share = sum > 0 ? value / sum : 0;
    const text = format(value, unit, spec.decimals);
    return { key, name, text, share, percent: format(share, 'ratio') };
  };
  /** @type {Slice[]} */
  const slices = all.map(({ key, name, value, unit }) => slice(key, name, value, unit));
  if (rest) slices.push(slice('', `other (${rest.count})`, rest.sum, spec.unit));
  const values = negative === 1 ? 'value' : 'values';
  return {
    slices,
    total: format(sum, spec.unit, spec.decimals),
    leftOut: negative > 0 ? `${negative} negative ${values} left out` : '',
  };
}

/** Gives each series a colour that it keeps for as long as it is shown.
 * @param {Map<string, number>} slots @param {string[]} keys */
function settle(slots, keys) {
  for (const key of [...slots.keys()]) if (!keys.includes(key)) slots.delete(key);
  const taken = new Set(slots.values());
  let next = 0;
  for (const key of keys) {
    if (slots.has(key)) continue;
    while (taken.has(next)) next += 1;
    slots.set(key, next);
    taken.add(next);
  }
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const box = scroller('list pie', spec.title);
  const picture = svg('svg', { viewBox: '0 0 100 100', 'aria-hidden': 'true' });
  const ring = svg('g', { fill: 'none', transform: 'rotate(-90 50 50)' });
  ring.append(svg('circle', { cx: '50', cy: '50', r: '40' }));
  picture.append(ring);
  const face = html('div', 'ring');
  const whole = html('strong');
  face.append(picture, whole);
  const [list, note] = [html('ul'), html('p')];
  box.append(face, list, note);
  host.replaceChildren(box);

  function part() {
    const arc = svg('circle', { cx: '50', cy: '50', r: '40', pathLength: '100' });
    ring.append(arc);
    const item = html('li');
    const [name, value, share] = [html('span'), html('b'), html('small')];
    item.append(html('i'), name, value, share);
    list.append(item);
    return { arc, item, name, value, share };
  }
  /** @type {ReturnType<typeof part>[]} */
  const parts = [];
  /** @type {Map<string, number>} */
  const slots = new Map();
  const short = (/** @type {number} */ share) => String(Math.round(1000 * share) / 10);
  return {
    /** @param {Model} model */
    update({ rows }) {
      const { slices, total, leftOut } = pie(spec, rows);
      settle(
        slots,
        slices.map(({ key }) => key).filter(Boolean),
      );
      resize(parts, slices.length, part, ({ arc, item }) => {
        arc.remove();
        item.remove();
      });
      let before = 0;
      slices.forEach(({ key, name, text, share, percent }, at) => {
        const one = parts[at];
        const slot = slots.get(key);
        const colour = slot === undefined ? 'c0' : `c${(((spec.color || 1) - 1 + slot) % 8) + 1}`;
        set(one.arc, 'class', `${colour} v`);
        set(one.item, 'class', colour);
        set(one.arc, 'stroke-dasharray', `${short(share)} 100`);
        set(one.arc, 'stroke-dashoffset', short(-before));
        write(one.name, name);
        write(one.value, text);
        write(one.share, percent);
        before += share;
      });
      write(whole, total);
      write(note, leftOut);
    },
    resize() {},
    destroy() {},
  };
}
