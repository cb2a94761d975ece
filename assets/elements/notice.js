/** The line of words above the panels. */

const NOTICE_MS = 8000;

/** What the line says: a lost connection, or for a while a word of the server. */
export class Notice {
  #element = document.getElementById('notice');
  #timer = 0;
  #lost = false;

  constructor() {
    this.#write('');
  }

  /** @param {string} text empty: nothing to say */
  #write(text) {
    if (!this.#element) return;
    this.#element.textContent = text;
    this.#element.hidden = !text;
  }

  /** Shows a word of the server for a while; a lost connection is the more important one.
   * @param {string} text */
  say(text) {
    if (this.#lost) return;
    clearTimeout(this.#timer);
    this.#write(text);
    this.#timer = setTimeout(() => this.#write(''), NOTICE_MS);
  }

  /** Says that the connection is lost, or, with nothing, that it is back; whether that is news.
   * @param {string | false} text */
  lost(text) {
    if (this.#lost === !!text) return false;
    this.#lost = !!text;
    clearTimeout(this.#timer);
    this.#write(text || '');
    return true;
  }
}
