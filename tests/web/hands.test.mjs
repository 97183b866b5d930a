// SPDX-License-Identifier: BSD-2-Clause
/** By mouse, by keys, by fingers; and what axe-core says of the page. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { axeSource } from './browser.mjs';
import { holds, hook, MIDDLE, movesBy, playing, pointAt, rightSong, silent, until, visibleSongs } from './listen.mjs';
import { runAlone } from './world.mjs';

const PHONE = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const settled = (page) => until(page, () => !window.__musicmap.moving, 'the map at rest');

export default function hands({ pageTest, PAGE_ALONE }) {
  // ---- moving about ----

  pageTest('the wheel zooms to the pointer, dragging pans, Home shows all', async (page) => {
    const [song] = await visibleSongs(page, 2);
    const before = await hook(page, 'view.scale');
    await pointAt(page, song);
    await movesBy(page, () => page.mouse.wheel(0, -400));
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
    await movesBy(page, () => page.keyboard.press('Home'));
    assert.ok(Math.abs((await hook(page, 'view.scale')) / before - 1) < 1e-6);
  });

  pageTest('a flick coasts and comes to rest', async (page) => {
    // On a busy machine the flick may arrive as a slow drag; one that is a flick must be seen.
    for (let attempt = 0; attempt < 8; attempt++) {
      await page.keyboard.press('Home');
      await page.mouse.move(560, 280);
      await movesBy(page, () => page.mouse.wheel(0, -600));
      const before = await hook(page, 'view.x');
      await page.mouse.down();
      for (let i = 1; i <= 6; i++) await page.mouse.move(560 - 20 * i, 280);
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
      await movesBy(page, act);
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
    await page.mouse.move(MIDDLE.x, MIDDLE.y);
    assert.equal(await colours(), under);
  }, {}, PAGE_ALONE);

  pageTest('with reduced motion nothing glides', async (page) => {
    await page.mouse.move(MIDDLE.x, MIDDLE.y);
    await page.keyboard.press('+');
    assert.equal(await hook(page, 'moving'), false);
  }, { reducedMotion: 'reduce' }, PAGE_ALONE);

  // ---- touch ----


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
    }, { colorScheme, listen: false }, PAGE_ALONE);
  }

  pageTest('before the first gesture there is a veil that says so, and no sound', async (page) => {
    await until(page, () => window.__musicmap?.map, 'a map');
    assert.match(await page.locator('#listen').innerText(), /Click to listen/);
    await page.mouse.move(MIDDLE.x, MIDDLE.y - 80);
    assert.equal(await page.evaluate(() => window.__musicmap.audioContext === undefined), true);
    await page.keyboard.press('Enter');
    await until(page, () => document.getElementById('veil').hidden && __musicmap.audioContext?.state === 'running', 'sound');
  }, { listen: false, fresh: true }, PAGE_ALONE);
}

await runAlone(import.meta.url, hands);
