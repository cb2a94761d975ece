/** The entry of every page but an embed: the panels and what stands around them. */

import { controls } from './controls.js';
import { start } from './start.js';

controls.recallTheme();
if (!start(controls)) {
  // A page without panels: only the theme can be changed.
  document.documentElement.dataset.state = 'plain';
  const none = () => {};
  const { switchTheme: theme } = controls;
  controls.listen({ range: none, pause: none, table: none, theme, now: Date.now });
}
