/**
 * A proxy between browser and service that misbehaves as those of offices do: it refuses to upgrade
 * connections, keeps event streams to itself, or drops everybody.
 *
 * The one idea: it passes on requests with the Host they came with, so that the page has one origin
 * and the service sees it as its own.
 */

import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

/** The proxy. */
export class Proxy {
  /** Whether WebSocket gets through. */
  upgrades = true;
  /** Whether events are passed on as they come; otherwise nothing comes until the stream ends. */
  events = true;
  /** Whether anybody gets through. */
  up = true;
  url = '';
  /** @type {Set<net.Socket>} */
  #sockets = new Set();

  /** @param {string} target the service's address */
  constructor(target) {
    this.target = new URL(target);
    this.server = http.createServer((request, response) => this.#pass(request, response));
    this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.server.on('connection', (socket) => {
      if (!this.up) return void socket.destroy();
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      return undefined;
    });
  }

  /** A proxy that listens. @param {string} target */
  static async start(target) {
    const proxy = new Proxy(target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    const { port } = /** @type {net.AddressInfo} */ (proxy.server.address());
    proxy.url = `http://127.0.0.1:${port}`;
    return proxy;
  }

  /** Drops every connection, and lets nobody in until `up` is set. */
  cut() {
    this.up = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop() {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  /** @param {http.IncomingMessage} request */
  #options({ method, url, headers }) {
    const { hostname, port } = this.target;
    return { hostname, port, method, path: url, headers, agent: false };
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  #pass(request, response) {
    const further = http.request(this.#options(request), (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      const stream = answer.headers['content-type']?.startsWith('text/event-stream');
      if (stream && !this.events) answer.resume().on('end', () => response.end());
      else answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    further.on('error', () => response.destroy());
    response.on('close', () => further.destroy());
    request.pipe(further);
  }

  /** @param {http.IncomingMessage} request @param {import('node:stream').Duplex} socket
   * @param {Buffer} head */
  #upgrade(request, socket, head) {
    if (!this.upgrades) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const further = net.connect(Number(this.target.port), this.target.hostname, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let at = 0; at < request.rawHeaders.length; at += 2)
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
      further.write(`${lines.join('\r\n')}\r\n\r\n`);
      further.write(head);
      further.pipe(socket).pipe(further);
    });
    further.on('error', () => socket.destroy());
    further.on('close', () => socket.destroy());
    socket.on('error', () => further.destroy());
    socket.on('close', () => further.destroy());
  }
}
