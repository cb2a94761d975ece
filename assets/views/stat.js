/**
 * One large number with a small line below it, and how it has changed.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 */

import { mappingOf } from '../judge.js';
import { difference } from '../parts/change.js';
import { html, set, write } from '../parts/elements.js';
import { spark } from '../parts/spark.js';
import { reached } from '../rows.js';
import { format, parts } from '../units.js';

/** What stands in large: the word for the value, or the number and its unit; and its level.
 * @param {Spec} spec @param {Row} row */
function shown(spec, row) {
  const mapping = spec.mappings?.[mappingOf(spec, row.value)];
  if (!mapping)
    return { text: parts(row.value, row.unit, spec.decimals), level: reached(spec, [row])?.level };
  return { text: [mapping.text, ''], level: row.stale ? null : mapping.level, mapped: true };
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const line = html('p', 'num');
  const [note, number, unit] = [html('em'), html('span'), html('small')];
  line.append(...(spec.note ? [note] : []), number, unit);
  const change = html('p', 'change');
  const words = change.appendChild(html('span'));
  const box = html('div', `spark c${spec.color || 1}`);
  const { picture, draw } = spark();
  box.append(picture);
  host.replaceChildren(line, ...(spec.change ? [change] : []), box);
  return {
    /** @param {Model} model */
    update(model) {
      const { rows, endMs, rangeMs } = model;
      const row = rows.find(({ query }) => query === 0);
      if (!row) return;
      const { text, level, mapped } = shown(spec, row);
      write(number, text[0]);
      write(unit, text[1]);
      set(line, 'data-level', level);
      write(
        note,
        spec.note.replace(/\{(\d+)\}/g, (_, query) => {
          const other = rows.find((each) => each.query === Number(query));
          return format(other?.value, other?.unit ?? '', spec.decimals);
        }),
      );
      if (spec.change) {
        const found = mapped ? null : difference(spec, row, endMs, rangeMs);
        write(words, found?.text ?? '');
        set(words, 'data-level', found?.level);
      }
      draw(row, model);
    },
    resize() {},
    destroy() {},
  };
}
