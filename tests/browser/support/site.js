/** A page of another site, on an origin of its own. */

import { once } from 'node:events';
import http from 'node:http';

/** Another site: a page that frames what its address asks for. */
export class Site {
  /** What its page is told by its frames: the newest, and all. */
  static script = `window.all = []; addEventListener('message', ({ origin, data }) => {
    window.told = { origin, data };
    window.all.push(data);
  });`;

  static async start() {
    const site = new Site();
    site.server = http.createServer((request, response) => {
      const framed = new URL(request.url ?? '/', 'http://site').searchParams.getAll('frame');
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(
        `<!doctype html><title>Another site</title><link rel="icon" href="data:,">` +
          `<script>${Site.script}</script>` +
          framed.map((src) => `<iframe width="600" height="300" src="${src}"></iframe>`).join(''),
      );
    });
    site.server.listen(0, '127.0.0.1');
    await once(site.server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (site.server.address());
    site.url = `http://127.0.0.1:${port}`;
    return site;
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
