/**
 * Compares range queries with Prometheus and VictoriaMetrics, where they are installed: all hold
 * the same samples, answer the same queries in one run, and their answers are compared.
 *
 *   cargo build --release && node benches/peers/run.js [rounds]
 *
 * It prints the processor time of each server for a query, the median of three, and how many times
 * less Watchglass needs. Without the others it prints its own figures alone.
 */

import { fileURLToPath } from 'node:url';
import { QUERIES, SECONDS, series } from './data.js';
import { cpuSeconds, startAll } from './servers.js';
import { body } from './write.js';

const REPEATS = 3;
const ROUNDS = Number(process.argv[2] ?? 30);
/** Each request holds so many seconds of all series. */
const SECONDS_A_REQUEST = 10;

/** @typedef {import('./servers.js').Server} Server */

/** @param {Server[]} servers @param {number} start the first second */
async function load(servers, start) {
  const all = series();
  for (let from = 0; from < SECONDS; from += SECONDS_A_REQUEST) {
    const request = body(all.map(({ labels, value }) => ({
      labels,
      samples: Array.from({ length: SECONDS_A_REQUEST }, (_, at) => /** @type {[number, number]} */ (
        [value(from + at), (start + from + at) * 1000 + 500])),
    })));
    for (const { name, url } of servers) {
      const answer = await fetch(`${url}/api/v1/write`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-protobuf',
          'content-encoding': 'snappy',
          'x-prometheus-remote-write-version': '0.1.0',
        },
        body: request,
      });
      if (!answer.ok) throw new Error(`${name} refuses samples: ${await answer.text()}`);
    }
  }
}

/**
 * The address of a query.
 * @param {string} text @param {number} back @param {number} step @param {number} end
 */
function path(text, back, step, end) {
  const query = encodeURIComponent(text);
  return step === 0
    ? `/api/v1/query?query=${query}&time=${end}`
    : `/api/v1/query_range?query=${query}&start=${end - back}&end=${end}&step=${step}`;
}

/** @param {Server} server @param {string} address */
async function ask({ name, url }, address) {
  const answer = await fetch(url + address, { headers: { 'accept-encoding': 'identity' } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${name} refuses ${address}: ${text}`);
  return text;
}

/** Values by series and time. @param {string} text */
function points(text) {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const { metric, value, values } of JSON.parse(text).data.result) {
    const labels = JSON.stringify(Object.entries(metric).sort());
    for (const [at, number] of values ?? [value]) found.set(`${labels} ${at}`, Number(number));
  }
  return found;
}

/** @param {string} one @param {string} other */
function agree(one, other) {
  const [a, b] = [points(one), points(other)];
  if (a.size !== b.size) return false;
  for (const [place, value] of a) {
    const expected = b.get(place);
    if (expected === undefined) return false;
    const near = Math.abs(value - expected) <= 1e-6 * Math.max(Math.abs(value), Math.abs(expected));
    if (!near && !(Number.isNaN(value) && Number.isNaN(expected))) return false;
  }
  return true;
}

/** Microseconds of processor time for one answer. @param {Server} server @param {string} address */
async function cost(server, address) {
  const before = cpuSeconds(server.pid);
  for (let round = 0; round < ROUNDS; round += 1) await ask(server, address);
  return ((cpuSeconds(server.pid) - before) / ROUNDS) * 1e6;
}

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** @param {Server[]} servers @param {number} end */
async function compare(servers, end) {
  const worst = new Map(servers.map(({ name }) => [name, Infinity]));
  for (const [name, back, step, text] of QUERIES) {
    const address = path(text, back, step, end);
    const answers = [];
    for (const server of servers) answers.push(await ask(server, address));
    /** @type {number[][]} */
    const costs = servers.map(() => []);
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      for (const [at, server] of servers.entries()) costs[at].push(await cost(server, address));
    }
    const [own, ...others] = costs.map(median);
    const words = others.map((other, at) => {
      const peer = servers[at + 1].name;
      worst.set(peer, Math.min(worst.get(peer) ?? Infinity, other / own));
      const same = agree(answers[0], answers[at + 1]) ? 'the same answer' : 'another answer';
      return `${peer} ${other.toFixed(0)} us, ${(other / own).toFixed(1)} times, ${same}`;
    });
    console.log([`${name}: ${own.toFixed(0)} us`, ...words].join('; '));
  }
  for (const { name } of servers.slice(1)) {
    console.log(`${name}: never less than ${worst.get(name)?.toFixed(1)} times as much`);
  }
}

const binary = fileURLToPath(new URL('../../target/release/watchglass', import.meta.url));
const servers = await startAll(binary);
const end = Math.floor(Date.now() / 1000) - 5;
await load(servers, end - SECONDS + 1);
console.log(`${ROUNDS} rounds, medians of ${REPEATS}; processor time for an answer`);
await compare(servers, end);
for (const server of servers) server.stop();
