// SPDX-License-Identifier: BSD-2-Clause
/** Pointing, search, lasso, colours and filters on a synthetic library of 100,000 songs, as on a small one. */
import assert from 'node:assert/strict';
import { launch } from '../web/browser.mjs';
import { toneOf } from '../web/fixture-map.mjs';
import { startFixture } from '../web/fixture-server.mjs';
import { hears, holds, openPage, playing, pointAt, until, visibleSongs } from '../web/listen.mjs';
import { runTests, test } from '../web/tap.mjs';

const fixture = await startFixture({ songs: 100000, clusters: 42, seed: 1 });
const browser = await launch();
const page = await openPage(browser, fixture.url, { viewport: { width: 1280, height: 800 } });
const rest = () => until(page, () => !__musicmap.moving && __musicmap.painted === 'cells', 'the map at rest');

test('all songs are there', async () => {
  await until(page, () => __musicmap.painted === 'cells', 'cells');
  assert.equal(await page.evaluate(() => __musicmap.songs.length), 100000);
});

test('every place belongs to the nearest song', async () => {
  const wrong = await page.evaluate(() => {
    const places = __musicmap.songs.map((id) => ({ id, ...__musicmap.locate(id) }));
    let bad = 0;
    for (let i = 0; i < 40; i++) {
      const [x, y] = [300 + ((i * 617) % 700), 120 + ((i * 389) % 500)];
      const found = __musicmap.songAt(x, y);
      if (found < 0) continue;
      const away = ({ x: sx, y: sy }) => Math.hypot(sx - x, sy - y);
      const least = places.reduce((best, place) => Math.min(best, away(place)), Infinity);
      if (away(__musicmap.locate(found)) > least + 1e-6) bad++;
    }
    return bad;
  });
  assert.equal(wrong, 0);
});

test('near, the song pointed at is heard', async () => {
  await page.mouse.move(640, 400);
  for (let i = 0; i < 12; i++) await page.mouse.wheel(0, -400);
  await rest();
  for (const song of await visibleSongs(page, 4)) {
    await pointAt(page, song);
    await playing(page, song.id);
    await hears(page, toneOf(song.id), `song ${song.id}`);
  }
});

test('search finds one song of all, and flies there', async () => {
  const song = fixture.library.list[77777];
  await page.keyboard.press('/');
  await page.keyboard.type(song.title);
  await until(page, (title) => document.querySelector('.hits b')?.textContent === title, 'the hit', song.title);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await rest();
  await playing(page, song.id);
  const at = await page.evaluate((id) => __musicmap.locate(id), song.id);
  assert.ok(Math.hypot(at.x - 640, at.y - 400) < 40, JSON.stringify(at));
  await page.keyboard.press('Escape');
  await holds(page, 'tools.open', null);
});

test('a lasso over everything selects every song inside', async () => {
  const near = await page.evaluate(() => __musicmap.view.scale);
  await page.locator('#zoom-fit').click();
  await until(page, (scale) => __musicmap.view.scale < scale / 4 && !__musicmap.moving, 'everything in sight', near);
  await page.keyboard.press('s');
  await holds(page, 'tools.pen', 'lasso');
  const ring = [[420, 200], [900, 200], [900, 600], [420, 600], [420, 210]];
  await page.mouse.move(...ring[0]);
  await page.mouse.down();
  for (const [x, y] of ring) await page.mouse.move(x, y, { steps: 4 });
  await page.mouse.up();
  await holds(page, 'tools.open', 'lists');
  await until(page, () => __musicmap.tools.selected.length > 1000, 'the selection');
  const { inside, missing, chosen } = await page.evaluate(() => {
    const selected = new Set(__musicmap.tools.selected);
    const within = __musicmap.songs.filter((id) => {
      const { x, y } = __musicmap.locate(id);
      return x > 424 && x < 896 && y > 214 && y < 596;
    });
    return { inside: within.length, missing: within.filter((id) => !selected.has(id)).length, chosen: selected.size };
  });
  assert.ok(inside > 10000, `${inside} inside`);
  assert.equal(missing, 0);
  assert.ok(chosen < 1.05 * inside, `${chosen} selected of ${inside}`);
  await page.keyboard.press('Escape');
});

test('colours and a filter: what is not chosen is grey', async () => {
  await page.keyboard.press('l');
  await page.selectOption('#shade', 'tempo');
  await page.locator('#bound-low').waitFor({ state: 'visible' });
  await page.locator('#bound-low').fill('120');
  await until(page, () => /120~/.test(location.hash), 'the filter in the address');
  await rest();
  assert.deepEqual(page.problems, []);
});

const failed = await runTests();
await browser.close();
await fixture.close();
process.exit(failed ? 1 : 0);
