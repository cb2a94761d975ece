/**
 * What stands at the cursor of a query, and so what may be completed there.
 *
 * @typedef {{kind: 'name' | 'label' | 'value', word: string, start: number, metric: string,
 *   label: string}} Place  name: a metric, function or aggregation; word: what is written of it so
 *   far, from `start`; metric: the one whose labels stand in the braces; label: the one before a
 *   value
 */

/** The backquote: in a text that it begins nothing is escaped. */
const RAW = '\x60';
const WORD = /[A-Za-z_:][A-Za-z0-9_:.]*$/;

/** The place at the end of `before`; nothing where no word of ours can stand.
 * @param {string} before the query up to the cursor @returns {Place | null} */
export function placeOf(before) {
  let open = -1;
  let quote = '';
  let quoteAt = -1;
  for (let at = 0; at < before.length; at += 1) {
    const letter = before[at];
    if (quote) {
      if (letter === '\\' && quote !== RAW) at += 1;
      else if (letter === quote) quote = '';
    } else if (letter === '"' || letter === "'" || letter === RAW) {
      quote = letter;
      quoteAt = at;
    } else if (letter === '#') {
      const end = before.indexOf('\n', at);
      if (end < 0) return null;
      at = end;
    } else if (letter === '{') open = at;
    else if (letter === '}') open = -1;
  }
  const metric = open < 0 ? '' : (WORD.exec(before.slice(0, open).trimEnd())?.[0] ?? '');
  if (quote) {
    const label = /([A-Za-z_][A-Za-z0-9_]*)\s*(?:=~|!~|!=|=)\s*$/.exec(before.slice(0, quoteAt));
    if (open < 0 || !label) return null;
    const start = quoteAt + 1;
    return { kind: 'value', word: before.slice(start), start, metric, label: label[1] };
  }
  const word = WORD.exec(before)?.[0] ?? '';
  const start = before.length - word.length;
  if (open >= 0) {
    const fits = /[{,]\s*$/.test(before.slice(0, start));
    return fits ? { kind: 'label', word, start, metric, label: '' } : null;
  }
  const inBrackets = before.lastIndexOf('[') > before.lastIndexOf(']');
  const isNumber = /[0-9.]$/.test(before.slice(0, start));
  if (!word || inBrackets || isNumber) return null;
  // The labels in `by (…)` are those of no metric in particular.
  const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*$/i;
  const kind = grouping.test(before.slice(0, start)) ? 'label' : 'name';
  return { kind, word, start, metric, label: '' };
}
