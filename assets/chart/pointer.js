/**
 * What a pointer does on a chart: it moves the crosshair, which all charts of the page share.
 *
 * @import { Frame } from './frame.js'
 */

/** @param {HTMLElement} host @param {Frame} frame
 * @param {{cross: (ms: number | null) => void}} deeds cross: the crosshair is at this time
 * @returns {() => void} takes the listeners away */
export function follow(host, frame, { cross }) {
  const move = (/** @type {PointerEvent} */ { clientX }) =>
    cross(frame.timeAt(clientX - host.getBoundingClientRect().left));
  const leave = () => cross(null);
  host.addEventListener('pointermove', move);
  for (const name of ['pointerleave', 'pointercancel']) host.addEventListener(name, leave);
  return () => {
    host.removeEventListener('pointermove', move);
    for (const name of ['pointerleave', 'pointercancel']) host.removeEventListener(name, leave);
  };
}
