// SPDX-License-Identifier: BSD-2-Clause
/** What of the page needs no browser: reader, geometry, camera, and the planning of sound. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from './compile.mjs';
import { makeLibrary, packColumn, packTile, randomFrom } from './fixture-map.mjs';

const { points, column, shading, raster, atlas: atlasModule, camera, pool, plan, dial, clips, coast, songs, api } = await compile({
  points: 'data/points.ts',
  raster: 'render/raster.ts',
  column: 'data/column.ts',
  shading: 'map/shading.ts',
  atlas: 'map/atlas.ts',
  camera: 'map/camera.ts',
  pool: 'audio/pool.ts',
  plan: 'audio/plan.ts',
  dial: 'audio/dial.ts',
  clips: 'audio/clips.ts',
  coast: 'render/coast.ts',
  songs: 'data/songs.ts',
  api: 'data/api.ts',
});

const bytesOf = (buffer) => buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
const library = await makeLibrary({ songs: 300, clusters: 7, seed: 3 });
const good = () => bytesOf(library.tiles[0]);
const read = (bytes, songs = 300) => {
  const cells = points.emptyCells(songs);
  points.readTile(bytes, cells, 0, songs, 7);
  return cells;
};
const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

// ---- tiles and the overview ----

test('tiles: a good one gives what was written', () => {
  const data = read(good());
  assert.deepEqual(data.songs, library.cells.songs);
  assert.deepEqual(data.xy, library.cells.xy);
  assert.deepEqual([...data.cluster], [...library.cells.cluster]);
  for (let i = 0; i < 300; i++) {
    assert.ok(Math.abs(20 * Math.log10(data.gain[i] / library.cells.gain[i])) < 0.006, `gain ${i}`);
    assert.ok(Math.abs(data.onset[i] - library.cells.onset[i]) < 0.001, `onset ${i}`);
  }
});

test('tiles: songs of the second tile come after those of the first; an odd number of songs', () => {
  const cells = points.emptyCells(300);
  points.readTile(bytesOf(packTile(library.cells, 0, 151)), cells, 0, 151, 7);
  points.readTile(bytesOf(packTile(library.cells, 151, 149)), cells, 151, 149, 7);
  assert.deepEqual(cells.songs, library.cells.songs);
  assert.deepEqual([...cells.cluster], [...library.cells.cluster]);
});

test('tiles: every truncation, trailing bytes, a wrong magic and wrong counts are refused', () => {
  const bytes = good();
  for (const length of [0, 3, 7, 8, 9, 1000, bytes.byteLength - 4, bytes.byteLength - 1]) {
    assert.throws(() => read(bytes.slice(0, length)), /damaged/, `${length} bytes`);
  }
  assert.throws(() => read(bytesOf(Buffer.concat([library.tiles[0], Buffer.alloc(4)]))), /expected/);
  assert.throws(() => read(good(), 299), /expected/);
  for (const [field, what] of [[0, /MMP1/], [4, /damaged/]]) {
    const wrong = Buffer.from(library.tiles[0]);
    wrong.writeUInt32LE(0xfffffffe, field);
    assert.throws(() => read(bytesOf(wrong)), what);
  }
});

test('tiles: places and countries are checked', () => {
  const one = { songs: [5], xy: [0, 0], cluster: [0], gain: [1], onset: [0] };
  const readOne = (parts) => {
    const cells = points.emptyCells(1);
    points.readTile(bytesOf(packTile(parts)), cells, 0, 1, 1);
    return cells;
  };
  assert.equal(readOne(one).gain[0], 1);
  assert.equal(readOne({ ...one, gain: [0] }).gain[0], 0);
  assert.throws(() => readOne({ ...one, xy: [NaN, 0] }), /position/);
  assert.throws(() => readOne({ ...one, xy: [0, Infinity] }), /position/);
  assert.throws(() => readOne({ ...one, cluster: [1] }), /country/);
});

test('tiles: random damage never does anything but throw a FormatError or give a usable map', () => {
  const random = randomFrom(11);
  for (let round = 0; round < 100; round++) {
    const wrong = Buffer.from(library.tiles[0]);
    for (let i = 0; i < 3; i++) wrong[Math.floor(random() * wrong.length)] = Math.floor(random() * 256);
    try {
      new atlasModule.Atlas(library.info, read(bytesOf(wrong))).hit(0, 0);
    } catch (error) {
      assert.equal(error.name, 'FormatError', error.stack);
    }
  }
});

test('overview: read, and refused when damaged', () => {
  const overview = points.readOverview(bytesOf(library.overview), 7);
  assert.equal(overview.cluster.length, overview.width * overview.height);
  assert.ok(overview.cluster.includes(points.SEA) && overview.cluster.some((c) => c < 7));
  assert.throws(() => points.readOverview(bytesOf(library.overview), 3), /country/);
  assert.throws(() => points.readOverview(bytesOf(library.overview.subarray(0, 500)), 7), /size/);
  const empty = Buffer.from(library.overview);
  empty.writeUInt32LE(0, 4);
  assert.throws(() => points.readOverview(bytesOf(empty), 7), /size/);
});

// ---- replies as JSON ----

test('api: a map without box or with nameless countries is refused; strange colours become grey', () => {
  assert.throws(() => api.parseMap({ map: 'x', songs: 1, tile: 4, clusters: [] }), /box/);
  assert.throws(() => api.parseMap({ map: 'x', songs: 1, box: [0, 0, 0, 1], clusters: [] }), /empty/);
  assert.throws(() => api.parseMap({ map: 'x', songs: 1, tile: 4, box: [0, 0, 1, 1], coast: 0, clusters: [] }), /coast/);
  assert.throws(() => api.parseMap({ map: 'x', songs: 1, tile: 4, box: [0, 0, 1, 1], coast: 0.1, clusters: [{}] }), /name/);
  assert.throws(() => api.parseMap({ map: 'x', songs: 1, box: [0, 0, 1, 1], coast: 0.1, clusters: [] }), /tiles/);
  const map = api.parseMap({ map: 'x', songs: 1, tile: 4, box: [0, 0, 1, 1], coast: 0.1, clusters: [{ name: 'A', x: 0, y: 0, colour: 'url(x)' }] });
  assert.equal(map.clusters[0].colour, '#999999');
});

test('api: of a song only what has the right type is taken', () => {
  const song = api.parseSong({ id: 3, title: 7, artist: 'A', tempo: null, genres: ['x', 4], cover: 'yes', key: '' });
  assert.deepEqual(song, { id: 3, artist: 'A', genres: ['x'] });
  assert.equal(api.parseSong({ title: 'no id' }), undefined);
});

// ---- geometry ----

const atlas = new atlasModule.Atlas(library.info, read(good()));

test('atlas: the cell under a point is the nearest song, from any start', () => {
  const random = randomFrom(5);
  const [x0, y0, x1, y1] = library.info.box;
  for (let i = 0; i < 3000; i++) {
    const x = x0 + (x1 - x0) * random();
    const y = y0 + (y1 - y0) * random();
    let best = 0;
    for (let c = 1; c < 300; c++) if (Math.hypot(atlas.x(c) - x, atlas.y(c) - y) < Math.hypot(atlas.x(best) - x, atlas.y(best) - y)) best = c;
    assert.equal(atlas.hit(x, y, Math.floor(random() * 300)), best);
    assert.equal(atlas.hit(x, y), best);
    if (Math.hypot(atlas.x(best) - x, atlas.y(best) - y) < atlas.coast) assert.ok(atlas.contains(best, x, y));
  }
  assert.equal(atlas.hit(x1 + 10, y1, 0), -1);
  assert.equal(atlas.hit(NaN, 0), -1);
});

/** Songs at these places, one country. */
function smallAtlas(places, box = [-1, -1, 1, 1]) {
  const n = places.length;
  const cells = Object.assign(points.emptyCells(n), {
    songs: Uint32Array.from({ length: n }, (_, i) => i + 1), xy: Float32Array.from(places.flat()), gain: new Float32Array(n).fill(1),
  });
  const clusters = [{ id: 0, name: 'A', colour: '#888888', songs: n, x: 0, y: 0, radius: 1 }];
  return new atlasModule.Atlas({ map: 'x', songs: n, model: 't', box, coast: 0.6, tile: n, properties: [], clusters }, cells);
}

test('atlas: songs at one place are told apart by their slices', () => {
  const two = smallAtlas([[0, 0], [0, 0]]);
  assert.equal(two.hit(-0.5, 0.2), 0);
  assert.equal(two.hit(0.5, 0.2), 1);
  assert.equal(two.hit(0.5, 0.2, 0), 1);
  assert.equal(two.toward(0, 1, 0), 1);
  assert.equal(two.toward(1, -1, 0), 0);
  const five = smallAtlas([[0, 0], [0, 0], [0, 0], [0.5, 0], [0, 0], [0, 0]]);
  for (const cell of [0, 1, 2, 4, 5]) {
    const [x, y] = five.place(cell);
    assert.equal(five.hit(x, y), cell, `slice ${cell}`);
    assert.ok(five.contains(cell, x, y));
  }
});

test('atlas: shapes cover the map once, and their borders are shared', () => {
  const area = (p) => p.reduce((sum, x, i) => (i % 2 ? sum : sum + x * p[(i + 3) % p.length] - p[(i + 2) % p.length] * p[i + 1]), 0) / 2;
  const random = randomFrom(9);
  const places = Array.from({ length: 60 }, () => [random() * 2 - 1, random() * 2 - 1]);
  const nine = smallAtlas(places);
  const inner = [...places.keys()].filter((c) => Math.max(...nine.outline(c).map(Math.abs)) < 1);
  assert.ok(inner.length > 10);
  for (const cell of inner) {
    let hits = 0;
    const n = 4000;
    for (let i = 0; i < n; i++) if (nine.hit(random() * 2 - 1, random() * 2 - 1) === cell) hits++;
    const share = area(nine.outline(cell)) / 4;
    assert.ok(Math.abs(hits / n - share) < 4 * Math.sqrt(share / n) + 1e-3, `cell ${cell}: ${hits / n}, ${share}`);
    for (const other of nine.neighbours(cell)) assert.ok(nine.neighbours(other).includes(cell), `${cell} and ${other}`);
  }
});

test('atlas: the songs of a rectangle', () => {
  const view = { x0: -0.2, y0: -0.1, x1: 0.15, y1: 0.2 };
  const found = new Set(atlas.cellsIn(view));
  for (let c = 0; c < 300; c++) {
    const inside = atlas.x(c) >= view.x0 && atlas.x(c) <= view.x1 && atlas.y(c) >= view.y0 && atlas.y(c) <= view.y1;
    assert.equal(found.has(c), inside);
  }
});

test('raster: every pixel belongs to the nearest song, in sight or not, at any zoom', () => {
  for (const [x, y, scale, size] of [[0, 0, 120, 200], [0.1, -0.2, 900, 200], [0.3, 0.2, 40000, 120]]) {
    const window = { x, y, scale, width: size, height: size - 20 };
    const map = new raster.Raster(atlas.grid, atlas.cells.cluster, atlas.regionOf, atlas.coast);
    const ids = map.assign(window);
    let wrong = 0;
    for (let py = 0; py < window.height; py++)
      for (let px = 0; px < window.width; px++) {
        const mx = x + (px + 0.5 - window.width / 2) / scale;
        const my = y - (py + 0.5 - window.height / 2) / scale;
        const cell = atlas.grid.nearest(mx, my, raster.OPEN_SEA * atlas.coast);
        const id = ids[py * window.width + px];
        if (cell < 0 ? id !== raster.NOBODY && Math.sqrt(atlas.grid.distance2(id, mx, my)) < atlas.coast : id !== cell) {
          // Wrong only where it does not matter: nearer than a pixel to a border.
          const off = id === raster.NOBODY ? Infinity : Math.sqrt(atlas.grid.distance2(id, mx, my)) - Math.sqrt(atlas.grid.distance2(cell, mx, my));
          if (off > 1 / scale) wrong++;
        }
      }
    assert.ok(wrong <= 2e-4 * ids.length, `${wrong} pixels at scale ${scale}`);
  }
});

test('raster: colours are those of the songs, borders and sea have theirs', () => {
  const window = { x: 0, y: 0, scale: 120, width: 300, height: 200 };
  const map = new raster.Raster(atlas.grid, atlas.cells.cluster, atlas.regionOf, atlas.coast);
  const ids = map.assign(window);
  const land = Uint32Array.from({ length: 300 }, (_, i) => raster.packed([i % 256, 100 + (i >> 8), 7], 1));
  const ink = { sea: [1, 2, 3], shallows: [1, 2, 3], coast: [9, 9, 9], coastWidth: 1, cellBorder: [255, 255, 255], cellAlpha: 0,
    cellWidth: 1, countryBorder: [0, 0, 0], countryAlpha: 1, countryWidth: 1, regionBorder: [40, 0, 0], regionWidth: 2, relief: 0, reliefReach: 1 };
  const pixels = map.shade(window, land, ink);
  let plain = 0;
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === raster.NOBODY) assert.equal(pixels[i], raster.packed(ink.sea, 1));
    else if (pixels[i] === land[ids[i]]) plain++;
  }
  assert.ok(plain > 0.3 * ids.length, `${plain} of ${ids.length} in their song's colour`);
  const y = 100;
  for (let x = 10; x < 290; x++) {
    const [a, b] = [ids[y * 300 + x], ids[y * 300 + x + 1]];
    if (a === b || a === raster.NOBODY || b === raster.NOBODY || atlas.cells.cluster[a] === atlas.cells.cluster[b]) continue;
    const changed = pixels[y * 300 + x] !== land[a] || pixels[y * 300 + x + 1] !== land[b];
    assert.ok(changed, `a border at ${x}`);
  }
});

test('atlas: arrow keys go roughly where they point; Tab visits every song once', () => {
  const inner = [...Array(300).keys()].filter((c) => Math.hypot(atlas.x(c), atlas.y(c)) < 0.4);
  for (const cell of inner) {
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      const to = atlas.toward(cell, dx, dy);
      assert.ok(to >= 0 && (atlas.x(to) - atlas.x(cell)) * dx + (atlas.y(to) - atlas.y(cell)) * dy > 0);
    }
  }
  const seen = new Set();
  for (let cell = 0, i = 0; i < 300; i++, cell = atlas.along(cell, 1)) seen.add(cell);
  assert.equal(seen.size, 300);
  assert.equal(atlas.along(atlas.along(17, 1), -1), 17);
});

test('atlas: a song of this map is found by its id, others are not', () => {
  for (let cell = 0; cell < 300; cell++) assert.equal(atlas.cellOf(atlas.songId(cell)), cell);
  assert.equal(atlas.cellOf(2), -1);
});

test('coast: a circle cuts a square to the right area, wherever its centre is', () => {
  const area = (p) => p.reduce((sum, x, i) => (i % 2 ? sum : sum + x * p[(i + 3) % p.length] - p[(i + 2) % p.length] * p[i + 1]), 0) / 2;
  const square = [-1, -1, 1, -1, 1, 1, -1, 1];
  assert.ok(Math.abs(area(coast.cutByCircle(square, 0, 0, 0.5).outline) - Math.PI / 4) < 0.01);
  assert.ok(Math.abs(area(coast.cutByCircle(square, 0, 0, 5).outline) - 4) < 1e-9);
  assert.ok(Math.abs(area(coast.cutByCircle(square, -1, -1, 1).outline) - Math.PI / 4) < 0.01);
  const cut = coast.cutByCircle(square, 0, 0, 1.2);
  assert.equal(cut.arcs.length, 4);
  const expected = Math.PI * 1.44 - 4 * (1.44 * Math.acos(1 / 1.2) - Math.sqrt(0.44));
  assert.ok(Math.abs(area(cut.outline) - expected) < 0.01);
});

// ---- camera ----

test('camera: zoom keeps the point under the pointer, panning is exact, nobody gets lost', () => {
  const view = new camera.Camera();
  view.setMap({ x0: -1, y0: -1, x1: 1, y1: 1 }, 1e4);
  view.resize(800, 600);
  assert.equal(view.scale, 300);
  const before = view.toMap(300, 200);
  view.zoom(3, 300, 200);
  for (let t = 0; t < 2000 && view.step(t, 16); t += 16);
  const after = view.toMap(300, 200);
  assert.ok(Math.abs(view.scale - 900) < 1e-6);
  assert.ok(Math.hypot(before[0] - after[0], before[1] - after[1]) < 1e-9);
  view.drag(40, -20);
  const [sx, sy] = view.toScreen(...after);
  assert.ok(Math.abs(sx - 340) < 1e-6 && Math.abs(sy - 180) < 1e-6);
  for (let i = 0; i < 100; i++) view.drag(500, 500);
  assert.ok(view.x >= -1 && view.y <= 1);
  view.coast(3, 0);
  let steps = 0;
  for (let t = 0; view.step(t, 16); t += 16) assert.ok(++steps < 300, 'inertia ends');
  view.zoom(1e9, 0, 0, false);
  assert.ok(view.scale <= 1e4);
});

test('camera: with reduced motion everything is immediate', () => {
  const view = new camera.Camera();
  view.setMap({ x0: -1, y0: -1, x1: 1, y1: 1 }, 1e4);
  view.resize(800, 600);
  view.reducedMotion = true;
  view.zoom(2, 400, 300);
  assert.equal(view.scale, 600);
  view.coast(5, 5);
  assert.equal(view.step(0, 16), false);
  view.fit(0);
  assert.equal(view.scale, 300);
});

test('camera: a tall window opens on more than a stripe, and can show the whole map', () => {
  const view = new camera.Camera();
  view.setMap({ x0: -1, y0: -1, x1: 1, y1: 1 }, 1e4);
  view.reducedMotion = true;
  view.resize(360, 740);
  assert.ok(Math.abs(view.scale - 1.6 * 180) < 1e-6);
  view.fit(0);
  assert.equal(view.scale, 180);
  view.resize(740, 360); // turned, it still does
  assert.equal(view.scale, 180);
  view.zoom(1e-9, 0, 0);
  assert.equal(view.scale, 180);
});

// ---- sound: pool, plan, dial, clips ----

test('pool: the longest unused goes first, what sounds stays, bytes are bounded', () => {
  const keep = new Set();
  const p = new pool.BytePool(100, (key) => keep.has(key));
  p.set('a', 1, 40);
  p.set('b', 2, 40);
  p.get('a');
  p.set('c', 3, 40);
  assert.deepEqual(p.keys(), ['a', 'c']);
  assert.equal(p.bytes, 80);
  keep.add('a');
  p.set('d', 4, 40);
  assert.deepEqual(p.keys(), ['a', 'd']);
  p.set('d', 5, 10);
  assert.equal(p.bytes, 50);
  p.set('huge', 6, 1000);
  assert.deepEqual(p.keys(), ['a', 'huge']);
  p.delete('huge');
  p.delete('missing');
  assert.equal(p.bytes, 40);
  p.clear();
  assert.equal(p.bytes, 0);
});

/** Cells on a grid of 21 x 21, one unit apart; cell number = 21 * y + x. */
const grid = {
  x: (cell) => cell % 21,
  y: (cell) => Math.floor(cell / 21),
  neighbours(cell) {
    const [x, y] = [cell % 21, Math.floor(cell / 21)];
    const list = [];
    if (x > 0) list.push(cell - 1);
    if (x < 20) list.push(cell + 1);
    if (y > 0) list.push(cell - 21);
    if (y < 20) list.push(cell + 21);
    return list;
  },
};

test('plan: at rest the nearest come first', () => {
  const order = plan.planPrefetch(grid, 220, { x: 10.2, y: 10, vx: 0, vy: 0 }, 9);
  assert.equal(order.length, 9);
  assert.equal(order[0], 220);
  assert.equal(order[1], 221, 'the side the pointer is on');
  assert.deepEqual(new Set(order.slice(1, 5)), new Set([219, 221, 199, 241]));
});

test('plan: in flight those ahead come first', () => {
  const order = plan.planPrefetch(grid, 220, { x: 10, y: 10, vx: 0.012, vy: 0 }, 12);
  assert.deepEqual(order.slice(0, 3), [220, 221, 222]);
  assert.ok(order.includes(223) && order.includes(224));
  assert.ok(!order.includes(218), 'behind');
});

test('plan: small maps and no map', () => {
  assert.deepEqual(plan.planPrefetch(grid, -1, { x: 0, y: 0, vx: 0, vy: 0 }, 5), []);
  const lonely = { x: () => 0, y: () => 0, neighbours: () => [] };
  assert.deepEqual(plan.planPrefetch(lonely, 0, { x: 0, y: 0, vx: 0, vy: 0 }, 5), [0]);
});

test('dial: a slow pointer is answered at once, a flight hears a song every 120 ms', () => {
  const d = new dial.Dial();
  assert.ok(d.move(1, Infinity, 0));
  assert.ok(d.move(2, 500, 40), 'slow: at once');
  let heard = 0;
  for (let t = 60; t <= 1060; t += 20) if (d.move(t, 20, t)) heard++;
  assert.ok(heard >= 7 && heard <= 9, `${heard} in a second of flight`);
});

test('dial: where a flight ends the song sounds soon', () => {
  const d = new dial.Dial();
  d.move(1, 20, 0);
  assert.equal(d.move(2, 20, 30), false);
  assert.equal(d.due(31), -1);
  assert.ok(d.dueAt() <= 30 + dial.REST_MS);
  assert.equal(d.due(30 + dial.REST_MS), 2);
  assert.equal(d.due(1000), -1, 'only once');
  d.move(3, 20, 60);
  d.cancel();
  assert.equal(d.due(1000), -1);
});

function clipStore({ limits = {}, fetchClip, decode, headSeconds } = {}) {
  const log = [];
  const open = new Map();
  const store = new clips.ClipStore(
    fetchClip ??
      ((song, signal) => {
        log.push(song);
        return new Promise((resolve, reject) => {
          open.set(song, () => resolve(new ArrayBuffer(8)));
          signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        });
      }),
    decode ?? (async () => ({ length: 10, numberOfChannels: 1 })),
    { decodedBytes: 4000, fileBytes: 4000, fetches: 2, decodes: 1, failedMs: () => 1000, ...limits },
    () => false,
    () => clock.now,
    headSeconds,
  );
  return { store, log, open };
}
const clock = { now: 0 };

test('clips: what is asked for overtakes what is planned; unwanted downloads are stopped', async () => {
  const { store, log, open } = clipStore();
  store.prepare([1, 2, 3, 4], 4);
  assert.deepEqual(log, [1, 2]);
  const promise = store.load(9);
  assert.deepEqual(log, [1, 2, 9]);
  open.get(9)();
  assert.equal((await promise).length, 10);
  assert.ok(store.get(9));
  store.prepare([4], 4);
  await tick();
  assert.deepEqual(log, [1, 2, 9, 4]);
  assert.equal(store.stats.fetching, 1);
});

test('clips: while somebody waits for a song nothing else is begun, but not for ever', async () => {
  const haste = [];
  const { store, log, open } = clipStore({ decode: async (_, how) => (haste.push(how), { length: 10, numberOfChannels: 1 }) });
  const promise = store.load(9);
  store.prepare([9, 1, 2], 3);
  assert.deepEqual(log, [9]);
  open.get(9)();
  await promise;
  await tick();
  assert.deepEqual(log, [9, 1, 2], 'then the others');
  assert.deepEqual(haste, ['urgent'], 'by a decoder of its own');
  // One that has to be made first keeps nobody for longer than a moment.
  void store.load(8).catch(() => undefined);
  store.prepare([8, 3], 2);
  assert.deepEqual(log, [9, 1, 2, 8]);
  clock.now += 400;
  store.prepare([8, 3], 2);
  assert.deepEqual(log, [9, 1, 2, 8, 3]);
});

test('clips: what is urgent sounds as soon as its head is here; the rest of the file is fetched for the whole', async () => {
  const mpeg = new Uint8Array(3000).fill(1);
  mpeg.set([0xff, 0xfb]);
  const calls = [];
  const fetchClip = (song, signal, part) => new Promise((resolve, reject) => {
    calls.push({ song, part: (bytes) => part(mpeg.subarray(0, bytes), 3000), finish: () => resolve(mpeg.slice().buffer), stopped: () => signal.aborted });
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
  });
  const decode = async (bytes) => ({ length: bytes.byteLength / 100, numberOfChannels: 1, duration: bytes.byteLength / 100 });
  const { store } = clipStore({ fetchClip, decode, headSeconds: () => 6, limits: { fileBytes: 1e6 } });
  const promise = store.load(9);
  assert.equal(calls[0].part(500), false, 'not enough');
  assert.equal(calls[0].part(700), true);
  assert.equal((await promise).duration, 6, 'six of thirty seconds');
  assert.ok(store.isHead(9));
  // Moving on stops the download; the whole clip is then fetched anew, and moving on does not stop that.
  store.prepare([], 0);
  assert.ok(calls[0].stopped());
  await tick();
  const whole = store.whole(9);
  store.prepare([], 0);
  assert.deepEqual(calls.map(({ song }) => song), [9, 9]);
  assert.ok(!calls[1].stopped());
  calls[1].finish();
  assert.equal((await whole).duration, 30);
  assert.ok(!store.isHead(9));
  // Nobody waits for what is only planned: no part of it is decoded.
  store.prepare([4], 0);
  assert.equal(calls[2].part(2000), false);
  assert.equal(store.get(4), undefined);
});

test('clips: only the first are decoded ahead, the rest only fetched', async () => {
  const { store, open, log } = clipStore();
  store.prepare([1, 2, 3], 1);
  for (let i = 0; i < 3; i++) {
    for (const song of [...log]) open.get(song)?.();
    await tick();
  }
  assert.equal(store.stats.decoded, 1);
  assert.equal(store.stats.files, 3);
  assert.equal((await store.load(3)).length, 10, 'without another download');
  assert.deepEqual(log, [1, 2, 3]);
});

test('clips: a failure is told, remembered for a while, then tried again', async () => {
  let calls = 0;
  const { store } = clipStore({ fetchClip: async () => { calls++; throw new Error('no such song'); } });
  await assert.rejects(store.load(5), /no such song/);
  await assert.rejects(store.load(5), /no such song/);
  assert.equal(calls, 1);
  clock.now += 2000;
  await assert.rejects(store.load(5), /no such song/);
  assert.equal(calls, 2);
  store.forgive();
  await assert.rejects(store.load(5), /no such song/);
  assert.equal(calls, 3);
});

test('clips: what cannot be decoded is a failure of that clip only', async () => {
  const { store } = clipStore({
    fetchClip: async (song) => new ArrayBuffer(song),
    decode: async (bytes) => { if (bytes.byteLength === 4) throw new Error('bad data'); return { length: 1, numberOfChannels: 1 }; },
  });
  await assert.rejects(store.load(4), /cannot play/);
  assert.equal((await store.load(8)).length, 1);
});

test('clips: moving on rejects what was asked for before', async () => {
  const { store, open } = clipStore();
  const first = store.load(1);
  const second = store.load(2);
  await assert.rejects(first, { name: 'AbortError' });
  open.get(2)();
  assert.ok(await second);
});

test('clips: the pool of sound stays within its bytes', async () => {
  const { store } = clipStore({ fetchClip: async () => new ArrayBuffer(1), limits: { decodedBytes: 100 } });
  for (let song = 0; song < 10; song++) await store.load(song);
  assert.ok(store.stats.decodedBytes <= 100);
  assert.equal(store.get(0), undefined);
  assert.ok(store.get(9));
});

// ---- songs ----

test('songs: pages are fetched once, the newest wish first, and forgotten when there are many', async () => {
  const asked = [];
  const release = [];
  const store = new songs.SongStore('m', 100000, () => undefined, () => undefined, (map, first, count) => {
    asked.push(first);
    return new Promise((resolve) => release.push(() => resolve(Array.from({ length: count }, (_, i) => ({ id: first + i })))));
  });
  for (const position of [0, 1, 600, 1200, 1700, 1201]) assert.equal(store.get(position), undefined);
  assert.deepEqual(asked, [0, 500]);
  release[0]();
  await tick();
  assert.deepEqual(asked, [0, 500, 1000]);
  assert.equal(store.get(3).id, 3);
  for (let page = 3; page < 80; page++) {
    store.get(page * 500);
    while (release.length) release.shift()();
    await tick();
  }
  assert.equal(store.get(3), undefined, 'the oldest page went');
  store.close();
});

test('songs: a failed page is told, and asked for again later', async () => {
  const problems = [];
  let calls = 0;
  const store = new songs.SongStore('m', 10, () => undefined, (error) => problems.push(error.status), async () => {
    calls++;
    throw new api.ApiError(409, 'There is a newer map.');
  });
  store.get(0);
  await tick();
  store.get(0);
  await tick();
  assert.equal(calls, 1);
  assert.deepEqual(problems, [409]);
});

// ---- columns and shading ----

const packed = (head, values) => bytesOf(packColumn(head, values));

test('a column tells its values; damaged ones are refused', () => {
  const head = { name: 'tempo', title: 'Tempo', low: 60, high: 180, unit: 'bpm' };
  const good = packed(head, [0, 65534, 65535]);
  assert.deepEqual([...column.readColumn(good, 3).values], [0, 65534, 65535]);
  assert.throws(() => column.readColumn(good, 4), /size/);
  assert.throws(() => column.readColumn(good.slice(0, 6), 3), /head/);
  assert.throws(() => column.readColumn(packed({ categories: ['a'] }, [1]), 1), /no meaning/);
  assert.throws(() => column.readColumn(packed({ low: 2, high: 1 }, [1]), 1), /range/);
});

test('shading: a legend that counts, a filter that greys', async () => {
  const atlas = new atlasModule.Atlas(library.info, read(good()));
  const shadings = new shading.Shadings();
  let calls = 0;
  shadings.subscribe(() => calls++);
  shadings.setScene(atlas, 'light');
  const before = shadings.land.slice();
  const { legend } = shadings.current;
  assert.equal(legend.kind, 'categories');
  assert.equal(legend.entries.reduce((sum, e) => sum + e.songs, 0), 300);
  shadings.setFilter(new Set([2]));
  assert.equal(shadings.current.chosen, legend.entries[2].songs);
  for (let cell = 0; cell < 300; cell++) {
    const same = [0, 1, 2].every((k) => shadings.land[4 * cell + k] === before[4 * cell + k]);
    assert.equal(same, atlas.cells.cluster[cell] === 2, `cell ${cell}`);
  }
  assert.equal(calls, 2);

  atlas.column = async (name) => ({ name, title: 'Tempo', scale: { kind: 'range', low: 60, high: 180, unit: 'bpm' },
    values: Uint16Array.from({ length: 300 }, (_, i) => (i === 7 ? 65535 : i * 200)) });
  await shadings.choose('tempo');
  assert.equal(shadings.current.legend.kind, 'ramp');
  assert.equal(shadings.current.legend.unknown, 1);
  assert.equal(shadings.current.filter, null);
  shadings.setFilter({ low: 60, high: 100 });
  assert.ok(shadings.includes(0) && !shadings.includes(299) && !shadings.includes(7));
  assert.ok(Math.abs(shadings.valueOf(299) - (60 + (120 * 299 * 200) / 65534)) < 1e-9);
});
