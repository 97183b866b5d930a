// SPDX-License-Identifier: BSD-2-Clause
/**
 * The page in a browser: it shows the map, and the right song is heard. Runs against the fixture
 * server, or, what does not need its tones and misbehaviour, against MUSICMAP_URL.
 *
 *   node tests/web/page.test.mjs          (needs web/dist: npm --prefix web run build)
 *   MUSICMAP_URL=http://127.0.0.1:8765/ node tests/web/page.test.mjs
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { axeSource, launch } from './browser.mjs';
import { compile } from './compile.mjs';
import { toneOf } from './fixture-map.mjs';
import { startFixture } from './fixture-server.mjs';
import { heard, hears, holds, hook, openPage, playing, pointAt, rightSong, silent, sounding, until, visibleSongs } from './listen.mjs';
import { runTests, test } from './tap.mjs';

const real = process.env.MUSICMAP_URL;
const fixture = real ? undefined : await startFixture({ songs: 126, clusters: 12, seed: 1 });
const url = real ?? fixture.url;
const library = fixture?.library;
const browser = await launch();
const PAGE_ALONE = { skip: real ? 'the server has no part in it' : undefined };
const FIXTURE = { skip: real ? 'needs the fixture server' : undefined };

/** A test on a page of its own; fails when the console reported an error it does not expect. */
function pageTest(name, run, options = {}, { skip, allow = /$^/, behave = {} } = {}) {
  test(name, async () => {
    fixture?.requests.splice(0);
    if (fixture) Object.assign(fixture.behave, behave);
    const page = await openPage(browser, url, options);
    try {
      await run(page);
      assert.deepEqual(page.problems.filter((text) => !allow.test(text)), [], 'console');
    } finally {
      await page.context().close();
      if (fixture) Object.assign(fixture.behave, { map: true, down: false, clip: () => undefined, work: undefined });
      if (fixture) fixture.library = library;
    }
  }, { skip });
}

// ---- pointing ----

pageTest('pointing at a cell plays its song, moving on plays the next', async (page) => {
  for (const song of await visibleSongs(page, 4)) {
    await pointAt(page, song);
    await rightSong(page, song.id);
  }
});

pageTest('the tone heard is that of the song, and no other is left', async (page) => {
  for (const song of await visibleSongs(page, 4)) {
    await pointAt(page, song);
    await playing(page, song.id);
    await hears(page, toneOf(song.id), `song ${song.id}`);
  }
}, {}, FIXTURE);

pageTest('the level follows the stored gain within 1 dB', async (page) => {
  for (const song of await visibleSongs(page, 3)) {
    await pointAt(page, song);
    await playing(page, song.id);
    await page.waitForTimeout(300);
    const { rms } = await heard(page);
    const { gain } = await page.evaluate((id) => __musicmap.soundOf(id), song.id);
    const wanted = (0.5 / Math.SQRT2) * gain;
    assert.ok(Math.abs(20 * Math.log10(rms / wanted)) < 1, `${rms} where ${wanted} was wanted`);
  }
}, {}, FIXTURE);

pageTest('leaving the map fades to silence', async (page) => {
  const [song] = await visibleSongs(page, 2);
  await pointAt(page, song);
  await playing(page, song.id);
  await sounding(page);
  const box = await page.locator('#zoom-fit').boundingBox();
  await page.mouse.move(box.x + 20, box.y + 20);
  await silent(page);
  await holds(page, 'sound.kind', 'silent');
});

pageTest('the card tells title, artist, country, genre, tempo and key', async (page) => {
  const [song] = await visibleSongs(page, 2);
  await pointAt(page, song);
  const known = await page.evaluate(async (id) => {
    const map = await (await fetch('api/map')).json();
    const list = await (await fetch(`api/songs?map=${map.map}&first=0&count=1000`)).json();
    return list.find((entry) => entry.id === id);
  }, song.id);
  await until(page, (title) => document.getElementById('card-title').textContent === title, 'the title', known.title ?? known.path);
  const card = await page.locator('#card').innerText();
  for (const text of [known.artist, known.genres?.[0], known.tempo && `${Math.round(known.tempo)} bpm`]) {
    if (text) assert.ok(card.includes(text), `${text} in ${card}`);
  }
  if (known.key) assert.match(card, /(major|minor)/);
  assert.notEqual(await page.locator('#card-cluster').innerText(), '');
});

// ---- crossfade ----

const RECORDER = `registerProcessor('recorder', class extends AudioWorkletProcessor {
  process(inputs) { if (inputs[0][0]) this.port.postMessage(inputs[0][0].slice()); return true; }
});`;

// Two low tones: any step between samples beyond what they can do themselves is a click.
const low = (id) => (Math.floor(id / 3) % 2 ? 180 : 300);

pageTest('crossfades: no click, and two songs together for at most the fade', async (page) => {
  fixture.files.set('/recorder.js', RECORDER);
  const songs = await visibleSongs(page, 40, 25);
  const route = [];
  for (let i = 0; i < 12; i++) {
    const next = songs.find((s) => !route.includes(s) && (route.length === 0 || low(s.id) !== low(route[route.length - 1].id)));
    if (next) route.push(next);
  }
  for (const song of route) {
    await pointAt(page, song);
    await playing(page, song.id); // decoded from now on
  }
  await page.evaluate(async () => {
    const { audioContext, analyser } = window.__musicmap;
    await audioContext.audioWorklet.addModule('/recorder.js');
    const node = new AudioWorkletNode(audioContext, 'recorder', { numberOfOutputs: 0 });
    window.__blocks = [];
    node.port.onmessage = (e) => window.__blocks.push(e.data);
    analyser.connect(node);
  });
  const fly = async (pauses) => {
    for (const pause of pauses)
      for (const song of route) {
        await pointAt(page, song);
        await page.waitForTimeout(pause);
      }
    await page.mouse.move(2, 2);
    await page.waitForTimeout(300);
    return page.evaluate(() => window.__blocks.reduce((sum, b) => sum + b.length, 0));
  };
  // Slow enough that one fade ends before the next begins; then as fast as it goes.
  const slow = await fly([300, 200]);
  await fly([90, 40, 15, 300]);
  const found = await page.evaluate(({ tones, slow }) => {
    const rate = __musicmap.audioContext.sampleRate;
    const all = new Float32Array(window.__blocks.reduce((sum, b) => sum + b.length, 0));
    let at = 0;
    for (const block of window.__blocks) {
      all.set(block, at);
      at += block.length;
    }
    let step = 0;
    for (let i = 1; i < all.length; i++) step = Math.max(step, Math.abs(all[i] - all[i - 1]));
    // Both tones in windows of 1/60 s, which hold whole periods of both: how long in a row?
    const size = Math.round(rate / 60);
    const level = (from, tone) => {
      let [re, im] = [0, 0];
      for (let i = 0; i < size; i++) {
        const a = (2 * Math.PI * tone * i) / rate;
        re += all[from + i] * Math.cos(a);
        im += all[from + i] * Math.sin(a);
      }
      return (2 * Math.hypot(re, im)) / size;
    };
    let [both, most, changes] = [0, 0, 0];
    for (let from = 0; from + size <= all.length; from += size / 4) {
      const together = tones.every((tone) => level(Math.floor(from), tone) > 0.02);
      both = together ? both + 1 : 0;
      if (both === 1) changes++;
      if (from + size <= slow) most = Math.max(most, both);
    }
    return { step, seconds: all.length / rate, overlapMs: (most * 1000) / 240, changes };
  }, { tones: [180, 300], slow });
  assert.ok(found.seconds > 3 && found.changes > 20, JSON.stringify(found));
  // 0.5 * 2 pi * 300 / 44100 = 0.021 for one tone; both in an equal-power fade stay below 0.03.
  assert.ok(found.step < 0.032, `largest step ${found.step}`);
  // The fade of 40 ms and the windows that reach into it from each side.
  assert.ok(found.overlapMs <= 40 + 2 * 17, `together for ${found.overlapMs} ms`);
}, {}, { ...FIXTURE, behave: { clip: (id) => ({ tone: low(id) }) } });

// ---- keeping, pausing, volume ----

pageTest('of a long MP3 the head plays at once, and goes over into the whole clip unheard', async (page) => {
  const made = spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=frequency=1500:duration=30', '-ac', '2', '-b:a', '128k', '-f', 'mp3', '-'], { maxBuffer: 2 ** 24 });
  const [song] = await unheardSongs(page, 1);
  fixture.behave.clip = (id) => (id === song.id ? { body: made.stdout, type: 'audio/mpeg' } : undefined);
  await page.evaluate(() => {
    // The level of each moment from the first sound on, and how much of the clip there is.
    const { analyser } = __musicmap;
    const wave = new Float32Array(analyser.fftSize);
    const heard = (window.__heard = { levels: [], lengths: [] });
    const look = () => {
      analyser.getFloatTimeDomainData(wave);
      const rms = Math.sqrt(wave.subarray(-1024).reduce((sum, v) => sum + v * v, 0) / 1024);
      const { progress } = __musicmap.tools;
      if (progress && rms > 0.001) {
        heard.levels.push(rms);
        heard.lengths.push(progress.length);
      }
      setTimeout(look, 10);
    };
    look();
  });
  await pointAt(page, song);
  await until(page, () => __heard.lengths.at(-1) > 29, 'the whole clip');
  const { whole } = await page.evaluate(() => ({ whole: __heard.lengths.findIndex((length) => length > 29) }));
  await page.waitForFunction((from) => __heard.levels.length > from + 40, whole);
  const { levels, lengths } = await page.evaluate(() => __heard);
  assert.ok(lengths[0] < 20, `begins with all of its ${lengths[0]} s`);
  const around = levels.slice(Math.max(8, whole - 10), whole + 40);
  const decibel = 20 * Math.log10(Math.max(...around) / Math.min(...around));
  assert.ok(decibel < 2, `the level moves by ${decibel.toFixed(1)} dB`);
}, {}, FIXTURE);

pageTest('a click keeps the song while one looks around; Escape lets go', async (page) => {
  const [kept, other] = await visibleSongs(page, 2, 150);
  await pointAt(page, kept);
  await page.mouse.click(kept.x, kept.y);
  await rightSong(page, kept.id);
  await holds(page, 'pinned', true);
  await pointAt(page, other);
  await page.waitForTimeout(400);
  await holds(page, 'song', kept.id);
  await holds(page, 'focus', other.id);
  assert.match(await page.locator('#card').innerText(), /Kept/);
  await sounding(page);
  await page.mouse.move(2, 2);
  await page.waitForTimeout(300);
  await holds(page, 'sound.kind', 'playing');
  await page.keyboard.press('Escape');
  await holds(page, 'pinned', false);
  await pointAt(page, other);
  await playing(page, other.id);
});

pageTest('clicking the kept song again lets go of it', async (page) => {
  // Right of the middle: the list of neighbours opens on the left.
  const song = (await visibleSongs(page, 60)).find(({ x }) => x > 720);
  await page.mouse.click(song.x, song.y);
  await holds(page, 'pinned', true);
  await page.mouse.click(song.x, song.y, { delay: 30 });
  await holds(page, 'pinned', false);
}, {}, PAGE_ALONE);

pageTest('space pauses and goes on; M mutes; the volume is kept for the next visit', async (page) => {
  const [song] = await visibleSongs(page, 2);
  await pointAt(page, song);
  await playing(page, song.id);
  await page.keyboard.press('Space');
  await silent(page);
  await holds(page, 'sound.kind', 'paused');
  await page.keyboard.press('Space');
  await playing(page, song.id);
  await sounding(page);
  await page.keyboard.press('m');
  await silent(page);
  assert.equal(await page.locator('#mute').getAttribute('aria-pressed'), 'true');
  await page.keyboard.press('m');
  await sounding(page);
  await page.locator('#volume').focus();
  for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowLeft');
  assert.equal(await page.locator('#volume').inputValue(), '70');
  await page.reload();
  await until(page, () => document.getElementById('volume').value === '70', 'volume as before');
});

// ---- moving about ----

const settled = (page) => until(page, () => !window.__musicmap.moving, 'the map at rest');

pageTest('the wheel zooms to the pointer, dragging pans, Home shows all', async (page) => {
  const [song] = await visibleSongs(page, 2);
  const before = await hook(page, 'view.scale');
  await pointAt(page, song);
  await page.mouse.wheel(0, -400);
  await page.waitForTimeout(50);
  await settled(page);
  const view = await hook(page, 'view.scale');
  assert.ok(view > 1.5 * before, `${before} -> ${view}`);
  const at = await page.evaluate((id) => __musicmap.locate(id), song.id);
  assert.ok(Math.hypot(at.x - song.x, at.y - song.y) < 1, 'the song stays under the pointer');
  await page.mouse.down();
  await page.mouse.move(song.x + 60, song.y + 40, { steps: 4 });
  await page.waitForTimeout(150); // at rest: no inertia
  await page.mouse.up();
  await settled(page);
  const moved = await page.evaluate((id) => __musicmap.locate(id), song.id);
  assert.ok(Math.hypot(moved.x - song.x - 60, moved.y - song.y - 40) < 1, JSON.stringify({ moved, song }));
  await holds(page, 'pinned', false, 'dragging is not clicking');
  await page.keyboard.press('Home');
  await page.waitForTimeout(50);
  await settled(page);
  assert.ok(Math.abs((await hook(page, 'view.scale')) / before - 1) < 1e-6);
});

pageTest('a flick coasts and comes to rest', async (page) => {
  // On a busy machine the flick may arrive as a slow drag; one that is a flick must be seen.
  for (let attempt = 0; attempt < 8; attempt++) {
    await page.keyboard.press('Home');
    await page.mouse.move(700, 400);
    await page.mouse.wheel(0, -600);
    await page.waitForTimeout(50);
    await settled(page);
    const before = await hook(page, 'view.x');
    await page.mouse.down();
    for (let i = 1; i <= 6; i++) await page.mouse.move(700 - 20 * i, 400);
    const dragged = await hook(page, 'view.x');
    await page.mouse.up();
    await page.waitForTimeout(30);
    await settled(page);
    assert.ok(dragged > before);
    if ((await hook(page, 'view.x')) > dragged) return;
  }
  assert.fail('it never coasted');
}, {}, PAGE_ALONE);

pageTest('plus, minus, double click and buttons zoom', async (page) => {
  const scale = () => hook(page, 'view.scale');
  const grows = async (act, sign, what) => {
    const before = await scale();
    await act();
    await page.waitForTimeout(60);
    await settled(page);
    assert.ok(sign * ((await scale()) - before) > 0, what);
  };
  const [song] = await visibleSongs(page, 2);
  await grows(() => page.keyboard.press('+'), 1, '+');
  await grows(() => page.keyboard.press('-'), -1, '-');
  await grows(() => page.locator('#zoom-in').click(), 1, 'button');
  await grows(() => page.locator('#zoom-out').click(), -1, 'button');
  await grows(() => page.mouse.dblclick(song.x, song.y), 1, 'double click');
  await holds(page, 'pinned', false);
}, {}, PAGE_ALONE);

pageTest('arrow keys go to the song in that direction and play it, Tab to the next; both are read out', async (page) => {
  await page.locator('#map').focus();
  await page.keyboard.press('ArrowRight'); // to the middle
  const start = await hook(page, 'song');
  await rightSong(page, start);
  const from = await page.evaluate((id) => __musicmap.locate(id), start);
  // On a small map the middle song may be the last one on one side.
  const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  let [right, way] = [start, undefined];
  for (const key of Object.keys(ways)) {
    await page.keyboard.press(key);
    [right, way] = [await hook(page, 'song'), ways[key]];
    if (right !== start) break;
  }
  assert.notEqual(right, start);
  await page.waitForTimeout(600);
  await settled(page);
  const [a, b] = await page.evaluate((ids) => ids.map((id) => __musicmap.locate(id)), [start, right]);
  assert.ok((b.x - a.x) * way[0] + (b.y - a.y) * way[1] > 0, `in the direction of ${way}`);
  assert.ok(from !== undefined);
  await rightSong(page, right);
  await page.keyboard.press('Tab');
  const next = await hook(page, 'song');
  assert.notEqual(next, right);
  await rightSong(page, next);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'map');
  const title = await page.locator('#card-title').innerText();
  await until(page, (text) => document.getElementById('announce').textContent.startsWith(text), 'an announcement', title);
  await page.keyboard.press('Shift+Tab');
  await holds(page, 'song', right);
  await page.keyboard.press('Enter');
  await holds(page, 'pinned', true);
});

pageTest('the map is no trap for the keyboard, and help opens', async (page) => {
  await page.locator('#map').focus();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  assert.notEqual(await page.evaluate(() => document.activeElement.id), 'map');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, 'solid', 'focus is visible');
  await page.keyboard.press('?');
  assert.equal(await page.locator('#help').isVisible(), true);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#help').isVisible(), false);
}, {}, PAGE_ALONE);

pageTest('the help page is found by its button, too', async (page) => {
  await page.locator('#help-open').click();
  await page.locator('.help-close').click();
  assert.equal(await page.locator('#help').isVisible(), false);
}, {}, PAGE_ALONE);

pageTest('a tool in use looks the same under the pointer', async (page) => {
  const colours = () => page.$eval('#tool-legend', (b) => [getComputedStyle(b).backgroundColor, getComputedStyle(b).color].join());
  await page.locator('#tool-legend').click();
  const under = await colours();
  await page.mouse.move(640, 400);
  assert.equal(await colours(), under);
}, {}, PAGE_ALONE);

pageTest('with reduced motion nothing glides', async (page) => {
  await page.mouse.move(640, 400);
  await page.keyboard.press('+');
  assert.equal(await hook(page, 'moving'), false);
}, { reducedMotion: 'reduce' }, PAGE_ALONE);

// ---- touch ----

const PHONE = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

pageTest('touch: a tap plays, another tap elsewhere plays that, a tap on the same pauses', async (page) => {
  const [one, two] = await visibleSongs(page, 2, 60);
  await page.touchscreen.tap(one.x, one.y);
  await rightSong(page, one.id);
  await page.waitForTimeout(350); // two quick taps are a double tap
  await page.touchscreen.tap(two.x, two.y);
  await rightSong(page, two.id);
  await page.waitForTimeout(350);
  await page.touchscreen.tap(two.x, two.y);
  await silent(page);
  await holds(page, 'sound.kind', 'paused');
}, PHONE);

pageTest('touch: help speaks of fingers and not of keys', async (page) => {
  await page.locator('#help-open').tap();
  assert.equal(await page.locator('#help .touch').first().isVisible(), true);
  assert.equal(await page.locator('#help kbd:visible').count(), 0);
}, PHONE, PAGE_ALONE);

pageTest('touch: one finger pans, two zoom, and the song goes on', async (page) => {
  const [song] = await visibleSongs(page, 2, 60);
  await page.touchscreen.tap(song.x, song.y);
  await playing(page, song.id);
  const client = await page.context().newCDPSession(page);
  const touch = (type, ...points) => client.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  const before = await hook(page, 'view');
  await touch('touchStart', [150, 250], [210, 250]);
  for (let i = 1; i <= 8; i++) await touch('touchMove', [150 - 6 * i, 250], [210 + 6 * i, 250]);
  await touch('touchEnd');
  const zoomed = await hook(page, 'view');
  assert.ok(Math.abs(zoomed.scale / before.scale - 156 / 60) < 0.1, `${before.scale} -> ${zoomed.scale}`);
  await touch('touchStart', [200, 200]);
  for (let i = 1; i <= 5; i++) await touch('touchMove', [200 - 10 * i, 200]);
  await page.waitForTimeout(150);
  await touch('touchEnd');
  await page.waitForTimeout(100);
  assert.ok((await hook(page, 'view')).x > zoomed.x);
  await holds(page, 'song', song.id);
  await holds(page, 'sound.kind', 'playing');
}, PHONE, PAGE_ALONE);

pageTest('360 pixels: nothing sticks out, controls are large enough, the card is readable', async (page) => {
  const [song] = await visibleSongs(page, 2, 60);
  await page.touchscreen.tap(song.x, song.y);
  await playing(page, song.id);
  const facts = await page.evaluate(() => {
    const boxes = [...document.querySelectorAll('button, input, #card, #cartouche')]
      .filter((e) => e.checkVisibility())
      .map((e) => ({ id: e.id, ...e.getBoundingClientRect().toJSON() }));
    return { boxes, wide: document.documentElement.scrollWidth, tall: document.documentElement.scrollHeight };
  });
  assert.ok(facts.wide <= 360 && facts.tall <= 640);
  for (const box of facts.boxes) {
    assert.ok(box.left >= 0 && box.right <= 360 && box.top >= 0 && box.bottom <= 640, `${box.id} is on screen`);
    if (box.id !== 'card' && box.id !== 'cartouche' && box.id !== 'volume') assert.ok(box.width >= 40 && box.height >= 40, `${box.id} is large enough`);
  }
}, PHONE, PAGE_ALONE);

// ---- drawing ----

for (const renderer of ['webgl2', 'canvas']) {
  pageTest(`${renderer}: countries are coloured, the cell pointed at is marked, pointing plays`, async (page) => {
    await holds(page, 'renderer', renderer);
    const songs = await visibleSongs(page, 12);
    const [one] = songs;
    await page.mouse.move(2, 2);
    await page.waitForTimeout(400);
    const shot = async (place) => {
      const png = await page.screenshot({ clip: { x: place.x - 4, y: place.y + 6, width: 8, height: 8 } });
      return page.evaluate(async (bytes) => {
        const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: 'image/png' }));
        const canvas = new OffscreenCanvas(8, 8);
        const context = canvas.getContext('2d');
        context.drawImage(image, 0, 0);
        return Array.from(context.getImageData(4, 4, 1, 1).data).slice(0, 3);
      }, [...png]);
    };
    const colours = [];
    for (const song of songs) colours.push((await shot(song)).join());
    assert.ok(new Set(colours).size >= Math.min(4, songs.length), `colours ${[...new Set(colours)].join(' ')}`);
    const plain = await shot(one);
    await pointAt(page, one);
    await rightSong(page, one.id);
    await page.mouse.move(one.x, one.y - 1);
    await page.waitForTimeout(300);
    assert.notDeepEqual(await shot(one), plain, 'the cell is lifted');
  }, { query: `?renderer=${renderer}` });
}

test('land ends in the overview where it ends in the picture of the songs', async () => {
  const { api, points, atlas: { Atlas }, raster } = await compile({ api: 'data/api.ts', points: 'data/points.ts', atlas: 'map/atlas.ts', raster: 'render/raster.ts' });
  const get = async (path) => (await fetch(`${url}${path}`)).arrayBuffer();
  const info = api.parseMap(JSON.parse(Buffer.from(await get('api/map'))));
  const overview = points.readOverview(await get(`api/overview?map=${info.map}`), info.clusters.length);
  const cells = points.emptyCells(info.songs);
  assert.ok(info.songs <= info.tile);
  points.readTile(await get(`api/tile/0?map=${info.map}`), cells, 0, info.songs, info.clusters.length);
  const atlas = new Atlas(info, cells);
  const { width, height, box: [x0, y0, x1, y1] } = overview;
  const window = { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale: width / (x1 - x0), width, height };
  const ids = new raster.Raster(atlas.grid, cells.cluster, atlas.regionOf, atlas.coast).assign(window);
  let [land, otherwise] = [0, 0];
  for (let at = 0; at < ids.length; at++) {
    const [x, y] = [x0 + ((at % width) + 0.5) / window.scale, y1 - (Math.floor(at / width) + 0.5) / window.scale];
    const away = ids[at] === raster.NOBODY ? Infinity : Math.sqrt(atlas.grid.distance2(ids[at], x, y));
    const there = away < atlas.coast;
    land += there;
    if ((overview.cluster[at] !== points.SEA) === there) continue;
    otherwise++;
    const exact = Math.sqrt(atlas.grid.distance2(atlas.grid.nearest(x, y, Infinity), x, y));
    assert.ok(Math.abs(exact - atlas.coast) * window.scale <= 1, `a pixel ${at % width}, ${Math.floor(at / width)} is ${(exact - atlas.coast) * window.scale} pixels from the shore`);
  }
  assert.ok(land > 0.2 * ids.length && land < ids.length, `${land} of ${ids.length} pixels are land`);
  assert.ok(otherwise <= 0.002 * ids.length, `${otherwise} of ${ids.length} pixels differ`);
});

pageTest('names of countries and titles stand on the map without overlap, also under no control', async (page) => {
  const check = async (what) => {
    await page.waitForTimeout(500);
    const { boxes, panels } = await page.evaluate(() => ({
      boxes: window.__musicmap.labelBoxes,
      panels: [...document.querySelectorAll('.panel, .card, .cartouche, .minimap')].filter((e) => !e.hidden)
        .map((e) => e.getBoundingClientRect()).map((r) => ({ x0: r.left, y0: r.top, x1: r.right, y1: r.bottom })),
    }));
    const overlap = (a, b) => a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
    for (const [i, a] of boxes.entries()) for (const b of [...boxes.slice(i + 1), ...panels]) assert.ok(!overlap(a, b), `${what}: ${JSON.stringify([a, b])}`);
    return hook(page, 'labels');
  };
  const overview = await check('overview');
  assert.ok(overview.countries > 0);
  let titles = 0;
  await page.mouse.move(640, 400);
  for (let i = 0; i < 4; i++) {
    await page.mouse.wheel(0, -350);
    await page.waitForTimeout(50);
    await settled(page);
    titles = Math.max(titles, (await check(`step ${i}`)).titles);
  }
  assert.ok(titles > 0, 'titles appear');
}, {}, PAGE_ALONE);

pageTest('losing the graphics card: the page goes on without', async (page) => {
  await page.evaluate(() => {
    const canvas = document.querySelector('#map canvas');
    canvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext();
  });
  await until(page, () => __musicmap.renderer === 'canvas', 'the fallback');
  const [song] = await visibleSongs(page, 2);
  await pointAt(page, song);
  await playing(page, song.id);
}, { query: '?renderer=webgl2' }, PAGE_ALONE);

// ---- accessibility ----

for (const colorScheme of ['light', 'dark']) {
  pageTest(`axe finds nothing serious (${colorScheme}; veil, map with a song, help)`, async (page) => {
    const axe = await readFile(axeSource, 'utf8');
    const check = async (what) => {
      // Through the debugger: the page's own policy would refuse the script.
      await page.evaluate(axe);
      const violations = await page.evaluate(async () => (await window.axe.run()).violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html) })));
      assert.deepEqual(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical'), [], what);
    };
    await until(page, () => window.__musicmap?.map, 'a map');
    await check('veil');
    await page.locator('#listen').click();
    const [song] = await visibleSongs(page, 2);
    await pointAt(page, song);
    await until(page, () => !document.getElementById('card').hidden, 'the card');
    await check('map');
    await page.keyboard.press('?');
    await check('help');
  }, { colorScheme, listen: false });
}

pageTest('before the first gesture there is a veil that says so, and no sound', async (page) => {
  await until(page, () => window.__musicmap?.map, 'a map');
  assert.match(await page.locator('#listen').innerText(), /Click to listen/);
  await page.mouse.move(500, 300);
  assert.equal(await page.evaluate(() => window.__musicmap.audioContext === undefined), true);
  await page.keyboard.press('Enter');
  await until(page, () => document.getElementById('veil').hidden && __musicmap.audioContext?.state === 'running', 'sound');
}, { listen: false }, PAGE_ALONE);

// ---- when things go wrong ----

/** Songs whose clips the page has not fetched ahead yet. */
async function unheardSongs(page, count) {
  await page.waitForTimeout(500);
  const fetched = new Set(fixture.requests.map((path) => Number(/clip.(\d+)/.exec(path)?.[1])));
  const songs = (await visibleSongs(page, 126, 30)).filter((song) => !fetched.has(song.id)).slice(0, count);
  assert.equal(songs.length, count);
  return songs;
}

test('while there is no map the page waits, says how far it is, and opens the map by itself', async () => {
  fixture.behave.map = false;
  const page = await openPage(browser, url, { listen: false });
  await page.locator('#waiting').waitFor({ state: 'visible' });
  await page.waitForFunction(() => /63 heard/.test(document.getElementById('waiting-text').textContent));
  fixture.behave.map = true;
  await page.locator('#listen').waitFor({ state: 'visible', timeout: 10000 });
  assert.equal(await page.locator('#waiting').isVisible(), false);
  assert.deepEqual(page.problems.filter((text) => !/404/.test(text)), []);
  await page.context().close();
}, FIXTURE);

pageTest('a clip that fails says why on the card, and the next one plays', async (page) => {
  const [missing, broken, garbage, fine] = await unheardSongs(page, 4);
  const replies = new Map([
    [missing.id, { status: 404, error: 'The file is gone.' }],
    [broken.id, { status: 415, error: 'The file cannot be decoded.' }],
    [garbage.id, { body: Buffer.from('this is not music') }],
  ]);
  fixture.behave.clip = (id) => replies.get(id);
  for (const [song, reason] of [[missing, /file is gone/], [broken, /cannot be decoded/], [garbage, /cannot play/]]) {
    await pointAt(page, song);
    await until(page, (id) => __musicmap.sound.kind === 'failed' && __musicmap.song === id, 'the failure', song.id);
    assert.match(await page.locator('#card-state').innerText(), reason);
    await silent(page);
  }
  await pointAt(page, fine);
  await rightSong(page, fine.id);
  assert.equal(await page.locator('#card-state').innerText(), '');
}, {}, { ...FIXTURE, allow: /404|415/ });

pageTest('a slow clip: moving on does not wait for it, and it does not burst in later', async (page) => {
  const [slow, fine] = await unheardSongs(page, 2);
  let answer;
  const held = new Promise((resolve) => (answer = resolve));
  fixture.behave.clip = (id) => (id === slow.id ? { held } : undefined);
  await pointAt(page, slow);
  await holds(page, 'sound.kind', 'loading');
  await holds(page, 'song', slow.id);
  await pointAt(page, fine);
  await rightSong(page, fine.id);
  answer();
  await page.waitForTimeout(500);
  await holds(page, 'song', fine.id);
  await rightSong(page, fine.id);
}, {}, FIXTURE);

pageTest('the server goes away and comes back: a notice, then none; the map stays usable', async (page) => {
  fixture.behave.down = true;
  await until(page, () => document.getElementById('notice').classList.contains('shown'), 'a notice');
  await page.mouse.move(600, 300);
  await page.mouse.wheel(0, -200);
  fixture.behave.down = false;
  await until(page, () => !document.getElementById('notice').classList.contains('shown'), 'the notice gone');
  const [song] = await visibleSongs(page, 2);
  await pointAt(page, song);
  await rightSong(page, song.id);
}, {}, { ...FIXTURE, allow: /ERR_|Failed to load/ });

pageTest('a new map takes the place of the old one', async (page) => {
  const before = await hook(page, 'map');
  const { makeLibrary } = await import('./fixture-map.mjs');
  fixture.library = await makeLibrary({ songs: 80, clusters: 5, seed: 9 });
  await until(page, (id) => __musicmap.map !== id, 'the new map', before);
  await holds(page, 'songs.length', 80);
  const [song] = await visibleSongs(page, 2);
  await pointAt(page, song);
  await rightSong(page, song.id);
}, {}, { ...FIXTURE, allow: /409/ });

pageTest('countries and regions are named from afar without overlap, songs when one is near', async (page) => {
  await until(page, () => __musicmap.labels.countries >= 6 && __musicmap.labels.regions >= 1 && __musicmap.labels.titles === 0, 'names from afar');
  const overlapping = await page.evaluate(() => {
    const boxes = __musicmap.labelBoxes;
    return boxes.some((a, i) => boxes.some((b, k) => k > i && a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1));
  });
  assert.equal(overlapping, false);
  await page.mouse.move(640, 400);
  for (let i = 0; i < 6; i++) await page.mouse.wheel(0, -400);
  await until(page, () => __musicmap.labels.titles > 2 && __musicmap.labels.regions === 0, 'titles instead of regions');
}, {}, FIXTURE);

pageTest('at 360 pixels the name of a song is never behind the tools', async (page) => {
  const covered = () => page.evaluate(() => {
    const tag = document.getElementById('tag');
    if (tag.hidden) return 'hidden';
    const a = tag.getBoundingClientRect();
    return [...document.querySelectorAll('.cartouche, .card, .panel')].filter((panel) => {
      const b = panel.getBoundingClientRect();
      return !panel.hidden && b.width > 0 && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    }).map((panel) => panel.id || panel.className).join(' ');
  });
  const rail = await page.locator('#rail').boundingBox();
  fixture.library = { ...library, list: library.list.map((song) => ({ ...song, title: `A Song with Quite a Long Name ${song.id}` })) };
  await page.reload();
  await page.locator('#listen').click();
  await until(page, () => __musicmap.painted === 'cells', 'cells');
  let shown = 0;
  // Wherever the map is free just around the tools: their names would lie on them.
  for (const y of [rail.y - 20, rail.y + 80, rail.y + 160, rail.y + rail.height + 12, rail.y + rail.height + 30])
    for (const x of [40, 110, 180, 320]) {
      const free = await page.evaluate(([px, py]) => document.elementFromPoint(px, py)?.id === 'map' && __musicmap.songAt(px, py) >= 0, [x, y]);
      if (!free) continue;
      await page.mouse.move(x, y);
      await until(page, ([px, py]) => __musicmap.focus === __musicmap.songAt(px, py), 'the song there', [x, y]);
      const over = await covered();
      if (over === 'hidden') continue; // its title stands on the map
      assert.equal(over, '', `a name at ${x}, ${y}`);
      shown++;
    }
  assert.ok(shown > 1, `${shown} names seen`);
  // A song chosen by key whose place is left of the window.
  await page.keyboard.press('Tab');
  await page.locator('#map').focus();
  await page.keyboard.press('ArrowRight');
  await until(page, () => !__musicmap.moving && __musicmap.focus >= 0, 'a song chosen');
  const chosen = await page.evaluate(() => __musicmap.locate(__musicmap.focus));
  await page.mouse.move(200, chosen.y > 600 ? 300 : chosen.y);
  await page.mouse.down();
  await page.mouse.move(200 - chosen.x - 3, chosen.y > 600 ? 300 : chosen.y, { steps: 8 });
  await page.mouse.up();
  await until(page, () => !__musicmap.moving, 'rest');
  const beyond = await covered();
  assert.ok(beyond === 'hidden' || beyond === '', beyond);
}, { viewport: { width: 360, height: 740 } }, FIXTURE);

pageTest('what is being done to the library is told while it is done', async (page) => {
  const line = page.locator('#work');
  assert.equal(await line.isVisible(), false);
  fixture.behave.work = { task: 'embed', stage: 'measuring and embedding', done: 12, total: 48 };
  await line.waitFor({ state: 'visible' });
  assert.equal(await page.locator('#work-text').innerText(), 'Measuring and embedding: 12 of 48');
  const [bar, filled] = await page.locator('#work-bar').evaluate((bar) => [bar.clientWidth, getComputedStyle(bar).getPropertyValue('--share')]);
  assert.ok(bar > 40, `a bar of ${bar} pixels`);
  assert.equal(filled, '25%');
  fixture.behave.work = undefined;
  await line.waitFor({ state: 'hidden' });
}, {}, FIXTURE);

pageTest('songs that come with a newer map are told and ringed, and one stays where one was', async (page) => {
  const { makeLibrary } = await import('./fixture-map.mjs');
  const songs = await hook(page, 'songs.length');
  fixture.library = await makeLibrary({ songs: songs + 3, clusters: 12, seed: 1 });
  await page.waitForFunction(() => document.getElementById('notice').textContent === '3 new songs on the map');
  await until(page, () => __musicmap.tools.painted.includes('arrivals'), 'rings');
  await until(page, () => !__musicmap.tools.painted.includes('arrivals'), 'no rings any more');
}, {}, { ...FIXTURE, allow: /409/ });

test('a tab nobody looks at keeps no stream; where there is none, the page looks by itself', async () => {
  fixture.behave.events = false;
  const page = await openPage(browser, url);
  const { makeLibrary } = await import('./fixture-map.mjs');
  const before = await hook(page, 'map');
  fixture.library = await makeLibrary({ songs: 80, clusters: 5, seed: 9 });
  await until(page, (id) => __musicmap.map !== id, 'the new map', before);
  fixture.library = library;
  fixture.behave.events = true;
  await page.context().close();
  const second = await openPage(browser, url);
  const listening = async (wanted) => {
    for (let i = 0; (fixture.listeners ?? 0) !== wanted; i++) {
      assert.ok(i < 400, `${fixture.listeners} streams instead of ${wanted}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await listening(1);
  await second.context().close();
  await listening(0);
}, FIXTURE);

pageTest('the minimap shows when one is near; pressing it moves the view there', async (page) => {
  const minimap = page.locator('.minimap');
  assert.equal(await minimap.isVisible(), false);
  await page.mouse.move(700, 450);
  for (let i = 0; i < 4; i++) await page.mouse.wheel(0, -400);
  await minimap.waitFor({ state: 'visible' });
  await until(page, () => !__musicmap.moving, 'rest');
  const box = await minimap.boundingBox();
  for (const [part, side] of [[0.25, -1], [0.75, 1]]) {
    await page.mouse.click(box.x + part * box.width, box.y + box.height / 2);
    await until(page, (s) => Math.sign(__musicmap.view.x) === s, 'the view there', side);
  }
}, {}, FIXTURE);

test('damaged map data: a clear message instead of a broken page', async () => {
  fixture.behave.tile = fixture.library.tiles[0].subarray(0, 1000);
  const page = await openPage(browser, url, { listen: false });
  await page.waitForFunction(() => /damaged/.test(document.getElementById('waiting-text').textContent));
  fixture.behave.tile = undefined;
  await page.locator('#listen').waitFor({ state: 'visible', timeout: 15000 });
  assert.deepEqual(page.problems, []);
  await page.context().close();
}, FIXTURE);

for (const songs of [1, 2, 3]) {
  test(`a map of ${songs} song${songs > 1 ? 's' : ''}`, async () => {
    const small = await startFixture({ songs, clusters: 1, seed: 2 });
    for (const renderer of ['webgl2', 'canvas']) {
      const page = await openPage(browser, small.url, { query: `?renderer=${renderer}` });
      const song = { id: 1, ...(await page.evaluate(() => __musicmap.locate(1))) };
      await pointAt(page, song);
      await playing(page, 1);
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Tab');
      assert.deepEqual(page.problems, []);
      await page.context().close();
    }
    await small.close();
  }, FIXTURE);
}

const failed = await runTests();
await browser.close();
await fixture?.close();
process.exit(failed > 0 ? 1 : 0);
