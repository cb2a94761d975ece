/**
 * How a value has changed. Pure; `src/render/change.rs` says the same.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 */

import { valueAt } from '../rows.js';
import { fixed, format, lengthText, MINUS, THIN } from '../units.js';

/** A change in words, and whether it is a rise; null for one too small to be told.
 * @param {number} old @param {number} now @param {string} unit
 * @param {number | null} [decimals] @returns {{text: string, rises: boolean | null}} */
function changeText(old, now, unit, decimals) {
  const size = Math.abs(now - old);
  let text = '';
  if (unit === 'percent' || unit === 'ratio') {
    // Per cent of per cent would be misread.
    text = `${fixed(unit === 'ratio' ? 100 * size : size, decimals ?? 1)}${THIN}points`;
  } else if (unit === 'duration' || unit === 'timestamp') text = format(size, 'duration', decimals);
  else if (unit === 'celsius' || old === 0) text = format(size, unit, decimals);
  else {
    const part = 100 * Math.abs((now - old) / old);
    text = `${fixed(part, part < 9.95 ? 1 : 0)}${THIN}%`;
  }
  if (!/[1-9]/.test(text)) return { text: 'no change', rises: null };
  return { text: (now < old ? MINUS : '+') + text, rises: now > old };
}

/** The difference between the newest value and the one a range ago, which may be missing for the
 * first tenth of the range; null when the history is shorter than that.
 * @param {Spec} spec @param {Row} row @param {number} endMs @param {number} rangeMs */
export function difference(spec, row, endMs, rangeMs) {
  const { stepMs, firstN } = row.window;
  const first = Math.max(firstN, Math.ceil((endMs - rangeMs) / stepMs));
  for (let n = first; n * stepMs <= endMs - 0.9 * rangeMs; n += 1) {
    const old = valueAt(row, n);
    if (old === null) continue;
    if (!Number.isFinite(old) || !Number.isFinite(row.value)) return null;
    const { text, rises } = changeText(old, row.value, row.unit, spec.decimals);
    const good = rises === null || !spec.better ? null : rises === (spec.better === 'higher');
    const level = good === null ? null : good ? 'ok' : 'warn';
    return { text: `${text} in ${lengthText(rangeMs)}`, level };
  }
  return null;
}
