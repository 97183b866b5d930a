// SPDX-License-Identifier: BSD-2-Clause
/**
 * The page while other processes work on the same library: six songs are explored and served; then two
 * more are gathered and embedded elsewhere, and come onto the map before one's eyes.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.mjs';
import { openPage, pointAt, rightSong, until } from './listen.mjs';
import { makeSongs } from './songs.mjs';
import { runTests, test } from './tap.mjs';

const musicmap = process.env.MUSICMAP ?? fileURLToPath(new URL('../../build/musicmap', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'musicmap-live-'));
const music = join(scratch, 'music');
const library = ['--quiet', '--library', join(scratch, 'library')];

const songs = (first, count) => makeSongs(Array.from({ length: count }, (_, i) => ({
  path: join(music, `${first + i}.mp3`), tags: { title: `Song ${first + i}` },
})), { seconds: 10, first });

/** Without waiting, so that the page goes on meanwhile. */
function run(...words) {
  return new Promise((resolve, reject) => {
    const child = spawn(musicmap, [...words, ...library], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('exit', (status) => (status === 0 ? resolve() : reject(new Error(`musicmap ${words[0]} ended with ${status}`))));
  });
}

mkdirSync(music);
await run('gather', 'folder', music); // a library of nothing
const server = spawn(musicmap, ['serve', '--port', '0', ...library], { stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise((resolve, reject) => {
  createInterface(server.stdout).once('line', resolve);
  server.once('exit', (status) => reject(new Error(`musicmap serve ended with ${status}`)));
});
const browser = await launch();
let page;

test('a page that was opened before there was anything follows the work and shows the first map', async () => {
  page = await openPage(browser, url, { listen: false });
  await page.locator('#waiting').waitFor({ state: 'visible' });
  songs(0, 6);
  await run('gather', 'folder', music);
  await page.waitForFunction(() => /6 songs/.test(document.getElementById('waiting-text').textContent));
  await run('embed');
  await page.waitForFunction(() => /All 6 songs heard/.test(document.getElementById('waiting-text').textContent));
  await run('map', '--clusters', '2');
  await page.locator('#listen').click();
  await until(page, () => __musicmap.songs.length === 6, 'the map of six');
});

test('songs that are gathered and embedded elsewhere come onto the map, and are told', async () => {
  // A set is worked on, and plays.
  await page.keyboard.press('r');
  await page.selectOption('#set-shape', 'free');
  await page.fill('#set-minutes', '1');
  await page.locator('.setmaker .main').click();
  await until(page, () => __musicmap.tools.set.songs.length > 1 && !__musicmap.tools.set.busy, 'a set');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await until(page, () => __musicmap.tools.place === 0 && __musicmap.sound.kind === 'playing', 'it plays');
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press('Space'); // paused, so that it is not over before they are here
  const worked = await page.evaluate(() => __musicmap.tools.set.songs);
  const before = await page.evaluate(() => ({ songs: __musicmap.songs, x: __musicmap.songs.map((id) => __musicmap.placeOf(id)) }));
  songs(6, 2);
  await page.keyboard.press('/');
  await page.keyboard.type('song 7');
  await run('gather', 'folder', music);
  await page.locator('#offmap li', { hasText: 'Song 7' }).waitFor(); // one it knows of, but has not heard
  await run('embed');
  await until(page, () => __musicmap.songs.length === 8, 'the map of eight');
  await page.waitForFunction(() => /new song/.test(document.getElementById('notice').textContent));
  const after = await page.evaluate((songs) => songs.map((id) => __musicmap.placeOf(id)), before.songs);
  assert.deepEqual(after, before.x, 'the others stay where they are');
  assert.deepEqual(await page.evaluate(() => __musicmap.tools.set.songs), worked, 'the set is as it was');
  assert.equal(await page.evaluate(() => __musicmap.tools.place), 0, 'and its list has not ended');
  const fresh = await page.evaluate((songs) => __musicmap.songs.find((id) => !songs.includes(id)), before.songs);
  await page.locator('#hits li', { hasText: 'Song 7' }).waitFor();
  await page.locator('#offmap').waitFor({ state: 'hidden' });
  await page.keyboard.press('Escape');
  await page.mouse.click(700, 60); // lets no overlay of the notice be in the way
  await page.keyboard.press('Escape');
  await page.keyboard.press('Space'); // on again
  await until(page, () => !__musicmap.moving, 'rest');
  await pointAt(page, await page.evaluate((id) => __musicmap.locate(id), fresh));
  await rightSong(page, fresh);
  assert.deepEqual(page.problems.filter((text) => !/404|409/.test(text)), []);
});

const failed = await runTests();
await browser.close();
server.removeAllListeners('exit');
server.kill('SIGINT');
const ended = await new Promise((resolve) => server.once('exit', resolve));
rmSync(scratch, { recursive: true, force: true });
if (ended !== 0) console.log(`# the server ended with ${ended}`);
process.exit(failed || ended !== 0 ? 1 : 0);
