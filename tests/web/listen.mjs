// SPDX-License-Identifier: BSD-2-Clause
/**
 * What the browser tests need of the page: opening it, pointing at songs, and proving what is heard.
 * Everything goes through real input events and window.__musicmap (doc/page.md).
 */
import assert from 'node:assert/strict';

/** Opens the page and collects what its console says. options: Playwright's for a page, and query. */
export async function openPage(browser, url, { query = '', listen = true, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(60000); // a machine that builds at the same time is slow, not wrong
  const page = await context.newPage();
  page.problems = [];
  page.on('console', (message) => {
    if (message.type() === 'error') page.problems.push(message.text());
  });
  page.on('pageerror', (error) => page.problems.push(`page error: ${error.message}`));
  await page.goto(url + query);
  if (listen) {
    await page.waitForFunction(() => window.__musicmap?.map && window.__musicmap.frames.frames > 0);
    await page.locator('#listen').click();
    await page.waitForFunction(() => window.__musicmap.audioContext?.state === 'running');
  }
  return page;
}

export const hook = (page, expression) => page.evaluate(`window.__musicmap.${expression}`);

/** Waits until window.__musicmap.EXPRESSION equals value: events and sound take their time on a busy machine. */
export async function holds(page, expression, value, what = '') {
  let found;
  for (let i = 0; i < 150; i++) {
    found = await hook(page, expression);
    if (found === value) return;
    await page.waitForTimeout(100);
  }
  assert.equal(found, value, what || expression);
}

export async function until(page, condition, what, argument) {
  try {
    await page.waitForFunction(condition, argument, { timeout: 45000 });
  } catch {
    const state = await page.evaluate(() => JSON.stringify({ song: __musicmap.song, sound: __musicmap.sound, focus: __musicmap.focus, view: __musicmap.view }));
    throw new Error(`never: ${what}; ${state}`);
  }
}

/** Songs whose place is on screen, clear of all controls and far enough apart to be told apart. */
export async function visibleSongs(page, count, apart = 60) {
  const list = await page.evaluate(({ count, apart }) => {
    const hook = window.__musicmap;
    const found = [];
    for (const id of hook.songs) {
      const p = hook.locate(id);
      if (p.x < 20 || p.y < 20 || p.x > innerWidth - 20 || p.y > innerHeight - 20) continue;
      const top = document.elementFromPoint(p.x, p.y);
      if (top?.id !== 'map' || hook.songAt(p.x, p.y) !== id) continue;
      if (found.some((other) => Math.hypot(other.x - p.x, other.y - p.y) < apart)) continue;
      // Away from where the card will be.
      if (p.y > innerHeight - 190 && p.x < 420) continue;
      found.push({ id, ...p });
      if (found.length === count) break;
    }
    return found;
  }, { count, apart });
  assert.ok(list.length >= Math.min(2, count), `only ${list.length} songs on screen`);
  return list;
}

export async function pointAt(page, song) {
  await page.mouse.move(song.x, song.y);
}

export function playing(page, id) {
  return until(page, (song) => __musicmap.sound.kind === 'playing' && __musicmap.song === song, `song ${id} plays`, id);
}

/** The strongest frequency at the analyser, Hz, and the level (RMS of the waveform). */
export async function heard(page) {
  return page.evaluate(() => {
    const analyser = __musicmap.analyser;
    const spectrum = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(spectrum);
    let best = 0;
    for (let i = 1; i < spectrum.length; i++) if (spectrum[i] > spectrum[best]) best = i;
    const wave = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(wave);
    const rms = Math.sqrt(wave.reduce((sum, v) => sum + v * v, 0) / wave.length);
    return { hertz: (best * analyser.context.sampleRate) / analyser.fftSize, rms };
  });
}

/** The strongest frequency heard becomes this one. */
export async function hears(page, tone, what = 'heard') {
  let hertz = 0;
  for (let i = 0; i < 20; i++) {
    await page.waitForTimeout(250); // one analyser window beyond the fade
    ({ hertz } = await heard(page));
    if (Math.abs(hertz - tone) < 13) return;
  }
  assert.fail(`${what}: ${hertz} Hz, not ${tone} Hz`);
}

/** What plays and what is heard is this song. */
export async function rightSong(page, id) {
  await playing(page, id);
  await sounding(page);
  let like = 0;
  for (let i = 0; i < 8; i++) {
    await page.waitForTimeout(200); // one analyser window beyond the fade
    like = await likeness(page, id);
    if (like > 0.9) return;
  }
  assert.fail(`what is heard is like song ${id} by ${like.toFixed(3)}`);
}

export function silent(page) {
  return until(page, () => {
    const wave = new Float32Array(__musicmap.analyser.fftSize);
    __musicmap.analyser.getFloatTimeDomainData(wave);
    return wave.every((v) => Math.abs(v) < 1e-4);
  }, 'silence');
}

/** Not silent now, and no moment of the analyser's window is. */
export function sounding(page) {
  return until(page, () => {
    const wave = new Float32Array(__musicmap.analyser.fftSize);
    __musicmap.analyser.getFloatTimeDomainData(wave);
    return wave.reduce((sum, v) => sum + v * v, 0) / wave.length > 1e-9;
  }, 'a sound');
}

/**
 * How like a song's clip the present sound is: the best normalised correlation of what the analyser
 * holds with the first seconds of the clip after its onset. 1 = the very same samples.
 */
export async function likeness(page, id) {
  return page.evaluate(async (song) => {
    const hook = window.__musicmap;
    const analyser = hook.analyser;
    const wave = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(wave);
    const response = await fetch(`clip/${song}?map=${hook.map}`);
    const rate = analyser.context.sampleRate;
    const clip = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await response.arrayBuffer());
    const channels = Array.from({ length: clip.numberOfChannels }, (_, c) => clip.getChannelData(c));
    const from = Math.max(0, Math.floor((hook.soundOf(song).onset - 0.05) * rate));
    const length = Math.min(clip.length - from, 12 * rate);
    const mono = new Float32Array(length);
    for (const channel of channels) for (let i = 0; i < length; i++) mono[i] += channel[from + i] / channels.length;
    const part = wave.subarray(0, 1024);
    const energy = part.reduce((sum, v) => sum + v * v, 0);
    let best = 0;
    let power = 0;
    for (let i = 0; i < part.length; i++) power += mono[i] * mono[i];
    for (let lag = 0; lag + part.length < length; lag++) {
      let dot = 0;
      // Every fourth sample decides whether the place deserves all of them.
      for (let i = 0; i < part.length; i += 4) dot += part[i] * mono[lag + i];
      if (dot * dot * 16 > 0.5 * energy * power) {
        dot = 0;
        for (let i = 0; i < part.length; i++) dot += part[i] * mono[lag + i];
        if (power > 1e-9) best = Math.max(best, dot / Math.sqrt(energy * power));
      }
      power += mono[lag + part.length] ** 2 - mono[lag] ** 2;
    }
    return best;
  }, id);
}
