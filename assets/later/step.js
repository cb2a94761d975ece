/** The way from panel to panel by arrows. Loaded with the first press. */

/** The panel whose middle lies nearest in the direction of an arrow.
 * @param {Element} from @param {string} arrow */
function beside(from, arrow) {
  const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
    arrow
  ] ?? [0, 0];
  const middle = (/** @type {Element} */ panel) => {
    const { left, top, width, height } = panel.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2, width, height };
  };
  const start = middle(from);
  let [nearest, least] = [/** @type {HTMLElement | null} */ (null), Infinity];
  for (const panel of document.querySelectorAll('wg-panel')) {
    const there = middle(panel);
    if (panel === from || there.height === 0) continue;
    const [dx, dy] = [there.x - start.x, there.y - start.y];
    const along = dx * x + dy * y;
    // What lies to the side counts twice: rows and columns are followed.
    const distance = along + 2 * Math.abs(x ? dy : dx);
    if (along > 1 && distance < least)
      [nearest, least] = [/** @type {HTMLElement} */ (panel), distance];
  }
  return nearest;
}

/** Goes from a panel to the one beside it; where there is none, the page scrolls.
 * @param {HTMLElement} from @param {string} arrow */
export function step(from, arrow) {
  const to = beside(from, arrow);
  if (!to) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[arrow] ?? 0;
    scrollBy(0, 40 * by);
    return;
  }
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}
