/**
 * What values mean in a panel: the words of its mappings and thresholds. Pure.
 *
 * The server says the same words (`src/render/state.rs`); `tests/vectors/kinds.json` holds both to
 * them.
 *
 * @import { Spec } from './subscription.js'
 * @typedef {{text: string, level: string | null, colour: string | null}} State  colour: of a word
 *   without a level
 */

import { format } from './units.js';

/** The kinds that show the words of mappings. */
const WORDS = new Set(['stat', 'table', 'timeline', 'events']);

/** Which mapping a value belongs to; -1 for none. @param {Spec} spec @param {number} value */
export function mappingOf(spec, value) {
  return (spec.mappings ?? []).findIndex(
    ({ from, to }) => value >= (from ?? -Infinity) && value <= (to ?? Infinity),
  );
}

/** The highest threshold that a value has reached; -1 for none.
 * @param {Spec} spec @param {number} value */
const thresholdOf = (spec, value) => spec.thresholds.findLastIndex((each) => value >= each.value);

/** What tells two meanings apart. @param {Spec} spec @param {number} value */
export function meaningOf(spec, value) {
  const mapped = mappingOf(spec, value);
  if (mapped >= 0) return `m${mapped}`;
  if (spec.thresholds.length > 0 && !Number.isNaN(value)) return `t${thresholdOf(spec, value)}`;
  return String(value);
}

/** A value in words. @param {Spec} spec @param {string} unit @param {number} value
 * @returns {State} */
export function stateOf(spec, unit, value) {
  const index = mappingOf(spec, value);
  const mapping = spec.mappings?.[index];
  if (mapping) {
    const colour = mapping.level ? null : `c${(((spec.color || 1) - 1 + index) % 8) + 1}`;
    return { text: mapping.text, level: mapping.level, colour };
  }
  const reached = spec.thresholds[thresholdOf(spec, value)];
  if (reached) return { text: reached.word, level: reached.level, colour: null };
  if (spec.thresholds.length === 0 || Number.isNaN(value))
    return { text: format(value, unit, spec.decimals), level: null, colour: null };
  return { text: 'ok', level: 'ok', colour: null };
}

/** What is wrong with a value: a level above `ok`, and the word for it. A mapping decides before
 * any threshold does. @param {Spec} spec @param {number} value
 * @returns {{level: string, word: string} | null} */
export function verdict(spec, value) {
  const mapping = WORDS.has(spec.kind) ? spec.mappings?.[mappingOf(spec, value)] : undefined;
  const level = mapping ? mapping.level : spec.thresholds[thresholdOf(spec, value)]?.level;
  if (level !== 'warn' && level !== 'critical') return null;
  return { level, word: mapping?.text ?? spec.thresholds[thresholdOf(spec, value)].word };
}

/** Whether values of a query are judged: in a table and of targets those in the panel's unit, in
 * a stat those of its main query. @param {Spec} spec @param {number} query */
export function judges(spec, query) {
  if (spec.kind === 'stat') return query === 0;
  if (spec.kind === 'targets' && query === 0) return false;
  return !['table', 'targets'].includes(spec.kind) || (spec.queries[query]?.unit || spec.unit) === spec.unit;
}
