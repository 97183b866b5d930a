// SPDX-License-Identifier: BSD-2-Clause
/**
 * First picture and frame times, the same way for the page and its peers: from outside, by screenshots
 * and by the browser's own animation frames, with the same real mouse.
 */
const SIZE = { width: 1440, height: 900 };
const CLIP = { x: 300, y: 120, width: 840, height: 640, scale: 0.2 }; // the middle: no panels there
const LONGEST_MS = 60000;
const REST_MS = 2500; // of sameness: the picture is finished

/**
 * Milliseconds from navigation to the first picture that is nearer to the finished one than to the empty
 * page (a fifth of the way at most is missing), and to the finished one. Screenshots are taken one after
 * the other and compared afterwards.
 */
export async function firstPicture(browser, url) {
  const context = await browser.newContext({ viewport: SIZE });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  const shoot = async () => (await session.send('Page.captureScreenshot', { format: 'png', clip: CLIP, optimizeForSpeed: true })).data;
  const empty = await shoot();
  const shots = [{ ms: 0, data: empty }];
  const began = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  let same = Infinity; // since when nothing has changed, once something has
  for (let last = ''; performance.now() - same < REST_MS || same === Infinity;) {
    if (performance.now() - began > LONGEST_MS) throw new Error(`${url} shows nothing`);
    const asked = performance.now();
    const data = await shoot();
    // The picture is at least as old as the answer, and not younger than the question.
    shots.push({ ms: performance.now() - began, data });
    if (data !== last && data !== empty) same = performance.now();
    last = data;
    const spent = performance.now() - asked;
    if (spent < 40) await page.waitForTimeout(40 - spent);
  }
  await context.close();
  const away = await distances(browser, shots.map(({ data }) => data));
  const blank = away[0];
  const first = shots.find((_, i) => away[i] < 0.2 * blank);
  const whole = shots.find((_, i) => away[i] < 0.01 * blank);
  return { first: first.ms, whole: whole.ms };
}

/** How far each picture is from the last one: mean difference of a pixel. */
async function distances(browser, pngs) {
  const page = await browser.newPage();
  const result = await page.evaluate(async (list) => {
    const pixels = async (data) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      return context.getImageData(0, 0, image.width, image.height).data;
    };
    const final = await pixels(list.at(-1));
    const away = [];
    for (const data of list) {
      const now = await pixels(data);
      let sum = 0;
      for (let i = 0; i < final.length; i++) sum += Math.abs(now[i] - final[i]);
      away.push(sum / final.length);
    }
    return away;
  }, pngs);
  await page.close();
  return result;
}

/** Intervals of animation frames, ms, while a hand drags the map about and turns the wheel. */
export async function frameTimes(browser, url, seconds, ready = () => true) {
  const context = await browser.newContext({ viewport: SIZE });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(ready);
  await page.waitForTimeout(3000);
  await page.mouse.click(720, 450);
  await page.mouse.move(720, 450);
  await page.evaluate(() => {
    window.__intervals = [];
    let last = 0;
    const tick = (now) => {
      if (last > 0) window.__intervals.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const began = performance.now();
  let down = false;
  for (;;) {
    const t = (performance.now() - began) / 1000;
    if (t > seconds) break;
    const phase = t % 4;
    if (phase < 2.4) {
      if (!down) {
        await page.mouse.move(720, 450);
        await page.mouse.down();
      }
      down = true;
      await page.mouse.move(720 + 260 * Math.sin((2 * Math.PI * phase) / 2.4), 450 + 150 * Math.sin((4 * Math.PI * phase) / 2.4));
    } else {
      if (down) await page.mouse.up();
      down = false;
      await page.mouse.wheel(0, phase < 3.2 ? -40 : 40);
    }
    await page.waitForTimeout(8);
  }
  if (down) await page.mouse.up();
  const intervals = await page.evaluate(() => window.__intervals);
  await context.close();
  return intervals;
}

/** Bytes of scripts and styles of the page as a server that compresses sends them. */
export async function pageWeight(dist) {
  const { readdir, readFile } = await import('node:fs/promises');
  const { gzipSync } = await import('node:zlib');
  const files = ['index.html', ...(await readdir(`${dist}/assets`)).map((name) => `assets/${name}`)];
  let bytes = 0;
  for (const file of files) bytes += gzipSync(await readFile(`${dist}/${file}`), { level: 9 }).length;
  return bytes;
}

/** Resident bytes of the process of an only tab, by what the system says of it. */
export async function tabBytes(browser) {
  const { readFileSync } = await import('node:fs');
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const sizes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => {
    const status = readFileSync(`/proc/${id}/status`, 'utf8');
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]);
  });
  return Math.max(...sizes);
}
