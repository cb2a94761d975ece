/**
 * What a pointer does on a chart: it moves the crosshair, which all charts of the page share, and
 * dragging chooses a stretch of time.
 *
 * @import { Frame } from './frame.js'
 * @typedef {{cross: (ms: number | null) => void, back: () => void,
 *   select: ((fromMs: number, toMs: number) => void) | null}} Deeds  cross: the crosshair is at
 *   this time; select: a stretch was chosen; back: the one before is wanted
 */

const DRAG_MIN = 6;

/** @param {HTMLElement} host @param {Frame} frame @param {Deeds} deeds
 * @returns {() => void} takes the listeners away */
export function follow(host, frame, deeds) {
  const box = document.createElement('i');
  box.className = 'chosen';
  box.hidden = true;
  host.append(box);
  const gone = new AbortController();
  let from = -1;
  const inside = (/** @type {PointerEvent} */ event) => {
    const x = event.clientX - host.getBoundingClientRect().left;
    return Math.max(frame.left, Math.min(frame.left + frame.width, x));
  };
  const end = () => {
    from = -1;
    box.hidden = true;
  };
  /** @type {Record<string, (event: any) => void>} */
  const deed = {
    pointermove(/** @type {PointerEvent} */ event) {
      const x = inside(event);
      deeds.cross(frame.timeAt(x));
      if (from < 0) return;
      box.hidden = Math.abs(x - from) < DRAG_MIN;
      box.style.left = `${Math.min(x, from)}px`;
      box.style.width = `${Math.abs(x - from)}px`;
    },
    pointerdown(/** @type {PointerEvent} */ event) {
      if (!deeds.select || event.button !== 0 || event.pointerType === 'touch') return;
      from = inside(event);
      host.setPointerCapture(event.pointerId);
    },
    pointerup(/** @type {PointerEvent} */ event) {
      const [start, chosen] = [from, !box.hidden];
      end();
      if (!chosen) return;
      const [one, other] = [frame.timeAt(start), frame.timeAt(inside(event))];
      deeds.select?.(Math.min(one, other), Math.max(one, other));
    },
    pointercancel: () => {
      end();
      deeds.cross(null);
    },
    pointerleave: () => {
      if (from < 0) deeds.cross(null);
    },
    keydown(/** @type {KeyboardEvent} */ event) {
      if (event.key === 'Escape') end();
    },
    dblclick: deeds.back,
  };
  for (const [name, listener] of Object.entries(deed))
    host.addEventListener(name, listener, { signal: gone.signal });
  return () => {
    gone.abort();
    box.remove();
  };
}
