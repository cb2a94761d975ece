/**
 * The making of views: their scripts are loaded when a panel first needs them, and the views are
 * made a moment at a time.
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
