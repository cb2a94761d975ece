/**
 * The page's board and its channels: subscribes, fetches windows, asks again where an entry is
 * missing, and says which channel changed.
 *
 * The one idea: a channel that cannot go on (no window yet, or a hole in its log) holds the blocks
 * that come and takes them once its window stands at an earlier place. Nothing is drawn from a
 * channel with a hole, so a chart never shows an unmarked gap.
 *
 * @import { Batch, Block, Frame, Snapshot } from './frame.js'
 * @typedef {{legend: string, column: string, unit: string, bar: boolean, below?: boolean,
 *   times?: boolean, range_ms?: number}} Query  below: its values are drawn downwards; times: its
 *   values are times of the other queries' samples; range_ms: how far back it reaches, whatever the
 *   page shows
 * @typedef {{id: string, title: string, subtitle: string, unit: string, decimals: number | null,
 *   kind: string, min: number | null, max: number | null,
 *   thresholds: {value: number, level: string, word: string, show?: string}[], width: number,
 *   height: number, legend: boolean, note: string, limit: number | null, heading: string,
 *   color: number, hide_when_empty: boolean, description?: string, no_data?: string,
 *   links?: {title: string, url: string}[], nulls?: string, legend_as?: string, stats?: string[],
 *   mappings?: {from: number | null, to: number | null, text: string, level: string | null}[],
 *   columns?: string[], section?: string, link?: string, metric?: string,
 *   change?: boolean, better?: string, text?: TextNode[],
 *   queries: Query[], bands?: number[]}} Spec  the panel's document; units are names as `units.js`
 *   reads them; bands: the queries whose bounds follow in its channels where columns are far apart
 * @typedef {string | [keyof HTMLElementTagNameMap, string | null, TextNode[]]} TextNode  letters,
 *   or an element with where it leads and what is inside
 * @typedef {{panel: string, channels: number[], spec: Spec}} Place
 * @typedef {{title?: string, mistakes?: string[], embed?: boolean, gone?: boolean,
 *   time_zone?: string | null} & import('./later/fields.js').Chosen} About  what is to be said
 *   beside the panels; embed: whether they may stand in other pages; gone: the board was removed;
 *   time_zone: whose clock tells its times
 * @typedef {{slug: string, revision: number, spec: About, panels: Place[]}} Document
 * @typedef {{time: number, build: string, board: Document, range_ms: number,
 *   past?: [number, number], snapshots: Record<string, string>,
 *   at: Record<string, {epoch: string, seq: number}>}} PageData  past: the stretch that is shown at
 *   first, in ms
 * @typedef {{send: (command: object) => void, changed: (channel: Channel) => void,
 *   board: (document: Document) => void, said: (text: string) => void,
 *   fault: (reason: unknown) => void, only: string[] | null,
 *   seen: (channel: Channel) => boolean}} Host
 *   only: the panels of an embed, in its order; seen: whether anybody sees what the channel shows
 */

import { readInlineSnapshot, readSnapshot } from './frame.js';
import { rangeText } from './units.js';
import { stepOf } from './when.js';
import { Window } from './window.js';

const HELD_MAX = 2000;
const ASK_AGAIN_MS = 3000;

/** One channel as this page knows it. */
export class Channel {
  /** @param {number} number */
  constructor(number) {
    this.number = number;
    this.epoch = '';
    /** @type {Record<string, string>[]} */
    this.labels = [];
    /** @type {Window | null} what is drawn; kept until a newer one is there */
    this.window = null;
    /** Whether the window's place in the log still counts. */
    this.valid = false;
    /** Whether entries are held until a window or a batch comes. */
    this.waiting = true;
    /** @type {{block: Block, open: boolean, revise: boolean}[]} */
    this.held = [];
    this.asked = 0;
    /** @type {AbortController | null} */
    this.fetching = null;
    /** Where its window is to be had, until it is fetched. */
    this.snapshot = '';
  }
}

/** The board that this page shows. */
export class Board {
  /** @param {PageData} page @param {Host} host */
  constructor(page, host) {
    this.host = host;
    this.document = page.board;
    this.rangeMs = page.range_ms;
    this.id = 1;
    /** @type {Map<number, Channel>} */
    this.channels = new Map();
    this.used = new Set(page.board.panels.flatMap((place) => place.channels));
    for (const encoded of Object.values(page.snapshots ?? {})) {
      try {
        this.#load(readInlineSnapshot(encoded));
      } catch (reason) {
        // The page stays as the server wrote it; the channel is fetched as any other.
        host.fault(reason);
      }
    }
  }

  /** @param {number} number */
  channel(number) {
    let channel = this.channels.get(number);
    if (!channel) this.channels.set(number, (channel = new Channel(number)));
    return channel;
  }

  /** What is said first on a new connection: the subscription, from where each channel stands. */
  commands() {
    /** @type {Record<string, {epoch: string, seq: number}>} */
    const from = {};
    for (const channel of this.channels.values()) {
      channel.asked = Date.now();
      if (channel.window && channel.valid)
        from[channel.number] = { epoch: channel.epoch, seq: channel.window.seq };
    }
    const { id, rangeMs } = this;
    return [
      {
        sub: {
          id,
          board: this.document.slug,
          range: rangeText(rangeMs),
          ...(this.host.only && { panels: this.host.only }),
          ...(Object.keys(from).length > 0 && { from }),
        },
      },
    ];
  }

  /** Subscribes anew: the old subscription ends, the new one starts where the channels stand. */
  #resubscribe() {
    this.host.send({ unsub: this.id });
    this.id += 1;
    for (const command of this.commands()) this.host.send(command);
  }

  /** Shows another range. Channels of another step, and windows too short, are fetched.
   * @param {number} rangeMs */
  setRange(rangeMs) {
    const wider = rangeMs > this.rangeMs || stepOf(rangeMs) !== stepOf(this.rangeMs);
    this.rangeMs = rangeMs;
    if (wider) for (const channel of this.channels.values()) this.#forget(channel);
    this.#resubscribe();
  }

  /** Shows another board: the same with other values. @param {string} slug */
  setSlug(slug) {
    this.document.slug = slug;
    this.#resubscribe();
  }

  /** Forgets where a channel stands, but not what it shows. @param {Channel} channel */
  #forget(channel) {
    channel.fetching?.abort();
    channel.fetching = null;
    channel.snapshot = '';
    channel.epoch = '';
    channel.valid = false;
    channel.waiting = true;
    channel.held = [];
  }

  /** Forgets all places: what comes next is fetched whole. */
  forget() {
    for (const channel of this.channels.values()) this.#forget(channel);
  }

  /** @param {Frame} frame */
  receive({ kind, body }) {
    if (kind === 'tick')
      for (const block of body.blocks) this.#block(block, body.open, body.revise);
    else if (kind === 'batch') this.#batch(body);
    else if (kind === 'board') this.#board(body);
    else if (kind === 'schema') this.#schema(body);
    else if (kind === 'at') this.#at(body);
    else if (kind === 'reset') this.#forget(this.channel(body.channel));
    else if (kind === 'end' && body.id === this.id) this.host.said(body.text);
    else if (kind === 'notice') this.host.said(body.text);
  }

  /** @param {Document} document */
  #board(document) {
    const { only } = this.host;
    if (only)
      document.panels = only.flatMap((id) => document.panels.filter(({ panel }) => panel === id));
    this.document = document;
    this.used = new Set(document.panels.flatMap((place) => place.channels));
    for (const channel of this.channels.values()) {
      if (this.used.has(channel.number)) continue;
      this.#forget(channel);
      this.channels.delete(channel.number);
    }
    this.host.board(document);
  }

  /** @param {{channel: number, epoch: string, step_ms: number, append?: number,
   *   series: Record<string, string>[]}} body */
  #schema({ channel: number, epoch, series, append }) {
    if (!this.used.has(number)) return;
    const channel = this.channel(number);
    if (epoch !== channel.epoch) {
      this.#forget(channel);
      channel.labels = [];
      channel.epoch = epoch;
    }
    const known = append ? channel.labels.slice(0, append).concat(series) : series;
    if (channel.valid) channel.window?.append(known.slice(channel.window.labels.length));
    channel.labels = known;
  }

  /** @param {{channel: number, seq: number, n: number, snapshot: string}} body */
  #at({ channel: number, seq, snapshot }) {
    if (!this.used.has(number)) return;
    const channel = this.channel(number);
    if (channel.valid && channel.window?.seq === seq) {
      this.#release(channel);
      return;
    }
    channel.waiting = true;
    channel.snapshot = snapshot;
    if (this.host.seen(channel)) this.#fetch(channel);
  }

  /** A channel is seen: its window is fetched if it has none. @param {number} number */
  want(number) {
    const channel = this.channels.get(number);
    if (channel?.snapshot) this.#fetch(channel);
  }

  /** @param {Channel} channel */
  #fetch(channel) {
    const { snapshot } = channel;
    channel.snapshot = '';
    channel.fetching?.abort();
    const fetching = new AbortController();
    channel.fetching = fetching;
    fetch(snapshot, { signal: fetching.signal })
      .then(async (answer) => {
        if (!answer.ok)
          throw new Error(`the window of a channel was refused with ${answer.status}`);
        this.#load(readSnapshot(new Uint8Array(await answer.arrayBuffer())));
      })
      .catch((reason) => {
        if (fetching.signal.aborted) return;
        channel.fetching = null;
        this.host.fault(reason);
      });
  }

  /** @param {Snapshot} snapshot */
  #load(snapshot) {
    const channel = this.channel(snapshot.channel);
    if (channel.epoch && channel.epoch !== snapshot.epoch) return;
    const columns = Math.ceil(this.rangeMs / snapshot.stepMs) + 2;
    channel.window = Window.from(snapshot, Math.max(columns, snapshot.columns));
    channel.epoch = snapshot.epoch;
    channel.valid = true;
    // Series that were added while the window was on its way stand at the end of the table.
    channel.window.append(channel.labels.slice(channel.window.labels.length));
    channel.labels = channel.window.labels;
    channel.fetching = null;
    this.#release(channel);
    this.host.changed(channel);
  }

  /** Takes what was held back. @param {Channel} channel */
  #release(channel) {
    channel.waiting = false;
    const held = channel.held;
    channel.held = [];
    for (const { block, open, revise } of held) this.#block(block, open, revise);
  }

  /** @param {Block} block @param {boolean} open @param {boolean} revise */
  #block(block, open, revise) {
    const channel = this.channels.get(block.channel);
    if (!channel) return;
    if (!channel.waiting && channel.window?.tick(block, open, revise)) {
      this.host.changed(channel);
      return;
    }
    // A hole, or no window yet: what comes is held, and after a while asked for again.
    if (open && channel.held.at(-1)?.open) channel.held.pop();
    if (channel.held.length < HELD_MAX) channel.held.push({ block, open, revise });
    channel.waiting = true;
    const underWay = channel.fetching || (channel.snapshot && channel.held.length < HELD_MAX);
    if (!underWay && Date.now() - channel.asked > ASK_AGAIN_MS) this.#resubscribe();
  }

  /** @param {Batch} batch */
  #batch(batch) {
    const channel = this.channels.get(batch.channel);
    if (!channel?.window || !channel.valid) return;
    if (!channel.window.batch(batch)) {
      channel.waiting = true;
      if (Date.now() - channel.asked > ASK_AGAIN_MS) this.#resubscribe();
      return;
    }
    this.#release(channel);
    this.host.changed(channel);
  }
}
