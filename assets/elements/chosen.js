/**
 * Which series of a panel a reader wants to see: all, all but some, or some alone; and how that
 * stands in the page's address, so that a copied address shows the same. Series are known by their
 * names: one that comes later is left out where others were chosen.
 *
 * The address holds `only=PANEL:NAME` or `hide=PANEL:NAME`, once a series.
 *
 * @import { Row } from '../rows.js'
 */

export class Chosen {
  /** @type {Set<string> | null} the names that are shown alone */
  #only = null;
  /** @type {Set<string>} */
  #hidden = new Set();

  /** @param {Element} panel */
  constructor(panel) {
    this.panel = panel;
  }

  /** Takes what the address says. @returns {boolean} whether that is something else than before */
  recall() {
    const before = this.#written();
    const only = this.#read('only');
    this.#only = only.size > 0 ? only : null;
    this.#hidden = this.#read('hide');
    return before !== this.#written();
  }

  /** @param {string} name of a parameter */
  #read(name) {
    const start = `${this.panel.id}:`;
    const all = new URLSearchParams(location.search).getAll(name);
    const own = all.filter((value) => value.startsWith(start));
    return new Set(own.map((value) => value.slice(start.length)));
  }

  #written() {
    return JSON.stringify([this.#only && [...this.#only], [...this.#hidden]]);
  }

  /** Whether a series is shown. @param {Row} row */
  has = ({ name }) => (this.#only ? this.#only.has(name) : !this.#hidden.has(name));

  /** A press on an entry: its series comes or goes; otherwise it is shown alone, or with all others
   * again. @param {Row} row @param {Row[]} rows all @param {boolean} toggles */
  press(row, rows, toggles) {
    const others = rows.filter(({ name }) => name !== row.name);
    if (toggles) this.#toggle(row.name, others);
    else {
      const alone = this.has(row) && !others.some(this.has);
      this.#only = alone ? null : new Set([row.name]);
      this.#hidden.clear();
    }
    this.#remember();
  }

  /** @param {string} name @param {Row[]} others */
  #toggle(name, others) {
    const [set, added] = this.#only ? [this.#only, true] : [this.#hidden, false];
    const shown = set.has(name) === added;
    // A chart of nothing would help nobody.
    if (shown && !others.some(this.has)) return;
    if (!set.delete(name)) set.add(name);
  }

  #remember() {
    const url = new URL(location.href);
    const kept = (/** @type {string} */ parameter) => {
      const values = url.searchParams.getAll(parameter);
      url.searchParams.delete(parameter);
      return values.filter((value) => !value.startsWith(`${this.panel.id}:`));
    };
    const all = { only: [...(this.#only ?? [])], hide: [...this.#hidden] };
    for (const [parameter, names] of Object.entries(all)) {
      const own = names.map((name) => `${this.panel.id}:${name}`);
      for (const value of [...kept(parameter), ...own]) url.searchParams.append(parameter, value);
    }
    history.replaceState(history.state, '', url);
  }
}
