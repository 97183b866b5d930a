// SPDX-License-Identifier: BSD-2-Clause
/**
 * The same page tests against the real server on a real library: twelve songs are made, explored by
 * build/musicmap, and heard in the browser.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import hands from './hands.test.mjs';
import picture from './picture.test.mjs';
import { makeSongs } from './songs.mjs';
import sound from './sound.test.mjs';
import { runTests } from './tap.mjs';
import { openWorld } from './world.mjs';

const musicmap = process.env.MUSICMAP ?? fileURLToPath(new URL('../../build/musicmap', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'musicmap-real-'));

makeSongs(Array.from({ length: 12 }, (_, n) => ({
  path: join(scratch, 'music', `Genre ${n % 3}`, `${n}.mp3`),
  tags: { title: `Song ${n}`, artist: `Band ${n % 5}`, genre: `Genre ${n % 3}` },
})));
const server = spawn(musicmap, ['explore', join(scratch, 'music'), '--clusters', '3', '--port', '0',
  '--quiet', '--library', join(scratch, 'library')], { stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise((resolve, reject) => {
  createInterface(server.stdout).once('line', resolve);
  server.once('exit', (status) => reject(new Error(`musicmap ended with ${status}`)));
});
const world = await openWorld(url);
for (const part of [sound, hands, picture]) part(world);
const failed = await runTests();
await world.close();
server.removeAllListeners('exit');
server.kill('SIGINT');
const ended = await new Promise((resolve) => server.once('exit', (code) => resolve(code)));
rmSync(scratch, { recursive: true, force: true });
if (ended !== 0) console.log(`not ok 999 - Ctrl-C ends the server cleanly (${ended})`);
process.exit(failed === 0 && ended === 0 ? 0 : 1);
