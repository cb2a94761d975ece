/** The entry of every page but an embed: the panels and what stands around them. */

import { controls } from './controls.js';
import { start } from './start.js';

controls.recallTheme();
if (!start(controls)) {
  // A page without panels: only the theme can be changed.
  document.documentElement.dataset.state = 'plain';
  const none = () => {};
  const { switchTheme: theme } = controls;
  const still = { range: none, stretch: none, move: none, scale: none, back: none, pause: none };
  const no = { compare: none, table: none, alone: none, clock: none, said: none };
  const zero = { behindMs: () => 0, stepMs: () => 0, ends: () => ({ fromMs: 0, toMs: 0 }) };
  const nothing = { connection: null, page: null };
  controls.listen({ ...still, ...no, ...zero, ...nothing, theme, now: Date.now });
}
