/**
 * Chromium and its pages, with everything that a page did wrong written down.
 *
 * The one idea: a test opens pages through here, and closing one fails the test when the page wrote
 * an error to its console that the test did not expect.
 */

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** How long a condition may take: generous, for machines that are busy with other things. */
export const LIMIT_MS = 20_000;
export const DESKTOP = { width: 1440, height: 900 };
/** High enough that every panel of the overview is in view, and so is drawn. */
export const TALL = { width: 1440, height: 3000 };
export const PHONE = { width: 360, height: 780 };

/** The browser of a test file; that there is none fails the file. */
export function launch() {
  const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: FLAGS });
}

/** @typedef {{url: string, sent: string[], received: number, open: boolean}} Socket */

/** A page in a context of its own, and what it did. */
export class Visit {
  /** @type {string[]} errors of the console and of scripts */
  errors = [];
  /** @type {string[]} every line of the console */
  console = [];
  /** @type {string[]} */
  requests = [];
  /** @type {Socket[]} */
  sockets = [];
  /** @type {string[]} */
  dialogs = [];

  /** @param {import('playwright-core').BrowserContext} context
   * @param {import('playwright-core').Page} page */
  constructor(context, page) {
    this.context = context;
    this.page = page;
    page.setDefaultTimeout(LIMIT_MS);
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      this.console.push(message.text());
      if (message.type() === 'error') this.errors.push(message.text());
    });
    page.on('request', (request) => this.requests.push(request.url()));
    page.on('dialog', (dialog) => {
      this.dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    page.on('websocket', (socket) => {
      /** @type {Socket} */
      const seen = { url: socket.url(), sent: [], received: 0, open: true };
      this.sockets.push(seen);
      socket.on('framesent', ({ payload }) => seen.sent.push(String(payload)));
      socket.on('framereceived', () => (seen.received += 1));
      socket.on('close', () => (seen.open = false));
    });
  }

  /** Everything the page said to the server over its sockets. */
  get sent() {
    return this.sockets.flatMap((socket) => socket.sent);
  }

  /** Waits until `condition` holds in the page.
   * @param {(argument: any) => unknown} condition @param {unknown} [argument]
   * @param {{timeout?: number}} [options] */
  until(condition, argument, options) {
    return this.page.waitForFunction(condition, argument, { timeout: LIMIT_MS, ...options });
  }

  /** Waits until the page's state is this word: still, live, retry, offline or paused.
   * @param {string} state @param {number} [timeout] */
  async state(state, timeout = LIMIT_MS) {
    await this.page.locator(`html[data-state="${state}"]`).waitFor({ state: 'attached', timeout });
  }

  /** The text of an element. @param {string} selector */
  text(selector) {
    return this.page.locator(selector).first().innerText();
  }

  /** Waits until an element's text is another one than `before`, and gives it.
   * @param {string} selector @param {string} before */
  async changed(selector, before) {
    const handle = await this.until(
      ([place, old]) => {
        const now = document.querySelector(place)?.textContent?.trim();
        return now && now !== old && now;
      },
      [selector, before],
    );
    return String(await handle.jsonValue());
  }

  /** Waits until an element's text is this. @param {string} selector @param {string} wanted */
  async shows(selector, wanted) {
    await this.until(
      ([place, text]) => document.querySelector(place)?.textContent?.trim() === text,
      [selector, wanted],
    );
  }

  /** The panel with this heading. @param {string} title */
  panel(title) {
    const heading = this.page.getByRole('heading', { name: title, exact: true });
    return this.page.locator('wg-panel', { has: heading });
  }

  /** Marks the document, so that a reload would be seen. */
  async mark() {
    await this.page.evaluate(() => Object.assign(window, { watchglassMark: true }));
  }

  /** Whether the document is still the one that was marked. */
  async marked() {
    return this.page.evaluate(() => 'watchglassMark' in window);
  }

  /** Closes it. Errors fail the test, save those that one of `expected` fits.
   * @param {RegExp[]} [expected] */
  async close(expected = []) {
    await this.context.close();
    const wrong = this.errors.filter((error) => !expected.some((words) => words.test(error)));
    assert.deepEqual(wrong, [], 'errors in the console');
    assert.deepEqual(this.dialogs, [], 'dialogs');
  }
}

/**
 * Opens an address in a fresh context.
 * @param {import('playwright-core').Browser} browser @param {string} url
 * @param {import('playwright-core').BrowserContextOptions & {before?: (visit: Visit) => unknown}}
 *   [options] before: what is done with the empty page
 */
export async function visit(browser, url, { before, ...options } = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, colorScheme: 'dark', ...options });
  const opened = new Visit(context, await context.newPage());
  await before?.(opened);
  await opened.page.goto(url, { waitUntil: 'load' });
  return opened;
}
