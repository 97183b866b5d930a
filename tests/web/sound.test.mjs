// SPDX-License-Identifier: BSD-2-Clause
/** What is heard: the right song, at its level, without clicks; keeping, pausing, volume. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { toneOf } from './fixture-map.mjs';
import { heard, hears, holds, hook, playing, pointAt, rightSong, silent, sounding, until, visibleSongs } from './listen.mjs';
import { runAlone } from './world.mjs';

const RECORDER = `registerProcessor('recorder', class extends AudioWorkletProcessor {
  process(inputs) { if (inputs[0][0]) this.port.postMessage(inputs[0][0].slice()); return true; }
});`;

// Two low tones: any step between samples beyond what they can do themselves is a click.
const low = (id) => (Math.floor(id / 3) % 2 ? 180 : 300);

export default function sound({ fixture, pageTest, unheardSongs, FIXTURE, PAGE_ALONE }) {
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
      const { gain } = await page.evaluate((id) => __musicmap.soundOf(id), song.id);
      const wanted = (0.5 / Math.SQRT2) * gain;
      await hears(page, toneOf(song.id));
      let rms = 0;
      for (let i = 0; i < 40 && !(Math.abs(20 * Math.log10(rms / wanted)) < 1); i++) ({ rms } = await heard(page));
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
  }, {}, PAGE_ALONE);

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

  pageTest('crossfades: no click, and two songs together for at most the fade', async (page) => {
    fixture.files.set('/recorder.js', RECORDER);
    const songs = await visibleSongs(page, 40, 25);
    const route = [];
    for (let i = 0; i < 10; i++) {
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
      await silent(page);
      return page.evaluate(() => window.__blocks.reduce((sum, b) => sum + b.length, 0));
    };
    // Slow enough that one fade ends before the next begins; then as fast as it goes.
    const slow = await fly([250]);
    await fly([90, 40, 15, 250]);
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
    assert.ok(found.seconds > 3 && found.changes > 15, JSON.stringify(found));
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
    // The list of neighbours opens on the left.
    const songs = await visibleSongs(page, 60);
    const other = songs.find(({ x }) => x > 480);
    const kept = songs.find((song) => song !== other);
    await pointAt(page, kept);
    await page.mouse.click(kept.x, kept.y);
    await rightSong(page, kept.id);
    await holds(page, 'pinned', true);
    await pointAt(page, other);
    await holds(page, 'focus', other.id);
    await page.waitForTimeout(200); // longer than the dial holds a song back
    assert.equal(await hook(page, 'song'), kept.id);
    assert.match(await page.locator('#card').innerText(), /Kept/);
    await sounding(page);
    await page.mouse.move(2, 2);
    await holds(page, 'focus', kept.id);
    assert.equal(await hook(page, 'sound.kind'), 'playing');
    await page.keyboard.press('Escape');
    await holds(page, 'pinned', false);
    await pointAt(page, other);
    await playing(page, other.id);
  });

  pageTest('clicking the kept song again lets go of it', async (page) => {
    // Right of the middle: the list of neighbours opens on the left.
    const song = (await visibleSongs(page, 60)).find(({ x }) => x > 440);
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
}

await runAlone(import.meta.url, sound);
