// SPDX-License-Identifier: BSD-2-Clause
/**
 * The same page tests against the real server on a real library: twelve songs are made, explored by
 * build/musicmap, and heard in the browser.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const musicmap = process.env.MUSICMAP ?? fileURLToPath(new URL('../../build/musicmap', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'musicmap-real-'));

/** Chords and pulses that differ in everything a listener would notice. */
function makeSong(number) {
  const root = 110 * 2 ** ((number * 5 % 24) / 12);
  const beat = 1 + number % 4;
  const folder = join(scratch, 'music', `Genre ${number % 3}`);
  mkdirSync(folder, { recursive: true });
  const wave = `0.25*(sin(2*PI*${root}*t)+sin(2*PI*${root * 1.5}*t)/2)*(0.55+0.45*sin(2*PI*${beat}*t))+0.01*random(0)`;
  const done = spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `aevalsrc=${wave}:d=12:s=44100`,
    '-metadata', `title=Song ${number}`, '-metadata', `artist=Band ${number % 5}`,
    '-metadata', `genre=Genre ${number % 3}`, join(folder, `${number}.mp3`)]);
  if (done.status !== 0) throw new Error(String(done.stderr));
}

for (let number = 0; number < 12; number++) makeSong(number);
const server = spawn(musicmap, ['explore', join(scratch, 'music'), '--clusters', '3', '--port', '0',
  '--quiet', '--library', join(scratch, 'library')], { stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise((resolve, reject) => {
  createInterface(server.stdout).once('line', resolve);
  server.once('exit', (status) => reject(new Error(`musicmap ended with ${status}`)));
});
const tests = spawn(process.execPath, [fileURLToPath(new URL('page.test.mjs', import.meta.url))],
  { stdio: 'inherit', env: { ...process.env, MUSICMAP_URL: url } });
const status = await new Promise((resolve) => tests.once('exit', resolve));
server.removeAllListeners('exit');
server.kill('SIGINT');
const ended = await new Promise((resolve) => server.once('exit', (code) => resolve(code)));
rmSync(scratch, { recursive: true, force: true });
if (ended !== 0) console.log(`not ok 999 - Ctrl-C ends the server cleanly (${ended})`);
process.exit(status === 0 && ended === 0 ? 0 : 1);
