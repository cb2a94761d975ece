/**
 * The form of another time: what is shown now, by the clock of the page, and all clocks that the
 * browser knows. Filled when it is opened.
 *
 * @import { Stretch } from '../when.js'
 */

import { make } from '../elements/build.js';
import { offset, wall, zone } from '../zone.js';

/** The time at which the clock shows this, `2026-11-24T12:03`; NaN for what is no time.
 * @param {string} text */
export function moment(text) {
  const at = Date.parse(`${text}Z`);
  return at - offset(at - offset(at));
}

/** @param {HTMLFormElement} form
 * @param {{ends: () => Stretch, clock: (name: string) => void,
 *   stretch: (fromMs: number, toMs: number) => void}} host  ends: of what is shown; clock: chooses
 *   one; stretch: shows another time */
export function fill(form, { ends, clock, stretch }) {
  const select = /** @type {HTMLSelectElement} */ (form.elements.namedItem('tz'));
  const times = () => {
    const { fromMs, toMs } = ends();
    for (const [name, ms] of /** @type {const} */ ([['from', fromMs], ['to', toMs]])) {
      const field = /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
      field.value = wall(ms).toISOString().slice(0, 19);
    }
    select.value = zone();
  };
  if (!select.dataset.filled) {
    select.dataset.filled = '';
    const known = new Set([...select.options].map(({ value }) => value));
    for (const name of new Set([...Intl.supportedValuesOf('timeZone'), zone()]))
      if (!known.has(name)) select.append(make('option', { value: name }, [name]));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const [from, to] = ['from', 'to'].map((name) => moment(String(new FormData(form).get(name))));
      const wrong = !(to > from);
      form.classList.toggle('wrong', wrong);
      if (wrong) return;
      form.closest('details')?.removeAttribute('open');
      stretch(from, to);
    });
    select.addEventListener('change', () => {
      clock(select.value);
      times();
    });
  }
  times();
}
