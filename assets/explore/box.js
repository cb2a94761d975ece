/**
 * The query box: completes words from a list below it, underlines the mistake while one types, and
 * runs by Ctrl+Enter.
 *
 * The one idea: the text stays a plain text box; the list is its listbox by
 * `aria-activedescendant`, and the underline is a layer below with the same letters.
 *
 * @import { Place } from './place.js'
 * @import { Source, Word } from './source.js'
 */

import { make } from '../elements/build.js';
import { placeOf } from './place.js';

const CHECK_MS = 250;

/** The box. */
export class Box {
  /** @type {Word[]} */
  #words = [];
  /** @type {Place | null} */
  #place = null;
  #chosen = 0;
  #asked = 0;
  #timer = 0;
  #list = /** @type {HTMLElement} */ (document.getElementById('words'));
  #wrong = /** @type {HTMLElement} */ (document.getElementById('wrong'));
  #under = /** @type {HTMLElement} */ (document.querySelector('.query .under'));

  /** @param {HTMLTextAreaElement} text @param {Source} source */
  constructor(text, source) {
    this.text = text;
    this.source = source;
    text.setAttribute('aria-autocomplete', 'list');
    text.setAttribute('aria-controls', 'words');
    text.addEventListener('input', () => this.#typed());
    text.addEventListener('keydown', (event) => this.#key(event));
    text.addEventListener('blur', () => this.#close());
    text.addEventListener('scroll', () => (this.#under.scrollTop = text.scrollTop));
    // The box keeps the focus while a word is pressed.
    this.#list.addEventListener('mousedown', (event) => {
      event.preventDefault();
      const item = /** @type {Element} */ (event.target).closest('li');
      if (item) this.#take([...this.#list.children].indexOf(item));
    });
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#mark('');
    this.#timer = setTimeout(() => this.#check(), CHECK_MS);
    this.#complete();
  }

  async #complete() {
    const before = this.text.value.slice(0, this.text.selectionStart);
    const place = placeOf(before);
    this.#asked += 1;
    const asked = this.#asked;
    const words = place ? await this.source.words(place) : [];
    // Who has typed on meanwhile gets the answer to that.
    if (asked !== this.#asked) return;
    this.#place = place;
    this.#show(words);
  }

  /** @param {Word[]} words */
  #show(words) {
    this.#words = words;
    this.#chosen = 0;
    const items = words.map(({ text, note }, index) =>
      make('li', { role: 'option', id: `word-${index}` }, [text, make('small', {}, [note])]),
    );
    this.#list.replaceChildren(...items);
    this.#list.hidden = words.length === 0;
    if (words.length > 0) this.#choose(0);
    else this.text.removeAttribute('aria-activedescendant');
  }

  #close() {
    this.#asked += 1;
    this.#show([]);
  }

  /** @param {number} index */
  #choose(index) {
    const items = [...this.#list.children];
    this.#chosen = (index + items.length) % items.length;
    items.forEach((item, at) => item.setAttribute('aria-selected', String(at === this.#chosen)));
    items[this.#chosen].scrollIntoView({ block: 'nearest' });
    this.text.setAttribute('aria-activedescendant', `word-${this.#chosen}`);
  }

  /** Writes a word in place of what stands there. @param {number} index */
  #take(index) {
    const [word, place] = [this.#words[index], this.#place];
    if (!word || !place) return;
    const { text } = this;
    text.setRangeText(word.insert, place.start, text.selectionStart, 'end');
    this.#close();
    this.#typed();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.text.form?.requestSubmit();
      return;
    }
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      this.#complete();
      return;
    }
    if (this.#list.hidden) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) this.#choose(this.#chosen + by);
    else if (event.key === 'Enter' || event.key === 'Tab') this.#take(this.#chosen);
    else if (event.key === 'Escape') this.#close();
    else return;
    event.preventDefault();
  }

  /** Asks the server whether the text is a query. */
  async #check() {
    const asked = this.text.value;
    if (!asked.trim()) return;
    const answer = await fetch(`/api/v1/format_query?query=${encodeURIComponent(asked)}`);
    const { error = '' } = await answer.json();
    if (this.text.value === asked) this.#mark(error.replace(/^invalid parameter "query": /, ''));
  }

  /** Says what is wrong and underlines it; with nothing, takes both away. @param {string} wrong */
  #mark(wrong) {
    if (this.#wrong.textContent !== wrong) this.#wrong.textContent = wrong;
    this.text.toggleAttribute('aria-invalid', false);
    this.#under.replaceChildren();
    const place = /^(\d+):(\d+): /.exec(wrong);
    if (!place) return;
    this.text.setAttribute('aria-invalid', 'true');
    const lines = this.text.value.split('\n').slice(0, Number(place[1]) - 1);
    const before = lines.reduce((sum, line) => sum + line.length + 1, 0);
    const start = before + Number(place[2]) - 1;
    const rest = this.text.value.slice(start);
    const at = /^[\p{L}\p{N}_:.]+/u.exec(rest)?.[0] ?? (rest.slice(0, 1) || ' ');
    const parts = [this.text.value.slice(0, start), make('mark', {}, [at]), rest.slice(at.length)];
    this.#under.replaceChildren(...parts);
    this.#under.scrollTop = this.text.scrollTop;
  }
}
