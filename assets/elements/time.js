/**
 * `<wg-time>`: the time of day by the server's clock, which every viewer sees alike.
 */

import { timeOfDay } from '../units.js';

/** The clock of the page. */
export class Time extends HTMLElement {
  /** The server's time in ms. */
  static now = Date.now;
  #timer = 0;

  connectedCallback() {
    this.#tick();
  }
  disconnectedCallback() {
    clearTimeout(this.#timer);
  }
  #tick() {
    const now = Time.now();
    const text = timeOfDay(now);
    if (!document.hidden) this.replaceChildren(text);
    this.#timer = setTimeout(() => this.#tick(), 1010 - (now % 1000));
  }
}
