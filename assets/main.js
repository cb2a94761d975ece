/**
 * The entry: reads the page's data, defines the elements, and ties connection, board and panels.
 *
 * The one idea: the page is complete before this runs. A message changes windows, a window marks
 * its panels, and one animation frame draws every marked panel that can be seen.
 *
 * @import { State } from './connection.js'
 * @import { Channel, Document, PageData } from './subscription.js'
 * @import { Page } from './elements/panel.js'
 */

import { Connection } from './connection.js';
import { listen, markRange, recallTheme, switchTheme } from './controls.js';
import { panelElement } from './elements/build.js';
import { Panel } from './elements/panel.js';
import { Status } from './elements/status.js';
import { Time } from './elements/time.js';
import { Board } from './subscription.js';
import { timeOfDay } from './units.js';
import { forgetColours } from './views/colours.js';

const RELOADED = 'watchglass.reloaded';
const NOTICE_MS = 8000;

const root = document.documentElement;
const embedded = root.dataset.mode === 'embed';

/** @param {PageData} data */
function start(data) {
  /** @type {Set<Panel>} */
  const dirty = new Set();
  /** @type {(() => void)[]} */
  const tasks = [];
  let frame = 0;
  let pausedAt = 0;
  let noticed = 0;
  const notice = document.getElementById('notice');
  const only = embedded ? (data.board.panels[0]?.panel ?? null) : null;

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
  const redrawAll = () => page.panels.forEach(redraw);
  // Charts are made one a task, so that a slow phone stays responsive while the page wakes up.
  const runTask = () => {
    tasks.shift()?.();
    if (tasks.length > 0) setTimeout(runTask);
  };

  /** @type {Page} */
  const page = {
    place: (id) => board.document.panels.find((place) => place.panel === id),
    channel: (number) => board.channel(number),
    rangeMs: () => board.rangeMs,
    lost: () => connection.state.name === 'retry' || connection.state.name === 'offline',
    panels: new Set(),
    redraw,
    later: (task) => {
      if (tasks.push(task) === 1) setTimeout(runTask);
    },
    resized: () => {
      if (embedded) tellSize();
    },
  };

  const board = new Board(data, {
    only,
    send: (command) => connection.send(command),
    changed: (/** @type {Channel} */ channel) => {
      if (pausedAt) return;
      for (const panel of page.panels) {
        if (page.place(panel.id)?.channels.includes(channel.number)) redraw(panel);
      }
    },
    board: (document) => {
      if (!embedded) arrange(document);
      redrawAll();
    },
    said: (text) => say(text),
    fault: (reason) =>
      console.warn(`watchglass: ${reason instanceof Error ? reason.message : reason}`),
  });

  const connection = new Connection({
    commands: () => board.commands(),
    receive: (each) => {
      if (each.kind === 'welcome') welcome(each.body);
      board.receive(each);
    },
    state: (/** @type {State} */ state) => {
      const wasLost = noticed < 0;
      const lost = state.name === 'retry' || state.name === 'offline';
      status()?.show(state, pausedAt);
      if (lost !== wasLost) {
        noticed = lost ? -1 : 0;
        write(lost ? `connection lost at ${timeOfDay(state.since)}, trying again` : '');
        redrawAll();
      }
      // An embed has no pill that would say it; the sheet needs the word all the same.
      if (embedded) root.dataset.state = state.name === 'connecting' ? 'still' : state.name;
    },
    fault: (text) => {
      // What was read so far cannot be trusted: everything is fetched anew.
      console.warn(`watchglass: ${text}`);
      board.forget();
    },
  });

  const status = () => /** @type {Status | null} */ (document.querySelector('wg-status'));
  /** @param {string} text empty: nothing to say */
  const write = (text) => {
    if (!notice) return;
    notice.textContent = text;
    notice.hidden = !text;
  };
  /** Shows a word of the server for a while; a lost connection is the more important one.
   * @param {string} text */
  const say = (text) => {
    if (noticed < 0) return;
    clearTimeout(noticed);
    write(text);
    noticed = setTimeout(() => {
      noticed = 0;
      write('');
    }, NOTICE_MS);
  };

  /** @param {{time: number, build: string}} body */
  function welcome({ time, build }) {
    Time.skewMs = time - Date.now();
    // Another build speaks to pages of its own: come back as one of them, but only once.
    if (build && build !== data.build && sessionStorage.getItem(RELOADED) !== build) {
      sessionStorage.setItem(RELOADED, build);
      location.reload();
    }
  }

  /** Panels that came are put in, in their order; those that went are taken out.
   * @param {Document} document_ */
  function arrange({ panels }) {
    const grid = document.querySelector('.grid');
    if (!grid) return;
    const wanted = new Set(panels.map(({ panel }) => panel));
    for (const panel of [...page.panels]) if (!wanted.has(panel.id)) panel.remove();
    /** @type {Element | null} */
    let before = null;
    for (const { panel, spec } of panels) {
      let element = document.getElementById(panel);
      const shape = `${spec.kind} ${spec.width} ${spec.height} ${spec.title}`;
      if (element && shapes.get(panel) !== shape && shapes.has(panel)) {
        const fresh = panelElement(spec);
        element.replaceWith(fresh);
        element = fresh;
      }
      if (!element) {
        element = panelElement(spec);
        if (before) before.after(element);
        else grid.prepend(element);
      }
      shapes.set(panel, shape);
      before = element;
    }
  }
  /** @type {Map<string, string>} what each panel on the page was made from */
  const shapes = new Map(
    data.board.panels.map(({ panel, spec }) => [
      panel,
      `${spec.kind} ${spec.width} ${spec.height} ${spec.title}`,
    ]),
  );

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

  const show = () => connection.show(!document.hidden && !pausedAt);
  const resume = () => {
    pausedAt = 0;
    show();
    redrawAll();
    status()?.show(connection.state, 0);
  };
  const restyle = () => {
    forgetColours();
    for (const panel of page.panels) panel.renew();
    redrawAll();
  };

  recallTheme();
  Panel.page = page;
  customElements.define('wg-time', Time);
  customElements.define('wg-status', Status);
  customElements.define('wg-panel', Panel);
  if (!embedded || document.querySelector('[data-do]'))
    listen({
      range: (rangeMs) => {
        if (rangeMs === board.rangeMs) return;
        if (pausedAt) resume();
        board.setRange(rangeMs);
        markRange(rangeMs);
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
        switchTheme();
        restyle();
      },
      table: (panel) => (panel instanceof Panel ? panel : [...page.panels][0])?.toggleTable(),
    });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', restyle);
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
  connection.open();
}

const data = document.getElementById('wg-data');
if (data?.textContent) start(JSON.parse(data.textContent));
else {
  // A page without panels: only the theme can be changed.
  recallTheme();
  root.dataset.state = 'plain';
  listen({ range: () => {}, pause: () => {}, theme: switchTheme, table: () => {} });
}
