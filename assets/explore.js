/**
 * What the page that explores has beside panels: the query box with its completion and its
 * mistakes, the list of metrics, and the panel's text to copy. The page works without it.
 */

import { Box } from './explore/box.js';
import { follow } from './explore/metrics.js';
import { Source } from './explore/source.js';

const text = /** @type {HTMLTextAreaElement | null} */ (document.getElementById('q'));
const words = JSON.parse(document.getElementById('wg-words')?.textContent ?? '{}');
if (text) new Box(text, new Source(words));
follow();

const copy = /** @type {HTMLButtonElement | null} */ (document.querySelector('[data-copy]'));
// Only pages from this machine or over https may write to the clipboard.
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.querySelector('.add pre')?.textContent ?? '');
    copy.textContent = 'Copied';
  });
}
