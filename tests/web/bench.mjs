// SPDX-License-Identifier: BSD-2-Clause
/**
 * How fast the page is, as one table: headless Chromium, software GL, a synthetic library.
 *
 *   npm --prefix tests/web/peers ci
 *   node tests/web/bench.mjs [--songs 100000] [--hovers 2000] [--jumps 150] [--cell 34] [--most SECONDS] [--rounds 3] [--only hover|picture|frames]
 *
 * --cell: how wide cells are while one flies over them, pixels: 26 makes 2,000 hovers take some fifteen minutes on a busy machine;
 * --most: so many seconds, whatever was reached.
 *
 * Rows and targets are those of doc/page.md. Where the page is measured against its peers, they take
 * turns within one run on the same points.
 */
import { launch } from './browser.mjs';
import { startFixture } from './fixture-server.mjs';
import { median, percentile, printTable, quantiles } from './bench/figures.mjs';
import { chooseTones, hoverLatency, makeClips, TAP } from './bench/hover.mjs';
import { havePeers, PEERS, startPeers } from './bench/peers.mjs';
import { firstPicture, frameTimes, pageWeight } from './bench/picture.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
};
const SONGS = Number(option('songs', 100000));
const ROUNDS = Number(option('rounds', 3));
const ONLY = option('only', '');
const wants = (part) => ONLY === '' || ONLY === part;
const DIST = process.env.MUSICMAP_PAGE ?? new URL('../../web/dist/', import.meta.url).pathname;
const QUANTUM_MS = (128 / 48000) * 1000;

const said = (message) => console.error(`# ${message}`);

async function hover(browser, fixture, rows) {
  const tones = await chooseTones(fixture.library.cells);
  const clips = await makeClips(browser);
  fixture.files.set('/tap.js', TAP);
  fixture.behave.clip = (id) => clips[tones.get(id)];
  const r = await hoverLatency(browser, fixture, tones, {
    hovers: Number(option('hovers', 2000)), jumps: Number(option('jumps', 150)), wide: Number(option('cell', 34)), most: Number(option('most', Infinity)),
  });
  const heard = (list) => list.map(({ ms }) => ms ?? Infinity); // never heard: later than all others
  const [warm, cold] = [heard(r.warm), heard(r.far)];
  const ready = r.warm.length + r.held.length;
  const asked = ready + r.cold.length + r.never.length;
  rows.push(
    [`pointer event to first sample, warm, ${r.warm.length} hovers`, quantiles(warm), `p95 <= 30, p99 <= ${(60 + QUANTUM_MS).toFixed(1)}`, percentile(warm, 0.95) <= 30 && percentile(warm, 0.99) <= 60 + QUANTUM_MS],
    ['warm share of hovers of 120 ms and more', `${((100 * ready) / asked).toFixed(1)} % of ${asked}`, '>= 90 %', ready >= 0.9 * asked],
    [`- of these, waiting until the song before had its 120 ms: ${r.held.length}`, quantiles(heard(r.held))],
    ['cells under 120 ms (skipped); tones in doubt', `${r.skipped}; ${r.doubtful}`],
    [`the same, cold, ${cold.length} jumps`, quantiles(cold), 'p95 <= 150', percentile(cold, 0.95) <= 150],
  );
}

async function pictures(browser, fixture, peers, rows) {
  // Once unmeasured: the browser's own start is nobody's.
  for (const url of [fixture.url, ...(peers ? PEERS.map((name) => peers.urlOf(name)) : [])]) await firstPicture(browser, url);
  const times = { musicmap: [], ...Object.fromEntries(PEERS.map((name) => [name, []])) };
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of Object.keys(times)) {
      if (name !== 'musicmap' && !peers) continue;
      const { first, whole } = await firstPicture(browser, name === 'musicmap' ? fixture.url : peers.urlOf(name));
      times[name].push(first);
      said(`${name}: first picture ${first.toFixed(0)} ms, finished ${whole.toFixed(0)} ms`);
    }
  }
  const own = median(times.musicmap);
  const others = peers ? PEERS.map((name) => median(times[name])) : [];
  rows.push([`first picture of ${SONGS} songs`, `${own.toFixed(0)} ms`, '<= 2500 ms, less than each peer', own <= 2500 && others.every((ms) => own < ms)]);
  PEERS.forEach((name, i) => peers && rows.push([`- ${name}`, `${others[i].toFixed(0)} ms`]));
}

async function frames(browser, fixture, peers, rows) {
  const cells = () => window.__musicmap?.painted === 'cells';
  const subjects = [
    ['musicmap', fixture.url, cells],
    ['musicmap, WebGL2', `${fixture.url}?renderer=webgl2`, cells],
    ...(peers ? PEERS.map((name) => [name, peers.urlOf(name)]) : []),
  ];
  const all = subjects.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, [name, url, ready]] of subjects.entries()) {
      const intervals = await frameTimes(browser, url, 8, ready);
      said(`${name}: frames ${quantiles(intervals)}`);
      all[i].push(...intervals);
    }
  const fastest = Math.min(...all.slice(2).map(median));
  rows.push([`pan and zoom, ${SONGS} songs with cells`, quantiles(all[0]), `median <= ${fastest.toFixed(1)} ms`, !(median(all[0]) > fastest)]);
  subjects.slice(1).forEach(([name], i) => rows.push([`- ${name}${i > 0 ? ', bare dots' : ''}`, quantiles(all[i + 1])]));
}

const fixture = await startFixture({ songs: SONGS, clusters: 42, seed: 1 });
const peers = havePeers() ? await startPeers(fixture.library.cells) : undefined;
if (!peers) said('no peers: npm --prefix tests/web/peers ci');
const browser = await launch();
const rows = [];
try {
  if (wants('picture')) await pictures(browser, fixture, peers, rows);
  if (wants('frames')) await frames(browser, fixture, peers, rows);
  if (wants('hover')) await hover(browser, fixture, rows);
  const weight = await pageWeight(DIST);
  rows.push(['page weight with gzip, without data', `${(weight / 1000).toFixed(0)} kB`, '<= 200 kB', weight <= 200000]);
  printTable(rows);
} finally {
  await browser.close();
  await fixture.close();
  await peers?.close();
}
