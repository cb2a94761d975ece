/**
 * The servers that are compared: each is started on a free port of this machine with a folder of
 * its own, and ended when the program ends.
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

const WATCHGLASS = `
[storage.retention]
raw = "3h"
[ingest]
max_age = "3h"
[collect]
`;
const COLLECTORS = ['cpu', 'load', 'memory', 'pressure', 'disks', 'network', 'sockets', 'kernel',
  'filesystems', 'sensors', 'facts', 'processes', 'own'];

/** @typedef {{ name: string, url: string, pid: number, stop: () => void }} Server */

/**
 * How each is started: its program, and its arguments for a port and a folder.
 * @type {[string, (binary: string) => string, (port: number, folder: string) => string[], string][]}
 */
const KINDS = [
  ['watchglass', (binary) => binary, (port, folder) => {
    const file = join(folder, 'dashboard.toml');
    const quiet = COLLECTORS.map((name) => `${name}.enabled = false\n`).join('');
    writeFileSync(file, `${WATCHGLASS}${quiet}`);
    return ['--config', file, '--bind', `127.0.0.1:${port}`, '--data', join(folder, 'data')];
  }, '/-/ready'],
  ['prometheus', () => 'prometheus', (port, folder) => {
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, 'global: {}\n');
    return [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver',
      '--log.level=error'];
  }, '/-/ready'],
  ['victoria-metrics', () => 'victoria-metrics', (port, folder) => [
    `-storageDataPath=${join(folder, 'data')}`, `-httpListenAddr=127.0.0.1:${port}`,
    '-search.disableCache', '-loggerLevel=ERROR'], '/health'],
];

/** @param {string} program */
const isInstalled = (program) => spawnSync('sh', ['-c', `command -v "${program}"`]).status === 0;

/**
 * Starts whatever is installed, this project's program first.
 * @param {string} binary
 * @returns {Promise<Server[]>}
 */
export async function startAll(binary) {
  const servers = [];
  for (const [name, program, args, ready] of KINDS) {
    if (!isInstalled(program(binary))) {
      console.log(`${name} is not installed: it is left out`);
      continue;
    }
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'peers-'));
    const child = spawn(program(binary), args(port, folder), { stdio: ['ignore', 'ignore', 'inherit'] });
    const stop = () => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    };
    process.on('exit', stop);
    const url = `http://127.0.0.1:${port}`;
    await untilReady(`${url}${ready}`, name);
    servers.push({ name, url, pid: child.pid ?? 0, stop });
  }
  return servers;
}

/** @param {string} url @param {string} name */
async function untilReady(url, name) {
  for (let tries = 0; tries < 300; tries += 1) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${name} does not become ready`);
}

/** Seconds of processor time that all threads of a process have used. @param {number} pid */
export function cpuSeconds(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanos = threads.map((thread) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      return 0;
    }
  });
  return nanos.reduce((sum, one) => sum + one, 0) / 1e9;
}
