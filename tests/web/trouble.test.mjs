// SPDX-License-Identifier: BSD-2-Clause
/** When the server has no map, another map, bad data, or is away; and maps of hardly any song. */
import assert from 'node:assert/strict';
import { makeLibrary } from './fixture-map.mjs';
import { startFixture } from './fixture-server.mjs';
import { fetched, holds, hook, leavePage, MIDDLE, openPage, playing, pointAt, rightSong, silent, until, visibleSongs } from './listen.mjs';
import { test } from './tap.mjs';
import { runAlone } from './world.mjs';

export default function trouble({ browser, fixture, library, pageTest, unheardSongs, url, FIXTURE }) {
  // ---- when things go wrong ----

  test('while there is no map the page waits, says how far it is, and opens the map by itself', async () => {
    fixture.behave.map = false;
    const page = await openPage(browser, url, { listen: false });
    await page.locator('#waiting').waitFor({ state: 'visible' });
    await page.waitForFunction(() => /63 heard/.test(document.getElementById('waiting-text').textContent));
    fixture.behave.map = true;
    await page.locator('#listen').waitFor({ state: 'visible', timeout: 10000 });
    assert.equal(await page.locator('#waiting').isVisible(), false);
    assert.deepEqual(page.problems.filter((text) => !/404/.test(text)), []);
    await leavePage(page);
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
    await fetched(page);
    assert.equal(await hook(page, 'song'), fine.id);
    await rightSong(page, fine.id);
  }, {}, FIXTURE);

  pageTest('the server goes away and comes back: a notice, then none; the map stays usable', async (page) => {
    fixture.behave.down = true;
    await until(page, () => document.getElementById('notice').classList.contains('shown'), 'a notice');
    await page.mouse.move(MIDDLE.x, MIDDLE.y);
    await page.mouse.wheel(0, -200);
    fixture.behave.down = false;
    await until(page, () => !document.getElementById('notice').classList.contains('shown'), 'the notice gone');
    const [song] = await visibleSongs(page, 2);
    await pointAt(page, song);
    await rightSong(page, song.id);
  }, {}, { ...FIXTURE, allow: /ERR_|Failed to load/ });

  pageTest('a new map takes the place of the old one', async (page) => {
    const before = await hook(page, 'map');
    fixture.library = await makeLibrary({ songs: 80, clusters: 5, seed: 9 });
    await until(page, (id) => __musicmap.map !== id, 'the new map', before);
    await holds(page, 'songs.length', 80);
    const [song] = await visibleSongs(page, 2);
    await pointAt(page, song);
    await rightSong(page, song.id);
  }, {}, { ...FIXTURE, allow: /409/ });

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
    const songs = await hook(page, 'songs.length');
    fixture.library = await makeLibrary({ songs: songs + 3, clusters: 12, seed: 1 });
    await page.waitForFunction(() => document.getElementById('notice').textContent === '3 new songs on the map');
    await until(page, () => __musicmap.tools.painted.includes('arrivals'), 'rings');
    await until(page, () => !__musicmap.tools.painted.includes('arrivals'), 'no rings any more');
  }, {}, { ...FIXTURE, allow: /409/ });

  test('a tab nobody looks at keeps no stream; where there is none, the page looks by itself', async () => {
    fixture.behave.events = false;
    const page = await openPage(browser, url);
    const before = await hook(page, 'map');
    fixture.library = await makeLibrary({ songs: 80, clusters: 5, seed: 9 });
    await until(page, (id) => __musicmap.map !== id, 'the new map', before);
    fixture.library = library;
    fixture.behave.events = true;
    await leavePage(page);
    const second = await openPage(browser, url, { fresh: true });
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

  test('damaged map data: a clear message instead of a broken page', async () => {
    fixture.behave.tile = fixture.library.tiles[0].subarray(0, 1000);
    const page = await openPage(browser, url, { listen: false });
    await page.waitForFunction(() => /damaged/.test(document.getElementById('waiting-text').textContent));
    fixture.behave.tile = undefined;
    await page.locator('#listen').waitFor({ state: 'visible', timeout: 15000 });
    assert.deepEqual(page.problems, []);
    await leavePage(page);
  }, FIXTURE);

  for (const songs of [1, 2, 3]) {
    test(`a map of ${songs} song${songs > 1 ? 's' : ''}`, async () => {
      const small = await startFixture({ songs, clusters: 1, seed: 2 });
      for (const renderer of ['webgl2', 'canvas']) {
        const page = await openPage(browser, small.url, { query: `?renderer=${renderer}`, viewport: { width: 480, height: 400 } });
        const song = { id: 1, ...(await page.evaluate(() => __musicmap.locate(1))) };
        await pointAt(page, song);
        await playing(page, 1);
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('Tab');
        assert.deepEqual(page.problems, []);
        await leavePage(page);
      }
      await small.close();
    }, FIXTURE);
  }
}

await runAlone(import.meta.url, trouble);
