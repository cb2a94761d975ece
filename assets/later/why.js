/**
 * Says in an empty panel why it is empty, as the server tells it. Loaded when a panel is first seen
 * to be empty.
 *
 * @import { Panel } from '../elements/panel.js'
 * @typedef {[kind: string, text: string, address?: string]} Part
 * @typedef {{board: {document: {slug: string}, rangeMs: number},
 *   travel: {past: {toMs: number, rangeMs: number} | null}}} Page
 */

import { make } from '../elements/build.js';
import { rangeText } from '../units.js';
import { zone } from '../zone.js';

/** What is shown, as the server is asked. @param {Page} page @returns {Record<string, string>} */
function shown({ board, travel: { past } }) {
  if (!past) return { range: rangeText(board.rangeMs) };
  return { from: String(past.toMs - past.rangeMs), to: String(past.toMs) };
}

/** @param {Part} part */
function element([kind, text, address]) {
  if (kind === 'code') return make('code', {}, [text]);
  return kind === 'link' ? make('a', { href: address ?? '' }, [text]) : text;
}

/** Asks why a panel is empty and writes it there, if it still is.
 * @param {Panel} panel @param {Page} page */
export async function tell(panel, page) {
  // The server knows zones by their names alone.
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const tz = zone() === 'browser' ? own : zone();
  const asked = { board: page.board.document.slug, panel: panel.id, tz, ...shown(page) };
  const answer = await fetch(`/live/why?${new URLSearchParams(asked)}`);
  if (!answer.ok) throw new Error(`why a panel is empty is not told: ${answer.status}`);
  /** @type {{parts: Part[]}} */
  const { parts } = await answer.json();
  const note = panel.body.querySelector('.empty span');
  if (!note || parts.length === 0) return;
  // What is said already is not said again: a link may have the focus.
  const words = parts.map(([, text]) => text).join('');
  if (note.textContent !== words) note.replaceChildren(...parts.map(element));
}
