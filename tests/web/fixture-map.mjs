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

/** Cells with shared corners and a list of borders, from d3's polygons. */
function cellsOf(voronoi, n) {
  const corners = [];
  const index = [];
  const start = new Uint32Array(n + 1);
  const known = new Map();
  const corner = (x, y) => {
    const key = `${Math.round(x * 1e8)},${Math.round(y * 1e8)}`;
    let id = known.get(key);
    if (id === undefined) {
      id = corners.length / 2;
      corners.push(x, y);
      known.set(key, id);
    }
    return id;
  };
  const sides = new Map();
  for (let i = 0; i < n; i++) {
    const polygon = voronoi.cellPolygon(i) ?? [];
    let ids = polygon.slice(0, -1).map(([x, y]) => corner(x, y));
    ids = ids.filter((id, k) => id !== ids[(k + 1) % ids.length]);
    let area = 0;
    ids.forEach((id, k) => {
      const next = ids[(k + 1) % ids.length];
      area += corners[2 * id] * corners[2 * next + 1] - corners[2 * next] * corners[2 * id + 1];
    });
    if (area < 0) ids.reverse();
    ids.forEach((id, k) => sides.set(id * 4294967296 + ids[(k + 1) % ids.length], i));
    index.push(...ids);
    start[i + 1] = index.length;
  }
  const edges = [];
  for (const [key, left] of sides) {
    const a = Math.floor(key / 4294967296);
    const b = key % 4294967296;
    const right = sides.get(b * 4294967296 + a);
    if (right === undefined) edges.push(a, b, left, 0xffffffff);
    else if (left < right) edges.push(a, b, left, right);
  }
  return { corners: Float32Array.from(corners), index: Uint32Array.from(index), start, edges: Uint32Array.from(edges) };
}

export function packCells(parts) {
  const { songs, xy, cluster, gain, onset, start, index, corners, edges } = parts;
  const header = new ArrayBuffer(20);
  new Uint8Array(header).set([0x4d, 0x4d, 0x43, 0x31]);
  const view = new DataView(header);
  [songs.length, corners.length / 2, index.length, edges.length / 4].forEach((count, i) => view.setUint32(4 + 4 * i, count, true));
  const arrays = [songs, xy, cluster, gain, onset, start, index, corners, edges];
  return Buffer.concat([header, ...arrays].map((a) => (a instanceof ArrayBuffer ? Buffer.from(a) : Buffer.from(a.buffer, a.byteOffset, a.byteLength))));
}

/** { info, cells (Buffer), songs }: what the server would say of a library. */
export async function makeLibrary({ songs = 126, clusters = 12, seed = 1 } = {}) {
  const { Delaunay } = await import(require.resolve('d3-delaunay').replace(/dist.*$/, 'src/index.js')).catch(() => import(require.resolve('d3-delaunay')));
  const random = randomFrom(seed);
  const { xy, cluster } = scatter(random, songs, clusters);
  const box = boxAround(xy);
  const voronoi = new Delaunay(xy).voronoi(box);
  const ids = Uint32Array.from({ length: songs }, (_, i) => 1 + 3 * i);
  const gain = Float32Array.from(ids, () => 0.5 + random() * 0.5);
  const onset = Float32Array.from(ids, () => Math.round(random() * 8) / 2);
  const cells = packCells({ songs: ids, xy, cluster, gain, onset, ...cellsOf(voronoi, songs) });
  const countries = Array.from({ length: clusters }, (_, id) => {
    const members = [...cluster.keys()].filter((i) => cluster[i] === id);
    const x = members.reduce((sum, i) => sum + xy[2 * i], 0) / Math.max(1, members.length);
    const y = members.reduce((sum, i) => sum + xy[2 * i + 1], 0) / Math.max(1, members.length);
    const name = NAMES[id % NAMES.length] + (id >= NAMES.length ? ` ${1 + Math.floor(id / NAMES.length)}` : '');
    return { id, name, colour: colourOf(id), songs: members.length, x, y, radius: 0.06 };
  });
  const list = Array.from(ids, (id, i) => describeSong(random, id, countries[cluster[i]].name));
  const map = (0x100000000 + (seed * 2654435761 + songs) % 0x100000000).toString(16).slice(-8).repeat(2);
  return {
    info: { map, songs, model: 'timbre', box, clusters: countries },
    cells,
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
