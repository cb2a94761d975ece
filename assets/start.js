/**
 * The page's start: reads its data, defines the panels, and ties connection, board and panels.
 *
 * The one idea: the page is complete before this runs. A message changes windows, a window marks
 * its panels, and one animation frame draws every marked panel that can be seen.
 *
 * @import { State } from './connection.js'
 * @import { Past } from './later/past.js'
 * @import { When } from './when.js'
 * @import { Channel, PageData } from './subscription.js'
 * @import { Page } from './elements/panel.js'
 * @import { Status } from './elements/status.js'
 */

import { Connection, memory } from './connection.js';
import { Comparing } from './elements/comparing.js';
import { arranging, crosshair, drawing, Tasks, Views } from './elements/making.js';
import { Notice } from './elements/notice.js';
import { isChart, Panel } from './elements/panel.js';
import { follow } from './elements/tab.js';
import { Board } from './subscription.js';
import { timeOfDay } from './units.js';
import { endsOf, stepOf } from './when.js';
import { choose } from './zone.js';

const RELOADED = 'watchglass.reloaded';

const root = document.documentElement;

/** A view's script, beside this one at the top of the folder. @param {string} name */
const load = (name) => import(`./views/${name}.js`);
/** What shows how it was. */
const comparing = () => import('./later/before.js');
/** What fetches windows of the past. */
const windows = () => import('./later/past.js');
/** What puts the page in step with another board. */
const arranger = () => import('./later/arrange.js');

/** What went wrong and is gone on from. @param {unknown} reason */
const warn = (reason) =>
  console.warn(`watchglass: ${reason instanceof Error ? reason.message : reason}`);

/** Starts the page, if it holds the data of panels.
 * @param {typeof import('./controls.js').controls | null} controls none in an embed
 * @param {string[] | null} [only] the panels that an embed was asked for; none: the whole board
 * @returns {LivePage | null} nothing when it has no panels */
export function start(controls, only = null) {
  const text = document.getElementById('wg-data')?.textContent;
  if (!text) return null;
  const live = new LivePage(JSON.parse(text), controls, only);
  Panel.page = live;
  customElements.define('wg-panel', Panel);
  controls?.begin(live);
  live.begin();
  return live;
}

/** The page while it lives. @implements {Page} */
export class LivePage {
  /** @type {Set<Panel>} */
  panels = new Set();
  /** What was chosen on a chart, and the way back; an embed shows what it was made for.
   * @type {Page['zoom']} */
  zoom = null;
  back = () => {};
  /** What a panel is given that comes. @type {(panel: Panel) => void} */
  joined = () => {};
  fault = warn;
  #tasks = new Tasks();
  #notice = new Notice();
  #pausedAt = 0;
  #drawing = drawing();
  redraw = this.#drawing.redraw;
  #views = new Views(load, () => this.#redrawAll(), warn);
  comparing = new Comparing({
    slug: () => this.board.document.slug,
    only: () => this.board.host.only,
    ends: () => endsOf(this.travel.when, this.now()),
    changed: () => this.#redrawAll(),
    said: (words) => this.#notice.say(words),
  }, comparing);
  ghost = this.comparing.of;
  cross = crosshair((ms) => this.panels.forEach((panel) => panel.cross(ms)));

  /** @param {PageData} data
   * @param {typeof import('./controls.js').controls | null} controls none in an embed
   * @param {string[] | null} only the panels of an embed */
  constructor(data, controls, only) {
    this.controls = controls;
    // Whoever names panels gets them, even while they are empty.
    this.keeps = only !== null;
    this.build = data.build;
    this.first = data.past;
    this.skewMs = data.time - Date.now();
    const arrange = arranging(data.board, this.panels, arranger, warn);
    this.board = new Board(data, {
      only,
      seen: ({ number }) =>
        [...this.panels].some((panel) => panel.wanted && this.#channels(panel).includes(number)),
      send: (command) => this.connection.send(command),
      changed: (/** @type {Channel} */ channel) => {
        if (this.#pausedAt) return;
        for (const panel of this.panels)
          if (this.#channels(panel).includes(channel.number)) this.redraw(panel);
      },
      board: (document) => {
        const { embed, gone } = document.spec;
        // The server says why it may not be embedded any more.
        if (!controls && !embed && !gone) return location.reload();
        this.clocks();
        arrange(document).then(() => {
          controls?.showAlone();
          this.#redrawAll();
        });
      },
      said: this.said,
      fault: warn,
    });
    /** Where in time the page is. @type {{past: Past | null, when: When}} */
    this.travel = { past: null, when: { rangeMs: data.range_ms } };
    this.clocks();
    this.connection = this.#connection();
  }

  /** Learns to be elsewhere in time, and goes where the page was made for.
   * @param {typeof import('./past.js').Travel} Travel */
  travelling(Travel) {
    const { only } = this.board.host;
    const slug = () => this.board.document.slug;
    const { said, now } = { said: this.said, now: () => this.clock() };
    const changed = () => this.#travelled();
    const host = { only, slug, now, changed, said, load: windows };
    const travel = new Travel(this.board.rangeMs, host);
    this.travel = travel;
    travel.begin(this.first);
    return travel;
  }

  #connection() {
    return new Connection({
      commands: () => this.board.commands(),
      receive: (each) => {
        if (each.kind === 'welcome') this.#welcome(each.body);
        if (each.kind === 'beat') this.#age();
        this.board.receive(each);
      },
      state: (/** @type {State} */ state) => {
        const lost = state.name === 'retry' || state.name === 'offline';
        this.tell();
        const words = `connection lost at ${timeOfDay(state.since)}, trying again`;
        if (this.#notice.lost(lost && words)) this.#redrawAll();
        // An embed has no pill that would say it; the sheet needs the word all the same.
        if (!this.controls)
          root.dataset.state = state.name === 'connecting' ? 'still' : state.name;
      },
      fault: (words) => {
        // What was read so far cannot be trusted: everything is fetched anew.
        warn(words);
        this.board.forget();
      },
    });
  }

  begin() {
    const restyle = () => this.restyle();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', restyle);
    // Paper has colours and sizes of its own, and is not waited for.
    matchMedia('print').addEventListener('change', () => {
      for (const panel of this.panels) panel.measured(panel.body.getBoundingClientRect());
      this.restyle();
      this.#drawing.draw();
      this.#tasks.run(Infinity);
    });
    follow(this.connection, () => this.#show(), () => this.#redrawAll());
    addEventListener('popstate', () => {
      this.panels.forEach((panel) => panel.recall());
      this.comparing.follow();
    });
    this.comparing.follow();
    this.connection.open();
  }

  /** @param {string} id */
  #own = (id) => this.board.document.panels.find((place) => place.panel === id);
  /** The live channels of a panel. @param {Panel} panel */
  #channels = (panel) => this.#own(panel.id)?.channels ?? [];

  /** @param {string} id */
  place(id) {
    const own = this.#own(id);
    return own && this.travel.past ? this.travel.past.place(own) : own;
  }
  /** @param {number} number */
  channel(number) {
    return (this.travel.past ?? this.board).channel(number);
  }
  rangeMs() {
    return (this.travel.past ?? this.board).rangeMs;
  }
  /** Says something to the reader. @param {string} words */
  said = (words) => this.#notice.say(words);
  /** How far behind the present the page is, in ms; 0 when it is live. */
  behindMs() {
    const { past } = this.travel;
    const stands = past ? past.toMs - this.skewMs : this.#pausedAt;
    return stands && Date.now() - stands;
  }
  /** Tells times by the clock that the address names, else the reader, else the board. */
  clocks() {
    const own = this.board.document.spec?.time_zone;
    choose(location.search, [this.controls?.recallClock(own), own]);
    this.controls?.markClock();
  }
  /** The server's time in ms. */
  clock() {
    return Date.now() + this.skewMs;
  }
  /** The time that the page shows as the present, in ms. */
  now() {
    if (this.travel.past) return this.travel.past.toMs;
    // While nothing comes, the page shows the moment when something last came.
    const stands = this.#pausedAt || (this.lost() && this.connection.state.since);
    return stands ? stands + this.skewMs : this.clock();
  }
  lost() {
    const { name } = this.connection.state;
    return !this.travel.past && (name === 'retry' || name === 'offline');
  }
  /** @param {string} kind */
  view(kind) {
    return this.#views.get(isChart(kind) ? 'chart' : kind);
  }
  /** @param {boolean} chart @param {() => void} task */
  later(chart, task) {
    this.#tasks.add(chart, task);
  }
  /** @param {Panel} panel */
  why = (panel) => import('./later/why.js').then(({ tell }) => tell(panel, this)).catch(warn);
  /** @param {Panel} panel */
  seen(panel) {
    for (const number of this.#channels(panel)) this.board.want(number);
    this.redraw(panel);
  }

  #redrawAll() {
    this.panels.forEach(this.redraw);
  }
  /** Another theme is to be seen. */
  restyle() {
    for (const panel of this.panels) panel.renew();
    this.#redrawAll();
  }
  #show() {
    this.connection.show(!document.hidden && !this.#pausedAt);
  }
  /** Says on the pill how the page stands. */
  tell() {
    const status = /** @type {Status | null} */ (document.querySelector('wg-status'));
    const { past } = this.travel;
    status?.show?.(this.connection?.state, past ? past.toMs - this.skewMs : this.#pausedAt);
  }

  /** @param {{time: number, build: string}} body */
  #welcome({ time, build }) {
    this.skewMs = time - Date.now();
    // Another build speaks to pages of its own: come back as one of them, but only once.
    if (build && build !== this.build && memory.get(RELOADED) !== build) {
      memory.set(RELOADED, build);
      location.reload();
    }
  }

  /** The clock goes on where no values come: what they show grows old. */
  #age() {
    if (this.#pausedAt) return;
    const most = 3 * stepOf(this.board.rangeMs);
    for (const panel of this.panels) if (Date.now() - panel.drawnAt > most) this.redraw(panel);
  }

  /** Pauses, or goes on. @param {boolean} pause */
  pause(pause = !this.#pausedAt) {
    this.#pausedAt = pause ? Date.now() : 0;
    this.#show();
    this.tell();
    this.#redrawAll();
  }

  /** Another time is shown. */
  #travelled() {
    const { when } = this.travel;
    if ('rangeMs' in when && when.rangeMs !== this.board.rangeMs) this.board.setRange(when.rangeMs);
    this.controls?.markRange(when);
    this.pause(!('rangeMs' in when));
  }
}
