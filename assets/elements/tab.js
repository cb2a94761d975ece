/**
 * What the browser's tab asks of the page: to pause while nobody sees it, and to go on.
 *
 * @import { Connection } from '../connection.js'
 */

/** Hidden tabs pause, those that come back go on.
 * @param {Connection} connection @param {() => void} show @param {() => void} redrawAll */
export function follow(connection, show, redrawAll) {
  document.addEventListener('visibilitychange', () => {
    show();
    if (document.hidden) return;
    connection.wake();
    redrawAll();
  });
  addEventListener('online', () => connection.wake());
  addEventListener('pagehide', () => connection.close());
  addEventListener('pageshow', (event) => {
    if (event.persisted) connection.open();
  });
}
