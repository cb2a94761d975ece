/**
 * A page on a wall: its rows fill the screen, what is too long comes screen by screen, and boards
 * take turns. Loaded when the page is put there.
 *
 * The one idea: it only ever goes where the server answers. While it is away the screen stays as it
 * is, and the page finds its server again as any other does.
 */

/** How low a row may become, in letters' heights: what is more rows than that is shown in parts. */
const ROW_REM = 2.7;
/** For how long a part is shown where boards take no turns. */
const PART_MS = 20_000;
const POINTER_MS = 3000;

const root = document.documentElement;
/** @typedef {{panel: Element, start: number, end: number}} Place  from which row to which */
/** The rows from which and to which each screen of this page reaches. @type {[number, number][]} */
let screens = [[0, 1]];
/** @type {Place[]} */
let places = [];
let at = 0;
/** How high the rows are together, and what lies between two. */
let [high, gap] = [0, 0];
/** @type {WakeLockSentinel | null} */
let awake = null;

/** Where screens begin and end, of so many rows at most, or as many as the highest panel has: each
 * begins with the first panel that did not fit into the one before, the last as early as it can.
 * @param {Place[]} places @param {number} fitting @returns {[number, number][]} */
export function cut(places, fitting) {
  const rows = Math.max(1, ...places.map(({ end }) => end));
  const most = Math.max(fitting, ...places.map(({ start, end }) => end - start));
  /** @type {[number, number][]} */
  const found = [];
  for (let begin = 0; ;) {
    const beyond = places.filter(({ end }) => end > begin + most);
    if (beyond.length === 0) {
      const early = places.map(({ start }) => start).filter((start) => rows - start <= most);
      return [...found, [Math.min(begin, ...early), rows]];
    }
    const fits = places.filter(({ start, end }) => start >= begin && end <= begin + most);
    found.push([begin, Math.max(...fits.map(({ end }) => end))]);
    begin = Math.min(...beyond.map(({ start }) => start));
  }
}

/** Finds where panels stand, and where screens begin. On a wall the whole page is one grid,
 * whatever sections it has. @param {HTMLElement} grid */
function fit(grid) {
  scrollTo(0, 0);
  const style = getComputedStyle(grid);
  const row = parseFloat(style.gridAutoRows);
  gap = parseFloat(style.rowGap);
  const boxes = [...grid.querySelectorAll('wg-panel')].map((panel) => {
    return { panel, box: panel.getBoundingClientRect() };
  });
  const shown = boxes.filter(({ box }) => box.height > 0);
  if (shown.length === 0) return;
  const top = Math.min(...shown.map(({ box }) => box.top));
  high = innerHeight - top - parseFloat(style.paddingBottom) + gap;
  places = shown.map(({ panel, box }) => {
    const rows = (/** @type {number} */ edge) => Math.round((edge - top) / (row + gap));
    return { panel, start: rows(box.top), end: rows(box.bottom + gap) };
  });
  const least = ROW_REM * parseFloat(getComputedStyle(root).fontSize);
  screens = cut(places, Math.max(1, Math.floor(high / (least + gap))));
  show(Math.min(at, screens.length - 1));
}

/** Shows one screen: its rows fill the height, and what is cut by its edges is left to another.
 * @param {number} screen */
function show(screen) {
  at = screen;
  const [begin, last] = screens[at];
  const pitch = high / (last - begin);
  root.style.setProperty('--row', `${pitch - gap}px`);
  for (const { panel, start, end } of places)
    panel.toggleAttribute('data-beyond', screens.length > 1 && (start < begin || end > last));
  scrollTo(0, begin * pitch);
}

/** The address of the board that is next, if the server is there and has another one. */
async function nextBoard() {
  const answer = await fetch('/api/v1/places', { cache: 'no-store' });
  if (!answer.ok) return null;
  const { dashboards } = (await answer.json()).data;
  /** @type {string[]} */
  const all = dashboards.map((/** @type {{slug: string}} */ { slug }) => slug);
  const url = new URL(location.href);
  const named = (url.searchParams.get('boards') ?? '').split(',').map((name) => name.trim());
  const known = named.filter((name) => all.includes(name));
  const turns = known.length > 0 ? known : all;
  const own = url.pathname === '/' ? 'overview' : url.pathname.replace(/^\/d\//, '');
  const next = turns[(turns.indexOf(own) + 1) % turns.length];
  if (!next || next === own) return null;
  url.pathname = `/d/${next}`;
  url.searchParams.delete('panel');
  // A page that cannot be shown now would be an error on the wall.
  const there = await fetch('/-/ready', { cache: 'no-store' });
  return there.ok ? url.href : null;
}

/** Goes to the next screen, or from the last one to the next board. */
async function turn() {
  if (at + 1 < screens.length) return show(at + 1);
  if (root.dataset.kiosk) {
    const next = await nextBoard().catch(() => null);
    if (next && root.dataset.kiosk) return location.replace(next);
  }
  return show(0);
}

/** Keeps the screen awake, where the browser can; it lets go by itself when the page is hidden. */
async function wake() {
  if (document.hidden || !navigator.wakeLock) return;
  awake = await navigator.wakeLock.request('screen').catch(() => null);
}

/** Begins, and ends by itself when the page is taken from the wall. */
export function begin() {
  const grid = /** @type {HTMLElement | null} */ (document.querySelector('main:has(.grid)'));
  if (!grid) return;
  const gone = new AbortController();
  const { signal } = gone;
  let frame = 0;
  const soon = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (!signal.aborted) fit(grid);
    });
  };
  // What happens inside a panel moves none.
  const own = (/** @type {MutationRecord} */ { target }) =>
    target instanceof Element && (target.matches('wg-panel') || !target.closest('wg-panel'));
  const panels = new MutationObserver((changes) => changes.some(own) && soon());
  const attributeFilter = ['hidden', 'data-alone', 'data-w', 'data-h', 'open'];
  panels.observe(grid, { childList: true, subtree: true, attributeFilter });
  addEventListener('resize', soon, { signal });
  document.addEventListener('visibilitychange', () => void wake(), { signal });
  let moved = 0;
  document.addEventListener(
    'pointermove',
    () => {
      root.setAttribute('data-moved', '');
      clearTimeout(moved);
      moved = setTimeout(() => root.removeAttribute('data-moved'), POINTER_MS);
    },
    { signal },
  );
  const turns = setInterval(() => void turn(), Number(root.dataset.kiosk) || PART_MS);
  const watched = new MutationObserver(() => {
    if (root.dataset.kiosk !== undefined) return;
    gone.abort();
    panels.disconnect();
    watched.disconnect();
    clearInterval(turns);
    root.style.removeProperty('--row');
    for (const { panel } of places) panel.removeAttribute('data-beyond');
    void awake?.release();
    at = 0;
    scrollTo(0, 0);
  });
  watched.observe(root, { attributeFilter: ['data-kiosk'] });
  void wake();
  fit(grid);
}
