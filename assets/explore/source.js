/**
 * What completes a word: functions and aggregations from the page, metrics, labels and values from
 * the query API, each asked for once and kept for a while.
 *
 * @import { Place } from './place.js'
 * @typedef {{text: string, insert: string, note: string}} Word  insert: what is written in place of
 *   what stands there
 */

const KEPT_MS = 30_000;
const WORDS_MAX = 40;

/** @param {string} path @returns {Promise<any>} */
async function ask(path) {
  const answer = await fetch(path);
  const { data } = await answer.json();
  return answer.ok ? data : [];
}

/** Where words come from. */
export class Source {
  /** @type {Map<string, {at: number, answer: Promise<any>}>} */
  #kept = new Map();
  /** @type {Word[]} */
  #own;

  /** @param {{functions?: string[], aggregations?: string[]}} words */
  constructor({ functions = [], aggregations = [] }) {
    const call = (/** @type {string} */ note) => (/** @type {string} */ text) => ({
      text,
      insert: `${text}(`,
      note,
    });
    this.#own = [...functions.map(call('function')), ...aggregations.map(call('aggregation'))];
  }

  /** @param {string} path */
  #ask(path) {
    const known = this.#kept.get(path);
    if (known && Date.now() - known.at < KEPT_MS) return known.answer;
    const answer = ask(path).catch(() => []);
    this.#kept.set(path, { at: Date.now(), answer });
    return answer;
  }

  /** The words that fit, those that begin alike first. @param {Place} place
   * @returns {Promise<Word[]>} */
  async words(place) {
    const all = await this.#all(place);
    const part = place.word.toLowerCase();
    const found = all.filter(({ text }) => text.toLowerCase().includes(part));
    const rank = (/** @type {Word} */ { text }) => (text.toLowerCase().startsWith(part) ? 0 : 1);
    if (part) found.sort((a, b) => rank(a) - rank(b) || a.text.length - b.text.length);
    const done = found.length === 1 && found[0].text === place.word;
    return done ? [] : found.slice(0, WORDS_MAX);
  }

  /** @param {Place} place @returns {Promise<Word[]>} */
  async #all({ kind, metric, label }) {
    const match = metric ? `?match[]=${encodeURIComponent(metric)}` : '';
    if (kind === 'label') {
      /** @type {string[]} */
      const names = await this.#ask(`/api/v1/labels${match}`);
      const plain = names.filter((name) => name !== '__name__');
      return plain.map((text) => ({ text, insert: text, note: 'label' }));
    }
    if (kind === 'value') {
      /** @type {string[]} */
      const values = await this.#ask(`/api/v1/label/${encodeURIComponent(label)}/values${match}`);
      const written = (/** @type {string} */ text) => JSON.stringify(text).slice(1, -1);
      return values.map((text) => ({ text, insert: written(text), note: label }));
    }
    const [names, known] = await Promise.all([
      this.#ask('/api/v1/label/__name__/values'),
      this.#ask('/api/v1/metadata'),
    ]);
    const note = (/** @type {string} */ name) => {
      const [about] = known[name] ?? [];
      return about ? [about.type, about.help].filter(Boolean).join(' · ') : 'metric';
    };
    const metrics = names.map((/** @type {string} */ text) => ({
      text,
      insert: text,
      note: note(text),
    }));
    return [...metrics, ...this.#own];
  }
}
