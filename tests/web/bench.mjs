// SPDX-License-Identifier: BSD-2-Clause
/**
 * How fast the page is, as one table: headless Chromium, software GL, a synthetic library.
 *
 *   npm --prefix tests/web/peers ci
 *   node tests/web/bench.mjs [--only PART,PART...] [--figures FILE] [--songs 100000] [--hovers 2000] [--jumps 150]
 *                            [--cell 34] [--most SECONDS] [--rounds 3]
 *
 * Parts: picture, frames, warm, cold, million (alone some 2, 3, 20, 4 and 3 minutes). --figures: what a part
 * measures is added to what the file has, and the table is of all of it. So the whole in steps of less than nine minutes:
 *
 *   for part in picture frames cold million; do node tests/web/bench.mjs --only $part --figures f.json; done
 *   for i in 1 2 3 4; do node tests/web/bench.mjs --only warm --most 400 --figures f.json; done    until 2,000 hovers
 *
 * --cell: how wide cells are while one flies over them, pixels: 26 gives more hovers a minute;
 * --most: a flight of so many seconds, whatever was reached.
 *
 * Rows and targets are those of doc/page.md. Where the page is measured against its peers, they take
 * turns within one run on the same points.
 */
import { launch } from './browser.mjs';
import { startFixture } from './fixture-server.mjs';
import { loadFigures, median, percentile, printTable, quantiles, saveFigures } from './bench/figures.mjs';
import { chooseTones, flight, jumps, makeClips, TAP } from './bench/hover.mjs';
import { havePeers, PEERS, startPeers } from './bench/peers.mjs';
import { firstPicture, frameTimes, pageWeight, tabBytes } from './bench/picture.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
};
const PARTS = ['picture', 'frames', 'warm', 'cold', 'million'];
const SONGS = Number(option('songs', 100000));
const ROUNDS = Number(option('rounds', 3));
const HOVERS = Number(option('hovers', 2000));
const ONLY = option('only', PARTS.join(',')).split(',');
const DIST = process.env.MUSICMAP_PAGE ?? new URL('../../web/dist/', import.meta.url).pathname;
const QUANTUM_MS = (128 / 48000) * 1000;
const MILLION = 1000000;

const said = (message) => console.error(`# ${message}`);
if (ONLY.some((part) => !PARTS.includes(part))) throw new Error(`parts are ${PARTS.join(', ')}`);

const figures = loadFigures(option('figures'));
/** Adds lists to lists and counts to counts. */
function add(part, found) {
  const known = (figures[part] ??= {});
  for (const [name, value] of Object.entries(found)) known[name] = Array.isArray(value) ? [...(known[name] ?? []), ...value] : (known[name] ?? 0) + value;
  saveFigures(option('figures'), figures);
}

// ---- measuring ----

/** Every song one of seven tones that the tap tells apart. */
async function toneClips(browser, fixture) {
  const tones = await chooseTones(fixture.library.cells);
  const clips = await makeClips(browser);
  fixture.files.set('/tap.js', TAP);
  fixture.behave.clip = (id) => clips[tones.get(id)];
  return tones;
}

async function warm(browser, fixture) {
  const tones = await toneClips(browser, fixture);
  const before = figures.warm?.stays?.length ?? 0; // another part of the way each time
  const wide = Number(option('cell', 34));
  add('warm', await flight(browser, fixture.url, tones, { hovers: Math.max(1, HOVERS - before), wide, most: Number(option('most', Infinity)), seed: 5 + before }));
}

async function cold(browser, fixture) {
  const tones = await toneClips(browser, fixture);
  const before = figures.cold?.jumps?.length ?? 0;
  add('cold', { jumps: await jumps(browser, fixture.url, tones, { count: Number(option('jumps', 150)), wide: Number(option('cell', 34)), seed: 6 + before }) });
}

async function pictures(browser, fixture, peers) {
  const subjects = [['musicmap', fixture.url], ...(peers ? PEERS.map((name) => [name, peers.urlOf(name)]) : [])];
  for (const [, url] of subjects) await firstPicture(browser, url); // unmeasured: the browser's own start is nobody's
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, url] of subjects) {
      const { first, whole } = await firstPicture(browser, url);
      said(`${name}: first picture ${first.toFixed(0)} ms, finished ${whole.toFixed(0)} ms`);
      add('picture', { [name]: [first] });
    }
}

async function frames(browser, fixture, peers) {
  const cells = () => window.__musicmap?.painted === 'cells';
  const subjects = [
    ['musicmap', fixture.url, cells],
    ['musicmap, WebGL2', `${fixture.url}?renderer=webgl2`, cells],
    ...(peers ? PEERS.map((name) => [name, peers.urlOf(name)]) : []),
  ];
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, url, ready] of subjects) {
      const intervals = await frameTimes(browser, url, 8, ready);
      said(`${name}: frames ${quantiles(intervals)}`);
      add('frames', { [name]: intervals });
    }
}

/** First picture, memory, and whether the map is of use: near, the song pointed at plays. */
async function million(browser) {
  said('a library of 1,000,000 songs is made');
  const fixture = await startFixture({ songs: MILLION, clusters: 42, seed: 1 });
  try {
    const { first, whole } = await firstPicture(browser, fixture.url);
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(120000);
    await page.goto(fixture.url);
    await page.waitForFunction(() => window.__musicmap?.painted === 'cells');
    await page.mouse.click(720, 450);
    for (let i = 0; i < 16; i++) await page.mouse.wheel(0, -400);
    await page.waitForFunction(() => !window.__musicmap.moving && window.__musicmap.painted === 'cells');
    const intervals = await page.evaluate(() => window.__musicmap.frames.interval.slice(5));
    await page.mouse.move(760, 470);
    await page.waitForFunction(() => window.__musicmap.sound.kind === 'playing' && window.__musicmap.song === window.__musicmap.songAt(760, 470));
    add('million', { first: [first], whole: [whole], bytes: [await tabBytes(browser)], intervals });
    await page.close();
  } finally {
    await fixture.close();
  }
}

// ---- the table ----

const heard = (list) => list.map(({ ms }) => ms ?? Infinity); // never heard: later than all others

function warmRows({ stays, skipped, doubtful }) {
  const free = heard(stays.filter((h) => h.warm === true && !h.held));
  const held = heard(stays.filter((h) => h.warm === true && h.held));
  const ready = free.length + held.length;
  return [
    [`pointer event to first sample, warm, ${free.length} hovers`, quantiles(free), `p95 <= 30, p99 <= ${(60 + QUANTUM_MS).toFixed(1)}`, percentile(free, 0.95) <= 30 && percentile(free, 0.99) <= 60 + QUANTUM_MS],
    ['warm share of hovers of 120 ms and more', `${((100 * ready) / stays.length).toFixed(1)} % of ${stays.length}`, '>= 90 %', ready >= 0.9 * stays.length],
    [`- of these, waiting until the song before had its 120 ms: ${held.length}`, quantiles(held)],
    ['- warm, but not heard at all', String([...free, ...held].filter((ms) => ms === Infinity).length)],
    ['cells under 120 ms (skipped); tones in doubt', `${skipped}; ${doubtful}`],
    ['hovers of 120 ms and more, tones in doubt too', String(stays.length + doubtful), `>= ${HOVERS}`, stays.length + doubtful >= HOVERS],
  ];
}

function pictureRows(times) {
  const own = median(times.musicmap);
  const others = PEERS.filter((name) => times[name]).map((name) => [name, median(times[name])]);
  return [
    [`first picture of ${SONGS} songs`, `${own.toFixed(0)} ms`, '<= 2500 ms, less than each peer', own <= 2500 && others.every(([, ms]) => own < ms)],
    ...others.map(([name, ms]) => [`- ${name}`, `${ms.toFixed(0)} ms`]),
  ];
}

function frameRows({ musicmap, ...others }) {
  const peers = PEERS.filter((name) => others[name]).map((name) => median(others[name]));
  const fastest = Math.min(...peers);
  return [
    [`pan and zoom, ${SONGS} songs with cells`, quantiles(musicmap), `median <= ${fastest.toFixed(1)} ms`, peers.length > 0 ? median(musicmap) <= fastest : undefined],
    ...Object.entries(others).map(([name, list]) => [`- ${name}${PEERS.includes(name) ? ', bare dots' : ''}`, quantiles(list)]),
  ];
}

function millionRows({ first, whole, bytes, intervals }) {
  const gigabytes = Math.max(...bytes) / 1e9;
  return [
    ['1,000,000 songs: first picture', `${median(first).toFixed(0)} ms, finished ${median(whole).toFixed(0)} ms`, '<= 10000 ms', median(first) <= 10000],
    ["- the tab's process", `${gigabytes.toFixed(2)} GB`, '< 1.5 GB', gigabytes < 1.5],
    ['- frames while one zooms in, then the song pointed at plays', quantiles(intervals)],
  ];
}

function printFigures(weight) {
  printTable([
    ...(figures.picture ? pictureRows(figures.picture) : []),
    ...(figures.frames ? frameRows(figures.frames) : []),
    ...(figures.warm ? warmRows(figures.warm) : []),
    ...(figures.cold ? [[`the same, cold, ${figures.cold.jumps.length} jumps`, quantiles(heard(figures.cold.jumps)), 'p95 <= 150', percentile(heard(figures.cold.jumps), 0.95) <= 150]] : []),
    ...(figures.million ? millionRows(figures.million) : []),
    ['page weight with gzip, without data', `${(weight / 1000).toFixed(0)} kB`, '<= 200 kB', weight <= 200000],
  ]);
}

const browser = await launch();
try {
  if (ONLY.some((part) => part !== 'million')) {
    const fixture = await startFixture({ songs: SONGS, clusters: 42, seed: 1 });
    const compared = ONLY.includes('picture') || ONLY.includes('frames');
    const peers = compared && havePeers() ? await startPeers(fixture.library.cells) : undefined;
    if (compared && !peers) said('no peers: npm --prefix tests/web/peers ci');
    if (ONLY.includes('picture')) await pictures(browser, fixture, peers);
    if (ONLY.includes('frames')) await frames(browser, fixture, peers);
    if (ONLY.includes('warm')) await warm(browser, fixture);
    if (ONLY.includes('cold')) await cold(browser, fixture);
    await fixture.close();
    await peers?.close();
  }
  if (ONLY.includes('million')) await million(browser);
  printFigures(await pageWeight(DIST));
} finally {
  await browser.close();
}
