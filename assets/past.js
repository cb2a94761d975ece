/**
 * A page that shows a stretch of the past: its windows are fetched once, and stand in place of the
 * live ones until the reader comes back to them.
 *
 * @import { Place } from './subscription.js'
 * @import { Stretch, When } from './when.js'
 * @typedef {{slug: () => string, only: string[] | null, now: () => number, changed: () => void,
 *   said: (text: string) => void}} Host  only: the panels of an embed; now: the server's time in
 *   ms; changed: another time is to be shown; said: words for the reader
 */

import { readInlineSnapshot } from './frame.js';
import { Channel } from './subscription.js';
import { moved, read, scaled, stretch, written } from './when.js';
import { Window } from './window.js';

/** The windows of one stretch. */
export class Past {
  /** @type {Map<number, Channel>} */
  #channels = new Map();

  /** @param {Stretch} when @param {{panels: {panel: string, channels: number[]}[],
   *   snapshots: Record<string, string>}} answer */
  constructor({ fromMs, toMs }, { panels, snapshots }) {
    this.toMs = toMs;
    this.rangeMs = toMs - fromMs;
    this.channelsOf = new Map(panels.map(({ panel, channels }) => [panel, channels]));
    for (const encoded of Object.values(snapshots)) {
      const snapshot = readInlineSnapshot(encoded);
      const channel = this.channel(snapshot.channel);
      channel.window = Window.from(snapshot, snapshot.columns);
      channel.labels = channel.window.labels;
    }
  }

  /** @param {number} number */
  channel(number) {
    let channel = this.#channels.get(number);
    if (!channel) {
      channel = new Channel(number);
      // One that could not be evaluated has a window without series.
      channel.window = new Window(1000, 2, []);
      this.#channels.set(number, channel);
    }
    return channel;
  }

  /** A panel's place with the channels of the past. @param {Place} place */
  place(place) {
    return { ...place, channels: this.channelsOf.get(place.panel) ?? [] };
  }
}

/** Fetches a stretch of a board, and why some query of it failed, if one did.
 * @param {{slug: string, only: string[] | null}} board only: these of its panels, if any are named
 * @param {Stretch} when @param {AbortSignal} signal
 * @returns {Promise<{past: Past, failed: string | undefined}>} */
export async function fetchPast({ slug, only }, when, signal) {
  const [from, to] = [when.fromMs, when.toMs].map(Math.round);
  const panels = only ? `&panels=${only.join()}` : '';
  const address = `/live/past?board=${encodeURIComponent(slug)}&from=${from}&to=${to}${panels}`;
  const answer = await fetch(address, { signal });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ?? answer.statusText);
  return { past: new Past(when, body), failed: body.failed };
}

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
