// SPDX-License-Identifier: BSD-2-Clause
/**
 * From a pointer event over a new cell to the first sample of its song, in an AudioWorklet behind the
 * page's analyser. Every song is one of seven tones, whole numbers of periods in 32 samples, so that 32
 * samples tell which of them sounds; neighbours on the map have different ones. A tone counts as heard
 * at 2 % of a clip's level: a little later than its first sample. Events are put on the audio clock by
 * their own time stamps, and rather too early than too late: the clock of the page lags behind.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { wavOf } from '../fixture-server.mjs';
import { randomFrom } from '../fixture-map.mjs';

const TONES = 7;
const PART = 32;
const LEAST_STAY_S = 0.12; // the dial's: a cell left sooner is skipped
const hertz = (tone, rate) => ((tone + 1) * rate) / PART;

/** The song's tone by id: greedy along the map's order, none like one of its neighbours'. */
export async function chooseTones({ songs, xy }) {
  const require = createRequire(new URL('../../../web/package.json', import.meta.url));
  const { Delaunay } = await import(require.resolve('d3-delaunay'));
  const delaunay = new Delaunay(xy);
  const random = randomFrom(11);
  const tone = new Int8Array(songs.length).fill(-1);
  for (let i = 0; i < songs.length; i++) {
    const taken = new Set();
    for (const j of delaunay.neighbors(i)) taken.add(tone[j]);
    const free = [...Array(TONES).keys()].filter((t) => !taken.has(t));
    tone[i] = free.length > 0 ? free[Math.floor(random() * free.length)] : Math.floor(random() * TONES);
  }
  return new Map(Array.from(songs, (id, i) => [id, tone[i]]));
}

/** Clips like those of the server: MP3, 30 s, stereo, 128 kbit/s; shorter WAV where there is no ffmpeg. */
export async function makeClips(browser) {
  const page = await browser.newPage();
  const rate = await page.evaluate(() => new AudioContext().sampleRate); // the machine's
  await page.close();
  return Array.from({ length: TONES }, (_, tone) => {
    const source = `sine=frequency=${hertz(tone, rate)}:sample_rate=44100:duration=30`;
    const made = spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, '-af', 'volume=4', '-ac', '2', '-b:a', '128k', '-f', 'mp3', '-'], { maxBuffer: 2 ** 24 });
    return made.status === 0 ? { body: made.stdout, type: 'audio/mpeg' } : { body: wavOf(hertz(tone, rate)), type: 'audio/wav' };
  });
}

export const TAP = `
registerProcessor('tap', class extends AudioWorkletProcessor {
  constructor() { super(); this.loud = new Array(${TONES}).fill(false); }
  process(inputs) {
    const x = inputs[0][0];
    if (!x) return true;
    for (let part = 0; part + ${PART} <= x.length; part += ${PART}) for (let tone = 0; tone < ${TONES}; tone++) {
      let re = 0, im = 0;
      for (let i = 0; i < ${PART}; i++) {
        const a = 2 * Math.PI * (tone + 1) * i / ${PART};
        re += x[part + i] * Math.cos(a); im += x[part + i] * Math.sin(a);
      }
      const level = Math.hypot(re, im) / ${PART / 2};
      if (level > 0.01 && !this.loud[tone]) {
        this.loud[tone] = true;
        this.port.postMessage({ tone, at: (currentFrame + part) / sampleRate });
      } else if (level < 0.003 && this.loud[tone]) {
        this.loud[tone] = false;
        this.port.postMessage({ tone, gone: true, at: (currentFrame + part) / sampleRate });
      }
    }
    return true;
  }
});`;

/** Notes in window.__log what is entered, what is asked for warm or cold, and what is heard, in order. */
async function install(page) {
  await page.evaluate(async () => {
    const hook = window.__musicmap;
    const context = hook.audioContext;
    await context.audioWorklet.addModule('/tap.js');
    const tap = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 0 });
    hook.analyser.connect(tap);
    const log = (window.__log = []);
    let seen;
    let last = -1;
    const noteStarts = () => {
      const { recent } = hook.starts;
      const from = seen === undefined ? 0 : recent.lastIndexOf(seen) + 1;
      for (const { song, warm } of recent.slice(from)) log.push({ kind: 'start', song, warm });
      seen = recent.at(-1);
    };
    tap.port.onmessage = ({ data }) => {
      noteStarts();
      log.push({ kind: data.gone ? 'gone' : 'heard', ...data });
    };
    const type = 'onpointerrawupdate' in window ? 'pointerrawupdate' : 'pointermove';
    window.addEventListener(type, (e) => {
      const song = hook.songAt(e.clientX, e.clientY);
      if (song === last) return;
      last = song;
      noteStarts();
      log.push({ kind: 'enter', song, at: context.currentTime - (performance.now() - e.timeStamp) / 1000 });
    }, true);
  });
}

/** Hovers of a log: { song, stay, warm, ms }; ms undefined = not heard while it was pointed at. */
function readLog(log, tones) {
  const hovers = [];
  for (let i = 0; i < log.length; i++) {
    const { kind, song, at } = log[i];
    if (kind !== 'enter' || song < 0) continue;
    const next = log.findIndex((entry, k) => k > i && entry.kind === 'enter');
    if (next < 0) break;
    const tone = tones.get(song);
    const until = log[next].at;
    const before = log.slice(Math.max(0, i - 12), i).filter((e) => (e.kind === 'heard' && e.at > at - 0.2) || (e.kind === 'enter' && e.at > at - 0.4));
    // A tone that sounds already cannot begin.
    const sounds = log.slice(0, i).filter((e) => e.tone === tone && e.at < at + 0.05).at(-1)?.kind === 'heard';
    const doubtful = sounds || before.some((e) => (e.kind === 'heard' ? e.tone : tones.get(e.song)) === tone);
    // Messages of the tap may arrive after the next events, on a busy machine after many of them.
    const heard = log.slice(i + 1).find((e) => e.kind === 'heard' && e.tone === tone && e.at >= at - 0.002 && e.at < until);
    // The song before has a right to its 120 ms: what waits for that is told apart.
    const last = log.slice(Math.max(0, i - 12), i).filter((e) => e.kind === 'heard').at(-1);
    const held = last !== undefined && at - last.at < LEAST_STAY_S;
    const start = log.slice(i + 1, next + 6).find((e) => e.kind === 'start' && e.song === song);
    hovers.push({ song, stay: until - at, doubtful, held, warm: start?.warm, ms: heard && (heard.at - at) * 1000 });
  }
  return hovers;
}

/** Where a song's middle is on screen, clear of the panels. */
const clear = ({ x, y }) => x > 380 && x < 1280 && y > 130 && y < 700;

async function openNear(browser, url, wide) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(120000);
  page.on('pageerror', (error) => console.log(`# page error: ${error.message}`));
  await page.goto(url);
  await page.waitForFunction(() => window.__musicmap?.painted === 'cells');
  await page.mouse.click(720, 450);
  await page.waitForFunction(() => window.__musicmap.audioContext?.state === 'running');
  await nearer(page, wide);
  await install(page);
  return page;
}

/** Zooms in until cells are some `wide` pixels wide. */
async function nearer(page, wide) {
  await page.mouse.move(720, 450);
  for (let i = 0; i < 40; i++) {
    const apart = await page.evaluate(() => {
      const inside = window.__musicmap.songs.map((id) => window.__musicmap.locate(id)).filter(({ x, y }) => x > 400 && x < 1000 && y > 200 && y < 700);
      return Math.sqrt((600 * 500) / Math.max(1, inside.length));
    });
    if (apart > wide) break;
    await page.mouse.wheel(0, -160);
    await page.waitForFunction(() => !window.__musicmap.moving);
  }
}

/** A flight of at most `most` seconds: a winding path at changing speed, in real mouse events; the map is pulled along now and then. */
async function fly(page, wanted, most, seed) {
  const random = randomFrom(seed);
  let [x, y, angle, speed, goal] = [720, 420, 0.3, 150, 150];
  const until = performance.now() + 1000 * most;
  let last = performance.now();
  let change = last;
  let moved = last;
  for (let hovers = 0; hovers < wanted && last < until;) {
    const now = performance.now();
    const dt = Math.min(0.05, (now - last) / 1000);
    last = now;
    if (now > change) {
      // Mostly strolling, sometimes a flick, sometimes a rest.
      const kind = random();
      goal = kind < 0.1 ? 0 : kind < 0.85 ? 60 + 160 * random() : 500 + 900 * random();
      change = now + 400 + 1200 * random();
    }
    speed += (goal - speed) * Math.min(1, 6 * dt);
    angle += (random() - 0.5) * 3 * dt + (clear({ x, y }) ? 0 : 4 * dt);
    x = Math.min(1279, Math.max(381, x + Math.cos(angle) * speed * dt));
    y = Math.min(699, Math.max(131, y + Math.sin(angle) * speed * dt));
    if (!clear({ x: x + 30 * Math.cos(angle), y: y + 30 * Math.sin(angle) })) angle = Math.atan2(420 - y, 830 - x) + (random() - 0.5);
    await page.mouse.move(x, y);
    if (now > moved + 20000) {
      await page.mouse.down();
      await page.mouse.move(x + 300 * (random() - 0.5), y + 200 * (random() - 0.5), { steps: 12 });
      await page.mouse.up();
      moved = now;
      await page.keyboard.press('Escape');
      last = performance.now();
    }
    await page.waitForTimeout(4);
    if (Math.floor(now / 1000) !== Math.floor(last / 1000) || random() < 0.02) hovers = await page.evaluate((least) => {
      const enters = window.__log.filter((e) => e.kind === 'enter');
      return enters.filter((e, i) => e.song >= 0 && enters[i + 1] && enters[i + 1].at - e.at >= least).length;
    }, LEAST_STAY_S);
  }
}

/** Jumps to songs far away, where nothing was fetched. */
async function jump(page, count, seed) {
  const random = randomFrom(seed);
  for (let i = 0; i < count; i++) {
    const place = await page.evaluate(([r, q]) => {
      const hook = window.__musicmap;
      const here = hook.song >= 0 ? hook.locate(hook.song) : { x: 720, y: 450 };
      for (let k = 0; ; k++) {
        const x = 390 + 880 * ((r + k * 0.618) % 1);
        const y = 140 + 550 * ((q + k * 0.414) % 1);
        const id = hook.songAt(x, y);
        if (k > 200 || (id >= 0 && Math.hypot(x - here.x, y - here.y) > 300)) return { x, y };
      }
    }, [random(), random()]);
    await page.mouse.move(place.x, place.y);
    await page.waitForTimeout(700 + 300 * random());
    if (i % 25 === 24) await page.mouse.wheel(0, i % 50 === 24 ? 300 : -300); // elsewhere, where all is new
  }
}

/** Hovers of a flight over at least `hovers` cells for 120 ms and more: { stays, skipped, doubtful }. */
export async function flight(browser, url, tones, { hovers, wide, most, seed }) {
  const page = await openNear(browser, url, wide);
  await fly(page, hovers, most, seed);
  await page.waitForTimeout(600);
  const all = readLog(await page.evaluate(() => window.__log), tones);
  await page.close();
  const stays = all.filter(({ stay }) => stay >= LEAST_STAY_S);
  const told = stays.filter(({ doubtful }) => !doubtful);
  return { stays: told, skipped: all.length - stays.length, doubtful: stays.length - told.length };
}

/** Hovers of jumps to where nothing was fetched. */
export async function jumps(browser, url, tones, { count, wide, seed }) {
  const page = await openNear(browser, url, wide);
  await page.mouse.move(830, 420, { steps: 30 });
  await page.waitForTimeout(600);
  await page.evaluate(() => window.__log.splice(0));
  await jump(page, count, seed);
  const all = readLog(await page.evaluate(() => window.__log), tones);
  await page.close();
  return all.filter(({ warm, doubtful, stay }) => warm === false && !doubtful && stay > 0.4);
}
