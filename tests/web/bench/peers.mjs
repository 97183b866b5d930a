// SPDX-License-Identifier: BSD-2-Clause
/**
 * The peers' pages: the least that shows the same points, from the same kind of server. Bundled by the
 * esbuild of web/ from the packages of tests/web/peers (npm --prefix tests/web/peers ci). embedding-atlas is
 * 0.23.0, the last one that draws without WebGPU, which software GL does not have as it wants it.
 */
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('../peers/', import.meta.url));
export const PEERS = ['regl-scatterplot', 'embedding-atlas'];

export const havePeers = () => existsSync(`${HERE}node_modules/regl-scatterplot`);

async function bundle(name) {
  const { build } = createRequire(new URL('../../../web/package.json', import.meta.url))('esbuild');
  const none = `${HERE}none.cjs`;
  const { outputFiles } = await build({
    entryPoints: [`${HERE}${name}.js`], bundle: true, minify: true, format: 'esm', write: false, logLevel: 'error',
    alias: {
      // Its plain view alone: neither tables nor the data base behind them.
      'embedding-atlas': `${HERE}node_modules/embedding-atlas/dist/component.js`,
      '@uwdata/mosaic-core': none, '@uwdata/mosaic-sql': none,
    },
  });
  return outputFiles[0].text;
}

/** The places within -1..1, as the peers want them. */
function pack({ count, xy, cluster }) {
  let low = [Infinity, Infinity];
  let high = [-Infinity, -Infinity];
  for (let i = 0; i < 2 * count; i++) {
    low[i & 1] = Math.min(low[i & 1], xy[i]);
    high[i & 1] = Math.max(high[i & 1], xy[i]);
  }
  const half = Math.max(high[0] - low[0], high[1] - low[1]) / 2;
  const bytes = Buffer.alloc(4 + 9 * count);
  bytes.writeUInt32LE(count, 0);
  for (let i = 0; i < count; i++) {
    bytes.writeFloatLE((xy[2 * i] - (low[0] + high[0]) / 2) / half, 4 + 4 * i);
    bytes.writeFloatLE((xy[2 * i + 1] - (low[1] + high[1]) / 2) / half, 4 + 4 * (count + i));
    bytes[4 + 8 * count + i] = cluster[i];
  }
  return bytes;
}

const page = (name) => `<!doctype html><meta charset="utf-8"><title>${name}</title>
<style>html, body { margin: 0; height: 100% } #host, canvas { display: block; width: 100%; height: 100% }</style>
${name === 'regl-scatterplot' ? '<canvas></canvas>' : '<div id="host"></div>'}<script type="module" src="${name}.js"></script>`;

/** cells: of a library of fixture-map.mjs. Each peer's page is at its name. */
export async function startPeers(cells) {
  const files = new Map([['/points.bin', ['application/octet-stream', pack(cells)]]]);
  for (const name of PEERS) {
    files.set(`/${name}`, ['text/html', page(name)]);
    files.set(`/${name}.js`, ['text/javascript', await bundle(name)]);
  }
  const server = createServer((request, response) => {
    const [type, body] = files.get(request.url) ?? ['text/plain', ''];
    response.writeHead(body === '' ? 404 : 200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    urlOf: (name) => `http://127.0.0.1:${server.address().port}/${name}`,
    close: () => new Promise((resolve) => {
      server.closeAllConnections?.();
      server.close(resolve);
    }),
  };
}
