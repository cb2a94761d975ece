/**
 * The real binary as a test's own service: a free port, a data folder and a configuration of its
 * own, ended by SIGTERM and awaited.
 *
 * The one idea: a service is known by the address it prints, so no port is ever chosen here; only
 * a service that is started again takes the port it had.
 */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BINARY = process.env.WATCHGLASS_BIN ?? join(ROOT, 'target/debug/watchglass');
const ADDRESS = /^watchglass is listening on (http:\/\/127\.0\.0\.1:\d+)$/;

/** @typedef {{parents?: string[], dashboards?: Record<string, string>, dump?: string}} Options
 *   parents: origins that may frame embeds; dashboards: the texts of further files by slug; dump:
 *   samples of any age, as `promtool tsdb dump` writes them */

/** One service, which may be ended and started again at the same address. */
export class Server {
  #folder = mkdtempSync(join(tmpdir(), 'watchglass-browser-'));
  /** @type {import('node:child_process').ChildProcess | null} */
  #process = null;
  /** What it wrote to standard error, for the words of a failure. */
  log = '';
  url = '';

  /** @param {Options} [options] */
  constructor({ parents = [], dashboards = {}, dump = '' } = {}) {
    const shipped = readFileSync(join(ROOT, 'dashboard.toml'), 'utf8');
    const text = shipped.replace(/^parents = \[\]$/m, `parents = ${JSON.stringify(parents)}`);
    if (parents.length > 0 && text === shipped)
      throw new Error('dashboard.toml has no line `parents = []` to put the parents in');
    mkdirSync(join(this.#folder, 'dashboards'));
    this.write('dashboard.toml', text);
    for (const [slug, board] of Object.entries(dashboards))
      this.write(`dashboards/${slug}.toml`, board);
    if (dump) this.#import(dump, text);
  }

  /** @param {string} dump @param {string} settings */
  #import(dump, settings) {
    this.write('dashboard.toml', settings.replace(/^raw = .*$/m, 'raw = "100y"'));
    this.write('dump', dump);
    const flags = ['store', 'import', 'dump', '--config', 'dashboard.toml', '--data', 'data'];
    execFileSync(BINARY, flags, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** Writes a file in its folder: `dashboard.toml`, or one in `dashboards`.
   * @param {string} name @param {string} text */
  write(name, text) {
    writeFileSync(join(this.#folder, name), text);
  }

  /** Removes one. @param {string} name */
  remove(name) {
    rmSync(join(this.#folder, name));
  }

  /** A service that is up. @param {Options} [options] */
  static async start(options) {
    const server = new Server(options);
    await server.start();
    return server;
  }

  /** Starts it: at any free port, or at the one it had. */
  async start() {
    const bind = this.url ? new URL(this.url).host : '127.0.0.1:0';
    const flags = ['--config', 'dashboard.toml', '--bind', bind, '--data', 'data'];
    const env = { ...process.env, TZ: 'UTC' };
    const stdio = /** @type {['ignore', 'pipe', 'pipe']} */ (['ignore', 'pipe', 'pipe']);
    const child = spawn(BINARY, flags, { cwd: this.#folder, stdio, env });
    this.#process = child;
    child.stderr.setEncoding('utf8').on('data', (text) => (this.log += text));
    const ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`${BINARY} ended with ${code ?? signal} before it listened:\n${this.log}`);
    });
    const told = (async () => {
      for await (const line of createInterface(child.stdout)) {
        const address = ADDRESS.exec(line)?.[1];
        if (address) return address;
      }
      return ended;
    })();
    this.url = await Promise.race([told, ended]);
    ended.catch(() => {});
    child.stdout.resume();
  }

  /** Ends it without a word, as a crash does. */
  kill = () => this.#end('SIGKILL');

  /** Ends it in order; it says how it went by its exit code. */
  async stop() {
    const code = await this.#end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
    return code;
  }

  /** Ends it in order, to be started again. */
  down = () => this.#end('SIGTERM');

  /** @param {'SIGTERM' | 'SIGKILL'} signal */
  async #end(signal) {
    const child = this.#process;
    if (!child) return null;
    this.#process = null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exit = once(child, 'exit');
    child.kill(signal);
    return (await exit)[0];
  }

  /**
   * Pushes lines as `curl -d` does, with the content type that it sends by itself.
   * @param {string} body @param {string} [path]
   * @returns {Promise<{accepted: number, refused: number, errors: unknown[]}>}
   */
  async push(body, path = '/push') {
    const answer = await fetch(new URL(path, this.url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`the push was answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  }
}
