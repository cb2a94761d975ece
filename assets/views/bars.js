/**
 * The newest values as bars, the largest first; those beyond the limit together as one.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 * @typedef {{name: string, share: number, text: string, level?: string, word?: string}} Bar
 */

import { verdict } from '../judge.js';
import { html, percent, resize, scroller, set, svg, write } from '../parts/elements.js';
import { largest, present } from '../parts/largest.js';
import { format } from '../units.js';

/** The bars of a panel; `src/render/bars.rs` makes the same. @param {Spec} spec
 * @param {Row[]} rows @returns {Bar[]} */
export function bars(spec, rows) {
  const { all, rest } = largest(spec, present(rows));
  const values = all.map((row) => row.value);
  const most = spec.max ?? Math.max(0, ...values, rest?.sum ?? 0);
  const share = (/** @type {number} */ value) =>
    most > 0 ? Math.max(0, Math.min(1, value / most)) : 0;
  /** @type {Bar[]} */
  const found = all.map(({ name, value, unit, stale }) => ({
    name,
    share: share(value),
    text: format(value, unit, spec.decimals),
    ...(stale ? null : verdict(spec, value)),
  }));
  if (rest) {
    const text = format(rest.sum, spec.unit, spec.decimals);
    found.push({ name: `other (${rest.count})`, share: share(rest.sum), text });
  }
  return found;
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const box = scroller('list', spec.title);
  const list = html('ul', `bars c${spec.color || 1}`);
  box.append(list);
  host.replaceChildren(box);

  function line() {
    const item = html('li');
    const bar = svg('rect', { height: '100%' });
    const picture = svg('svg', { 'aria-hidden': 'true' });
    picture.append(bar);
    const [name, value] = [html('span'), html('b')];
    item.append(picture, name, value);
    list.append(item);
    return { item, bar, name, value };
  }
  /** @type {ReturnType<typeof line>[]} */
  const lines = [];
  return {
    /** @param {Model} model */
    update({ rows }) {
      const shown = bars(spec, rows);
      resize(lines, shown.length, line, ({ item }) => item.remove());
      shown.forEach(({ name, share, text, level, word }, at) => {
        const { item, bar, name: title, value } = lines[at];
        set(item, 'data-level', level);
        set(item, 'title', word);
        set(bar, 'width', percent(share));
        write(title, name);
        write(value, text);
      });
    },
    resize() {},
    destroy() {},
  };
}
