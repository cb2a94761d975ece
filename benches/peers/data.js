/**
 * What all servers hold, an hour of 1,000 series at a sample a second and five minutes before it,
 * and what they are asked.
 *
 * Samples lie half a second beside whole ones, so that no sample stands on the edge of a window:
 * Prometheus before 3.0 counts both edges in.
 */

import { encodedLabels } from './write.js';

export const SECONDS = 3900;

/** @param {number} series @param {number} second a number that looks like noise */
const noise = (series, second) => (series * 7919 + second * 104729) % 1000;

/** @param {number} series @param {number} second */
const gauge = (series, second) => noise(series, second) / 10;
/** @param {number} series @param {number} second far from zero, where versions differ */
const counter = (series, second) => 1e6 + second * series + noise(series, second) / 100;
/** @param {number} series @param {number} second */
const bucket = (series, second) => 1e6 + second * (series % 10 + 1) * 5;

/** @returns {{ labels: Buffer, value: (second: number) => number }[]} */
export function series() {
  const all = [];
  /** @param {Record<string, string>} labels @param {(series: number, second: number) => number} of */
  const add = (labels, of) => {
    const number = all.length;
    all.push({ labels: encodedLabels(labels), value: (second) => of(number, second) });
  };
  for (let at = 0; at < 450; at += 1) {
    add({ __name__: 'cpu_load', instance: `h${at % 45}`, core: `${Math.floor(at / 45)}` }, gauge);
  }
  for (let at = 0; at < 40; at += 1) add({ __name__: 'temperature', instance: `h${at}` }, gauge);
  for (let at = 0; at < 80; at += 1) {
    add({ __name__: 'requests_total', job: `j${at % 4}`, instance: `h${at >> 2}` }, counter);
  }
  const bounds = ['0.1', '0.2', '0.5', '1', '2', '5', '10', '20', '50', '+Inf'];
  for (let at = 0; at < 100; at += 1) {
    const labels = { __name__: 'latency_bucket', instance: `h${Math.floor(at / 10)}` };
    add({ ...labels, le: bounds[at % 10] }, (_, second) => bucket(at, second));
  }
  while (all.length < 1000) add({ __name__: 'other', number: `${all.length}` }, gauge);
  return all;
}

/**
 * The queries: what they are called, how far they reach back, the step (0: at one time), the text,
 * and whether they aggregate.
 * @type {[string, number, number, string, boolean][]}
 */
export const QUERIES = [
  ['a gauge, 1 h at 1 s', 3600, 1, 'temperature{instance="h1"}', false],
  ['rate of a counter, 1 h at 5 s', 3600, 5, 'rate(requests_total{job="j0",instance="h0"}[1m])', false],
  ['sum by (job) of rate, 80 series, 1 h at 15 s', 3600, 15, 'sum by (job) (rate(requests_total[1m]))', true],
  ['sum by (instance), 450 series, 15 min at 5 s', 900, 5, 'sum by (instance) (cpu_load)', true],
  ['quantile of 40 series, 1 h at 15 s', 3600, 15, 'quantile(0.9, temperature)', true],
  ['topk of rate, 80 series, 1 h at 15 s', 3600, 15, 'topk(5, rate(requests_total[1m]))', true],
  ['histogram_quantile, 100 buckets, 1 h at 15 s', 3600, 15,
    'histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))', true],
  ['avg_over_time[5m], 40 series, 1 h at 15 s', 3600, 15, 'avg_over_time(temperature[5m])', true],
  ['sum of 450 at one time', 0, 0, 'sum(cpu_load)', true],
  ['sum by (instance) of 450 at one time', 0, 0, 'sum by (instance) (cpu_load)', true],
];
