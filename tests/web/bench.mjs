// SPDX-License-Identifier: BSD-2-Clause
/**
 * How fast the page is, in headless Chromium with software GL.
 *
 *   node tests/web/bench.mjs [--songs 5000] [--hovers 300]
 *
 * 1. Frames while panning and zooming, for both renderers: time between frames.
 * 2. From a pointer event over a new cell to the first sample of its song in an AudioWorklet behind
 *    the page's analyser. Warm: the clip was ready; cold: fetched from loopback and decoded first.
 *    Times are those of the audio clock, counted from the event's own time stamp.
 */
import { startFixture, wavOf } from './fixture-server.mjs';
import { launch } from './browser.mjs';
import { randomFrom } from './fixture-map.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : fallback;
};
const SONGS = option('songs', 5000);
const HOVERS = option('hovers', 300);
// Two kinds of clips, far apart in pitch, so that a few samples tell which kind sounds.
const TONES = [2250, 7500];

function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

function summary(values) {
  if (values.length === 0) return 'none';
  const f = (share) => percentile(values, share).toFixed(1);
  return `n ${values.length}, p50 ${f(0.5)}, p95 ${f(0.95)}, p99 ${f(0.99)}, max ${f(1)} ms`;
}

async function openPage(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('pageerror', (error) => console.log(`# page error: ${error.message}`));
  const began = performance.now();
  await page.goto(url);
  await page.waitForFunction(() => window.__musicmap?.map && window.__musicmap.frames.frames > 0);
  console.log(`first picture after ${(performance.now() - began).toFixed(0)} ms`);
  await page.mouse.click(720, 450);
  return page;
}

/** Drags and wheels from inside the page, one step a frame, as a busy hand would. */
function flight(seconds) {
  return new Promise((resolve) => {
    const map = document.getElementById('map');
    const began = performance.now();
    let last = began;
    const intervals = [];
    const fire = (type, x, y, extra = {}) =>
      map.dispatchEvent(new PointerEvent(type, { bubbles: true, clientX: x, clientY: y, pointerType: 'mouse', pointerId: 1, button: 0, ...extra }));
    let down = false;
    const step = (now) => {
      const t = (now - began) / 1000;
      if (now !== last && t > 0.5) intervals.push(now - last);
      last = now;
      if (t > seconds) {
        if (down) fire('pointerup', 720, 450);
        resolve({ intervals, work: window.__musicmap.frames.work.slice() });
        return;
      }
      const phase = t % 4;
      const x = 720 + 250 * Math.sin(2.1 * t);
      const y = 450 + 160 * Math.cos(1.7 * t);
      if (phase < 2) {
        if (!down) fire('pointerdown', x, y);
        down = true;
        fire('pointermove', x, y);
      } else {
        if (down) fire('pointerup', x, y);
        down = false;
        map.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: 720, clientY: 450, deltaY: phase < 3 ? -45 : 45 }));
      }
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
}

async function frames(browser, fixture, renderer) {
  console.log(`\n# ${renderer}, ${SONGS} songs, 1440 x 900: 10 s of panning and zooming`);
  const page = await openPage(browser, `${fixture.url}?renderer=${renderer}`);
  await page.waitForTimeout(800);
  const { intervals, work } = await page.evaluate(flight, 10);
  const mean = intervals.reduce((sum, v) => sum + v, 0) / intervals.length;
  const used = await page.evaluate(() => window.__musicmap.renderer);
  console.log(`renderer ${used}: ${(1000 / mean).toFixed(1)} frames/s; between frames ${summary(intervals)}`);
  console.log(`script a frame: ${summary(work)}`);
  await page.close();
}

/** An AudioWorklet that reports when each tone begins to be heard. */
const TAP = `
registerProcessor('tap', class extends AudioWorkletProcessor {
  constructor() { super(); this.loud = [false, false]; }
  process(inputs) {
    const x = inputs[0][0];
    if (!x) return true;
    // Four parts of 32 samples: finer than a block.
    for (let part = 0; part < x.length; part += 32) {
      for (const [k, tone] of ${JSON.stringify(TONES)}.entries()) {
        let re = 0, im = 0;
        for (let i = 0; i < 32; i++) {
          const a = 2 * Math.PI * tone * (part + i) / sampleRate;
          re += x[part + i] * Math.cos(a); im += x[part + i] * Math.sin(a);
        }
        const level = Math.hypot(re, im) / 16;
        if (level > 0.004 && !this.loud[k]) { this.loud[k] = true; this.port.postMessage({ tone: k, at: (currentFrame + part) / sampleRate }); }
        else if (level < 0.001) this.loud[k] = false;
      }
    }
    return true;
  }
});`;

async function installTap(page) {
  await page.evaluate(async () => {
    const hook = window.__musicmap;
    const context = hook.audioContext;
    await context.audioWorklet.addModule('/tap.js');
    const tap = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 0 });
    hook.analyser.connect(tap);
    window.__heard = [];
    tap.port.onmessage = (e) => window.__heard.push(e.data);
    const events = 'onpointerrawupdate' in window ? 'pointerrawupdate' : 'pointermove';
    window.addEventListener(events, (e) => {
      if (window.__event === undefined) window.__event = context.currentTime - (performance.now() - e.timeStamp) / 1000;
    }, true);
  });
}

async function hover(page, song, dwell) {
  const place = await page.evaluate((id) => {
    window.__heard.length = 0;
    window.__event = undefined;
    return { ...window.__musicmap.locate(id), warm: window.__musicmap.starts.warm, cold: window.__musicmap.starts.cold };
  }, song);
  await page.mouse.move(place.x, place.y);
  await page.waitForTimeout(dwell);
  return page.evaluate(({ tone, before }) => {
    const hook = window.__musicmap;
    const heard = window.__heard.find((h) => h.tone === tone && h.at >= window.__event - 0.002);
    const kind = hook.starts.warm > before.warm ? 'warm' : hook.starts.cold > before.cold ? 'cold' : 'none';
    return { kind, ms: heard ? (heard.at - window.__event) * 1000 : null };
  }, { tone: toneClass(song), before: place });
}

const toneClass = (song) => Math.floor(song / 3) % 2; // ids are 1, 4, 7, ...

async function latency(browser, fixture) {
  console.log(`\n# pointer event -> first sample of the song, ${HOVERS} hovers from cell to near cell, then far ones`);
  const page = await openPage(browser, fixture.url);
  await page.waitForTimeout(500);
  await page.mouse.move(720, 450);
  await page.mouse.wheel(0, -500);
  await page.waitForTimeout(1500);
  await installTap(page);
  const random = randomFrom(7);
  const results = { warm: [], cold: [], none: 0, missed: 0 };
  const hop = async (far) => {
    const next = await page.evaluate(({ far, r }) => {
      const hook = window.__musicmap;
      const here = hook.song;
      const other = (id) => Math.floor(id / 3) % 2 !== Math.floor(here / 3) % 2;
      const middle = hook.locate(here) ?? { x: 720, y: 450 };
      const list = hook.songs
        .filter((id) => other(id))
        .map((id) => ({ id, ...hook.locate(id) }))
        .filter((p) => p.x > 380 && p.x < 1300 && p.y > 90 && p.y < 740 && hook.songAt(p.x, p.y) === p.id)
        .map((p) => ({ ...p, d: Math.hypot(p.x - middle.x, p.y - middle.y) }))
        .sort((a, b) => a.d - b.d);
      const pick = far ? list.length - 1 - Math.floor(r * list.length * 0.4) : Math.floor(r * 4);
      return list[pick]?.id ?? -1;
    }, { far, r: random() });
    const { kind, ms } = await hover(page, next, far ? 700 : 180 + 240 * random());
    if (kind === 'none') results.none++;
    else if (ms === null) results.missed++;
    else results[kind].push(ms);
  };
  for (let i = 0; i < HOVERS; i++) await hop(false);
  const near = { warm: results.warm.length, cold: results.cold.length };
  for (let i = 0; i < HOVERS / 5; i++) await hop(true);
  console.log(`near hovers: ${near.warm} warm, ${near.cold} cold`);
  console.log(`warm: ${summary(results.warm)}`);
  console.log(`cold: ${summary(results.cold)}`);
  console.log(`no start: ${results.none}, not heard in time: ${results.missed}`);
  await page.close();
}

const fixture = await startFixture({ songs: SONGS, clusters: 42, seed: 1 });
fixture.files.set('/tap.js', TAP);
fixture.behave.clip = (id) => ({ body: wavOf(TONES[toneClass(id)]), type: 'audio/wav' });
const browser = await launch();
try {
  await frames(browser, fixture, 'webgl2');
  await frames(browser, fixture, 'canvas');
  await latency(browser, fixture);
} finally {
  await browser.close();
  await fixture.close();
}
