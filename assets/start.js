/**
 * The page's start: reads its data, defines the panels, and ties connection, board and panels.
 *
 * The one idea: the page is complete before this runs. A message changes windows, a window marks
 * its panels, and one animation frame draws every marked panel that can be seen.
 *
 * @import { State } from './connection.js'
 * @import { Channel, PageData } from './subscription.js'
 * @import { Page } from './elements/panel.js'
 * @import { Status } from './elements/status.js'
 */

import { Connection, memory } from './connection.js';
import { Tasks, Views } from './elements/making.js';
import { Notice } from './elements/notice.js';
import { isChart, Panel } from './elements/panel.js';
import { Board, stepOf } from './subscription.js';
import { timeOfDay } from './units.js';

const RELOADED = 'watchglass.reloaded';

const root = document.documentElement;

/** A view's script, by the address of this one, which stands at the top of the folder.
 * @param {string} name */
const load = (name) => import(`./views/${name}.js`);

/** What went wrong and is gone on from. @param {unknown} reason */
const warn = (reason) =>
  console.warn(`watchglass: ${reason instanceof Error ? reason.message : reason}`);

/** Puts the crosshair at a time once a frame: a pointer may report more often.
 * @param {(ms: number | null) => void} put */
function crosshair(put) {
  /** @type {number | null} */
  let at = null;
  let frame = 0;
  return (/** @type {number | null} */ ms) => {
    at = ms;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      put(at);
    });
  };
}

/** Draws panels that changed, at the next frame and each once. */
function drawing() {
  /** @type {Set<Panel>} */
  const dirty = new Set();
  let frame = 0;
  const draw = () => {
    frame = 0;
    const panels = [...dirty];
    dirty.clear();
    for (const panel of panels) panel.draw();
  };
  const redraw = (/** @type {Panel} */ panel) => {
    dirty.add(panel);
    if (!frame && !document.hidden) frame = requestAnimationFrame(draw);
  };
  return { draw, redraw };
}

/** Starts the page, if it holds the data of panels.
 * @param {typeof import('./controls.js').controls | null} controls none in an embed
 * @returns {boolean} whether it has panels */
export function start(controls) {
  const text = document.getElementById('wg-data')?.textContent;
  if (!text) return false;
  /** @type {PageData} */
  const data = JSON.parse(text);
  const tasks = new Tasks();
  let pausedAt = 0;
  const embedded = !controls;
  let skewMs = data.time - Date.now();
  const notice = new Notice();
  const only = embedded ? (data.board.panels[0]?.panel ?? null) : null;

  const { draw, redraw } = drawing();
  const redrawAll = () => page.panels.forEach(redraw);
  const views = new Views(load, redrawAll, warn);

  /** @type {Page} */
  const page = {
    place: (id) => board.document.panels.find((place) => place.panel === id),
    channel: (number) => board.channel(number),
    rangeMs: () => board.rangeMs,
    // While nothing comes, the page shows the moment when something last came.
    now: () => skewMs + (pausedAt || (page.lost() ? connection.state.since : Date.now())),
    lost: () => connection.state.name === 'retry' || connection.state.name === 'offline',
    embedded,
    panels: new Set(),
    redraw,
    fault: warn,
    view: (kind) => views.get(isChart(kind) ? 'chart' : kind),
    cross: crosshair((ms) => page.panels.forEach((panel) => panel.cross(ms))),
    later: (chart, task) => tasks.add(chart, task),
    seen: (panel) => {
      for (const number of page.place(panel.id)?.channels ?? []) board.want(number);
      redraw(panel);
    },
    resized: embedded ? tellSize : () => {},
  };

  const arrange = controls?.arranger(data.board.panels, page.panels);
  const board = new Board(data, {
    only,
    seen: ({ number }) =>
      [...page.panels].some(
        (panel) => panel.wanted && page.place(panel.id)?.channels.includes(number),
      ),
    send: (command) => connection.send(command),
    changed: (/** @type {Channel} */ channel) => {
      if (pausedAt) return;
      for (const panel of page.panels) {
        if (page.place(panel.id)?.channels.includes(channel.number)) redraw(panel);
      }
    },
    board: (document) => {
      arrange?.(document);
      redrawAll();
    },
    said: (text) => notice.say(text),
    fault: page.fault,
  });

  const connection = new Connection({
    commands: () => board.commands(),
    receive: (each) => {
      if (each.kind === 'welcome') welcome(each.body);
      if (each.kind === 'beat') age();
      board.receive(each);
    },
    state: (/** @type {State} */ state) => {
      const lost = state.name === 'retry' || state.name === 'offline';
      status()?.show?.(state, pausedAt);
      if (notice.lost(lost && `connection lost at ${timeOfDay(state.since)}, trying again`))
        redrawAll();
      // An embed has no pill that would say it; the sheet needs the word all the same.
      if (embedded) root.dataset.state = state.name === 'connecting' ? 'still' : state.name;
    },
    fault: (text) => {
      // What was read so far cannot be trusted: everything is fetched anew.
      page.fault(text);
      board.forget();
    },
  });

  const status = () => /** @type {Status | null} */ (document.querySelector('wg-status'));

  /** @param {{time: number, build: string}} body */
  function welcome({ time, build }) {
    skewMs = time - Date.now();
    // Another build speaks to pages of its own: come back as one of them, but only once.
    if (build && build !== data.build && memory.get(RELOADED) !== build) {
      memory.set(RELOADED, build);
      location.reload();
    }
  }

  /** The clock goes on where no values come: what they show grows old. */
  function age() {
    if (pausedAt) return;
    const most = 3 * stepOf(board.rangeMs);
    for (const panel of page.panels) if (Date.now() - panel.drawnAt > most) redraw(panel);
  }

  const show = () => connection.show(!document.hidden && !pausedAt);
  const resume = () => {
    pausedAt = 0;
    show();
    redrawAll();
    status()?.show?.(connection.state, 0);
  };
  const restyle = () => {
    for (const panel of page.panels) panel.renew();
    redrawAll();
  };

  Panel.page = page;
  customElements.define('wg-panel', Panel);
  controls?.listen({
    range: (rangeMs) => {
      if (rangeMs === board.rangeMs) return;
      if (pausedAt) resume();
      board.setRange(rangeMs);
      controls.markRange(rangeMs);
      redrawAll();
    },
    pause: () => {
      if (pausedAt) return resume();
      pausedAt = Date.now();
      show();
      status()?.show(connection.state, pausedAt);
      return undefined;
    },
    theme: () => {
      controls.switchTheme();
      restyle();
    },
    table: (panel) => {
      const chosen = panel instanceof Panel ? panel : [...page.panels][0];
      chosen?.toggleTable(controls.dataTable);
    },
    now: () => Date.now() + skewMs,
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', restyle);
  // Paper has colours of its own, and is not waited for.
  matchMedia('print').addEventListener('change', () => {
    restyle();
    draw();
    tasks.run(Infinity);
  });
  follow(connection, show, redrawAll);
  connection.open();
  return true;
}

/** Does what the browser's tab asks for: hidden tabs pause, those that come back go on.
 * @param {Connection} connection @param {() => void} show @param {() => void} redrawAll */
function follow(connection, show, redrawAll) {
  document.addEventListener('visibilitychange', () => {
    show();
    if (document.hidden) return;
    connection.wake();
    redrawAll();
  });
  addEventListener('online', () => connection.wake());
  addEventListener('pagehide', () => connection.close());
  addEventListener('pageshow', (event) => {
    if (event.persisted) connection.open();
  });
}

/** An embed tells its height to the page around it, and to no other. */
function tellSize() {
  if (parent === window) return;
  const origin =
    location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);
  if (!origin || origin === 'null') return;
  parent.postMessage(
    { watchglass: 'size', height: Math.ceil(root.getBoundingClientRect().height) },
    origin,
  );
}
