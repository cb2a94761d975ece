/**
 * The clock by which the page tells times: the browser's own, or that of a zone.
 *
 * The one idea: a time is moved by its zone's distance from UTC, and then read as if it were UTC.
 * Only the distance is asked of the browser, once for each quarter of an hour that is told of;
 * clocks are changed at such times.
 */

const QUARTER_MS = 900_000;
const KEPT_MAX = 5000;

let name = 'browser';
/** @type {Intl.DateTimeFormat | null} */
let format = null;
/** @type {Map<number, number>} */
const known = new Map();

/** How far the clock is east of UTC at a time, in ms. @param {number} ms */
export function offset(ms) {
  if (!format || !Number.isFinite(ms)) return -new Date(ms).getTimezoneOffset() * 60_000;
  const quarter = Math.floor(ms / QUARTER_MS) * QUARTER_MS;
  let found = known.get(quarter);
  if (found === undefined) {
    if (known.size > KEPT_MAX) known.clear();
    // Swedes write a time as the standard does.
    found = Date.parse(`${format.format(quarter).replace(' ', 'T')}Z`) - quarter;
    known.set(quarter, found);
  }
  return found;
}

/** A time whose parts in UTC are those that the clock shows. @param {number} ms */
export const wall = (ms) => new Date(ms + offset(ms));

/** Takes the clock that an address names, else the first of others that is named: `browser`, `utc`
 * or a zone. One that this browser does not know is passed over.
 * @param {string} search of the address @param {(string | null | undefined)[]} others */
export function choose(search, others) {
  known.clear();
  for (const wanted of [new URLSearchParams(search).get('tz'), ...others, 'browser']) {
    if (!wanted) continue;
    [name, format] = [wanted, null];
    if (wanted === 'browser') break;
    try {
      const timeZone = wanted === 'utc' ? 'UTC' : wanted;
      format = new Intl.DateTimeFormat('sv', {
        timeZone,
        dateStyle: 'short',
        timeStyle: 'medium',
      });
      break;
    } catch {
      // Another browser wrote it, or a server with newer zones: the next one.
    }
  }
}

/** The clock that is taken. */
export const zone = () => name;
