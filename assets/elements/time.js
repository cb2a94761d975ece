/**
 * `<wg-time>`: the time of day by the server's clock, which every viewer sees alike.
 */

import { timeOfDay } from '../units.js';

/** The clock of the page. */
export class Time extends HTMLElement {
  /** How far the server's clock is ahead of ours, in ms; told by `welcome`. */
  static skewMs = 0;
  #timer = 0;

  connectedCallback() {
    this.#tick();
  }
  disconnectedCallback() {
    clearTimeout(this.#timer);
  }
  #tick() {
    const now = Date.now() + Time.skewMs;
    const text = timeOfDay(now);
    if (!document.hidden) this.replaceChildren(text);
    this.#timer = setTimeout(() => this.#tick(), 1010 - (now % 1000));
  }
}
