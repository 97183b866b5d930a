// SPDX-License-Identifier: BSD-2-Clause
/**
 * Plays a list of songs through, each kept while it sounds: whole where the browser can play its file,
 * else its clip; from one to the next by a crossfade.
 */
import { canPlay, desk } from './desk';
import type { Ground } from './ui/ground';

const LOOK_MS = 150;

export interface Playlist {
  readonly cells: readonly number[];
  readonly fade: number; // seconds
  readonly whole: boolean; // where it can be
}

export class Player {
  private list: Playlist | undefined;
  private at = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private begun = false; // the song at `at` was heard

  constructor(private readonly ground: Ground, private readonly changed: () => void) {}

  get playing(): boolean {
    return this.list !== undefined;
  }

  /** The place in the list that sounds; -1 = none. */
  get place(): number {
    return this.list ? this.at : -1;
  }

  play(list: Playlist, from = 0): void {
    if (list.cells.length === 0) return;
    this.list = list;
    clearInterval(this.timer);
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.go(from);
  }

  stop(): void {
    if (!this.list) return;
    this.list = undefined;
    clearInterval(this.timer);
    this.changed();
  }

  step(by: number): void {
    if (!this.list) return;
    const to = this.at + by;
    if (to >= 0 && to < this.list.cells.length) this.go(to);
    else if (to >= this.list.cells.length) this.stop();
  }

  /** Something else was chosen: the list is over. */
  chosen(song: number): void {
    const { atlas } = this.ground;
    if (this.list && atlas && song !== atlas.songId(this.list.cells[this.at]!)) this.stop();
  }

  private go(to: number): void {
    const { list, ground } = this;
    const { atlas } = ground;
    if (!list || !atlas) return;
    this.at = to;
    this.begun = false;
    const cell = list.cells[to]!;
    ground.engine.unlock();
    ground.stage.camera.reveal(atlas.x(cell), atlas.y(cell), performance.now());
    ground.listening.keep(cell, list.fade);
    if (list.whole) void this.wholeSong(cell, list);
    this.changed();
    ground.invalidate();
  }

  private async wholeSong(cell: number, list: Playlist): Promise<void> {
    const { atlas, engine, listening } = this.ground;
    const song = atlas!.songId(cell);
    const details = await desk.details(song).catch(() => undefined);
    if (!details?.full || this.list !== list || list.cells[this.at] !== cell || !canPlay(details.full)) return;
    await engine.playWhole(listening.soundOf(cell), desk.originalAddress(song), 0, Math.max(0.04, list.fade / 2));
  }

  private look(): void {
    const { list, ground } = this;
    const { atlas, engine, listening } = ground;
    if (!list || !atlas) return;
    const song = atlas.songId(list.cells[this.at]!);
    if (listening.soundingSong !== song) return this.stop();
    if (listening.paused) return;
    // A song that cannot be heard does not hold up the rest.
    if (engine.state.kind === 'failed') return this.step(1);
    const { progress } = engine;
    if (progress?.song !== song) return;
    const rest = progress.length - progress.at;
    if (rest > list.fade + 1) this.begun = true;
    if (this.begun && progress.length > 0 && rest <= list.fade + LOOK_MS / 1000) this.step(1);
  }
}
