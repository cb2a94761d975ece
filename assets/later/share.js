/**
 * The dialog that shares a board: a link, a frame, a picture, a badge, with what they are to show
 * and a live look at the frame. Loaded when it is first opened.
 *
 * The one idea: the look is the very frame that is shared, so what is seen is what others get,
 * words about what is wrong with it included.
 *
 * @import { Panel } from '../elements/panel.js'
 * @typedef {{page: import('../start.js').LivePage}} Host
 * @typedef {{panels: string[] | null, theme: string, bg: string, range: string, height: number,
 *   title: boolean}} Choice  panels: none for the whole board; theme and range are empty where the
 *   reader's and the board's own are taken
 */

import { make } from '../elements/build.js';
import { dialog } from './dialog.js';
import { pageOf, pictureOf, queryOf, timeOf } from './place.js';

/** @type {[string, string][]} */
const THEMES = [['', 'As the reader likes'], ['dark', 'Dark'], ['light', 'Light']];
/** @type {[string, string][]} */
const GROUNDS = [['solid', 'Solid'], ['transparent', 'Transparent']];
const RANGES = ['1m', '5m', '15m', '1h', '6h', '24h', '7d', '30d'];
/** The bounds of a height, and the usual one, in pixels. */
const [LEAST, MOST, USUAL] = [60, 4000, 320];
const COPIED_MS = 2000;

/** A text as an attribute of HTML has it. @param {string} text */
const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

/** An element as a line of HTML. @param {string} name @param {Record<string, string>} attributes
 * @param {string} [end] */
function markup(name, attributes, end = '') {
  const said = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return `<${name}${said.join('')}>${end}`;
}

/** What is shared, of these choices. @param {Host} host @param {Choice} choice */
export function lines({ page }, { panels, theme, bg, range, height, title }) {
  const { slug: whole, panels: places, spec } = page.board.document;
  // What is chosen stands in the query of each address.
  const [slug] = whole.split('?');
  const time = range ? { range } : null;
  const names = new Map(places.map((place) => [place.panel, place.spec]));
  const [only, ...others] = panels ?? [];
  const single = only && others.length === 0 ? names.get(only) : undefined;
  const path = panels ? `/${panels.map(encodeURIComponent).join()}` : '';
  const said = { theme, bg: bg === 'solid' ? '' : bg, title: title ? '' : '0', ...time };
  const frame = `${location.origin}/embed/${encodeURIComponent(slug)}${path}${queryOf(said)}`;
  const name = single?.title ?? spec.title ?? slug;
  const picture = { theme, ...time, w: 640, h: Math.max(100, Math.min(2000, height)) };
  const at = (/** @type {string} */ address) => location.origin + address;
  const badge = at(`/badge/${encodeURIComponent(slug)}/${only}.svg${queryOf({ ...time })}`);
  return {
    frame,
    link: pageOf(single ? only : null, page.travel.when),
    iframe: markup(
      'iframe',
      {
        src: frame,
        title: name,
        width: '100%',
        height: String(height),
        loading: 'lazy',
        // A ground that shines through needs a frame of the same scheme as what is in it.
        style: `border: 0; color-scheme: ${theme || 'light dark'}`,
      },
      '</iframe>',
    ),
    ...(single &&
      single.kind !== 'text' && {
        image: markup('img', { src: at(pictureOf(slug, only, 'svg', picture)), alt: name }),
        png: markup('img', { src: at(pictureOf(slug, only, 'png', picture)), alt: name }),
        badge: markup('img', { src: badge, alt: name }),
      }),
  };
}

/** A choice of words. @param {string} label @param {[string, string][]} options words by value
 * @param {string} value @param {(value: string) => void} chosen */
function select(label, options, value, chosen) {
  const list = options.map(([each, words]) => make('option', { value: each }, [words]));
  const box = make('select', {}, list);
  box.value = value;
  box.addEventListener('change', () => chosen(box.value));
  return make('label', {}, [label, box]);
}

/** A line to copy. @param {string} label @param {number} rows of room for it */
function copyable(label, rows) {
  const text = make('textarea', { readonly: '', rows: String(rows), spellcheck: 'false' });
  const button = make('button', { type: 'button', class: 'btn' }, ['Copy']);
  button.setAttribute('aria-label', `Copy: ${label}`);
  let timer = 0;
  button.addEventListener('click', async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(text.value);
    } catch {
      // Without https a page may not write there; what is selected may be copied.
      text.select();
      done = document.execCommand('copy');
    }
    clearTimeout(timer);
    button.textContent = done ? 'Copied' : 'Press Ctrl C';
    timer = setTimeout(() => (button.textContent = 'Copy'), COPIED_MS);
  });
  const box = make('div', { class: 'line' }, [make('label', {}, [label, text]), button]);
  return { box, text };
}

/** Which panels: this one, some, or all. @param {Host} host @param {string | null} own
 * @param {Choice} choice @param {() => void} changed */
function choosing({ page }, own, choice, changed) {
  const { panels } = page.board.document;
  const list = make('fieldset', { class: 'some' }, [make('legend', {}, ['Panels'])]);
  const boxes = panels.map(({ panel, spec }) => {
    const box = make('input', { type: 'checkbox', value: panel });
    box.checked = panel === own;
    list.append(make('label', {}, [box, spec.title]));
    return box;
  });
  const some = () => boxes.filter((box) => box.checked).map((box) => box.value);
  list.addEventListener('change', () => {
    const chosen = some();
    // A frame of nothing would help nobody: the last one stays.
    if (chosen.length === 0) boxes[0].checked = true;
    choice.panels = some();
    changed();
  });
  /** @type {[string, string][]} */
  const kinds = [['some', 'Several panels'], ['all', 'The whole board']];
  if (own) kinds.unshift(['one', 'This panel']);
  const take = (/** @type {string} */ kind) => {
    list.hidden = kind !== 'some';
    if (kind === 'some' && some().length === 0) boxes[0].checked = true;
    choice.panels = kind === 'all' ? null : kind === 'one' && own ? [own] : some();
    changed();
  };
  list.hidden = true;
  return [select('Show', kinds, own ? 'one' : 'all', take), list];
}

/** All that can be chosen. @param {Host} host @param {string | null} own @param {Choice} choice
 * @param {() => void} changed */
function form(host, own, choice, changed) {
  const take = (/** @type {'theme' | 'bg' | 'range'} */ name) => (/** @type {string} */ value) => {
    choice[name] = value;
    changed();
  };
  const bounds = { min: String(LEAST), max: String(MOST) };
  const height = make('input', { type: 'number', ...bounds, step: 'any' });
  height.value = String(choice.height);
  height.addEventListener('input', () => {
    if (!height.validity.valid || !height.value) return;
    choice.height = Number(height.value);
    changed();
  });
  const title = make('input', { type: 'checkbox' });
  title.checked = choice.title;
  title.addEventListener('change', () => {
    choice.title = title.checked;
    changed();
  });
  const ranges = RANGES.map((range) => /** @type {[string, string]} */ ([range, range]));
  const [which, some] = choosing(host, own, choice, changed);
  return make('form', { class: 'choices' }, [
    which,
    select('Theme', THEMES, choice.theme, take('theme')),
    select('Background', GROUNDS, choice.bg, take('bg')),
    select('Range', [['', 'As the board'], ...ranges], choice.range, take('range')),
    make('label', {}, ['Height', height]),
    make('label', { class: 'check' }, [title, 'With titles']),
    some,
  ]);
}

/** Says who may hold the frame, or what has to be written where, so that somebody may.
 * @param {Host} host @param {string[]} parents */
function who({ page }, parents) {
  const { slug: whole, spec } = page.board.document;
  const [slug] = whole.split('?');
  const code = (/** @type {string} */ text) => make('code', {}, [text]);
  if (!spec.embed && /[:/]/.test(slug))
    return ['Only dashboards of files may stand in other pages: write this panel into one.'];
  if (!spec.embed)
    return [
      'This dashboard may not stand in other pages, nor may its pictures. Write ',
      code('embed = true'),
      ' above its panels: in ',
      code(`dashboards/${slug}.toml`),
      ', or below ',
      code(`slug = "${slug}"`),
      ' in ',
      code('dashboard.toml'),
      '.',
    ];
  if (parents.length === 0)
    return [
      'No site may hold the frame yet: write the origin of its page, such as ',
      code('https://intranet.example'),
      ', into ',
      code('parents'),
      ' of ',
      code('[embed]'),
      ' in ',
      code('dashboard.toml'),
      '. Pictures need no more.',
    ];
  const sites = parents.flatMap((each, at) => [at ? ', ' : '', code(each)]);
  return ['Pages of ', ...sites, ' may hold the frame.'];
}

/** The lines that may be copied. */
const kinds = () => ({
  iframe: copyable('Frame for a page', 3),
  link: copyable('Link to this page', 1),
  image: copyable('Picture, SVG', 2),
  png: copyable('Picture, PNG', 2),
  badge: copyable('Badge', 2),
});

/** Opens it. @param {Panel | null} panel @param {Host} host */
export function open(panel, host) {
  const { spec } = host.page.board.document;
  const own = panel?.id ?? null;
  const { when } = host.page.travel;
  const high = panel ? Math.round(panel.getBoundingClientRect().height) : 600;
  /** @type {Choice} */
  const choice = {
    panels: own ? [own] : null,
    theme: '',
    bg: 'solid',
    range: timeOf(when).range ?? '',
    height: Math.max(LEAST, Math.min(MOST, high || USUAL)),
    title: true,
  };
  if (!RANGES.includes(choice.range)) choice.range = '';
  const look = make('iframe', { title: 'How it looks', tabindex: '-1' });
  const note = make('p', { class: 'who', role: 'status' });
  const rows = kinds();
  const write = () => {
    const all = lines(host, choice);
    for (const [name, { box, text }] of Object.entries(rows)) {
      // What nobody may show is not offered.
      const may = spec.embed || name === 'link';
      const line = may && all[/** @type {keyof typeof rows} */ (name)];
      box.hidden = !line;
      text.value = line || '';
    }
    if (spec.embed && look.src !== all.frame) look.src = all.frame;
    look.style.height = `${choice.height}px`;
    look.style.colorScheme = choice.theme || 'light dark';
  };
  look.addEventListener('load', () => {
    const main = look.contentDocument?.getElementById('main');
    note.replaceChildren(...who(host, main?.dataset.parents?.split(' ').filter(Boolean) ?? []));
  });
  if (!spec.embed) note.replaceChildren(...who(host, []));
  const choices = form(host, own, choice, write);
  choices.hidden = !spec.embed;
  choices.addEventListener('submit', (event) => event.preventDefault());
  const left = make('div', { class: 'left' }, [choices, note]);
  const ground = make('div', { class: 'ground' }, [look]);
  ground.hidden = !spec.embed;
  const boxes = Object.values(rows).map(({ box }) => box);
  write();
  const name = own ? (panel?.spec?.title ?? own) : (spec.title ?? '');
  dialog(`Share ${name}`, 'share', [
    make('div', { class: 'sides' }, [left, make('div', { class: 'right' }, [ground, ...boxes])]),
  ]);
}
