// SPDX-License-Identifier: BSD-2-Clause
/**
 * Where the tests of the page run: on the fixture server, or on a real one (MUSICMAP_URL, real.test.mjs).
 *
 *   node tests/web/sound.test.mjs         (needs web/dist: npm --prefix web run build)
 *   MUSICMAP_URL=http://127.0.0.1:8765/ node tests/web/sound.test.mjs
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.mjs';
import { startFixture } from './fixture-server.mjs';
import { fetched, onPage, visibleSongs } from './listen.mjs';
import { runTests, test } from './tap.mjs';

/** real: address of a server; without it there is a fixture server. */
export async function openWorld(real) {
  const fixture = real ? undefined : await startFixture({ songs: 126, clusters: 12, seed: 1 });
  const url = real ?? fixture.url;
  const library = fixture?.library;
  const browser = await launch();

  function wellBehaved() {
    if (!fixture) return;
    Object.assign(fixture.behave, { map: true, down: false, clip: () => undefined, work: undefined });
    fixture.library = library;
  }

  /** A test on a page of its own, with a fixture server that behaves as it asks. */
  function pageTest(name, run, options = {}, { skip, allow = /$^/, behave = {} } = {}) {
    test(name, async () => {
      fixture?.requests.splice(0);
      wellBehaved();
      if (fixture) Object.assign(fixture.behave, behave);
      await onPage(browser, url, options, async (page) => {
        try {
          await run(page);
        } finally {
          wellBehaved(); // before the page is left: it is left for another of this server
        }
      }, allow);
    }, { skip });
  }

  /** Songs whose clips the page has not fetched ahead yet. */
  async function unheardSongs(page, count) {
    await fetched(page);
    const asked = new Set(fixture.requests.map((path) => Number(/clip.(\d+)/.exec(path)?.[1])));
    const songs = (await visibleSongs(page, 126, 30)).filter((song) => !asked.has(song.id)).slice(0, count);
    assert.equal(songs.length, count);
    return songs;
  }

  return {
    browser, fixture, library, url, pageTest, unheardSongs,
    PAGE_ALONE: { skip: real ? 'the server has no part in it' : undefined },
    FIXTURE: { skip: real ? 'needs the fixture server' : undefined },
    async close() {
      await browser.close();
      await fixture?.close();
    },
  };
}

/** Runs a part of the tests if its module is the program; others (real.test.mjs) import it. */
export async function runAlone(module, part) {
  if (process.argv[1] !== fileURLToPath(module)) return;
  const world = await openWorld(process.env.MUSICMAP_URL);
  part(world);
  const failed = await runTests();
  await world.close();
  process.exit(failed > 0 ? 1 : 0);
}
