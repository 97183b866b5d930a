// SPDX-License-Identifier: BSD-2-Clause
/**
 * The original, replayed: genres of a service (the stand-in for Spotify, as an app of old sees it),
 * OpenL3 with pseudo-random weights, K-means, PCA, and a browser in which a preview is heard. Two songs
 * of four genres; MUSICMAP_ORIGINAL=whole: all 126 x 10 (tests/full/original.t; most of an hour).
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import sound from './sound.test.mjs';
import { runTests } from './tap.mjs';
import { openWorld } from './world.mjs';

const musicmap = process.env.MUSICMAP ?? fileURLToPath(new URL('../../build/musicmap', import.meta.url));
const maker = join(dirname(musicmap), 'tests/make-openl3-weights');
if (!existsSync(maker)) {
  console.log('1..0 # SKIP make-openl3-weights is not built');
  process.exit(0);
}
const scratch = mkdtempSync(join(tmpdir(), 'musicmap-original-'));
const weights = join(scratch, 'openl3.h5');
if (spawnSync(maker, [weights]).status !== 0) throw new Error('no weights');

const standin = spawn('/usr/bin/python3', [fileURLToPath(new URL('../http/standin.py', import.meta.url)),
  '--clock', join(scratch, 'clock')], { stdio: ['ignore', 'pipe', 'inherit'] });
const { environment } = await new Promise((resolve, reject) => {
  createInterface(standin.stdout).once('line', (line) => resolve(JSON.parse(line)));
  standin.once('exit', () => reject(new Error('the stand-in ended')));
});

const sample = process.env.MUSICMAP_ORIGINAL === 'whole' ? []
  : ['--genres', 'acoustic,opera,sleep,techno', '--per-genre', '2', '--clusters', '3'];
const server = spawn(musicmap, ['explore', '--preset', 'original', '--source', 'spotify', ...sample,
  '--weights', weights, '--port', '0', '--quiet', '--library', join(scratch, 'library')], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, ...environment, MUSICMAP_HTTP_TIMEOUTS: '10,10,60', SPOTIFY_CLIENT_ID: 'extended',
    SPOTIFY_CLIENT_SECRET: 'secret-extended' },
});
const url = await new Promise((resolve, reject) => {
  createInterface(server.stdout).once('line', resolve);
  server.once('exit', (status) => reject(new Error(`musicmap ended with ${status}`)));
});
standin.removeAllListeners('exit');
standin.kill();
process.env.MUSICMAP_ONLY ??= 'pointing at a cell';
const world = await openWorld(url);
sound(world);
const failed = await runTests();
await world.close();
server.removeAllListeners('exit');
server.kill('SIGINT');
const ended = await new Promise((resolve) => server.once('exit', (code) => resolve(code)));
rmSync(scratch, { recursive: true, force: true });
if (ended !== 0) console.log(`not ok 999 - Ctrl-C ends the server cleanly (${ended})`);
process.exit(failed === 0 && ended === 0 ? 0 : 1);
