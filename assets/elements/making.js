/**
 * When things are made and drawn: scripts of views are loaded when a panel first needs them, views
 * are made a moment at a time, and what changed is drawn once a frame.
 *
 * @import { Document } from '../subscription.js'
 * @import { Panel } from './panel.js'
 */

/** How long views are made in one go. */
const WORK_MS = 8;

/** What makes the views of panels, loaded when it is first needed. */
export class Views {
  /** @type {Map<string, import('./panel.js').Create | null>} */
  #loaded = new Map();

  /** @param {(name: string) => Promise<{create: import('./panel.js').Create}>} load
   * @param {() => void} loaded called when one is there @param {(reason: unknown) => void} fault */
  constructor(load, loaded, fault) {
    this.load = load;
    this.loaded = loaded;
    this.fault = fault;
  }

  /** @param {string} name */
  get(name) {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    this.#loaded.set(name, null);
    this.load(name).then(
      ({ create }) => {
        this.#loaded.set(name, create);
        this.loaded();
      },
      (reason) => {
        // The panel stays as the server wrote it, and is tried again with its next value.
        this.#loaded.delete(name);
        this.fault(reason);
      },
    );
    return null;
  }
}

/** Views that are to be made: charts first, then what reads the same before. They are made for a
 * moment at a time, so that a slow phone stays responsive while the page wakes up. */
export class Tasks {
  /** @type {(() => void)[][]} */
  #lists = [[], []];
  #timer = 0;

  /** @param {boolean} chart @param {() => void} task */
  add(chart, task) {
    this.#lists[chart ? 0 : 1].push(task);
    this.#timer ||= setTimeout(() => this.run(WORK_MS));
  }

  /** @param {number} ms */
  run(ms) {
    const until = performance.now() + ms;
    const left = () => this.#lists.some((list) => list.length > 0);
    while (left() && performance.now() < until)
      this.#lists.find((list) => list.length > 0)?.shift()?.();
    clearTimeout(this.#timer);
    this.#timer = left() ? setTimeout(() => this.run(ms)) : 0;
  }
}

/** Puts the crosshair at a time once a frame: a pointer may report more often.
 * @param {(ms: number | null) => void} put */
export function crosshair(put) {
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
export function drawing() {
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

/** Keeps the page in step with its board. What does that is loaded when the board is first another
 * one than the page was made for.
 * @param {Document} first @param {Set<Panel>} shown the panels on the page
 * @param {() => Promise<typeof import('../later/arrange.js')>} load
 * @param {(reason: unknown) => void} fault @returns {(document: Document) => Promise<void>} */
export function arranging(first, shown, load, fault) {
  const shapeOf = (/** @type {Document} */ { spec, panels }) =>
    JSON.stringify([spec, panels.map((place) => place.spec)]);
  /** @type {((document: Document) => void) | null} */
  let arrange = null;
  let [shape, newest] = [shapeOf(first), first];
  return async (document) => {
    newest = document;
    const wanted = shapeOf(document);
    if (wanted === shape) return;
    shape = wanted;
    try {
      const { arranger } = await load();
      arrange ??= arranger(first.panels, shown);
      arrange(newest);
    } catch (reason) {
      // The next time that the board is told, it is tried again.
      shape = '';
      fault(reason);
    }
  };
}
