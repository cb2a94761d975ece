/**
 * The keyboard map: what each key does, and a box that turns single keys off, for those whose voice
 * control or hand presses them unmeant. Loaded when it is opened.
 */

import { dialog } from './dialog.js';
import { make } from '../elements/build.js';
import { singleKeys } from '../elements/keyboard.js';

/** Keys, what they do, and whether they are single characters. */
const KEYS = /** @type {[string[], string, boolean][]} */ ([
  [['Ctrl K', '/'], 'Search dashboards, metrics, panels and commands', false],
  [['Space'], 'Pause, and back to live', false],
  [['←', '→'], 'Half a screen back, or forth', false],
  [['+', '−'], 'Half as long, or twice', true],
  [['0'], 'Back to what was shown before', true],
  [['1', '8'], 'The ranges in the bar, from the first on', true],
  [['f'], 'The panel under the pointer alone, and back', true],
  [['d'], 'Its numbers as a table', true],
  [['c'], 'Compare with the time before, the day, the week', true],
  [['e'], 'Share it', true],
  [['k'], 'On a wall: the panels and nothing else', true],
  [['t'], 'Dark or light', true],
  [['?'], 'This map', true],
  [['Esc'], 'Back from one panel to all, or from the wall', false],
  [['Tab'], 'To the first panel, then into it', false],
  [['←', '↑', '→', '↓'], 'On a panel: to the one beside it', false],
  [['←', '→'], 'On a chart: the crosshair, with Shift by ten', false],
]);

/** @param {Set<string>} missing keys that do nothing on this page */
export function open(missing) {
  const shown = KEYS.filter(([keys]) => !missing.has(keys[0]));
  const rows = shown.map(([keys, does, single]) => {
    const names = keys.flatMap((key, at) => [
      ...(at > 0 ? [keys[0] === '1' ? ' to ' : ' '] : []),
      make('kbd', {}, [key]),
    ]);
    return make('tr', single ? { class: 'single' } : {}, [
      make('td', {}, names),
      make('td', {}, [does]),
    ]);
  });
  const box = make('input', { type: 'checkbox', id: 'single' });
  box.checked = singleKeys.on;
  const table = make('table', {}, [make('tbody', {}, rows)]);
  const mark = () => table.classList.toggle('off', !box.checked);
  mark();
  box.addEventListener('change', () => {
    singleKeys.on = box.checked;
    mark();
  });
  const label = make('label', { for: 'single' }, [
    box,
    'Single letters, digits and signs are keys',
  ]);
  dialog('Keys', 'keymap', [table, label]);
}
