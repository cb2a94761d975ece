/**
 * What stands behind the pill: how the page is connected, in words, and what can be done about it.
 * Loaded when it is opened; while it is open it asks now and then how long the way takes.
 *
 * @import { Connection, Transport } from '../connection.js'
 * @typedef {{connection: Connection, behindMs: () => number, pause: () => void,
 *   names: Record<Transport, string>, now: () => number}} Host  behindMs: how far behind the
 *   present the page is, 0 when it is live; names: how transports are called
 */

import { make } from '../elements/build.js';
import { dateTime, format, lengthText, timeOfDay } from '../units.js';

const WRITE_MS = 500;
const ASK_MS = 2000;

/** A length in words. @param {number} ms */
const length = (ms) => format(Math.max(0, Math.round(ms / 1000)), 'duration');

/** Asks the server for an answer; how long it takes to come, in ms. Whoever asks again forgets the
 * one before, which may never come.
 * @param {Connection} connection @returns {Promise<number>} */
function ping(connection) {
  const asked = performance.now();
  connection.send({ ping: 1 });
  return new Promise((resolve) => {
    connection.ponged = () => resolve(performance.now() - asked);
  });
}

/** The state in a sentence. @param {Host} host */
function sentence({ connection, behindMs, now }) {
  const { name, since, attempt } = connection.state;
  if (name === 'offline') return `Offline: this device has no network since ${timeOfDay(since)}.`;
  if (name === 'retry')
    return `The connection was lost at ${timeOfDay(since)}. This is try number ${attempt}.`;
  if (name === 'connecting') return 'Connecting for the first time.';
  const behind = behindMs();
  if (behind > 0)
    return `Stopped at ${dateTime(now() - behind)}, ${length(behind)} behind the present.`;
  return 'Live: values appear as soon as they are known.';
}

/** What is told below it. @param {Host} host @param {number | null} wayMs
 * @returns {Record<string, string>} */
function facts({ connection, names }, wayMs) {
  const { state, opened, arrived = 0, retryAt } = connection;
  const said = { Transport: names[state.transport] };
  if (!opened) {
    const left = Math.max(0, retryAt - Date.now()) / 1000;
    return { ...said, 'Next try': left > 0 ? `in ${left.toFixed(1)} s` : 'under way' };
  }
  const way = wayMs === null ? 'measuring' : `${wayMs.toFixed(wayMs < 10 ? 1 : 0)} ms`;
  return {
    ...said,
    'There and back': way,
    'Connected since': `${dateTime(opened)} (${length(Date.now() - opened)})`,
    'Last heard': timeOfDay(arrived),
  };
}

/** Puts the box behind a button, and opens it.
 * @param {HTMLButtonElement} button @param {Host} host @param {() => number} stepMs */
export function attach(button, host, stepMs) {
  const words = make('p');
  const list = make('dl');
  const act = make('button', { type: 'button', class: 'btn' });
  const box = make('div', { class: 'about wire', popover: '', role: 'dialog' }, [
    words,
    list,
    make('p', { class: 'row' }, [act, make('a', { href: '/status' }, ['Status of the server'])]),
  ]);
  box.setAttribute('aria-label', 'Connection');
  /** @type {number | null} */
  let wayMs = null;
  let asked = 0;
  let timer = 0;

  const write = () => {
    const { connection } = host;
    if (!connection.opened) wayMs = null;
    else if (Date.now() - asked > ASK_MS) {
      asked = Date.now();
      void ping(connection).then((ms) => (wayMs = ms));
    }
    const said = sentence(host);
    if (words.textContent !== said) words.textContent = said;
    const told = { ...facts(host, wayMs), Refreshed: `every ${lengthText(stepMs())}` };
    list.replaceChildren(
      ...Object.entries(told).flatMap(([name, text]) => [
        make('dt', {}, [name]),
        make('dd', {}, [text]),
      ]),
    );
    const deed = !connection.opened ? 'Try now' : host.behindMs() > 0 ? 'Jump to live' : 'Pause';
    if (act.textContent !== deed) act.textContent = deed;
  };
  act.addEventListener('click', () => {
    if (host.connection.opened) host.pause();
    else host.connection.wake();
    write();
  });
  box.addEventListener('toggle', (event) => {
    clearInterval(timer);
    if (/** @type {ToggleEvent} */ (event).newState !== 'open') return;
    asked = 0;
    write();
    timer = setInterval(write, WRITE_MS);
  });
  button.after(box);
  // From now on the browser opens and closes it, and says so to screen readers.
  button.removeAttribute('data-do');
  button.popoverTargetElement = box;
  box.showPopover({ source: button });
}
