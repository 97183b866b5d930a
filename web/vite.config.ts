// SPDX-License-Identifier: BSD-2-Clause
import { defineConfig } from 'vite';

export default defineConfig({
  // Relative addresses: the same build works at any path, and later as exported files.
  base: './',
  build: {
    target: 'es2022',
    // The page's CSP has no data: for scripts and styles; every asset is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npm run dev` beside a running `musicmap serve` or tests/web/fixture-server.mjs.
  server: { proxy: { '/api': 'http://127.0.0.1:8765', '/clip': 'http://127.0.0.1:8765', '/cover': 'http://127.0.0.1:8765' } },
});
