/**
 * The sheet's colours for a canvas, which knows neither custom properties nor `light-dark()`: a
 * probe element computes them, once for each theme.
 */

/** @type {Map<string, string>} */
const colours = new Map();
/** @type {HTMLElement | null} */
let probe = null;
/** @type {MediaQueryList[]} */
let media = [];

/** Made when a colour is first asked for. */
function made() {
  media = ['(prefers-color-scheme: dark)', 'print'].map((query) => matchMedia(query));
  const element = document.createElement('i');
  element.hidden = true;
  document.body.append(element);
  return element;
}

/** A custom property as a colour that a canvas understands.
 * @param {string} name @returns {string} */
export function colour(name) {
  probe ??= made();
  const [dark, print] = media;
  const key = `${name} ${document.documentElement.dataset.theme ?? dark.matches} ${print.matches}`;
  let found = colours.get(key);
  if (!found) {
    probe.style.color = `var(--${name})`;
    found = getComputedStyle(probe).color;
    colours.set(key, found);
  }
  return found;
}

/** The same with some of the ground shining through. @param {string} name @param {number} alpha */
export function faded(name, alpha) {
  return colour(name).replace(
    /rgba?\(([^)]+)\)/,
    (_, inside) => `rgba(${inside.split(',').slice(0, 3).join(',')},${alpha})`,
  );
}
