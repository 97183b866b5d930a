// SPDX-License-Identifier: BSD-2-Clause
/**
 * Radio sets in the page, on the real server with a real library: a line is drawn, songs are locked,
 * swapped, reordered, the set is exported and kept, kept ones are worked on, what was played is told apart, and a transition is heard. Every song is one tone
 * in its first half and another in its second: so it can be told which end of which song sounds.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { axeSource, launch } from './browser.mjs';
import { hears, holds, hook, onPage, playing, until } from './listen.mjs';
import { runTests, test } from './tap.mjs';

const SONGS = 18;
const SECONDS = 20;
const RATE = 11025;
const musicmap = process.env.MUSICMAP ?? fileURLToPath(new URL('../../build/musicmap', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'musicmap-sets-'));
const introOf = (n) => 300 + 40 * n;
const outroOf = (n) => 1300 + 40 * n;

/** A little noise and a pulse of its own, so that songs are not all alike. */
function writeSong(n) {
  const samples = RATE * SECONDS;
  const wav = Buffer.alloc(44 + 2 * samples);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + 2 * samples, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  [[16, 4], [1, 2], [1, 2], [RATE, 4], [2 * RATE, 4], [2, 2], [16, 2]].reduce((at, [value, bytes]) => (wav.writeUIntLE(value, at, bytes), at + bytes), 16);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * samples, 40);
  let noise = n + 1;
  for (let i = 0; i < samples; i++) {
    noise = (Math.imul(noise, 1664525) + 1013904223) | 0;
    const hertz = i < samples / 2 ? introOf(n) : outroOf(n);
    const pulse = 0.75 + 0.25 * Math.sin((2 * Math.PI * (1 + (n % 5)) * i) / RATE);
    const value = 0.4 * pulse * Math.sin((2 * Math.PI * hertz * i) / RATE) + (0.002 * (1 + (n % 3)) * noise) / 2 ** 31;
    wav.writeInt16LE(Math.round(32767 * value), 44 + 2 * i);
  }
  writeFileSync(join(scratch, 'music', `${String(n).padStart(2, '0')}.wav`), wav);
}

mkdirSync(join(scratch, 'music'));
for (let n = 0; n < SONGS; n++) writeSong(n);
const library = ['--library', join(scratch, 'library')];
function cli(...words) {
  const ran = spawnSync(musicmap, [...words, ...library], { encoding: 'utf8' });
  assert.ok(ran.status === 0 || ran.status === 1, `${words.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}
cli('explore', join(scratch, 'music'), '--clusters', '3', '--no-serve', '--quiet');
cli('set', '--tour', '--minutes', '2', '--name', 'yesterday');
cli('set', 'log', 'yesterday'); // so there is something that was played
const server = spawn(musicmap, ['serve', '--port', '0', '--no-open', '--quiet', ...library], { stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise((resolve, reject) => {
  createInterface(server.stdout).once('line', resolve);
  server.once('exit', (status) => reject(new Error(`musicmap ended with ${status}`)));
});
const browser = await launch();
const names = new Map((await (await fetch(`${url}api/map`)).json().then(async ({ map }) => fetch(`${url}api/songs?map=${map}&first=0&count=100`).then((r) => r.json()))).map((song) => [song.id, song.path]));
const numberOf = (id) => Number.parseInt(names.get(id), 10);
const setOf = async (page) => (await hook(page, 'tools')).set;
const settled = (page) => until(page, () => {
  const { set } = __musicmap.tools;
  return !set.busy && set.songs.length > 1 && set.songs.join() === set.judged.join();
}, 'the set made and judged');

/** Draws a line through the middle and waits for its set. */
async function drawn(page, minutes = 2) {
  await page.keyboard.press('r');
  await page.fill('#set-minutes', String(minutes));
  await page.getByRole('button', { name: 'Draw', exact: true }).click();
  await holds(page, 'tools.pen', 'line');
  await page.mouse.move(560, 250);
  await page.mouse.down();
  for (const [x, y] of [[700, 300], [850, 420], [1000, 500]]) await page.mouse.move(x, y, { steps: 5 });
  await page.mouse.up();
  await settled(page);
}

function pageTest(name, run) {
  test(name, () => onPage(browser, url, { viewport: { width: 1280, height: 800 } }, run));
}

pageTest('a drawn line becomes a set: locked, swapped, reordered, made again', async (page) => {
  await drawn(page);
  const first = await setOf(page);
  assert.equal(first.songs.length, 6);
  assert.ok(Math.abs(first.length - 120) <= 10);
  assert.match(await page.locator('#set-state').innerText(), /6 songs · 2:00 · .* no rule is bent/);
  await until(page, () => __musicmap.tools.painted.includes('set'), 'the route painted');

  const locked = first.songs[1];
  await page.locator(`[data-control="lock ${locked}"]`).click();
  assert.deepEqual((await setOf(page)).locked, [locked]);

  await page.locator(`[data-control="swap ${first.songs[3]}"]`).click();
  const other = page.locator('.other').first();
  const chosen = Number(await other.getAttribute('data-song'));
  assert.ok(!first.songs.includes(chosen));
  await other.click();
  await until(page, (song) => __musicmap.tools.set.judged[3] === song, 'the other in its place', chosen);
  const swapped = (await setOf(page)).songs;
  assert.deepEqual(swapped, first.songs.map((song, i) => (i === 3 ? chosen : song)));

  await page.locator(`[data-control="grip ${swapped[0]}"]`).focus();
  await page.keyboard.press('ArrowDown');
  await settled(page);
  assert.deepEqual((await setOf(page)).songs.slice(0, 2), [swapped[1], swapped[0]]);
  const from = await page.locator(`[data-control="grip ${swapped[5]}"]`).boundingBox();
  await page.locator('#drawer-body').evaluate((body) => body.scrollTo(0, 1e4));
  const grip = await page.locator(`[data-control="grip ${swapped[5]}"]`).boundingBox();
  const goal = await page.locator(`[data-control="grip ${swapped[3]}"]`).boundingBox();
  assert.ok(from && grip && goal);
  await page.mouse.move(grip.x + 8, grip.y + 12);
  await page.mouse.down();
  await page.mouse.move(goal.x + 8, goal.y + 3, { steps: 12 });
  await page.mouse.up();
  await settled(page);
  assert.equal((await setOf(page)).songs[3], swapped[5]);

  await page.locator('.main').click();
  await settled(page);
  const again = await setOf(page);
  assert.ok(again.songs.includes(locked), 'the locked song is still there');
  assert.equal(again.error, '');
  await page.evaluate(await readFile(axeSource, 'utf8'));
  const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'best-practice'] }));
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(bad.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
});

pageTest('a transition is heard: the end of the one, then the beginning of the other', async (page) => {
  // Fades are loops, which run until they are stopped: a night of radio would gather thousands.
  await page.evaluate(() => {
    const { start } = AudioBufferSourceNode.prototype;
    globalThis.__loops = 0;
    AudioBufferSourceNode.prototype.start = function (...when) {
      if (this.loop) {
        globalThis.__loops++;
        this.addEventListener('ended', () => globalThis.__loops--);
      }
      start.apply(this, when);
    };
  });
  await drawn(page);
  const { songs } = await setOf(page);
  await page.locator('[data-control="joint 2"]').hover();
  await until(page, () => __musicmap.tools.audition?.side === 'outro', 'the end of the first');
  const { from, to } = (await hook(page, 'tools')).audition;
  assert.deepEqual([from, to], [songs[1], songs[2]]);
  await hears(page, outroOf(numberOf(from)), 'the end');
  await until(page, () => __musicmap.tools.audition?.side === 'intro', 'the beginning of the second');
  await hears(page, introOf(numberOf(to)), 'the beginning, after the crossfade');
  await page.mouse.move(900, 300);
  await until(page, () => __musicmap.tools.audition === null, 'silence of it');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await until(page, () => __musicmap.tools.progress?.whole, 'the whole song');
  await page.keyboard.press('n');
  await playing(page, songs[1]);
  await until(page, () => __musicmap.tools.progress?.whole, 'the next whole song');
  await until(page, () => globalThis.__loops === 1, 'only the fade of what sounds runs');
});

pageTest('the arc is drawn by hand; the set is played through, exported, kept', async (page) => {
  await drawn(page);
  const handle = page.locator('.arc-handle').nth(4);
  const box = await handle.boundingBox();
  await page.mouse.move(box.x + 12, box.y + 12);
  await page.mouse.down();
  await page.mouse.move(box.x + 12, box.y - 20, { steps: 4 });
  await page.mouse.up();
  await settled(page);
  assert.equal(await page.inputValue('#arc'), 'own');
  assert.ok(Number(await handle.getAttribute('aria-valuenow')) > 70);
  const { songs } = await setOf(page);

  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await playing(page, songs[0]);
  await until(page, () => __musicmap.tools.progress?.whole, 'the whole song');
  await hears(page, introOf(numberOf(songs[0])), 'a set plays songs from their beginning');
  await page.keyboard.press('n');
  await playing(page, songs[1]);
  await holds(page, 'tools.place', 1);

  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export' }).click()]);
  assert.equal(file.suggestedFilename(), 'evening.m3u8');
  const lines = (await readFile(await file.path(), 'utf8')).trim().split('\n').filter((line) => !line.startsWith('#'));
  assert.deepEqual(lines.map((line) => basename(line)), songs.map((id) => names.get(id)));

  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await until(page, () => document.getElementById('set-state').textContent.includes('version'), 'kept');
  const shown = spawnSync(musicmap, ['set', 'show', 'evening', '--json', ...library], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(shown.stdout).songs.map(({ id }) => id), songs);
});

pageTest('songs that are clicked are passed by, in order', async (page) => {
  await page.keyboard.press('r');
  await page.selectOption('#set-shape', 'songs');
  await page.fill('#set-minutes', '2');
  const places = await page.evaluate(() => __musicmap.songs.map((id) => ({ id, ...__musicmap.locate(id) })).filter((p) => p.x > 480 && p.x < 1150 && p.y > 60 && p.y < 640 && document.elementFromPoint(p.x, p.y)?.id === 'map' && __musicmap.songAt(p.x, p.y) === p.id));
  const [one, two] = [places[0], places[places.length - 1]];
  await page.mouse.click(one.x, one.y);
  await page.mouse.click(two.x, two.y);
  await page.locator('.main').click();
  await settled(page);
  const { songs } = await setOf(page);
  assert.equal(songs[0], one.id);
  assert.equal(songs[songs.length - 1], two.id);
});

pageTest('kept sets are listed: opened as they were asked for, renamed, played, removed', async (page) => {
  const rules = join(scratch, 'rules.ini');
  writeFileSync(rules, '[limit]\nartist = 9\n');
  cli('set', '--tour', '--rules', rules, '--minutes', '2', '--arc', 'rise', '--name', 'dawn');
  const songs = JSON.parse(cli('set', 'show', 'dawn', '--json')).songs.map(({ id }) => id);

  await page.keyboard.press('r');
  const row = (name) => page.locator(`.kept li[data-set="${name}"]`);
  await row('dawn').locator('.song').click();
  await settled(page);
  const opened = await setOf(page);
  assert.deepEqual(opened.songs, songs);
  assert.equal(await page.inputValue('#set-shape'), 'tour');
  assert.equal(await page.inputValue('#set-minutes'), '2');
  assert.equal(await page.inputValue('#arc'), 'rise');
  assert.match(await page.locator('.setmaker textarea').inputValue(), /artist = 9/);
  assert.equal(await page.getByLabel('Name of the set').inputValue(), 'dawn');

  await page.locator('.kept summary').click();
  await row('dawn').getByRole('button', { name: 'Rename' }).click();
  await page.keyboard.type('dusk');
  await page.keyboard.press('Enter');
  await row('dusk').waitFor();
  assert.equal(await row('dawn').count(), 0);
  assert.equal(await page.getByLabel('Name of the set').inputValue(), 'dusk');
  assert.deepEqual(JSON.parse(cli('set', 'show', 'dusk', '--json')).songs.map(({ id }) => id), songs);
  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await row('dusk').getByText('version 2').waitFor();
  await row('dusk').getByRole('button', { name: 'Play' }).click();
  await playing(page, songs[0]);

  await page.locator('.kept summary').click();
  await row('dusk').getByRole('button', { name: 'Remove' }).click();
  await page.evaluate(await readFile(axeSource, 'utf8'));
  const { violations } = await page.evaluate(() => axe.run('.kept', { runOnly: ['wcag2a', 'wcag2aa', 'best-practice'] }));
  assert.deepEqual(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id), []);
  await page.keyboard.press('Escape'); // "No", and the drawer stays
  await row('dusk').getByRole('button', { name: 'Remove' }).click();
  await row('dusk').getByRole('button', { name: 'Remove', exact: true }).click();
  await row('dusk').waitFor({ state: 'detached' });
  assert.ok(!cli('set', 'list').includes('dusk'));
  assert.deepEqual((await setOf(page)).songs, songs, 'the set one works on stays');
});

pageTest('what was not yet played: a shade of its own, by name in the legend, the rest turns grey', async (page) => {
  const played = new Set(JSON.parse(cli('set', 'show', 'yesterday', '--json')).songs.map(({ id }) => id));
  await page.keyboard.press('l');
  await page.selectOption('#shade', 'played');
  const entry = page.locator('.entry', { hasText: 'Not yet played' });
  assert.equal(await entry.locator('em').innerText(), String(SONGS - played.size));
  assert.equal(await page.locator('.entry', { hasText: 'Played once' }).locator('em').innerText(), String(played.size));
  await entry.click();
  await page.getByText(`${SONGS - played.size} songs in colour`).waitFor();
  assert.equal(await entry.getAttribute('aria-pressed'), 'true');
  await page.keyboard.press('Escape');
  // What one sees at a played song is grey, elsewhere a colour.
  const places = await page.evaluate(() => __musicmap.songs.map((id) => ({ id, ...__musicmap.locate(id) })).filter((p) => p.x > 30 && p.x < innerWidth - 30 && p.y > 30 && p.y < innerHeight - 30 && document.elementFromPoint(p.x, p.y)?.id === 'map'));
  const [grey, coloured] = [places.find(({ id }) => played.has(id)), places.find(({ id }) => !played.has(id))];
  assert.ok(grey && coloured);
  const hueAt = async ({ x, y }) => {
    const shot = (await page.screenshot({ clip: { x: x - 12, y: y - 12, width: 24, height: 24 } })).toString('base64');
    return page.evaluate(async (png) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
      const context = new OffscreenCanvas(24, 24).getContext('2d');
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, 24, 24);
      const spread = [];
      for (let i = 0; i < data.length; i += 4) spread.push(Math.max(...data.slice(i, i + 3)) - Math.min(...data.slice(i, i + 3)));
      return spread.sort((a, b) => a - b)[spread.length >> 1];
    }, shot);
  };
  let spreads = [];
  for (let i = 0; i < 100 && !(spreads[0] < 24 && spreads[1] > spreads[0] + 20); i++) spreads = [await hueAt(grey), await hueAt(coloured)];
  assert.ok(spreads[0] < 24 && spreads[1] > spreads[0] + 20, `difference of the channels: ${spreads}`);
});

const failed = await runTests();
await browser.close();
server.removeAllListeners('exit');
server.kill('SIGINT');
const ended = await new Promise((resolve) => server.once('exit', resolve));
rmSync(scratch, { recursive: true, force: true });
if (ended !== 0) console.log(`not ok 99 - Ctrl-C ends the server cleanly (${ended})`);
process.exit(failed || ended !== 0 ? 1 : 0);
