/**
 * The windows of a stretch of the past. Loaded when one is first shown.
 *
 * @import { Place } from '../subscription.js'
 * @import { Stretch } from '../when.js'
 */

import { readInlineSnapshot } from '../frame.js';
import { Channel } from '../subscription.js';
import { Window } from '../window.js';

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
