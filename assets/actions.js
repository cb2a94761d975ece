/**
 * What a reader can do beside the panels, on the page that lives.
 *
 * @import { Actions } from './controls.js'
 * @import { LivePage } from './start.js'
 */

import { make } from './elements/build.js';
import { Panel } from './elements/panel.js';
import { Travel } from './past.js';
import { stepOf } from './when.js';

/** @param {LivePage} page
 * @param {typeof import('./controls.js').controls} controls @returns {Actions} */
export function actionsOf(page, controls) {
  const travel = page.travelling(Travel);
  page.zoom = travel.zoom;
  page.back = travel.back;
  page.joined = withMenu;
  page.panels.forEach(withMenu);
  return {
    range: (rangeMs) => travel.go({ rangeMs }),
    stretch: travel.zoom,
    move: (part) => travel.move(part),
    scale: (factor) => travel.scale(factor),
    back: travel.back,
    pause: () => (travel.past ? travel.live() : page.pause()),
    theme: () => {
      controls.switchTheme();
      page.restyle();
    },
    table: (panel) => {
      const chosen = panel instanceof Panel ? panel : [...page.panels][0];
      chosen?.toggleTable(controls.dataTable).catch(page.fault);
    },
    alone: controls.alone,
    compare: page.comparing.set,
    ends: () => travel.ends(),
    clock: (name) => {
      controls.rememberClock(name);
      page.clocks();
      controls.markRange(travel.when);
      page.tell();
      page.restyle();
    },
    said: page.said,
    behindMs: () => page.behindMs(),
    stepMs: () => stepOf(page.board.rangeMs),
    connection: page.connection,
    share: (panel) => controls.share(panel instanceof Panel ? panel : null, page),
    now: () => page.clock(),
    page,
  };
}

/** Gives a panel the button of its menu, which would open nothing without a script.
 * @param {Panel} panel */
export function withMenu(panel) {
  const label = `Menu of ${panel.spec?.title ?? panel.id}`;
  const button = { type: 'button', class: 'dots', 'data-do': 'menu', 'aria-haspopup': 'menu' };
  const head = panel.querySelector('.head');
  const known = head?.querySelector('.dots');
  if (!known) head?.append(make('button', { ...button, 'aria-label': label }, ['⋯']));
}
