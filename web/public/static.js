// SPDX-License-Identifier: BSD-2-Clause
// Lets the page live without a server ("musicmap export"): answers what it fetches from files beside it, or
// from elements of the one file it is in. window.musicmapStatic = {single, songs, chunk, token} comes before it.
(() => {
  'use strict';
  const site = window.musicmapStatic;
  if (!site) return;
  const fetchFile = window.fetch.bind(window);
  const home = new URL('.', document.baseURI).href;
  const kept = new Map(); // pages of songs: promises

  const reply = (body, type = 'application/json') => new Response(body, { headers: { 'Content-Type': type } });
  const refuse = (status, error) =>
    new Response(JSON.stringify({ error }), { status, headers: { 'Content-Type': 'application/json' } });

  /** The file's bytes as a Response, or one that says 404. */
  async function file(name, type, signal) {
    if (!site.single) return fetchFile(home + name, signal ? { signal } : {});
    const element = document.getElementById(`mm:${name}`);
    if (!element) return refuse(404, 'This copy of the map does not have that.');
    const bytes = await fetchFile(`data:application/octet-stream;base64,${element.textContent}`);
    return reply(await bytes.arrayBuffer(), type);
  }

  function json(name) {
    if (!kept.has(name)) {
      const loading = file(name, 'application/json').then((response) => {
        if (!response.ok) throw new TypeError(name);
        return response.json();
      });
      loading.catch(() => kept.delete(name));
      kept.set(name, loading);
    }
    return kept.get(name);
  }

  async function songs(query) {
    const first = Number(query.get('first'));
    const end = Math.min(first + Number(query.get('count')), site.songs);
    const rows = [];
    for (let at = first - (first % site.chunk); at < end; at += site.chunk) {
      const page = await json(`data/songs-${at}.json`);
      rows.push(...page.slice(Math.max(first - at, 0), end - at));
    }
    return reply(JSON.stringify(rows));
  }

  async function details(id) {
    const origins = (await json('data/origins.json'))[id] || [];
    return reply(JSON.stringify({ id: Number(id), origins, folder: false }));
  }

  const files = {
    'api/map': ['data/map.json', 'application/json'],
    'api/overview': ['data/overview.bin', 'application/octet-stream'],
    'api/words': ['data/words.txt', 'text/plain'],
    'api/status': ['data/status.json', 'application/json'],
  };

  async function answer(path, query, signal) {
    const known = files[path];
    if (known) return file(known[0], known[1], signal);
    const [, part, name] = /^api\/(tile|column)\/(\w+)$/.exec(path) || [];
    if (part) return file(`data/${part}-${name}.bin`, 'application/octet-stream', signal);
    if (path === 'api/songs') return songs(query);
    const [, kind, id] = /^(api\/song|clip)\/(\d+)$/.exec(path) || [];
    if (kind === 'api/song') return details(id);
    if (kind === 'clip' && !query.has('part')) return file(`clips/${id}`, 'audio/mpeg', signal);
    return refuse(404, 'This copy of the map has no server behind it.');
  }

  window.fetch = async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input, home);
    const path = url.href.startsWith(home) ? url.href.slice(home.length).split(/[?#]/)[0] : '';
    if (!/^(api|clip|song|cover)\//.test(path)) return fetchFile(input, init);
    return answer(path, url.searchParams, init.signal);
  };
})();
