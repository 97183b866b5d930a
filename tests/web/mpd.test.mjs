// SPDX-License-Identifier: BSD-2-Clause
/** The page beside a real MPD (serve --mpd): what it plays is shown, played here, and the other way round. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.mjs';
import { openPage, until } from './listen.mjs';
import { makeSongs } from './songs.mjs';
import { runTests, test } from './tap.mjs';

if (spawnSync('mpd', ['--version']).error) {
  console.log('1..0 # SKIP no mpd: the program is not installed');
  process.exit(0);
}
const musicmap = process.env.MUSICMAP ?? fileURLToPath(new URL('../../build/musicmap', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'musicmap-mpd-'));
const music = join(scratch, 'music');
const library = ['--quiet', '--library', join(scratch, 'library')];
const socket = join(scratch, 'socket');

/** One command of MPD's protocol; its reply's lines. */
function say(command) {
  return new Promise((resolve, reject) => {
    let said = '';
    const connection = connect(socket, () => connection.write(`${command}\nclose\n`));
    connection.on('data', (part) => (said += part));
    connection.on('error', reject);
    connection.on('close', () => (/^ACK/m.test(said) ? reject(new Error(said)) : resolve(said.split('\n').slice(1))));
  });
}
const answer = async (command, name) => (await say(command)).find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
async function eventually(look, words) {
  for (let i = 0; i < 300; i++) {
    if (await look().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(words);
}

makeSongs(Array.from({ length: 6 }, (_, n) => ({ path: join(music, `${n}.mp3`), tags: { title: `Song ${n}` } })), { seconds: 30 });
assert.equal(spawnSync(musicmap, ['explore', music, '--no-serve', '--clusters', '2', ...library]).status, 0);
writeFileSync(
  join(scratch, 'conf'),
  `music_directory "${music}"\ndb_file "${scratch}/database"\nlog_file "${scratch}/log"\nbind_to_address "${socket}"\nzeroconf_enabled "no"\n` +
    'audio_output {\n type "null"\n name "nothing"\n mixer_type "none"\n}\n',
);
const mpd = spawn('mpd', ['--no-daemon', join(scratch, 'conf')], { stdio: 'ignore' });
await eventually(async () => existsSync(socket) && (await say('ping')), 'mpd runs');
await say('update');
await eventually(async () => !(await answer('status', 'updating_db')), 'its database is made');
const server = spawn(musicmap, ['serve', '--port', '0', '--mpd', socket, ...library], { stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise((resolve, reject) => {
  createInterface(server.stdout).once('line', resolve);
  server.once('exit', (status) => reject(new Error(`musicmap serve ended with ${status}`)));
});
const browser = await launch();
let page;
const text = () => page.locator('#companion .companion-text');
const saying = (words) => page.waitForFunction((w) => document.querySelector('#companion .companion-text')?.textContent === w, words);

test('what MPD plays is told, and played here', async () => {
  page = await openPage(browser, url);
  await saying('MPD is silent, or plays what is not on the map');
  await say('add 3.mp3');
  await say('play');
  await saying('MPD plays Song 3');
  await page.getByRole('button', { name: 'Play here' }).click();
  await until(page, () => String(__musicmap.song) === document.getElementById('companion').dataset.song, 'the song of MPD sounds here');
  await say('add 5.mp3');
  await say('next');
  await saying('MPD plays Song 5');
});

test('what sounds here is played there', async () => {
  await page.getByRole('button', { name: 'Play there' }).click();
  await saying('MPD plays Song 3');
  assert.equal(await answer('currentsong', 'file'), '3.mp3');
  assert.equal(await answer('status', 'state'), 'play');
});

test('an MPD that goes away is told', async () => {
  mpd.kill();
  await saying('MPD is silent, or plays what is not on the map');
  assert.equal(await text().isVisible(), true);
});

const failed = await runTests();
await browser.close();
server.removeAllListeners('exit');
server.kill('SIGINT');
const ended = await new Promise((resolve) => server.once('exit', resolve));
mpd.kill();
rmSync(scratch, { recursive: true, force: true });
if (ended !== 0) console.log(`# the server ended with ${ended}`);
process.exit(failed || ended !== 0 ? 1 : 0);
