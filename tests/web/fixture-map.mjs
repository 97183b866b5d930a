// SPDX-License-Identifier: BSD-2-Clause
/**
 * Synthetic libraries for the page's tests: seeded points in clusters, their Voronoi cells, and the
 * binary form of doc/protocol.md. Everything follows from the seed.
 */
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));

/** mulberry32: small, seeded, good enough for scattering points. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const NAMES = ['Bossa Nova', 'Delta Blues', 'Deep House', 'Bluegrass', 'Hard Bop', 'Dub', 'Fado', 'Black Metal', 'Gospel',
  'Synth-Pop', 'Tango', 'Ska', 'Baroque', 'Trap', 'Flamenco', 'Afrobeat', 'Shoegaze', 'Country', 'Techno', 'Reggae',
  'Klezmer', 'Doo-Wop', 'Ambient', 'Mambo', 'Grunge', 'Samba', 'Chamber Music', 'Drum and Bass', 'Polka', 'Soul',
  'Psychedelic Rock', 'Cumbia', 'Swing', 'Punk', 'Ragtime', 'Funk', 'Waltz', 'Zydeco', 'Disco', 'Choral', 'Surf', 'Trance'];
const FIRST = ['Blue', 'Midnight', 'Silver', 'Lonely', 'Golden', 'Electric', 'Quiet', 'Broken', 'Summer', 'Paper', 'Northern', 'Velvet'];
const SECOND = ['River', 'Train', 'Moon', 'Garden', 'Highway', 'Letters', 'Rain', 'Mirror', 'Harbour', 'Fire', 'Satellites', 'Heart of the City'];
const ARTISTS = ['The Paper Kites', 'Ana Lua', 'Otis Grey', 'Novák Quartet', 'DJ Meridian', 'The Foothills', 'Sister Vale', 'Kofi & the Tide'];
const KEYS = ['C', 'C#', 'D', 'Eb', 'E', 'F', 'F#', 'G', 'Ab', 'A', 'Bb', 'B'];

/** The frequency a song's clip sounds at. Neighbouring ids are far enough apart for a short FFT. */
export function toneOf(id) {
  return 220 + ((id * 37) % 97) * 24;
}

function colourOf(index) {
  const hue = (index * 0.381966) % 1;
  const lightness = [0.58, 0.7, 0.5][index % 3];
  const channel = (n) => {
    const k = (n + hue * 12) % 12;
    const value = lightness - 0.5 * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value).toString(16).padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/** Songs in clusters that overlap a little, as k-means in many dimensions looks in two. */
function scatter(random, songs, clusters) {
  const centres = Array.from({ length: clusters }, () => {
    const angle = 2 * Math.PI * random();
    const r = 0.85 * Math.sqrt(random());
    return { x: r * Math.cos(angle), y: 0.72 * r * Math.sin(angle), spread: 0.045 + 0.07 * random(), weight: 0.4 + random() };
  });
  const total = centres.reduce((sum, c) => sum + c.weight, 0);
  const xy = new Float32Array(2 * songs);
  const cluster = new Uint32Array(songs);
  for (let i = 0; i < songs; i++) {
    let pick = random() * total;
    let c = 0;
    while (c < clusters - 1 && (pick -= centres[c].weight) > 0) c++;
    cluster[i] = c;
    xy[2 * i] = centres[c].x + centres[c].spread * normal(random);
    xy[2 * i + 1] = centres[c].y + centres[c].spread * normal(random);
  }
  return { xy, cluster, centres };
}

function boxAround(xy) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < xy.length; i += 2) {
    x0 = Math.min(x0, xy[i]);
    x1 = Math.max(x1, xy[i]);
    y0 = Math.min(y0, xy[i + 1]);
    y1 = Math.max(y1, xy[i + 1]);
  }
  const margin = 0.06 * Math.max(x1 - x0, y1 - y0, 0.1);
  return [x0 - margin, y0 - margin, x1 + margin, y1 + margin];
}

/** Steps along a Hilbert curve of 2^16 a side: the map's order. */
export function hilbertIndex(x, y) {
  let index = 0;
  for (let s = 32768; s > 0; s >>= 1) {
    const rx = x & s ? 1 : 0;
    const ry = y & s ? 1 : 0;
    index = index * 4 + ((3 * rx) ^ ry);
    if (ry === 0) {
      if (rx === 1) [x, y] = [65535 - x, 65535 - y];
      [x, y] = [y, x];
    }
  }
  return index;
}

/** The songs' numbers in the map's order. */
function mapOrder(xy, [x0, y0, x1, y1]) {
  const side = 65535 / Math.max(x1 - x0, y1 - y0);
  const key = Float64Array.from({ length: xy.length / 2 }, (_, i) =>
    hilbertIndex(Math.floor((xy[2 * i] - x0) * side), Math.floor((xy[2 * i + 1] - y0) * side)));
  return Uint32Array.from(key.keys()).sort((a, b) => key[a] - key[b] || a - b);
}

const TILE = 16384;
const even = (n) => 2 * Math.ceil(n / 2);

/** One tile of songs, "MMP1" of doc/protocol.md. gain: linear; onset: seconds. */
export function packTile({ songs, xy, cluster, gain, onset }, first = 0, count = songs.length) {
  const halves = 2 * even(count);
  const bytes = Buffer.alloc(8 + 12 * count + 3 * halves);
  bytes.write('MMP1', 0, 'latin1');
  bytes.writeUInt32LE(count, 4);
  for (let i = 0; i < count; i++) {
    const k = first + i;
    bytes.writeUInt32LE(songs[k], 8 + 4 * i);
    bytes.writeFloatLE(xy[2 * k], 8 + 4 * count + 8 * i);
    bytes.writeFloatLE(xy[2 * k + 1], 12 + 4 * count + 8 * i);
    bytes.writeUInt16LE(cluster[k], 8 + 12 * count + 2 * i);
    bytes.writeInt16LE(gain[k] > 0 ? Math.round(2000 * Math.log10(gain[k])) : -32768, 8 + 12 * count + halves + 2 * i);
    bytes.writeUInt16LE(Math.round(1000 * onset[k]), 8 + 12 * count + 2 * halves + 2 * i);
  }
  return bytes;
}

/** Where land ends, by the rule of src/view/overview.h. */
function coastOf(voronoi, xy, size) {
  const reach = [];
  for (let i = 0; i < xy.length / 2; i += 1 + Math.floor(xy.length / 2000)) {
    const cell = voronoi.cellPolygon(i) ?? [];
    reach.push(Math.max(0, ...cell.map(([x, y]) => Math.hypot(x - xy[2 * i], y - xy[2 * i + 1]))));
  }
  reach.sort((a, b) => a - b);
  return Math.min(size / 3, Math.max(size / 48, 1.5 * reach[Math.floor(0.8 * reach.length)]));
}

/** "MMO1": who lives where, in a small picture. find(x, y) -> song. */
function packOverview(box, xy, cluster, find, coast, longest = 320) {
  const [x0, y0, x1, y1] = box;
  const step = Math.max(x1 - x0, y1 - y0) / longest;
  const [width, height] = [Math.round((x1 - x0) / step), Math.round((y1 - y0) / step)];
  const bytes = Buffer.alloc(28 + 2 * width * height);
  bytes.write('MMO1', 0, 'latin1');
  bytes.writeUInt32LE(width, 4);
  bytes.writeUInt32LE(height, 8);
  box.forEach((value, i) => bytes.writeFloatLE(value, 12 + 4 * i));
  for (let j = 0; j < height; j++)
    for (let i = 0; i < width; i++) {
      const [x, y] = [x0 + (i + 0.5) * step, y1 - (j + 0.5) * step];
      const song = find(x, y);
      const far = Math.hypot(xy[2 * song] - x, xy[2 * song + 1] - y) > coast;
      bytes.writeUInt16LE(far ? 0xffff : cluster[song], 28 + 2 * (j * width + i));
    }
  return bytes;
}

/** "MMV1": a property of all songs. */
export function packColumn(head, values) {
  let json = Buffer.from(JSON.stringify(head));
  if (json.length % 2) json = Buffer.concat([json, Buffer.from(' ')]);
  const bytes = Buffer.alloc(8 + json.length + 2 * values.length);
  bytes.write('MMV1', 0, 'latin1');
  bytes.writeUInt32LE(json.length, 4);
  json.copy(bytes, 8);
  values.forEach((value, i) => bytes.writeUInt16LE(value, 8 + json.length + 2 * i));
  return bytes;
}

function columnsOf(list, cluster) {
  const scaled = (low, high, value) => (value === undefined ? 65535 : Math.round((65534 * (value - low)) / (high - low)));
  const range = (name, title, low, high, unit, of) =>
    [name, packColumn({ name, title, low, high, unit }, list.map((song) => scaled(low, high, of(song))))];
  const names = KEYS.concat(KEYS.map((key) => `${key}m`));
  return new Map([
    ['genre', packColumn({ name: 'genre', title: 'Genre', categories: [...NAMES] }, [...cluster].map((c) => c % NAMES.length))],
    range('intensity', 'Intensity', 0, 1, '', (song) => song.intensity),
    range('tempo', 'Tempo', 60, 180, 'bpm', (song) => song.tempo),
    ['key', packColumn({ name: 'key', title: 'Key', categories: names }, list.map((song) => names.indexOf(song.key)))],
    range('year', 'Year', 1950, 2020, '', (song) => song.year),
  ]);
}

/** Every country joins the nearest of the first few; a region is named in the middle of its largest one. */
function groupCountries(countries) {
  const capitals = countries.slice(0, countries.length >= 8 ? Math.ceil(countries.length / 4) : 0);
  if (capitals.length === 0) return [];
  for (const country of countries) {
    const away = capitals.map(({ x, y }) => Math.hypot(x - country.x, y - country.y));
    country.region = `Land of ${capitals[away.indexOf(Math.min(...away))].name}`;
  }
  return capitals.map(({ name, x, y }) => {
    const songs = countries.filter(({ region }) => region === `Land of ${name}`).reduce((sum, c) => sum + c.songs, 0);
    return { name: `Land of ${name}`, songs, x, y: y - 0.05, radius: 0.15 };
  });
}

/** { info, cells, tiles, overview, columns, list }: what the server would say of a library. */
export async function makeLibrary({ songs = 126, clusters = 12, seed = 1 } = {}) {
  const { Delaunay } = await import(require.resolve('d3-delaunay').replace(/dist.*$/, 'src/index.js')).catch(() => import(require.resolve('d3-delaunay')));
  const random = randomFrom(seed);
  const made = scatter(random, songs, clusters);
  const box = boxAround(made.xy);
  const order = mapOrder(made.xy, box);
  const xy = Float32Array.from({ length: 2 * songs }, (_, i) => made.xy[2 * order[i >> 1] + (i & 1)]);
  const cluster = Uint32Array.from(order, (i) => made.cluster[i]);
  const ids = Uint32Array.from(order, (i) => 1 + 3 * i);
  const gain = Float32Array.from(ids, () => 0.5 + random() * 0.5);
  const onset = Float32Array.from(ids, () => Math.round(random() * 8) / 2);
  const cells = { count: songs, songs: ids, xy, cluster, gain, onset };
  const tiles = [];
  for (let first = 0; first < songs; first += TILE) tiles.push(packTile(cells, first, Math.min(TILE, songs - first)));
  const delaunay = new Delaunay(xy);
  let near = 0;
  const size = Math.max(box[2] - box[0], box[3] - box[1]);
  const coast = coastOf(delaunay.voronoi(box), xy, size);
  const overview = packOverview(box, xy, cluster, (x, y) => (near = delaunay.find(x, y, near)), coast);
  const sums = Array.from({ length: clusters }, () => [0, 0, 0]);
  cluster.forEach((c, i) => {
    sums[c][0]++;
    sums[c][1] += xy[2 * i];
    sums[c][2] += xy[2 * i + 1];
  });
  const countries = sums.map(([n, x, y], id) => {
    const name = NAMES[id % NAMES.length] + (id >= NAMES.length ? ` ${1 + Math.floor(id / NAMES.length)}` : '');
    return { id, name, colour: colourOf(id), songs: n, x: x / Math.max(1, n), y: y / Math.max(1, n), radius: 0.06 };
  });
  const regions = groupCountries(countries);
  const list = Array.from(ids, (id, i) => describeSong(random, id, countries[cluster[i]].name));
  const map = (0x100000000 + (seed * 2654435761 + songs) % 0x100000000).toString(16).slice(-8).repeat(2);
  const columns = columnsOf(list, cluster);
  const properties = [...columns.keys()].map((name) => ({ name, title: name[0].toUpperCase() + name.slice(1) }));
  return {
    info: { map, songs, model: 'timbre', box, coast, tile: TILE, properties, regions, clusters: countries },
    cells,
    tiles,
    overview,
    columns,
    list,
    gainOf: new Map(Array.from(ids, (id, i) => [id, gain[i]])),
  };
}

function describeSong(random, id, genre) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const song = {
    id,
    title: `${pick(FIRST)} ${pick(SECOND)} ${id}`,
    artist: pick(ARTISTS),
    album: `${pick(FIRST)} Songs`,
    genres: [genre],
    year: 1950 + Math.floor(random() * 70),
    duration: 120 + Math.floor(random() * 200),
    tempo: 60 + Math.floor(random() * 120),
    key: pick(KEYS) + (random() < 0.4 ? 'm' : ''),
    intensity: Math.round(random() * 100) / 100,
    loudness: -8 - Math.round(random() * 100) / 10,
    cover: id % 3 === 1 && id % 4 === 0,
  };
  if (id % 10 === 0) delete song.artist;
  return song;
}
