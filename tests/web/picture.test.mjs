// SPDX-License-Identifier: BSD-2-Clause
/** What is seen: colours, coasts, names, the minimap; with WebGL, without, and when it goes away. */
import assert from 'node:assert/strict';
import { compile } from './compile.mjs';
import { holds, hook, MIDDLE, movesBy, playing, pointAt, rightSong, until, visibleSongs } from './listen.mjs';
import { test } from './tap.mjs';
import { runAlone } from './world.mjs';

/** No frame is drawn any more: names have faded in and out. */
async function labelsStand(page) {
  let last = -1;
  for (let i = 0; i < 200; i++) {
    const frames = await hook(page, 'frames.frames');
    if (frames === last) return;
    last = frames;
    await page.waitForTimeout(80);
  }
  assert.fail('frames are drawn for ever');
}

export default function picture({ fixture, library, pageTest, url, FIXTURE, PAGE_ALONE }) {
  // ---- drawing ----

  for (const renderer of ['webgl2', 'canvas']) {
    pageTest(`${renderer}: countries are coloured, the cell pointed at is marked, pointing plays`, async (page) => {
      await holds(page, 'renderer', renderer);
      const songs = await visibleSongs(page, 12);
      const [one] = songs;
      await page.mouse.move(2, 2);
      await holds(page, 'focus', -1);
      await labelsStand(page);
      const shot = async (places) => {
        const png = (await page.screenshot()).toString('base64');
        return page.evaluate(async ({ png, places }) => {
          const image = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))], { type: 'image/png' }));
          const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
          context.drawImage(image, 0, 0);
          return places.map(({ x, y }) => context.getImageData(x, y + 10, 1, 1).data.slice(0, 3).join());
        }, { png, places });
      };
      const colours = await shot(songs);
      assert.ok(new Set(colours).size >= Math.min(4, songs.length), `colours ${[...new Set(colours)].join(' ')}`);
      await pointAt(page, one);
      await rightSong(page, one.id);
      await page.mouse.move(one.x, one.y - 1);
      let lifted = colours[0];
      for (let i = 0; i < 40 && lifted === colours[0]; i++) [lifted] = await shot([one]);
      assert.notEqual(lifted, colours[0], 'the cell is lifted');
    }, { query: `?renderer=${renderer}` }, renderer === 'webgl2' ? PAGE_ALONE : {});
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
      await labelsStand(page);
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
    await page.mouse.move(MIDDLE.x, MIDDLE.y);
    for (let i = 0; i < 4; i++) {
      await movesBy(page, () => page.mouse.wheel(0, -350));
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
  pageTest('countries and regions are named from afar without overlap, songs when one is near', async (page) => {
    await until(page, () => __musicmap.labels.countries >= 6 && __musicmap.labels.regions >= 1 && __musicmap.labels.titles === 0, 'names from afar');
    const overlapping = await page.evaluate(() => {
      const boxes = __musicmap.labelBoxes;
      return boxes.some((a, i) => boxes.some((b, k) => k > i && a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1));
    });
    assert.equal(overlapping, false);
    await page.mouse.move(MIDDLE.x, MIDDLE.y);
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

  pageTest('the minimap shows when one is near; pressing it moves the view there', async (page) => {
    const minimap = page.locator('.minimap');
    assert.equal(await minimap.isVisible(), false);
    await page.mouse.move(MIDDLE.x + 60, MIDDLE.y + 50);
    for (let i = 0; i < 4; i++) await page.mouse.wheel(0, -400);
    await minimap.waitFor({ state: 'visible' });
    await until(page, () => !__musicmap.moving, 'rest');
    const box = await minimap.boundingBox();
    for (const [part, side] of [[0.25, -1], [0.75, 1]]) {
      await page.mouse.click(box.x + part * box.width, box.y + box.height / 2);
      await until(page, (s) => Math.sign(__musicmap.view.x) === s, 'the view there', side);
    }
  }, {}, FIXTURE);
}

await runAlone(import.meta.url, picture);
