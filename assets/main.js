/** The entry of every page but an embed: the panels and what stands around them. */

import { controls } from './controls.js';
import { start } from './start.js';
import { create as gauge } from './views/gauge.js';
import { create as line } from './views/line.js';
import { create as stat } from './views/stat.js';
import { create as table } from './views/table.js';

controls.recallTheme();
if (!start(controls, { line, stack: line, stat, gauge, table })) {
  // A page without panels: only the theme can be changed.
  document.documentElement.dataset.state = 'plain';
  const none = () => {};
  const { switchTheme: theme } = controls;
  controls.listen({ range: none, pause: none, table: none, theme, now: Date.now });
}
