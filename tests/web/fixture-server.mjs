// SPDX-License-Identifier: BSD-2-Clause
/**
 * Speaks doc/protocol.md for a synthetic library, serving web/dist: for developing the page and for
 * its tests. Every clip is a tone whose frequency tells the song (toneOf).
 *
 *   node tests/web/fixture-server.mjs [--port 8765] [--songs 126] [--clusters 12] [--seed 1]
 *
 * Tests use startFixture() and its `behave` object to make the server misbehave.
 */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeLibrary, toneOf } from './fixture-map.mjs';

const DIST = process.env.MUSICMAP_PAGE ?? fileURLToPath(new URL('../../web/dist/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; " +
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

export const CLIP_SECONDS = 6;
export const WHOLE_SECONDS = 90; // longer than a test waits for a place that is sought
const RATE = 22050;

const wavs = new Map(); // frequency and length -> file

/** A steady tone of amplitude 0.5 as a 16-bit mono WAV. */
export function wavOf(frequency, seconds = CLIP_SECONDS) {
  const name = `${frequency} ${seconds}`;
  if (!wavs.has(name)) wavs.set(name, makeWav(frequency, seconds));
  return wavs.get(name);
}

function makeWav(frequency, seconds) {
  const samples = Math.round(RATE * seconds);
  const wav = Buffer.alloc(44 + 2 * samples);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + 2 * samples, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // mono
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(2 * RATE, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * samples, 40);
  const computed = Number.isInteger(frequency) ? Math.min(RATE, samples) : samples; // whole periods in a second
  for (let i = 0; i < computed; i++) wav.writeInt16LE(Math.round(16384 * Math.sin((2 * Math.PI * frequency * i) / RATE)), 44 + 2 * i);
  for (let i = computed; i < samples; i += computed) wav.copy(wav, 44 + 2 * i, 44, 44 + 2 * computed);
  return wav;
}

const COVER = (id) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" fill="hsl(${(id * 47) % 360} 45% 45%)"/>` +
  `<circle cx="${30 + (id % 40)}" cy="50" r="34" fill="hsl(${(id * 91) % 360} 60% 70%)"/></svg>`;

/**
 * options: { port = 0, songs, clusters, seed, library }. Returns { url, library, behave, requests, close }.
 * behave: { map: false = none yet; down: true = no answers; tile: other bytes for every /api/tile;
 * work: what is being done, in the status; events: false = no stream;
 * clip(id) -> undefined, or { held }, a promise to wait for, { status, error }, { body, type } or { tone in Hz, seconds } }.
 */
export async function startFixture(options = {}) {
  const state = {
    library: options.library ?? (await makeLibrary(options)),
    behave: { map: true, clip: () => undefined, down: false, tile: undefined },
    requests: [],
    files: new Map(), // path -> script, for what only a test needs
  };
  const server = createServer((request, response) => {
    state.requests.push(request.url);
    if (state.behave.down) {
      request.socket.destroy();
      return;
    }
    route(state, new URL(request.url, 'http://fixture'), response).catch((error) => {
      if (!response.headersSent) fail(response, 500, String(error));
    });
  });
  await new Promise((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections?.();
      return new Promise((resolve) => server.close(resolve));
    },
  });
}

function send(response, status, type, body, extra = {}) {
  response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), ...extra });
  response.end(body);
}

/** All of it, or what the request's Range asks for. */
function sendPart(response, type, body) {
  const range = /^bytes=(\d+)-(\d*)$/.exec(response.req.headers.range ?? '');
  if (!range) return send(response, 200, type, body, { 'Accept-Ranges': 'bytes' });
  const [first, last] = [Number(range[1]), Math.min(Number(range[2] || Infinity), body.length - 1)];
  return send(response, 206, type, body.subarray(first, last + 1), { 'Content-Range': `bytes ${first}-${last}/${body.length}` });
}

function fail(response, status, error) {
  send(response, status, 'application/json', JSON.stringify({ error }), { 'Cache-Control': 'no-store' });
}

function reply(response, value) {
  send(response, 200, 'application/json', JSON.stringify(value), { 'Cache-Control': 'no-store' });
}

async function route(state, url, response) {
  const { library, behave } = state;
  const current = url.searchParams.get('map') === library.info.map;
  if (url.pathname === '/api/map') {
    return behave.map ? reply(response, library.info) : fail(response, 404, 'There is no map yet.');
  }
  const data = /^\/api\/(?:(overview)|tile\/(\d+)|column\/(\w+))$/.exec(url.pathname);
  if (data) {
    if (!current) return fail(response, 409, 'There is a newer map.');
    const [, overview, tile, column] = data;
    const body = overview ? library.overview : tile ? (behave.tile ?? library.tiles[Number(tile)]) : library.columns.get(column);
    return body ? send(response, 200, 'application/octet-stream', body) : fail(response, 404, 'There is no such thing.');
  }
  if (url.pathname === '/api/songs') {
    if (!current) return fail(response, 409, 'There is a newer map.');
    const first = Number(url.searchParams.get('first'));
    const count = Number(url.searchParams.get('count'));
    if (!(first >= 0 && count >= 1 && count <= 1000)) return fail(response, 400, 'first or count is wrong.');
    return reply(response, library.list.slice(first, first + count));
  }
  if (url.pathname === '/api/words') {
    if (!current) return fail(response, 409, 'There is a newer map.');
    const line = (s) => [s.title ?? s.path, s.artist, s.album, s.genres?.join(', '), ''].map((part) => part ?? '').join('\t');
    return send(response, 200, 'text/plain; charset=utf-8', library.list.map((s) => `${line(s)}\n`).join(''));
  }
  const similar = /^\/api\/similar\/(\d+)$/.exec(url.pathname);
  if (similar) return current ? reply(response, alike(library, Number(similar[1]))) : fail(response, 409, 'There is a newer map.');
  const details = /^\/api\/song\/(\d+)$/.exec(url.pathname);
  if (details) {
    const id = Number(details[1]);
    return reply(response, { id, origins: [{ source: 'test', link: `https://example.org/${id}` }], folder: true, clip_start: 0, full: 'audio/wav' });
  }
  const whole = /^\/song\/(\d+)$/.exec(url.pathname);
  if (whole) return sendPart(response, 'audio/wav', wavOf(toneOf(Number(whole[1])), WHOLE_SECONDS));
  if (url.pathname === '/api/events') return sendEvents(state, response);
  if (url.pathname === '/api/status') return reply(response, statusOf(state));
  const clip = /^\/clip\/(\d+)$/.exec(url.pathname);
  if (clip) return sendClip(state, Number(clip[1]), response);
  const cover = /^\/cover\/(\d+)$/.exec(url.pathname);
  if (cover) return send(response, 200, 'image/svg+xml', COVER(Number(cover[1])), { 'Cache-Control': 'max-age=60' });
  const extra = state.files.get(url.pathname);
  if (extra !== undefined) return send(response, 200, 'text/javascript', extra);
  return sendFile(url.pathname, response);
}

/** Alike are songs with ids close by, wherever they are on the map. */
function alike(library, song) {
  const songs = library.list.map(({ id }) => ({ id, distance: Math.abs(id - song) / 100 })).filter(({ id }) => id !== song);
  return { song, songs: songs.sort((a, b) => a.distance - b.distance || a.id - b.id).slice(0, 50) };
}

/** The state, and again whenever it has changed; behave.events = false: too many listen. */
function sendEvents(state, response) {
  if (state.behave.events === false) return fail(response, 503, 'Too many pages listen.');
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  state.listeners = (state.listeners ?? 0) + 1;
  let last = '';
  const timer = setInterval(() => {
    if (state.behave.down) return response.destroy();
    const now = JSON.stringify(statusOf(state));
    if (now !== last) response.write(`data: ${now}\n\n`);
    last = now;
    return undefined;
  }, 50);
  response.on('close', () => {
    clearInterval(timer);
    state.listeners--;
  });
  return undefined;
}

function statusOf({ library, behave }) {
  const n = library.info.songs;
  const half = Math.floor(n / 2);
  return {
    ...(behave.work ? { work: behave.work } : {}),
    songs: n, missing: 0, hidden: 0, measured: behave.map ? n : half, embedded: behave.map ? n : half, failures: 0,
    duration: 200 * n, map: behave.map ? library.info.map : null, map_songs: behave.map ? n : 0,
  };
}

async function sendClip(state, id, response) {
  const special = state.behave.clip(id);
  await special?.held;
  if (special?.status) return fail(response, special.status, special.error);
  if (special?.body) return send(response, 200, special.type ?? 'audio/mpeg', special.body);
  return send(response, 200, 'audio/wav', wavOf(special?.tone ?? toneOf(id), special?.seconds), { 'Cache-Control': 'private, max-age=600' });
}

async function sendFile(path, response) {
  const file = normalize(join(DIST, path === '/' ? 'index.html' : path));
  if (!file.startsWith(DIST.endsWith(sep) ? DIST : DIST + sep)) return fail(response, 404, 'No such file.');
  try {
    send(response, 200, TYPES[extname(file)] ?? 'application/octet-stream', await readFile(file));
  } catch {
    fail(response, 404, 'No such file.');
  }
  return undefined;
}

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : fallback;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const fixture = await startFixture({
    port: option('port', 8765), songs: option('songs', 126), clusters: option('clusters', 12), seed: option('seed', 1),
  });
  console.log(fixture.url);
}
