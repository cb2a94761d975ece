/**
 * `<wg-status>`: whether the page is live, in words.
 *
 * The one idea: the state of the page stands once, on the root element, for the sheet; this element
 * says it to people. It is a button as well: it pauses and goes on.
 *
 * @import { State, Transport } from '../connection.js'
 */

import { format, timeOfDay } from '../units.js';

/** How the ways of a connection are called. @type {Record<Transport, string>} */
export const NAMES = {
  websocket: 'WebSocket',
  events: 'server-sent events',
  poll: 'long poll',
};

/** The pill. */
export class Status extends HTMLElement {
  /** @type {State | null} */
  #state = null;
  #pausedAt = 0;
  #timer = 0;

  connectedCallback() {
    this.#timer = setInterval(() => {
      if (this.#pausedAt) this.#write();
    }, 1000);
  }
  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  /** @param {State} state @param {number} pausedAt in ms, 0 when not paused */
  show(state, pausedAt) {
    this.#state = state;
    this.#pausedAt = pausedAt;
    this.#write();
  }

  /** @returns {[string, string, string]} the page's state, the word, and what is said beside it */
  #words() {
    const { name, attempt, waitMs, since } = /** @type {State} */ (this.#state);
    if (name === 'retry')
      return ['retry', 'Reconnecting', `try ${attempt}, ${(waitMs / 1000).toFixed(1)} s`];
    if (name === 'offline') return ['offline', 'Offline', `since ${timeOfDay(since)}`];
    if (this.#pausedAt) {
      const s = Math.round((Date.now() - this.#pausedAt) / 1000);
      const behind = s < 120 ? `${s} s` : format(s, 'duration');
      return ['paused', 'Paused', `${behind} behind, jump to live`];
    }
    return name === 'live' ? ['live', 'Live', '1 s'] : ['still', 'Connecting', ''];
  }

  #write() {
    if (!this.#state) return;
    const [state, word, beside] = this.#words();
    const root = document.documentElement;
    if (root.dataset.state !== state) root.dataset.state = state;
    const [strong, small] = [this.querySelector('b'), this.querySelector('small')];
    if (strong && strong.textContent !== word) strong.textContent = word;
    if (small && small.textContent !== beside) small.textContent = beside;
    const what = this.#pausedAt ? 'Jump to live (Space)' : 'Pause (Space)';
    const title = `${what}. Connection: ${NAMES[this.#state.transport]}`;
    const button = this.querySelector('button');
    if (button && button.title !== title) button.title = title;
  }
}
