// SPDX-License-Identifier: BSD-2-Clause
/**
 * The page without a server: "musicmap export" of twelve made songs, as one file opened from disk and as a
 * folder on a plain static server. The right song is heard in both, and nobody is asked for anything else.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { launch } from './browser.mjs';
import { holds, openPage, pointAt, rightSong, until, visibleSongs } from './listen.mjs';
import { makeSongs } from './songs.mjs';
import { runTests, test } from './tap.mjs';

const musicmap = process.env.MUSICMAP ?? fileURLToPath(new URL('../../build/musicmap', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'musicmap-export-'));
const library = join(scratch, 'library');

function run(program, ...args) {
  const done = spawnSync(program, args, { cwd: scratch, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr}`);
  return done;
}

makeSongs(Array.from({ length: 12 }, (_, n) => ({
  path: join(scratch, 'music', `${n}.mp3`),
  tags: { title: `Song ${n} </script><b>`, artist: `Band ${n % 5}`, genre: `Genre ${n % 3}` },
})));
run(musicmap, 'explore', 'music', '--no-serve', '--clusters', '3', '--quiet', '--library', library);
const single = JSON.parse(run(musicmap, 'export', 'map.html', '--json', '--library', library).stdout);
const folder = JSON.parse(run(musicmap, 'export', 'site', '--json', '--library', library).stdout);

/** Knows files and nothing else: no types, no queries. */
const asked = [];
const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname)).replace(/^\/maps\/mine\//, '');
  asked.push(path);
  try {
    const type = /\.html$|^$/.test(path) ? 'text/html' : /\.js$/.test(path) ? 'text/javascript' : /\.css$/.test(path) ? 'text/css' : '';
    const body = readFileSync(join(scratch, 'site', path || 'index.html'));
    response.writeHead(200, type ? { 'Content-Type': type } : {}).end(body);
  } catch {
    response.writeHead(404).end('no');
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await launch();
const places = {
  'one file from disk': pathToFileURL(join(scratch, 'map.html')).href,
  'a folder on a static server': `http://127.0.0.1:${server.address().port}/maps/mine/`,
};

test('sizes are told beforehand, and are about right', () => {
  for (const told of [single, folder]) {
    assert.equal(told.songs, 12);
    assert.equal(told.clips, 12);
    assert.ok(told.estimate / told.bytes > 0.7 && told.estimate / told.bytes < 1.5, `${told.estimate} for ${told.bytes}`);
  }
  assert.ok(Math.abs(statSync(join(scratch, 'map.html')).size / single.bytes - 1) < 0.05);
});

for (const [name, url] of Object.entries(places)) {
  test(`${name}: the right song is heard`, async () => {
    const page = await openPage(browser, url);
    const outside = [];
    page.on('request', (request) => !request.url().startsWith(new URL('.', url).href) && !/^(data|blob):/.test(request.url()) && outside.push(request.url()));
    try {
      for (const song of await visibleSongs(page, 3)) {
        await pointAt(page, song);
        await rightSong(page, song.id);
        await until(page, () => /^Song \d+ <\/script><b>$/.test(document.getElementById('card-title').textContent), 'its title');
      }
      await holds(page, 'songs.length', 12);
      assert.deepEqual(outside, [], 'nobody else is asked');
      assert.deepEqual(page.problems, [], 'console');
    } finally {
      await page.context().close();
    }
  });
}

test('the static server is asked for files that are there', () => {
  assert.ok(asked.includes('data/map.json') && asked.some((path) => /^clips\/\d+$/.test(path)));
  assert.deepEqual(asked.filter((path) => !/^(|index\.html|static\.js|favicon\.ico|(assets|data|clips)\/[\w.-]+)$/.test(path)), []);
});

const failed = await runTests();
await browser.close();
server.close();
server.closeAllConnections();
rmSync(scratch, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
