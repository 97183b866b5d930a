// SPDX-License-Identifier: BSD-2-Clause
/**
 * Plays a list of songs through, each kept while it sounds: whole where the browser can play its file,
 * else its clip; from one to the next by a crossfade.
 */
import { canPlay, desk } from './desk';
import { sameGround, type Atlas } from './map/atlas';
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
  private began = -1; // the place whose song was begun last
  private begun = false; // and was heard

  constructor(private readonly ground: Ground, private readonly changed: () => void) {}

  get playing(): boolean {
    return this.list !== undefined;
  }

  /** The place in the list that sounds; -1 = none. */
  get place(): number {
    return this.list ? this.at : -1;
  }

  /** The song there; -1 = none. */
  get song(): number {
    return this.list ? (this.ground.atlas?.songId(this.list.cells[this.at]!) ?? -1) : -1;
  }

  play(list: Playlist, from = 0): void {
    if (from >= list.cells.length) return;
    this.list = list;
    this.began = -1;
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

  /** Another map, before it is told what sounds: the same songs have other cells. */
  follow(before: Atlas, now: Atlas): void {
    const { list } = this;
    if (!list) return;
    const kept = list.cells.map((cell, place) => ({ cell: now.cellOf(before.songId(cell)), place })).filter(({ cell }) => cell >= 0);
    const at = kept.findIndex(({ place }) => place === this.at);
    if (at < 0 || !sameGround(before, now)) return this.stop();
    const began = this.began === this.at;
    this.list = { ...list, cells: kept.map(({ cell }) => cell) };
    this.at = at;
    this.began = began ? at : -1;
    if (!began) this.go(at); // it was still being looked up
  }

  /** Something else was chosen: the list is over. */
  chosen(song: number): void {
    const { atlas } = this.ground;
    if (this.list && atlas && this.began === this.at && song !== atlas.songId(this.list.cells[this.at]!)) this.stop();
  }

  private go(to: number): void {
    const { list, ground } = this;
    const { atlas } = ground;
    if (!list || !atlas) return;
    this.at = to;
    this.begun = false;
    ground.engine.unlock();
    void this.begin(list, to);
    this.changed();
  }

  private async begin(list: Playlist, to: number): Promise<void> {
    const { atlas, listening, stage } = this.ground;
    const cell = list.cells[to]!;
    const song = atlas!.songId(cell);
    const details = list.whole ? await desk.details(song).catch(() => undefined) : undefined;
    if (this.list !== list || this.at !== to || atlas !== this.ground.atlas) return;
    this.began = to;
    stage.camera.reveal(atlas!.x(cell), atlas!.y(cell), performance.now());
    listening.keep(cell, list.fade, details && canPlay(details.full) ? desk.originalAddress(song) : undefined);
    this.ground.invalidate();
  }

  private look(): void {
    const { list, ground } = this;
    const { atlas, engine, listening } = ground;
    if (!list || !atlas || this.began !== this.at) return;
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
