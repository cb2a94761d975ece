/**
 * Where in time a page is. The windows of a stretch of the past are fetched once, and stand in
 * place of the live ones until the reader comes back to them.
 *
 * @import { Past } from './later/past.js'
 * @import { When } from './when.js'
 * @typedef {{slug: () => string, only: string[] | null, now: () => number, changed: () => void,
 *   said: (text: string) => void, load: () => Promise<typeof import('./later/past.js')>}} Host
 *   only: the panels of an embed; now: the server's time in ms; changed: another time is to be
 *   shown; said: words for the reader; load: what fetches the windows
 */

import { endsOf, moved, read, scaled, stretch, written } from './when.js';

/** Where in time the page is, and how it gets elsewhere. */
export class Travel {
  /** @type {Past | null} what is shown in place of the live windows */
  past = null;
  /** How many steps back there are on this page. */
  #depth = 0;
  #fetching = new AbortController();

  /** @param {number} rangeMs of the live page @param {Host} host */
  constructor(rangeMs, host) {
    this.host = host;
    /** @type {When} */
    this.when = { rangeMs };
    this.liveMs = rangeMs;
  }

  /** Follows the address, and shows at first what the server read in it, which may be a date.
   * @param {[number, number] | undefined} past */
  begin(past) {
    const follow = () => {
      this.#depth = Math.max(0, this.#depth - 1);
      this.#show(read(new URLSearchParams(location.search)) ?? { rangeMs: this.liveMs });
    };
    addEventListener('popstate', follow);
    if (!past) return;
    const when = { fromMs: past[0], toMs: past[1] };
    history.replaceState(history.state, '', written(location.href, when));
    this.#show(when);
  }

  /** Shows another time; the one before is a step back. @param {When} when */
  go(when) {
    this.#depth += 1;
    history.pushState(null, '', written(location.href, when));
    return this.#show(when);
  }
  /** The same without a step: the way back belongs to the page around an embed.
   * @param {When} when */
  change(when) {
    history.replaceState(null, '', written(location.href, when));
    return this.#show(when);
  }

  /** @param {number} fromMs @param {number} toMs */
  zoom = (fromMs, toMs) => this.go(stretch(fromMs, toMs));
  /** From when to when is shown. */
  ends() {
    return endsOf(this.when, this.host.now());
  }
  /** @param {number} part */
  move(part) {
    if (!('rangeMs' in this.when && part > 0)) this.go(moved(this.when, part, this.host.now()));
  }
  /** @param {number} factor */
  scale(factor) {
    this.go(scaled(this.when, factor));
  }
  /** One step back, or out of the past. */
  back = () => {
    if (this.#depth > 0) history.back();
    else if (this.past) this.live();
  };
  /** Back to what goes on. */
  live() {
    if (!('rangeMs' in this.when)) this.go({ rangeMs: this.liveMs });
  }

  /** @param {When} when @returns {Promise<string>} why it cannot be shown, empty when it is */
  async #show(when) {
    const was = this.when;
    this.#fetching.abort();
    this.when = when;
    if ('rangeMs' in when) {
      this.past = null;
      this.liveMs = when.rangeMs;
      this.host.changed();
      return '';
    }
    // Until the windows are there, what was shown stays.
    const fetching = (this.#fetching = new AbortController());
    const { only, slug } = this.host;
    try {
      const { fetchPast } = await this.host.load();
      const { past, failed } = await fetchPast({ slug: slug(), only }, when, fetching.signal);
      if (failed) this.host.said(failed);
      this.past = past;
      this.host.changed();
      return '';
    } catch (reason) {
      if (fetching.signal.aborted) return 'another time was asked for';
      this.when = was;
      const words = `this time cannot be shown: ${/** @type {Error} */ (reason).message}`;
      this.host.said(words);
      return words;
    }
  }
}
