/**
 * `<wg-panel>`: one panel's lifetime, visibility, size and view.
 *
 * The one idea: a panel draws from windows and never from messages. It is told that something
 * changed, and draws at the page's next frame if it can be seen; a view is made when its size is
 * known, in place of what the server wrote.
 *
 * @import { Channel, Place, Spec } from '../subscription.js'
 * @import { Row } from '../rows.js'
 * @typedef {{place: (id: string) => Place | undefined, channel: (number: number) => Channel,
 *   rangeMs: () => number, now: () => number, lost: () => boolean, keeps: boolean,
 *   panels: Set<Panel>, redraw: (panel: Panel) => void, fault: (reason: unknown) => void,
 *   view: (kind: string) => Create | null, cross: (ms: number | null) => void,
 *   zoom: ((fromMs: number, toMs: number) => void) | null, back: () => void,
 *   later: (chart: boolean, task: () => void) => void, seen: (panel: Panel) => void,
 *   why: (panel: Panel) => void, joined: (panel: Panel) => void,
 *   ghost: (id: string, spec: Spec) => import('../later/before.js').Ghost | null}} Page
 *   now: the server's time in ms; keeps: whether panels stay that have nothing to show; view: what
 *   makes the view of a kind, nothing while that is loaded; cross: puts the crosshair of all charts
 *   somewhere; zoom: shows a stretch of time; back: what was shown before; ghost: what a panel was
 *   so long before
 * @typedef {(host: HTMLElement, options: any) => any} Create
 */

import { Gathering } from '../parts/gather.js';
import { freshMs, newestAge, reached, rowsOf, spoken } from '../rows.js';
import { dateTime, lengthText } from '../units.js';
import { emptyNote, headWord, make } from './build.js';
import { Legend } from './legend.js';

const SPOKEN_MS = 10_000;
/** How long the reason that a panel is empty stands before it is asked for again. */
const TOLD_MS = 15_000;
/** How long it has to be empty before that: a rate has no value before the second sample. */
const SOON_MS = 3000;
const CHARTS = new Set(['line', 'stack', 'band', 'mirror', 'heatmap']);

/** Whether a kind of panel is drawn over time, by the one view of charts. @param {string} kind */
export const isChart = (kind) => CHARTS.has(kind);

/** The panel on the page. */
export class Panel extends HTMLElement {
  /** @type {Page} set once by the page's entry, before the element is defined */
  static page;
  static seen = new IntersectionObserver(
    (entries) =>
      entries.forEach(({ target, isIntersecting }) => {
        /** @type {Panel} */ (target).#see(isIntersecting);
      }),
    { rootMargin: '120px' },
  );
  static sized = new ResizeObserver((entries) =>
    entries.forEach(({ target, contentRect }) => {
      const panel = /** @type {Panel | null} */ (target.closest('wg-panel'));
      if (panel) panel.measured(contentRect);
    }),
  );

  #visible = false;
  #size = [0, 0];
  /** @type {any} the view; all have update, resize, destroy */
  #view = null;
  /** @type {Channel[]} */
  #channels = [];
  /** @type {Row[]} */
  #rows = [];
  /** @type {Map<string, number>} */
  #slots = new Map();
  #legend = new Legend(this);
  #gathering = new Gathering();
  /** @type {number | null} the time under the crosshair in ms */
  #cursor = null;
  #endMs = 0;
  /** How old everything here is, in words; empty while something is fresh. */
  #said = '';
  #spokenAt = 0;
  #queued = false;
  /** When it was asked why it is empty, in ms. */
  #toldAt = Date.now() - TOLD_MS + SOON_MS;
  drawnAt = 0; // in ms

  /** Whether its windows are needed; one that is hidden waits for its first value. */
  get wanted() {
    return this.#visible || this.hidden;
  }
  get body() {
    return /** @type {HTMLElement} */ (this.querySelector('.body'));
  }
  get spec() {
    return Panel.page.place(this.id)?.spec;
  }

  connectedCallback() {
    Panel.page.panels.add(this);
    Panel.page.joined(this);
    Panel.seen.observe(this);
    Panel.sized.observe(this.body);
    this.recall();
    this.addEventListener('click', this);
    this.addEventListener('keydown', this);
  }
  disconnectedCallback() {
    Panel.page.panels.delete(this);
    Panel.seen.unobserve(this);
    Panel.sized.unobserve(this.body);
    this.removeEventListener('click', this);
    this.removeEventListener('keydown', this);
    this.renew();
  }

  /** Forgets the view, so that the next draw makes it anew, as after a change of theme. */
  renew() {
    this.#view?.destroy();
    this.#view = null;
  }

  /** @param {boolean} visible */
  #see(visible) {
    this.#visible = visible;
    if (visible) Panel.page.seen(this);
  }

  /** @param {DOMRectReadOnly} box */
  measured({ width, height }) {
    // The plot is inset by 4 and 10 pixels.
    const plot = [Math.floor(width) - 14, Math.floor(height)];
    this.#size = plot;
    if (this.#view) requestAnimationFrame(() => this.#view?.resize(plot[0], plot[1]));
    else Panel.page.redraw(this);
  }

  /** Draws what the windows hold; called once a frame at most. */
  draw() {
    const place = Panel.page.place(this.id);
    if (!place || !this.wanted) return;
    // A change of range brings other channels: the old ones are shown until all of those are in.
    const channels = place.channels.map((number) => Panel.page.channel(number));
    if (channels.every((channel) => channel.window)) this.#channels = channels;
    else if (this.#channels.length === 0) return;
    const { spec } = place;
    const now = Panel.page.now();
    this.drawnAt = Date.now();
    const rows = rowsOf(spec, this.#channels, this.#slots, now);
    this.#rows = this.#gathering.arrange(spec, rows, this.#legend.chosen.has, now);
    this.#endMs = this.#end(now);
    this.#age(spec);
    const main =
      spec.kind === 'text' || this.#rows.some(({ query }) => query === 0 || spec.kind !== 'stat');
    if (spec.hide_when_empty && !Panel.page.keeps) this.toggleAttribute('hidden', !main);
    if (!main) return this.#empty(spec);
    if (this.#view) return this.#update(spec);
    const create = Panel.page.view(spec.kind);
    if (!create || this.#queued || this.#size[1] <= 0) return;
    this.#queued = true;
    Panel.page.later(isChart(spec.kind), () => {
      this.#queued = false;
      if (this.isConnected && (spec.kind === 'text' || this.#rows.length > 0))
        this.#make(spec, create);
    });
  }

  /** The time at the right edge: the newest column's, or the present when that is old.
   * @param {number} now */
  #end(now) {
    let [end, fresh] = [0, 0];
    for (const { window } of this.#channels) {
      if (!window) continue;
      end = Math.max(end, window.newest * window.stepMs);
      fresh = Math.max(fresh, freshMs(window.stepMs));
    }
    return now - end > fresh ? now : end;
  }

  /** @param {Spec} spec */
  #empty(spec) {
    if (this.#view || !this.body.querySelector('.empty')) {
      const ended = this.#view && `no values in the last ${lengthText(Panel.page.rangeMs())}`;
      this.renew();
      this.body.replaceChildren(emptyNote(spec.no_data || ended || undefined));
      this.#legend.clear();
      this.#toldAt = Date.now() - TOLD_MS + SOON_MS;
    }
    // An embed tells strangers nothing of what there is beside it.
    const embedded = document.documentElement.dataset.mode === 'embed';
    if (spec.no_data || this.hidden || embedded) return;
    if (Date.now() - this.#toldAt < TOLD_MS) return;
    this.#toldAt = Date.now();
    Panel.page.why(this);
  }

  /** @param {Spec} spec @param {Create} create */
  #make(spec, create) {
    if (!isChart(spec.kind)) this.#view = create(this.body, { spec });
    else {
      let plot = /** @type {HTMLElement | null} */ (this.body.querySelector('.plot'));
      if (!plot) this.body.replaceChildren((plot = make('div', { class: 'plot', role: 'img' })));
      plot.tabIndex = 0;
      const [width, height] = this.#size;
      const { cross, zoom, back } = Panel.page;
      this.#view = create(plot, {
        spec,
        width,
        height,
        cursor: (/** @type {number | null} */ ms) => {
          this.#cursor = ms;
          this.#readout(spec);
        },
        cross,
        select: zoom,
        back,
        drawn: () => plot.setAttribute('data-drawn', ''),
      });
    }
    this.#update(spec);
    this.setAttribute('data-drawn', '');
  }

  /** @param {Spec} spec */
  #update(spec) {
    const chart = isChart(spec.kind);
    const shown = chart ? this.#rows.filter(this.#legend.chosen.has) : this.#rows;
    const [endMs, rangeMs] = [this.#endMs, Panel.page.rangeMs()];
    const before = chart ? Panel.page.ghost(this.id, spec) : null;
    this.#view.update({ rows: shown, endMs, rangeMs, said: this.#said, before });
    if (!chart) return;
    if (spec.legend && spec.kind !== 'heatmap') this.#legend.show(this.#rows, spec);
    this.#readout(spec);
    if (Date.now() - this.#spokenAt < SPOKEN_MS) return;
    this.#spokenAt = Date.now();
    const plot = this.body.querySelector('.plot');
    plot?.setAttribute('aria-label', `${spec.title}: ${spoken(spec, this.#rows)}`);
  }

  /** Says with its time that what is shown is old, and with a colour that it is too high.
   * @param {Spec} spec */
  #age(spec) {
    // What cannot be renewed is old, however short the time.
    const lost = Panel.page.lost();
    const stale = this.#rows.length > 0 && (lost || this.#rows.every((row) => row.stale));
    this.toggleAttribute('data-stale', stale);
    this.#said = stale ? newestAge(this.#rows, dateTime) : '';
    headWord(this, 'asof', this.#said);
    const threshold = lost ? undefined : reached(spec, this.#rows);
    if (threshold) this.dataset.level = threshold.level;
    else delete this.dataset.level;
    headWord(this, 'word', threshold?.word ?? '', threshold?.level);
  }

  /** Writes the legend's values. @param {Spec} spec */
  #readout(spec) {
    this.#legend.read(spec, this.#cursor, this.#said, Panel.page.ghost(this.id, spec));
  }

  /** @param {Event} event */
  handleEvent(event) {
    if (event instanceof MouseEvent) {
      if (this.#legend.click(event)) Panel.page.redraw(this);
    } else if (event instanceof KeyboardEvent) this.#key(event);
  }

  /** Arrows move the crosshair of a focused chart. @param {KeyboardEvent} event */
  #key(event) {
    if (!(event.target instanceof Element) || !event.target.matches('.plot')) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || !this.#view?.beside) return;
    event.preventDefault();
    Panel.page.cross(this.#view.beside(event.shiftKey ? by * 10 : by));
  }

  /** Shows the series that the address names. */
  recall() {
    if (this.#legend.recall()) Panel.page.redraw(this);
  }

  /** What is on the screen: the series that are not left out, and which time. */
  get seen() {
    const rows = this.#rows.filter(this.#legend.chosen.has);
    return { rows, all: rows.length === this.#rows.length, endMs: this.#endMs };
  }

  /** Puts the crosshair at a time, or away. @param {number | null} ms */
  cross(ms) {
    if (this.#visible) this.#view?.cross?.(ms);
  }

  /** Puts the chart's numbers as a table in its place, or takes it away.
   * @param {() => Promise<typeof import('../later/data.js')>} load */
  async toggleTable(load) {
    const old = () => this.body.querySelector('.data');
    const { spec } = this;
    if (old() || !spec || !(this.#view?.beside || this.#view?.table)) return old()?.remove();
    const { dataTable } = await load();
    if (old() || !this.#view) return undefined;
    const [endMs, rangeMs, told] = [this.#endMs, Panel.page.rangeMs(), this.#view.table?.()];
    const box = dataTable(spec, this.#rows, endMs, rangeMs, told);
    this.body.append(box);
    box.focus();
    return undefined;
  }
}
