// SPDX-License-Identifier: BSD-2-Clause
/** Loads modules of web/src into node, through the bundler the page is built with. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const web = fileURLToPath(new URL('../../web/', import.meta.url));
const require = createRequire(join(web, 'package.json'));

/** entries: { name: path under web/src }. Returns { name: module }. */
export async function compile(entries) {
  const { build } = await import(pathToFileURL(require.resolve('vite').replace(/index\.cjs$/, 'dist/node/index.js')));
  const outDir = await mkdtemp(join(tmpdir(), 'musicmap-web-'));
  try {
    await build({
      root: web,
      configFile: false,
      logLevel: 'error',
      build: {
        outDir,
        emptyOutDir: true,
        ssr: true,
        target: 'node18',
        rollupOptions: {
          input: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(web, 'src', path)])),
          output: { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
        },
      },
    });
    const modules = {};
    for (const name of Object.keys(entries)) modules[name] = await import(pathToFileURL(join(outDir, `${name}.mjs`)));
    return modules;
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}
