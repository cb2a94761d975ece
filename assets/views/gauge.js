/**
 * The newest value of each series on a dial.
 *
 * @import { Row } from '../rows.js'
 * @import { Spec } from '../subscription.js'
 * @import { Model } from './chart.js'
 */

import { ageOf, reached } from '../rows.js';
import { parts, timeOfDay } from '../units.js';

/** Between a number and its unit. */
const THIN = '\u202f';
const SVG = 'http://www.w3.org/2000/svg';
/** The length of the dial: three quarters of a circle of radius 42. */
const SWEEP = 2 * Math.PI * 42 * 0.75;

/** @param {string} className */
function circle(className) {
  const found = document.createElementNS(SVG, 'circle');
  for (const [name, value] of Object.entries({
    class: className,
    cx: '50',
    cy: '50',
    r: '42',
    'stroke-dasharray': `${SWEEP.toFixed(1)} 999`,
  }))
    found.setAttribute(name, value);
  return found;
}

/** One dial, empty. @param {string} name */
function dial(name) {
  const gauge = document.createElement('div');
  gauge.className = 'gauge';
  gauge.setAttribute('role', 'meter');
  gauge.setAttribute('aria-label', name);
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 100 92');
  svg.setAttribute('aria-hidden', 'true');
  const turned = document.createElementNS(SVG, 'g');
  turned.setAttribute('transform', 'rotate(135 50 50)');
  const value = circle('v');
  turned.append(circle('t'), value);
  svg.append(turned);
  const number = document.createElement('strong');
  const face = document.createElement('div');
  face.className = 'dial';
  face.append(svg, number);
  const words = document.createElement('p');
  const title = document.createElement('b');
  title.textContent = title.title = name;
  const age = document.createElement('span');
  age.className = 'asof';
  words.append(title, ' ', age);
  gauge.append(face, words);
  return { gauge, value, number, age, said: '' };
}

/** @param {HTMLElement} host the panel's body @param {{spec: Spec}} options */
export function create(host, { spec }) {
  const box = document.createElement('div');
  box.className = 'gauges';
  host.replaceChildren(box);
  let keys = '';
  /** @type {ReturnType<typeof dial>[]} */
  let dials = [];
  const share = (spec.queries[0]?.unit || spec.unit) === 'ratio' ? 1 : 100;
  const [low, high] = [spec.min ?? 0, spec.max ?? share];
  /** @param {Row} row @param {ReturnType<typeof dial>} one @param {string} head */
  const show = (row, one, head) => {
    // On a dial a whole number of per cent is enough, and the sign stands close.
    const perCent = row.unit === 'percent' || row.unit === 'ratio';
    const digits = spec.decimals ?? (perCent ? 0 : null);
    const text = parts(row.value, row.unit, digits)
      .filter(Boolean)
      .join(perCent ? '' : THIN);
    const threshold = reached(spec, [row]);
    const since = ageOf(row, timeOfDay);
    const age = since === head ? '' : since;
    const said = `${text} ${threshold?.word ?? ''} ${age}`;
    if (one.said === said) return;
    one.said = said;
    const part = Math.max(0, Math.min(1, (row.value - low) / (high - low || 1))) || 0;
    one.value.setAttribute('stroke-dashoffset', (SWEEP * (1 - part)).toFixed(1));
    one.number.textContent = text;
    one.age.textContent = age;
    const { gauge } = one;
    if (threshold) gauge.dataset.level = threshold.level;
    else delete gauge.dataset.level;
    gauge.toggleAttribute('data-stale', row.stale);
    gauge.ariaValueMin = String(low);
    gauge.ariaValueMax = String(high);
    gauge.ariaValueNow = String(Math.max(low, Math.min(high, row.value)) || low);
    gauge.ariaValueText = threshold?.word ? `${text}, ${threshold.word}` : text;
  };
  return {
    /** @param {Model} model */
    update({ rows, said }) {
      const now = rows.map((row) => `${row.key} ${row.name}`).join('|');
      if (now !== keys) {
        keys = now;
        dials = rows.map((row) => dial(row.name));
        box.replaceChildren(...dials.map((one) => one.gauge));
        box.dataset.count = String(rows.length);
      }
      rows.forEach((row, at) => show(row, dials[at], said));
    },
    resize() {},
    destroy() {},
  };
}
