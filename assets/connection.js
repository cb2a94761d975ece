/**
 * The page's one connection: WebSocket, else server-sent events, else long poll; one state machine.
 *
 * The one idea: a connection is judged by what arrives. It is open when `welcome` came, and lost
 * when nothing came for a while, whatever the socket says of itself. A transport that does not get
 * through is left for the next one; the one that worked is remembered for the session.
 *
 * @import { Frame } from './frame.js'
 * @typedef {'websocket' | 'events' | 'poll'} Transport
 * @typedef {{name: 'connecting' | 'live' | 'retry' | 'offline', transport: Transport,
 *   attempt: number, waitMs: number, since: number}} State  since: the last sign of life
 * @typedef {{commands: () => object[], receive: (frame: Frame) => void,
 *   state: (state: State) => void, fault: (text: string) => void}} Listener
 */

import { readMessage } from './frame.js';

/** @type {Transport[]} */
const TRANSPORTS = ['websocket', 'events', 'poll'];
const REMEMBERED = 'watchglass.transport';
const OPEN_MS = { websocket: 2500, events: 4000, poll: 8000 };
const SILENT_MS = { websocket: 2500, events: 2500, poll: 6000 };
const SILENT_HIDDEN_MS = 50_000;
const SAID_AFTER_MS = 2000;
const QUICK_MS = 120_000;
const HEALTHY_MS = 10_000;

/** What this tab remembers. A frame in another site's page may not be allowed to: it forgets. */
export const memory = {
  /** @param {string} key */
  get(key) {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return null;
    }
  },
  /** @param {string} key @param {string} text */
  set(key, text) {
    try {
      sessionStorage.setItem(key, text);
    } catch {
      // Then the next page starts from nothing.
    }
  },
};

/** Runs one transport; each gives messages to `take` and its end to `lost`. */
class Wire {
  /** @param {Transport} transport @param {object[]} commands
   * @param {(data: string | ArrayBuffer) => void} take @param {() => void} lost */
  constructor(transport, commands, take, lost) {
    this.take = take;
    this.lost = lost;
    this.key = '';
    this.stop = new AbortController();
    const first = commands.map((command) => `cmd=${encodeURIComponent(JSON.stringify(command))}`);
    if (transport === 'websocket') this.#socket(commands);
    else if (transport === 'events') this.#events(first.join('&'));
    else void this.#poll(first.join('&'));
  }
  /** @param {object[]} commands */
  #socket(commands) {
    const socket = new WebSocket(
      new URL('/live', location.href.replace(/^http/, 'ws')),
      'watchglass.v1',
    );
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => commands.forEach((command) => this.send(command));
    socket.onmessage = (event) => this.take(event.data);
    socket.onclose = () => this.lost();
    this.socket = socket;
  }
  /** @param {string} query */
  #events(query) {
    const source = new EventSource(`/live/events?${query}`);
    source.onmessage = (event) => this.take(event.data);
    source.onerror = () => this.lost();
    this.stop.signal.addEventListener('abort', () => source.close());
  }
  /** @param {string} query */
  async #poll(query) {
    try {
      for (let next = query; !this.stop.signal.aborted;) {
        const answer = await fetch(`/live/poll?${next}`, {
          signal: this.stop.signal,
          cache: 'no-store',
        });
        if (!answer.ok) break;
        const position = answer.headers.get('watchglass-position') ?? '';
        this.take(await answer.text());
        next = `session=${encodeURIComponent(this.key)}&after=${encodeURIComponent(position)}`;
      }
    } catch {
      // A broken answer and an aborted one end alike: the wire is gone.
    }
    this.lost();
  }
  /** @param {object} command */
  send(command) {
    const body = JSON.stringify(command);
    if (this.socket) {
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(body);
      return;
    }
    const path = `/live/command?session=${encodeURIComponent(this.key)}`;
    fetch(path, { method: 'POST', body, signal: this.stop.signal }).catch(() => this.lost());
  }
  close() {
    this.take = this.lost = () => {};
    this.stop.abort();
    this.socket?.close();
  }
}

/** The state machine above the transports. */
export class Connection {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    const remembered = /** @type {Transport} */ (memory.get(REMEMBERED));
    /** @type {State} */
    this.state = {
      name: 'connecting',
      transport: TRANSPORTS.includes(remembered) ? remembered : 'websocket',
      attempt: 0,
      waitMs: 0,
      since: Date.now(),
    };
    this.known = TRANSPORTS.includes(remembered);
    this.shown = true;
    this.opened = 0;
    this.lostAt = 0;
    /** When trying began; forgotten after a time of health, not at the first welcome. */
    this.downSince = 0;
    /** @type {[number, number] | null} */
    this.retryMs = null;
    this.reached = 0;
    this.timer = 0;
    /** When the next try begins. */
    this.retryAt = 0;
    /** Hears the answer to a ping. */
    this.ponged = () => {};
    this.watch = setInterval(() => this.check(), 250);
  }

  /** Connects now, whatever was waited for. */
  open() {
    clearTimeout(this.timer);
    this.wire?.close();
    this.opened = 0;
    this.started = this.arrived = Date.now();
    this.#say({ waitMs: 0 });
    const { transport } = this.state;
    try {
      this.wire = new Wire(
        transport,
        this.listener.commands(),
        (data) => this.#take(data),
        () => this.#lost(),
      );
    } catch {
      // A browser without this transport: the next one.
      this.#lost();
    }
  }

  /** Ends the connection without another try, as when the page is left. */
  close() {
    clearTimeout(this.timer);
    this.wire?.close();
    this.wire = undefined;
    this.opened = 0;
  }

  /** @param {object} command dropped without a connection: `commands` says all at the next */
  send(command) {
    if (this.opened) this.wire?.send(command);
  }

  /** Tells the server whether anybody looks. @param {boolean} shown */
  show(shown) {
    if (this.shown === shown) return;
    this.shown = shown;
    this.arrived = Date.now();
    this.send({ show: shown });
  }

  /** Ends a connection whose frames make no sense and starts again. @param {unknown} fault */
  fail(fault) {
    this.listener.fault(fault instanceof Error ? fault.message : String(fault));
    this.#lost();
  }

  /** @param {string | ArrayBuffer} data */
  #take(data) {
    this.arrived = Date.now();
    try {
      for (const frame of readMessage(data)) {
        if (frame.kind === 'welcome') this.#welcome(frame.body);
        if (frame.kind === 'pong') this.ponged();
        if (frame.kind === 'bye') this.retryMs = frame.body.retry_ms ?? null;
        this.listener.receive(frame);
      }
    } catch (fault) {
      this.fail(fault);
    }
    if (this.opened && this.arrived - this.opened > HEALTHY_MS) this.downSince = 0;
  }

  /** @param {{session?: string}} body */
  #welcome({ session }) {
    if (this.wire) this.wire.key = session ?? '';
    this.opened = Date.now();
    this.lostAt = 0;
    this.reached = 0;
    this.known = true;
    memory.set(REMEMBERED, this.state.transport);
    if (!this.shown) this.send({ show: false });
    this.#say({ name: 'live', attempt: 0 });
  }

  /** The wire ended, or was judged dead. */
  #lost() {
    const wasOpen = this.opened > 0;
    this.close();
    if (!this.lostAt) this.lostAt = wasOpen ? (this.arrived ?? Date.now()) : Date.now();
    this.downSince ||= Date.now();
    if (!wasOpen) {
      const next = TRANSPORTS.indexOf(this.state.transport) + 1;
      if (!this.known) {
        this.state.transport = TRANSPORTS[next % TRANSPORTS.length];
        if (next < TRANSPORTS.length) return void this.open();
      } else void this.#probe();
    }
    const late = Date.now() - this.downSince > QUICK_MS;
    const [from, to] = this.retryMs ?? [300, late ? 15_000 : 1500];
    this.retryMs = null;
    const waitMs = from + Math.random() * (to - from);
    this.retryAt = Date.now() + waitMs;
    this.timer = setTimeout(() => {
      if (!document.hidden) this.open();
    }, waitMs);
    this.#say({ attempt: this.state.attempt + 1, waitMs });
  }

  /** A transport that worked before is left only when the server answers, twice, and it does not:
   * mostly the server is away, and comes back with everything. */
  async #probe() {
    const answer = await fetch('/-/healthy', { cache: 'no-store' }).catch(() => null);
    this.reached = answer?.ok ? this.reached + 1 : 0;
    if (this.reached < 2 || this.opened) return;
    this.reached = 0;
    const next = TRANSPORTS.indexOf(this.state.transport) + 1;
    this.state.transport = TRANSPORTS[next % TRANSPORTS.length];
  }

  /** Looks whether anything came; called by a timer and when the page is seen again. */
  check() {
    const silent = Date.now() - (this.arrived ?? 0);
    if (this.wire && this.opened) {
      const most =
        this.shown && !document.hidden ? SILENT_MS[this.state.transport] : SILENT_HIDDEN_MS;
      if (silent > most) this.#lost();
    } else if (this.wire && Date.now() - (this.started ?? 0) > OPEN_MS[this.state.transport])
      this.#lost();
    if (this.lostAt && !this.opened && Date.now() - this.lostAt >= SAID_AFTER_MS) {
      const name = navigator.onLine === false ? 'offline' : 'retry';
      if (this.state.name !== name) this.#say({ name });
    }
  }

  /** The page is seen again, or the network is back: try at once. */
  wake() {
    this.check();
    if (!this.opened && (!this.wire || this.state.waitMs > 0)) this.open();
  }

  /** @param {Partial<State>} change */
  #say(change) {
    this.state = { ...this.state, ...change, since: this.lostAt || this.arrived || Date.now() };
    this.listener.state(this.state);
  }
}
