/**
 * A board with a panel of every kind over ten minutes of a day long ago, whose samples are made by
 * a rule: every visit shows the same.
 */

/** The beginning and the end: 2025-06-01 from 12:00 to 12:10 UTC, in ms. */
export const FROM_MS = 1_748_779_200_000;
export const TO_MS = FROM_MS + 600_000;
const STEP_MS = 5000;

/** A wave between 0 and 1. @param {number} at in ms @param {number} periodS
 * @param {number} phase */
const wave = (at, periodS, phase) =>
  0.5 + 0.5 * Math.sin((2 * Math.PI * (at - FROM_MS)) / (1000 * periodS) + phase);

/** Series by their text, each with its value at a time.
 * @type {Record<string, (at: number, n: number) => number>} */
const SERIES = {
  'busy{mode="user"}': (at) => 30 + 25 * wave(at, 240, 0),
  'busy{mode="system"}': (at) => 8 + 9 * wave(at, 130, 1),
  'busy{mode="iowait"}': (at) => 12 * wave(at, 400, 3),
  'traffic{way="in"}': (at) => 4e6 * wave(at, 180, 0),
  'traffic{way="out"}': (at) => 1.5e6 * wave(at, 90, 2),
  'delay{q="0.5"}': (at) => 0.02 + 0.01 * wave(at, 200, 0),
  'delay{q="0.9"}': (at) => 0.05 + 0.03 * wave(at, 200, 1),
  'delay{q="0.99"}': (at) => 0.09 + 0.06 * wave(at, 200, 2),
  'stock{of="apples"}': () => 41,
  'stock{of="pears"}': () => 17,
  'stock{of="plums"}': () => 95,
  'stock{of="figs"}': () => 8,
  'door{door="front"}': (_, n) => Number(n % 37 < 20),
  'door{door="back"}': (_, n) => Number(n < 60),
  'disk{mount="/"}': () => 62,
  'disk{mount="/home"}': () => 93,
};
for (let n = 0; n < 12; n += 1)
  SERIES[`depth{queue="q${String(n).padStart(2, '0')}"}`] = (at) => 5 * n + 6 * wave(at, 150, n);
const BUCKETS = ['0.01', '0.05', '0.1', '0.5', '1', '+Inf'];
BUCKETS.forEach((le, place) => {
  // So many fall into each bucket at each step; a bucket counts those below it as well.
  const fallen = (/** @type {number} */ n, /** @type {number} */ own) =>
    10 * wave(FROM_MS + n * STEP_MS, 300, own) * (own === 5 ? 0.1 : 1);
  SERIES[`took_bucket{le="${le}"}`] = (_, n) => {
    let sum = 0;
    for (let step = 0; step <= n; step += 1)
      for (let own = 0; own <= place; own += 1) sum += fallen(step, own);
    return sum;
  };
});

/** The samples as `promtool tsdb dump` writes them, without the silence that every panel of lines
 * shows as a gap. */
export function dump() {
  const lines = [];
  for (const [series, valueOf] of Object.entries(SERIES)) {
    const [, name, labels] = /^(\w+)\{(.*)\}$/.exec(series) ?? [];
    for (let n = -12; n <= 120; n += 1) {
      const at = FROM_MS + n * STEP_MS;
      const silent = name === 'busy' && n > 70 && n < 84;
      // Eleven digits: enough for every panel, and the same on every machine.
      const value = Number(valueOf(at, n + 12).toPrecision(11));
      if (!silent) lines.push(`{__name__="${name}", ${labels}} ${value} ${at}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const WORDS = `mappings = [
  { value = 0, text = "shut", level = "critical" },
  { value = 1, text = "open", level = "ok" },
]`;
const MARKS = 'thresholds = [{ value = 90, level = "critical", word = "nearly full" }]';
/** Silence of so long is a gap. */
const HEARD = '[5s]';

/** @param {string} kind @param {string} rest @param {[number, number]} [size] */
const panel = (kind, rest, [width, height] = [6, 4]) => `
[[panel]]
id = "${kind}"
title = "${kind[0].toUpperCase()}${kind.slice(1)}"
kind = "${kind === 'many' || kind === 'nothing' ? 'line' : kind}"
width = ${width}
height = ${height}
${rest}
`;

/** The board, as a dashboard file says it. */
export const BOARD = [
  'title = "Every kind"\nembed = true\n',
  panel('line', `query = 'last_over_time(busy${HEARD})'\nlegend = "{{mode}}"\nunit = "percent"`),
  panel('stack', `query = 'last_over_time(busy${HEARD})'\nlegend = "{{mode}}"\nunit = "percent"`),
  panel(
    'mirror',
    `unit = "bits_per_second"
[[panel.query]]
query = 'traffic{way="in"}'
legend = "in"
[[panel.query]]
query = 'traffic{way="out"}'
legend = "out"
below = true`,
  ),
  panel(
    'band',
    `unit = "seconds"
[[panel.query]]
query = 'delay{q="0.5"}'
legend = "median"
[[panel.query]]
query = 'delay{q="0.9"}'
legend = "0.9"
[[panel.query]]
query = 'delay{q="0.99"}'
legend = "0.99"`,
  ),
  panel('heatmap', "query = 'sum by (le) (rate(took_bucket[1m]))'"),
  panel('many', 'query = "depth"\nlegend = "{{queue}}"', [12, 5]),
  panel('stat', `query = 'busy{mode="user"}'\nunit = "percent"\nchange = true`, [3, 2]),
  panel('gauge', `query = 'disk'\nlegend = "{{mount}}"\nunit = "percent"\n${MARKS}`, [3, 4]),
  panel('bars', 'query = "stock"\nlegend = "{{of}}"\nlimit = 3', [3, 4]),
  panel('pie', 'query = "stock"\nlegend = "{{of}}"\nlimit = 3', [3, 4]),
  panel(
    'table',
    `columns = ["mount"]
unit = "percent"
${MARKS}
[[panel.query]]
query = 'disk'
column = "Used"
bar = true
[[panel.query]]
query = 'disk * 2'
column = "Twice"
unit = "count"`,
  ),
  panel('timeline', `query = 'door'\nlegend = "{{door}}"\n${WORDS}`),
  panel('events', `query = 'door'\nlegend = "{{door}}"\n${WORDS}`),
  panel('text', 'text = """\n# Words\n\nA list:\n\n- one\n- *two*\n- `three`\n"""', [3, 4]),
  panel('nothing', "query = 'nobody_pushed_this'", [3, 4]),
].join('');

/** The ids of all panels. */
export const PANELS = [...BOARD.matchAll(/^id = "(\w+)"$/gm)].map(([, id]) => id);
