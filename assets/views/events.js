/**
 * The changes of state of a panel's series, the newest first.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 * @typedef {{at: number, name: string, from: string, to: string, level: string | null}} Change
 */

import { stateOf } from '../judge.js';
import { html, resize, scroller, set, write } from '../parts/elements.js';
import { runs } from '../parts/runs.js';
import { dateTime, lengthText } from '../units.js';

const EVENTS_MAX = 50;

/** The changes in the range; `src/render/events.rs` finds the same. @param {Spec} spec
 * @param {Row[]} rows @param {number} endMs @param {number} rangeMs */
export function events(spec, rows, endMs, rangeMs) {
  const most = spec.limit ?? EVENTS_MAX;
  /** @type {Change[]} */
  const all = [];
  for (const row of rows) {
    const { name, unit, window } = row;
    const found = runs(spec, row, endMs, rangeMs);
    // One that was there when the range began is not new.
    const first = endMs - rangeMs + window.stepMs;
    const oldest = found[0]?.from > first ? 0 : 1;
    for (let at = found.length - 1; at >= oldest && found.length - at <= most + 1; at -= 1) {
      const said = (/** @type {number | null} */ value) =>
        value === null ? { text: 'silent', level: null } : stateOf(spec, unit, value);
      const { text: to, level } = said(found[at].value);
      const from = at > 0 ? said(found[at - 1].value).text : 'new';
      all.push({ at: found[at].from, name, from, to, level });
    }
  }
  all.sort((a, b) => b.at - a.at || (a.name < b.name ? -1 : Number(a.name > b.name)));
  return all.slice(0, most);
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const box = scroller('tbl events', spec.title);
  const table = html('table');
  const head = table.createTHead().insertRow();
  for (const title of ['Time', 'Series', 'Change']) {
    const cell = html('th');
    cell.scope = 'col';
    cell.textContent = title;
    head.append(cell);
  }
  const body = table.createTBody();
  box.append(table);
  const note = html('p', 'empty');
  const words = html('span');
  note.append(words);
  host.replaceChildren(box, note);

  function line() {
    const row = body.insertRow();
    const [time, name, change] = [row.insertCell(), row.insertCell(), row.insertCell()];
    const from = change.appendChild(document.createTextNode(''));
    const to = change.appendChild(html('b'));
    return { row, time, name, from, to };
  }
  /** @type {ReturnType<typeof line>[]} */
  const lines = [];
  return {
    /** @param {Model} model */
    update({ rows, endMs, rangeMs }) {
      const shown = events(spec, rows, endMs, rangeMs);
      box.hidden = shown.length === 0;
      note.hidden = shown.length > 0;
      write(words, `nothing happened in the last ${lengthText(rangeMs)}`);
      resize(lines, shown.length, line, ({ row }) => row.remove());
      shown.forEach((change, at) => {
        const { time, name, from, to } = lines[at];
        write(time, dateTime(change.at));
        write(name, change.name);
        write(from, `${change.from} → `);
        write(to, change.to);
        set(to, 'data-level', change.level);
      });
    },
    resize() {},
    destroy() {},
  };
}
