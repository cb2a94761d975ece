/**
 * Whether the page shows what was before beside what is, as its address says it: `compare=period`,
 * or a length of time such as `compare=1d`. What does that is loaded when it is asked for.
 *
 * @import { Before, Ghost, Host } from '../later/before.js'
 * @import { Spec } from '../subscription.js'
 */

/** What a page is compared with. */
export class Comparing {
  /** @type {Before | null} */
  #before = null;
  #text = '';

  /** @param {Host} host @param {() => Promise<typeof import('../later/before.js')>} load */
  constructor(host, load) {
    this.host = host;
    this.load = load;
  }

  /** What a panel was before. @param {string} panel its id @param {Spec} spec
   * @returns {Ghost | null} */
  of = (panel, spec) => this.#before?.of(panel, spec) ?? null;

  /** Compares with something else, or with nothing. @param {string} text */
  set = (text) => {
    const url = new URL(location.href);
    if (text) url.searchParams.set('compare', text);
    else url.searchParams.delete('compare');
    history.replaceState(history.state, '', url);
    this.follow();
  };

  /** Does what the address says. */
  async follow() {
    const text = new URLSearchParams(location.search).get('compare') ?? '';
    if (text === this.#text) return;
    this.#text = text;
    this.#before?.end();
    this.#before = null;
    this.host.changed();
    mark(text);
    if (!text) return;
    try {
      const { Before, shiftOf } = await this.load();
      if (text !== this.#text) return;
      if (!(shiftOf(text, 1) > 0))
        throw new Error(`\`${text}\` is neither \`period\` nor a length`);
      this.#before = new Before(text, this.host);
      this.host.changed();
    } catch (reason) {
      const words = reason instanceof Error ? reason.message : String(reason);
      this.host.said(`what was before cannot be shown: ${words}`);
    }
  }
}

/** Shows in the bar what is compared with. @param {string} text */
function mark(text) {
  const choice = /** @type {HTMLSelectElement | null} */ (document.querySelector('.versus select'));
  const off = /** @type {HTMLElement | null} */ (document.querySelector('[data-do="alike"]'));
  if (!choice || !off) return;
  const known = [...choice.options].some(({ value }) => value === text);
  if (!known) choice.add(new Option(`${text} before`, text));
  choice.value = text;
  off.hidden = !text;
  off.textContent = `vs. ${choice.selectedOptions[0].text} ✕`;
}
