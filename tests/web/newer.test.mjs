// SPDX-License-Identifier: BSD-2-Clause
/** What one was doing when a newer map came, or when something else was asked meanwhile. No browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from './compile.mjs';

const { points, atlas, player, radioset, clips } = await compile({
  points: 'data/points.ts',
  atlas: 'map/atlas.ts',
  player: 'player.ts',
  radioset: 'radioset.ts',
  clips: 'audio/clips.ts',
});
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Songs of these ids in a row, shifted by so much. */
function mapOf(ids, shift = 0) {
  const n = ids.length;
  const cells = { ...points.emptyCells(n), songs: Int32Array.from(ids), xy: Float32Array.from(ids.flatMap((id) => [id / 100 + shift, 0])) };
  const box = [-1, -1, 2, 1];
  const clusters = [{ id: 0, name: 'A', colour: '#888888', songs: n, x: 0, y: 0, radius: 1 }];
  return new atlas.Atlas({ map: String(ids), songs: n, model: 't', box, coast: 0.6, tile: n, properties: [], clusters }, cells);
}

test('a map that was brought up to date is the same ground; one made anew, or another library, is not', () => {
  const before = mapOf([1, 2, 3, 4]);
  assert.ok(atlas.sameGround(before, mapOf([9, 4, 3, 2, 1])));
  assert.ok(atlas.sameGround(before, mapOf([1, 2, 3]))); // one was removed
  assert.ok(!atlas.sameGround(before, mapOf([1, 2, 3, 4], 0.2)));
  assert.ok(!atlas.sameGround(before, mapOf([11, 12])));
});

/** A player on a map; `heard` are the songs it began. */
function playerOn(map) {
  globalThis.Audio = class { canPlayType() { return ''; } };
  const heard = [];
  const listening = {
    soundingSong: -1,
    paused: false,
    keep(cell) {
      heard.push((this.soundingSong = ground.atlas.songId(cell)));
    },
  };
  const ground = { atlas: map, listening, invalidate() {}, stage: { camera: { reveal() {} } }, engine: { unlock() {}, state: { kind: 'playing' }, progress: undefined } };
  const made = new player.Player(ground, () => {});
  const arrives = (next) => {
    const last = ground.atlas;
    ground.atlas = next;
    made.follow(last, next);
    made.chosen(listening.soundingSong);
  };
  return { player: made, heard, arrives };
}

test('a list plays on when songs came onto the map', () => {
  const { player, heard, arrives } = playerOn(mapOf([1, 2, 3, 4]));
  player.play({ cells: [0, 1, 2, 3], fade: 1, whole: false }, 1);
  arrives(mapOf([9, 4, 2, 3])); // song 1 is gone
  assert.ok(player.playing);
  assert.equal(player.song, 2);
  player.step(1);
  assert.deepEqual(heard, [2, 3]);
  arrives(mapOf([1, 2, 4])); // the one that plays is gone
  assert.ok(!player.playing);
});

test('a list ends with a map that is another one', () => {
  const { player, arrives } = playerOn(mapOf([1, 2, 3, 4]));
  player.play({ cells: [0, 1], fade: 1, whole: false });
  arrives(mapOf([1, 2, 3, 4], 0.5));
  assert.ok(!player.playing);
});

/** A server that makes a set in 200 ms and judges one in 10; a newer task ends an older one, as ours does. */
function serveSets() {
  let making;
  globalThis.fetch = (path, { body, signal }) => new Promise((resolve, reject) => {
    const task = JSON.parse(body);
    if (task.client && making) making(new Response(JSON.stringify({ error: 'something newer was asked' }), { status: 503 }));
    making = task.do === 'make' ? resolve : undefined;
    const songs = (task.set ?? [1, 2, 3]).map((id) => ({ id, start: 0, length: 10, in: {} }));
    signal?.addEventListener('abort', () => reject(new DOMException('x', 'AbortError')));
    setTimeout(() => resolve(new Response(JSON.stringify({ songs, bent: [], length: 30, cost: 0, crossfade: 0 }))), task.do === 'make' ? 200 : 10);
  });
}

test('a set that is asked for otherwise while it is made is no longer being made', async () => {
  serveSets();
  const draft = new radioset.SetDraft(() => {});
  draft.shape = 'free';
  await draft.make();
  assert.deepEqual(draft.songs, [1, 2, 3]);
  void draft.make();
  await sleep(50);
  draft.minutes = 30;
  draft.judgeSoon();
  await sleep(600);
  assert.ok(draft.set);
  assert.ok(!draft.busy);
  assert.equal(draft.error, '');
});

test('a draft keeps what is still there', async () => {
  serveSets();
  const draft = new radioset.SetDraft(() => {});
  draft.shape = 'songs';
  draft.waypoints = [3, 1];
  draft.songs = [3, 2, 1];
  draft.locked.add(2).add(3);
  draft.retain((song) => song !== 2);
  assert.deepEqual([draft.songs, draft.waypoints, [...draft.locked]], [[3, 1], [3, 1], [3]]);
  await sleep(300);
  assert.deepEqual(draft.set.songs.map(({ id }) => id), [3, 1]);
});

test('a store of clips that is closed refuses who waits, and fetches nothing more', async () => {
  let fetched = 0;
  const store = new clips.ClipStore(() => {
    fetched++;
    return new Promise(() => {});
  }, async () => ({}), clips.DEFAULT_LIMITS);
  const waits = store.load(1);
  store.close();
  await assert.rejects(waits);
  await sleep(50);
  assert.ok(fetched <= 1);
});
