/**
 * Values and units to text: three significant digits, powers of 1024 for bytes and of 1000 for
 * rates, a narrow space before the unit, a dash where there is no number. Pure, but for the clock
 * that times are told by.
 *
 * The server writes the same texts (`src/render/number.rs`); `tests/vectors/numbers.json` holds
 * both to it. So that two languages round alike, rounding is `floor(x * 10^d + 0.5) / 10^d`.
 */

import { wall } from './zone.js';

/** The space between a number and its unit. */
export const THIN = '\u202f';
export const MINUS = '\u2212';
const MISSING = '–';
const THOUSANDS = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
/** A little below the powers of ten: 9.996 is written `10.0`, not `10.00`. */
const FROM = [
  99.95, 9.995, 0.9995, 0.09995, 0.009995, 0.0009995, 0.00009995, 0.000009995, 0.0000009995,
];

/** How numbers of one size are written; digits: that many after the point, or a rule; prefix: what
 * stands right before the number.
 * @typedef {{factor: number, suffix: string, digits: number | 'three' | 'whole',
 *   prefix?: string}} Scale */

/** @param {number} size @param {number} base @param {string[]} prefixes @param {string} suffix
 * @returns {Scale} */
function powers(size, base, prefixes, suffix) {
  let power = 0;
  for (let left = size; left >= base * 0.9995 && power + 1 < prefixes.length; left /= base)
    power += 1;
  return {
    factor: base ** -power,
    suffix: prefixes[power] + suffix,
    digits: power ? 'three' : 'whole',
  };
}

/** @param {number} size @param {string} suffix @param {'three' | 'whole'} digits
 * @returns {Scale} */
function counted(size, suffix, digits) {
  return size < 9999.5 ? { factor: 1, suffix, digits } : powers(size, 1000, THOUSANDS, suffix);
}

/** A unit with parts of a thousandth each below it, and multiples by a thousand above.
 * @param {number} size @param {number} factor from the value to the unit
 * @param {string[]} multiples @returns {Scale} */
function small(size, factor, multiples) {
  const [times, part] =
    size === 0 || size >= 0.9995
      ? [1, '']
      : size >= 0.0009995
        ? [1e3, 'm']
        : size >= 0.0000009995
          ? [1e6, 'µ']
          : [1e9, 'n'];
  const scale = part
    ? { factor: Number(times), suffix: part + multiples[0] }
    : powers(size, 1000, multiples, '');
  return { factor: scale.factor * factor, suffix: scale.suffix, digits: 'three' };
}

/** Signs of money that everybody knows; they stand before the number. */
const MONEY = { EUR: '€', USD: '$', GBP: '£', JPY: '¥', INR: '₹', KRW: '₩' };

/** @param {number} size @param {string} code three letters @returns {Scale} */
function money(size, code) {
  const prefix = MONEY[/** @type {keyof typeof MONEY} */ (code)] ?? '';
  const behind = prefix ? '' : code;
  // ISO 4217 gives these no smaller coin.
  const digits = code === 'JPY' || code === 'KRW' ? 0 : 2;
  if (size < 9999.5) return { factor: 1, prefix, suffix: behind, digits };
  const scale = powers(size, 1000, THOUSANDS, '');
  return { ...scale, prefix, suffix: [scale.suffix, behind].filter(Boolean).join(THIN) };
}

/** The multiples of units that have a name each. @type {Record<string, string[]>} */
const MULTIPLES = {
  seconds: ['s'],
  watts: ['W', 'kW', 'MW', 'GW', 'TW'],
  volts: ['V', 'kV', 'MV'],
  amperes: ['A', 'kA'],
  grams: ['g', 'kg', 't', 'kt', 'Mt', 'Gt'],
  metres: ['m', 'km'],
};

/** What follows the thousands of a unit. @type {Record<string, string>} */
const BEHIND = { bits_per_second: 'bit/s', bytes_si: 'B', bits: 'bit', hertz: 'Hz' };

/** @param {number} size @param {string} unit @returns {Scale} */
function scaleOf(size, unit) {
  if (unit === 'percent') return { factor: 1, suffix: '%', digits: 1 };
  if (unit === 'ratio') return { factor: 100, suffix: '%', digits: 1 };
  if (unit === 'celsius') return { factor: 1, suffix: '°C', digits: 1 };
  if (unit === 'rpm') return { factor: 1, suffix: 'rpm', digits: 0 };
  if (unit === 'bytes') return powers(size, 1024, BINARY, '');
  if (unit === 'bytes_per_second') return powers(size, 1024, BINARY, '/s');
  if (BEHIND[unit]) return powers(size, 1000, THOUSANDS, BEHIND[unit]);
  if (MULTIPLES[unit]) return small(size, 1, MULTIPLES[unit]);
  if (unit === 'milliseconds') return small(size / 1000, 0.001, MULTIPLES.seconds);
  if (unit.startsWith('currency:')) return money(size, unit.slice(9));
  if (unit === 'per_second') return counted(size, '/s', 'three');
  return counted(size, unit.startsWith('custom:') ? unit.slice(7) : '', 'whole');
}

/** Two digits after the point and an exponent, as `1.23e-7`. @param {number} size */
const exponent = (size) => size.toExponential(2).replace('e+', 'e');

/** @param {number} size @param {number} decimals halves are rounded up */
export function fixed(size, decimals) {
  const power = 10 ** decimals;
  const rounded = Math.floor(size * power + 0.5) / power;
  return rounded < 1e21 ? rounded.toFixed(decimals) : exponent(size);
}

/** @param {number} size */
function threeDigits(size) {
  if (size === 0) return '0';
  const decimals = FROM.findIndex((from) => size >= from);
  return decimals < 0 ? exponent(size) : fixed(size, decimals);
}

/** Writes the size and puts the sign before it, unless everything was rounded away.
 * @param {number} value @param {(size: number) => string} write */
function signed(value, write) {
  const text = write(Math.abs(value));
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** @param {Scale} scale @param {number} value @param {number | null | undefined} decimals */
function number({ factor, digits, prefix = '' }, value, decimals) {
  // A ratio near the end of the scale would leave it as per cent.
  const scaled = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value * factor));
  const written = (/** @type {number} */ size) => {
    if (decimals != null) return fixed(size, decimals);
    if (typeof digits === 'number') return fixed(size, digits);
    return digits === 'whole' && Number.isInteger(size) && size < 1e15
      ? fixed(size, 0)
      : threeDigits(size);
  };
  return signed(scaled, (size) => prefix + written(size));
}

/** Seconds as a length of time in its two largest units. @param {number} value @returns {string} */
function duration(value) {
  if (Math.abs(value) < 0.9995) return format(value, 'seconds');
  let left = Math.floor(Math.abs(value) + 0.5);
  const words = [];
  for (const [name, length] of /** @type {const} */ ([
    ['d', 86400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ])) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (words.length > 0 || count > 0) words.push(count > 0 ? count + THIN + name : '');
  }
  return (value < 0 ? MINUS : '') + words.slice(0, 2).filter(Boolean).join('\u00a0');
}

/** @param {number} value @returns {[string, string]} */
function moment(value) {
  if (!(value >= -62_135_596_800 && value < 253_402_300_800)) return parts(value, 'seconds');
  const date = new Date(Math.floor(value) * 1000).toISOString();
  return [date.slice(0, 19).replace('T', ' '), 'UTC'];
}

/**
 * The number and the unit that stand for a value; null and NaN are a dash without a unit.
 * @param {number | null | undefined} value @param {string} unit
 * @param {number | null} [decimals] digits after the point, else three significant ones
 * @returns {[string, string]}
 */
export function parts(value, unit, decimals) {
  if (value == null || Number.isNaN(value)) return [MISSING, ''];
  if (!Number.isFinite(value)) return [value < 0 ? `${MINUS}∞` : '∞', ''];
  if (unit === 'duration') return [duration(value), ''];
  if (unit === 'timestamp') return moment(value);
  const scale = scaleOf(Math.abs(value), unit);
  return [number(scale, value, decimals), scale.suffix];
}

/** A value in one text: `38.0 %`. @param {number | null | undefined} value @param {string} unit
 * @param {number | null} [decimals] @returns {string} */
export function format(value, unit, decimals) {
  return parts(value, unit, decimals).filter(Boolean).join(THIN);
}

/**
 * The labels of an axis: one scale for all, no more digits than it takes to tell neighbours apart.
 * @param {number[]} ticks @param {string} unit
 */
export function axis(ticks, unit) {
  if (unit === 'duration' || unit === 'timestamp') return ticks.map((tick) => format(tick, unit));
  const scale = scaleOf(Math.max(0, ...ticks.map(Math.abs)), unit);
  const distance =
    Math.min(...ticks.slice(1).map((tick, index) => tick - ticks[index])) * scale.factor;
  let decimals = 0;
  const whole = (/** @type {number} */ steps) =>
    Math.abs(steps - Math.round(steps)) < 1e-6 * Math.max(1, steps);
  while (decimals < 6 && Number.isFinite(distance) && !whole(distance * 10 ** decimals))
    decimals += 1;
  const short = scale.suffix.replace(/(bit)?\/s$/, '');
  const space = short.length > 1 ? THIN : '';
  return ticks.map((tick) =>
    tick === 0 && scale.suffix !== '%'
      ? '0'
      : signed(tick * scale.factor, (size) => (scale.prefix ?? '') + fixed(size, decimals)) +
        space +
        short,
  );
}

/** Where an axis of shares ends. @type {Record<string, number>} */
const WHOLE = { percent: 100, ratio: 1 };

/** The distance of ticks: 1, 2, 2.5 or 5 times a power of ten, for bytes a power of two.
 * @param {number} length of the axis @param {string} unit */
function tickStep(length, unit) {
  const wanted = length / 4;
  if (unit === 'bytes' || unit === 'bytes_per_second') return 2 ** Math.ceil(Math.log2(wanted));
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([1, 2, 2.5, 5].find((multiple) => multiple * power >= wanted) ?? 10);
}

/**
 * The ends of a value axis: from zero unless values lie below it, up to a round value. `min` fixes
 * the lower end, `max` the upper one unless values lie clearly above it; per cent end at the whole.
 * @param {number} least @param {number} most @param {number | null} min @param {number | null} max
 * @param {string} unit @returns {[number, number]}
 */
export function axisEnds(least, most, min, max, unit) {
  const limit = max ?? WHOLE[unit] ?? null;
  // Sums of measured shares may be a little more than the whole.
  const whole = max !== null && max === WHOLE[unit];
  const fixed = limit !== null && (whole || most <= limit + Math.abs(limit) / 100);
  const low = min ?? Math.min(0, least);
  let high = fixed ? limit : Math.max(0, most);
  if (!(high > low)) high = low + (Math.abs(low) || 1);
  const step = tickStep(high - low, unit);
  return [
    min === null ? Math.floor(low / step) * step : low,
    fixed ? high : Math.ceil(high / step) * step,
  ];
}

/** The values that are named beside an axis. @param {number} low @param {number} high
 * @param {string} unit */
export function axisTicks(low, high, unit) {
  const step = tickStep(high - low, unit);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.min(12, Math.floor(high / step + 1e-9) - first);
  return Array.from({ length: count + 1 }, (_, index) => (first + index) * step);
}

/** A range as the protocol writes it: `5m`. @param {number} rangeMs */
export function rangeText(rangeMs) {
  if (rangeMs % 86_400_000 === 0) return `${rangeMs / 86_400_000}d`;
  if (rangeMs % 3_600_000 === 0) return `${rangeMs / 3_600_000}h`;
  return rangeMs % 60_000 === 0 ? `${rangeMs / 60_000}m` : `${Math.round(rangeMs / 1000)}s`;
}

/** A range in words: `5 min`, `1 h`, `90 s`. @param {number} rangeMs */
export function lengthText(rangeMs) {
  const text = rangeText(rangeMs);
  return `${parseFloat(text)} ${text.endsWith('m') ? 'min' : text.at(-1)}`;
}

/** A day as `Nov 24`. @param {number} ms since the epoch */
export function day(ms) {
  const [, date, month] = wall(ms).toUTCString().split(' ');
  return `${month} ${date}`;
}

/** A time that may lie days back: with the day when it is not near. @param {number} ms since the
 * epoch @param {boolean} [short] without seconds */
export function dateTime(ms, short) {
  const time = timeOfDay(ms, short);
  return Date.now() - ms < 43_200_000 ? time : `${day(ms)} ${time}`;
}

/** A time of day as `12:03:11`. @param {number} ms since the epoch @param {boolean} [short] */
export const timeOfDay = (ms, short) => wall(ms).toUTCString().slice(17, short ? 22 : 25);
