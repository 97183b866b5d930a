// SPDX-License-Identifier: BSD-2-Clause
/**
 * What the browser tests need of the page: opening it, pointing at songs, and proving what is heard.
 * Everything goes through real input events and window.__musicmap (doc/page.md).
 */
import assert from 'node:assert/strict';

/** The window of a test that asks for no other: pixels are what a software rasteriser spends its time on. */
export const WINDOW = { width: 820, height: 560 };
export const MIDDLE = { x: WINDOW.width / 2, y: WINDOW.height / 2 };

// Pages that were left, to be opened again: a process for a new one takes two seconds, a document in an old one a quarter.
const left = [];

/**
 * Opens the page and collects what its console says. Every test has a document of its own, with nothing kept
 * or cached; fresh: also a browser context of its own. The other options are Playwright's for a context.
 */
export async function openPage(browser, url, { query = '', listen = true, fresh = false, ...options } = {}) {
  const { viewport = WINDOW, colorScheme = 'light', reducedMotion = 'no-preference', ...device } = options;
  const kind = JSON.stringify(device);
  const at = fresh ? -1 : left.findIndex((page) => page.kind === kind && page.context().browser() === browser);
  const page = at >= 0 ? left.splice(at, 1)[0] : await makePage(browser, { viewport, ...device });
  Object.assign(page, { kind, problems: [] });
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme, reducedMotion });
  await page.goto(url + query);
  if (listen) {
    await page.waitForFunction(() => window.__musicmap?.map && window.__musicmap.frames.frames > 0);
    await page.locator('#listen').click();
    await page.waitForFunction(() => window.__musicmap.audioContext?.state === 'running');
  }
  return page;
}

async function makePage(browser, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(60000); // a machine that builds at the same time is slow, not wrong
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') page.problems.push(message.text());
  });
  page.on('pageerror', (error) => page.problems.push(`page error: ${error.message}`));
  return page;
}

/** Done with a page; whole: nothing went wrong, so that another test may have it. */
export async function leavePage(page, whole = true) {
  if (!whole) return page.context().close();
  await page.mouse.move(0, 0);
  await page.goto(new URL('/static.js', page.url()).href); // a document of the same site that does nothing
  await page.evaluate(() => [localStorage, sessionStorage].forEach((storage) => storage.clear()));
  const session = await page.context().newCDPSession(page);
  await session.send('Network.clearBrowserCache');
  await session.detach();
  page.removeAllListeners('request');
  left.push(page);
  return undefined;
}

/** Runs a test on a page; fails when the console reported an error that does not match allow. */
export async function onPage(browser, url, options, run, allow = /$^/) {
  const page = await openPage(browser, url, options);
  let passed = false;
  try {
    await run(page);
    assert.deepEqual(page.problems.filter((text) => !allow.test(text)), [], 'console');
    passed = true;
  } finally {
    await leavePage(page, passed);
  }
}

export const hook = (page, expression) => page.evaluate(`window.__musicmap.${expression}`);

/** Waits until window.__musicmap.EXPRESSION equals value: events and sound take their time on a busy machine. */
export async function holds(page, expression, value, what = '') {
  let found;
  for (let i = 0; i < 300; i++) {
    found = await hook(page, expression);
    if (found === value) return;
    await page.waitForTimeout(50);
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
  for (let i = 0; i < 100; i++) {
    ({ hertz } = await heard(page));
    if (Math.abs(hertz - tone) < 13) return;
    await page.waitForTimeout(50);
  }
  assert.fail(`${what}: ${hertz} Hz, not ${tone} Hz`);
}

/** What plays and what is heard is this song. */
export async function rightSong(page, id) {
  await playing(page, id);
  await sounding(page);
  let like = 0;
  for (let i = 1; i <= 24; i++) {
    like = await likeness(page, id, i % 8 === 0);
    if (like > 0.9) return;
    await page.waitForTimeout(70);
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
 * How like a song's clip the present sound is: the best normalised correlation of what the analyser holds
 * with the clip around the place where it should be, or anywhere in twelve seconds from its onset. 1 = the very
 * same samples.
 */
export async function likeness(page, id, anywhere = true) {
  return page.evaluate(async ({ song, anywhere }) => {
    const hook = window.__musicmap;
    const { analyser } = hook;
    const rate = analyser.context.sampleRate;
    const decode = async () => {
      const response = await fetch(`clip/${song}?map=${hook.map}`);
      const clip = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await response.arrayBuffer());
      const mono = new Float32Array(clip.length);
      for (let c = 0; c < clip.numberOfChannels; c++) clip.getChannelData(c).forEach((x, i) => (mono[i] += x / clip.numberOfChannels));
      return mono;
    };
    const clips = (window.__clips ??= new Map());
    const all = clips.get(song) ?? (await decode());
    clips.set(song, all);
    const wave = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(wave);
    const { at } = hook.tools.progress ?? { at: 0 };
    const span = anywhere ? [hook.soundOf(song).onset - 0.05, 12] : [at - wave.length / rate - 0.25, 0.5];
    const from = Math.min(all.length, Math.max(0, Math.floor(span[0] * rate)));
    const mono = all.subarray(from, from + Math.floor(span[1] * rate));
    const part = wave.subarray(0, 1024);
    if (mono.length <= part.length) return 0;
    const energy = part.reduce((sum, v) => sum + v * v, 0);
    let best = 0;
    let power = 0;
    for (let i = 0; i < part.length; i++) power += mono[i] * mono[i];
    for (let lag = 0; lag + part.length < mono.length; lag++) {
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
  }, { song: id, anywhere });
}

/** The map comes to rest after what was done: act() moves it. */
export async function movesBy(page, act) {
  const before = await hook(page, 'view');
  await act();
  await until(page, ({ x, y, scale }) => {
    const { view, moving } = window.__musicmap;
    return !moving && (view.x !== x || view.y !== y || view.scale !== scale);
  }, 'the map moved and at rest', before);
}

/** Nothing is on its way from the server any more. */
export const fetched = (page) => until(page, () => __musicmap.clips.files > 0 && __musicmap.clips.fetching === 0, 'clips fetched');
