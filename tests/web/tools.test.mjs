// SPDX-License-Identifier: BSD-2-Clause
/**
 * The tools beside the map, in a browser on the fixture server: search, neighbours, lists, lasso,
 * colours, journeys, whole songs; by mouse and by keyboard alone; and what axe-core says of each.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { axeSource, launch } from './browser.mjs';
import { compile } from './compile.mjs';
import { toneOf } from './fixture-map.mjs';
import { startFixture, WHOLE_SECONDS } from './fixture-server.mjs';
import { hears, holds, hook, leavePage, MIDDLE, onPage, openPage, playing, until, visibleSongs } from './listen.mjs';
import { runTests, test } from './tap.mjs';

const { words: wordsModule, address: addressModule, pen: penModule, legend: legendModule } = await compile({
  words: 'words.ts', address: 'address.ts', pen: 'ui/pen.ts', legend: 'ui/legend.ts',
});

const now = async () => undefined;

test('search: every word, without case and accents, titles before artists before the rest', async () => {
  const { Words } = wordsModule;
  const raw = 'Halo\tBeyoncé\tI Am\tPop\t\nCrazy\tHalo Group\tB\tRock\t\n\nblue in green\tMiles\tKind of Blue\tJazz\tcalm, trumpet\nNaïve\tÅsa Ødegård\tX\tFolk\t\n';
  const words = await Words.create(raw, 5, now);
  const cells = (query) => words.search(query).map(({ cell }) => cell);
  assert.deepEqual(cells('halo'), [0, 1]);
  assert.deepEqual(cells('BEYONCE'), [0]);
  assert.deepEqual(cells('blue miles'), [3]);
  assert.deepEqual(cells('trumpet'), [3]);
  assert.deepEqual(cells('asa odegard naive'), [4]);
  assert.deepEqual(cells('halo miles'), []);
  assert.deepEqual(cells('   '), []);
  assert.deepEqual(cells('\t'), []);
  assert.deepEqual(cells('.*('), []);
  const [hit] = words.search('kind of');
  assert.deepEqual([hit.title, hit.artist, hit.album], ['blue in green', 'Miles', 'Kind of Blue']);
});

test('search finds the one song among 100,000, folded in slices', async () => {
  let pauses = 0;
  const lines = Array.from({ length: 100000 }, (_, i) => `Song ${i}\tArtist ${i % 977}\tAlbum ${i % 91}\tGenre\t\n`);
  lines[77777] = 'Élégie\tNobody\tX\tY\t\n';
  const words = await wordsModule.Words.create(lines.join(''), 100000, async () => void pauses++);
  assert.equal(words.search('elegie')[0].cell, 77777);
  assert.equal(words.search('song 99999')[0].cell, 99999);
  assert.equal(words.search('a').length, 50);
  assert.ok(pauses >= 4);
});

test('address: written and read back; nonsense is left out', () => {
  const { writePlace, readPlace } = addressModule;
  const place = { x: 0.25, y: -0.5, zoom: 3.5, song: 12, kept: true, shade: 'tempo', only: '80~120' };
  assert.deepEqual(readPlace(writePlace(place)), place);
  assert.equal(writePlace({}), '');
  for (const text of ['#at=1,2', '#at=a,b,c', '#at=1,2,-3', '#song=x', '#song=-4', '#at=1e9,0,1', '#%%%', '#kept=yes']) assert.deepEqual(readPlace(text), {}, text);
});

test('lasso: what is inside; filters as text', () => {
  const { within } = penModule;
  const ring = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]];
  assert.ok(within(ring, 0.5, 1) && within(ring, 3.5, 1) && !within(ring, 2, 3) && !within(ring, 5, 1));
  const { filterText, readFilter } = legendModule;
  assert.equal(filterText(null), '');
  assert.deepEqual(readFilter(filterText(new Set([3, 1]))), new Set([1, 3]));
  assert.deepEqual(readFilter(filterText({ low: 80, high: 120.5 })), { low: 80, high: 120.5 });
  for (const text of ['', 'x', '1..2', '5~', '9~1', '1.2.x']) assert.equal(readFilter(text), null, text);
});

// ---- in the browser ----

const fixture = await startFixture({ songs: 300, clusters: 12, seed: 3 });
const browser = await launch();
const tools = (page) => hook(page, 'tools');
const AXE = { runOnly: ['wcag2a', 'wcag2aa', 'best-practice'] };

function pageTest(name, run, options = {}, allow = /$^/) {
  test(name, () => {
    fixture.requests.splice(0);
    return onPage(browser, fixture.url, options, run, allow);
  });
}

/** Nothing serious or critical. */
async function accessible(page, what) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await readFile(axeSource, 'utf8'));
  const { violations } = await page.evaluate((options) => axe.run(document, options), AXE);
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(bad.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], what);
}

const painted = (page, what) => until(page, (layer) => __musicmap.tools.painted.includes(layer), `${what} painted`, what);
const still = (page) => until(page, () => !__musicmap.moving, 'the map at rest');

pageTest('search as you type: arrows play the hits, Enter flies there, back returns', async (page) => {
  const song = fixture.library.list[211];
  await page.keyboard.press('/');
  await page.keyboard.type(song.title.toUpperCase().slice(0, -1) + song.id.toString().slice(-1));
  await until(page, (title) => document.querySelector('.hits b')?.textContent === title, 'the hit', song.title);
  assert.equal(await page.getAttribute('#search', 'aria-expanded'), 'true');
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.getAttribute('#search', 'aria-activedescendant'), 'hit-0');
  await playing(page, song.id);
  await accessible(page, 'search');
  const before = await hook(page, 'view');
  await page.keyboard.press('Enter');
  await still(page);
  const at = await page.evaluate((id) => __musicmap.locate(id), song.id);
  assert.ok(Math.hypot(at.x - MIDDLE.x, at.y - MIDDLE.y) < 40, `flown to ${JSON.stringify(at)}`);
  assert.ok((await hook(page, 'view')).scale > before.scale * 1.5);
  await page.keyboard.press('Escape');
  await holds(page, 'tools.open', null);
  await page.goBack();
  await until(page, (scale) => !__musicmap.moving && Math.abs(__musicmap.view.scale / scale - 1) < 0.05, 'the view before', before.scale);
});

pageTest('letters typed into the search box are no commands', async (page) => {
  await page.keyboard.press('/');
  await page.keyboard.type('me+-?/ls');
  assert.equal(await page.inputValue('#search'), 'me+-?/ls');
  await holds(page, 'tools.open', 'search');
  assert.equal(await page.evaluate(() => document.getElementById('help').open), false);
});

pageTest('a kept song: its true neighbours as lines and as a list; visiting one keeps that', async (page) => {
  const [, song] = await visibleSongs(page, 3);
  await page.mouse.click(song.x, song.y);
  await playing(page, song.id);
  await until(page, () => __musicmap.tools.near.length === 50, 'neighbours');
  const { near } = await tools(page);
  const nearest = fixture.library.list.map(({ id }) => id).filter((id) => id !== song.id);
  nearest.sort((a, b) => Math.abs(a - song.id) - Math.abs(b - song.id) || a - b);
  assert.deepEqual(near, nearest.slice(0, 50));
  await holds(page, 'tools.open', 'near');
  await painted(page, 'near');
  await until(page, () => document.querySelector('#drawer a[href^="https://example.org/"]'), 'the link to its service');
  await accessible(page, 'neighbours');
  const first = page.locator('#drawer button.song').first();
  await first.click();
  await playing(page, near[0]);
  await holds(page, 'pinned', true);
  await until(page, (id) => new RegExp(`song=${id}.*kept=1`).test(location.hash), 'the song in the address', near[0]);
  await page.keyboard.press('Backspace');
  await playing(page, song.id);
});

pageTest('lasso: the songs inside, listed, played through, downloaded', async (page) => {
  await page.keyboard.press('s');
  await holds(page, 'tools.pen', 'lasso');
  const ring = [[420, 160], [640, 160], [640, 400], [420, 400], [420, 170]];
  await page.mouse.move(...ring[0]);
  await page.mouse.down();
  for (const [x, y] of ring) await page.mouse.move(x, y, { steps: 6 });
  await page.mouse.up();
  await holds(page, 'tools.pen', null);
  await holds(page, 'tools.open', 'lists');
  const { selected } = await tools(page);
  const inside = await page.evaluate(() => __musicmap.songs.filter((id) => {
    const p = __musicmap.locate(id);
    return p.x > 425 && p.x < 635 && p.y > 165 && p.y < 395;
  }));
  assert.ok(inside.length > 3);
  for (const id of inside) assert.ok(selected.includes(id), `${id} is inside`);
  await accessible(page, 'the list');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download M3U8' }).click()]);
  const lines = (await readFile(await file.path(), 'utf8')).trim().split('\n');
  assert.equal(lines[0], '#EXTM3U');
  assert.deepEqual(lines.filter((line) => !line.startsWith('#')).map((line) => Number(/clip\/(\d+)$/.exec(line)[1])), selected);
  await page.getByRole('button', { name: 'Play all' }).click();
  await playing(page, selected[0]);
  await holds(page, 'tools.place', 0);
  await page.keyboard.press('n');
  await playing(page, selected[1]);
  // A clip of some seconds: the next follows by itself.
  await until(page, () => __musicmap.tools.place === 2, 'the third by itself');
  await playing(page, selected[2]);
  await page.keyboard.press('Escape');
}, {}, /404/); // the fixture writes no playlists: the page writes one of clips

pageTest('the map as a list: what is on screen, heard; everything by keyboard', async (page) => {
  await page.keyboard.press('o');
  await until(page, () => document.querySelectorAll('#drawer button.song').length >= 150, 'the list');
  await holds(page, 'tools.open', 'lists');
  await page.getByRole('button', { name: 'On screen' }).focus();
  for (let i = 0; i < 8 && !(await page.evaluate(() => document.activeElement.classList.contains('song'))); i++) await page.keyboard.press('Tab');
  const title = await page.evaluate(() => document.activeElement.querySelector('b').textContent);
  await page.keyboard.press('Enter');
  const song = fixture.library.list.find((s) => s.title === title);
  await playing(page, song.id);
  await until(page, (id) => __musicmap.tools.heard[0] === id, 'heard', song.id);
  await painted(page, 'trail');
  await page.getByRole('button', { name: 'Heard' }).click();
  await until(page, () => document.querySelectorAll('#drawer button.song').length === 1, 'what was heard');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'tool-lists');
});

pageTest('colours: a country chosen turns the others grey; the address keeps it', async (page) => {
  await page.keyboard.press('l');
  await page.locator('.entry').first().click();
  await until(page, () => location.hash.includes('only='), 'the filter in the address');
  assert.equal(await page.locator('.entry[aria-pressed=true]').count(), 1);
  await accessible(page, 'colours');
  const address = page.url();
  await page.goto(`${fixture.url}static.js`);
  await page.goto(address);
  await page.locator('#listen').click();
  await page.keyboard.press('l');
  await until(page, () => document.querySelectorAll('.entry[aria-pressed=true]').length === 1, 'the same filter');
  await page.getByRole('button', { name: 'Show all' }).click();
  await until(page, () => !location.hash.includes('only='), 'no filter');
});

pageTest('colours: the bounds of a range, by slider and by key; crossing them is no trap', async (page) => {
  await page.keyboard.press('l');
  await page.selectOption('#shade', 'tempo');
  const [low, high] = [page.locator('#bound-low'), page.locator('#bound-high')];
  await low.waitFor({ state: 'visible' });
  assert.deepEqual([await low.getAttribute('min'), await high.getAttribute('max')], ['60', '180']);
  await low.fill('120');
  await until(page, () => /only=120~180/.test(decodeURIComponent(location.hash)), 'slower songs grey');
  assert.equal(await page.locator('#end-low').innerText(), '120 bpm');
  await high.focus();
  await page.keyboard.press('ArrowLeft');
  await until(page, () => /only=120~179/.test(decodeURIComponent(location.hash)), 'a step by key');
  await accessible(page, 'a range');
  await high.fill('90');
  await until(page, () => /only=90~120/.test(decodeURIComponent(location.hash)), 'the lower of both is the lower bound');
  await page.getByRole('button', { name: 'Show all' }).click();
  await until(page, () => !location.hash.includes('only='), 'no filter');
  assert.equal(await page.locator('#end-low').innerText(), '60 bpm');
});

pageTest('somewhere else, and back', async (page) => {
  assert.equal(await page.locator('#tool-back').isDisabled(), true);
  await page.locator('#tool-elsewhere').click();
  await until(page, () => __musicmap.song > 0 && !__musicmap.moving, 'a song elsewhere');
  const first = await hook(page, 'song');
  await page.keyboard.press('e');
  await until(page, (id) => __musicmap.song > 0 && __musicmap.song !== id, 'another', first);
  await page.locator('#tool-back').click();
  await playing(page, first);
});

test('a shared address opens the same place and song', async () => {
  const song = fixture.library.list[40].id;
  const page = await openPage(browser, `${fixture.url}#at=0.1000,-0.1000,4&song=${song}&kept=1`);
  await until(page, (id) => __musicmap.pinned && __musicmap.song === id && !__musicmap.moving, 'the song kept', song);
  const { x, y } = await hook(page, 'view');
  assert.ok(Math.abs(x - 0.1) < 0.01 && Math.abs(y + 0.1) < 0.01);
  await playing(page, song);
  assert.deepEqual(page.problems, []);
  await leavePage(page);
});

pageTest('a kept song plays whole: the same sound goes on beyond the clip', async (page) => {
  const [song] = await visibleSongs(page, 2);
  await page.mouse.click(song.x, song.y);
  await playing(page, song.id);
  await page.locator('#card-whole').click();
  await until(page, () => __musicmap.tools.progress?.whole, 'the whole song');
  const { length, song: sounding } = (await tools(page)).progress;
  assert.equal(sounding, song.id);
  assert.ok(Math.abs(length - WHOLE_SECONDS) < 0.5);
  await hears(page, toneOf(song.id));
  await page.locator('#card-seek').fill('80');
  await until(page, () => __musicmap.tools.progress.at >= 79.5, 'the place sought');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
});

pageTest('the level meter follows what is heard', async (page) => {
  const [song] = await visibleSongs(page, 2);
  await page.mouse.move(song.x, song.y);
  await playing(page, song.id);
  await until(page, () => Number(document.querySelector('.meter').getAttribute('aria-valuenow')) > -30, 'a level');
});

pageTest('360 px: the rail, a drawer as a sheet, nothing sticks out; axe finds nothing', async (page) => {
  await accessible(page, 'the map');
  for (const name of ['search', 'legend', 'lists']) {
    await page.locator(`#tool-${name}`).click();
    const box = await page.locator('#drawer').boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 360 && box.y + box.height <= 640, JSON.stringify(box));
    await accessible(page, name);
    await page.locator('#drawer-close').click();
  }
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
}, { viewport: { width: 360, height: 640 } });

const failed = await runTests();
await browser.close();
await fixture.close();
process.exit(failed ? 1 : 0);
