// SPDX-License-Identifier: BSD-2-Clause
/**
 * Which song sounds: what pointer, keys and fingers mean. Pointing plays, a pin keeps, a choice by
 * key or tap stays until something else is chosen, a pause holds all of it. Draws nothing.
 */
import { Dial } from './audio/dial';
import type { AudioEngine, Sound } from './audio/engine';
import { planPrefetch, type Pointer } from './audio/plan';
import type { Atlas } from './map/atlas';

const PREFETCH = 20; // clips fetched around the pointer
const DECODE = 14; // of these decoded ahead, as far as their heads
const PLAN_EVERY_MS = 50;

export class Listening {
  hovered = -1; // cell under the pointer
  private cursor = -1; // cell last chosen by key or tap
  private pinnedSong = -1;
  private origin: 'none' | 'hover' | 'choice' = 'none';
  private halted = false;
  private readonly dial = new Dial();
  private dialTimer: ReturnType<typeof setTimeout> | undefined;
  private atlas: Atlas | undefined;
  private lastPlan = { at: -Infinity, cell: -1 };
  private song = -1; // asked for last

  constructor(private readonly engine: AudioEngine, private readonly changed: () => void) {}

  /** The cell that sounds or is about to, -1 = none. */
  get sounding(): number {
    return this.atlas && this.song >= 0 ? this.atlas.cellOf(this.song) : -1;
  }

  get soundingSong(): number {
    return this.song;
  }

  get pinned(): boolean {
    return this.pinnedSong >= 0;
  }

  get paused(): boolean {
    return this.halted;
  }

  /** The cell keys start from. */
  get place(): number {
    if (this.cursor >= 0) return this.cursor;
    return this.hovered >= 0 ? this.hovered : this.sounding;
  }

  /** The cell whose song one looks at: under the pointer or chosen, else the one that sounds. */
  get focus(): number {
    if (this.hovered >= 0) return this.hovered;
    return this.cursor >= 0 ? this.cursor : this.sounding;
  }

  setAtlas(atlas: Atlas): void {
    const cursorSong = this.cursor >= 0 && this.atlas ? this.atlas.songId(this.cursor) : -1;
    this.atlas = atlas;
    this.hovered = -1;
    this.cursor = atlas.cellOf(cursorSong);
    this.lastPlan = { at: -Infinity, cell: -1 };
    if (this.song >= 0 && atlas.cellOf(this.song) < 0) this.silence();
    this.changed();
  }

  /**
   * The pointer is over a cell (-1: over none), moving at a speed in map units a millisecond.
   * expected: milliseconds it will stay at that speed.
   */
  hover(cell: number, pointer: Pointer, expected: number, now: number): void {
    if (!this.atlas) return;
    const entered = cell !== this.hovered;
    if (entered) {
      this.hovered = cell;
      this.cursor = -1;
    }
    if (cell < 0) {
      if (entered) this.leave();
      return;
    }
    // The sound first, then everything else.
    if (!this.pinned) this.tune(cell, expected, now);
    this.planAhead(cell, pointer, now);
    if (entered) this.changed();
  }

  /** The pointer left the map: what it played fades out. */
  leave(): void {
    this.hovered = -1;
    this.stopDial();
    this.dial.reset();
    if (this.origin === 'hover' && !this.pinned && !this.halted) this.silence();
    this.changed();
  }

  /** Where the pointer is before anything may sound: have the songs there ready. */
  anticipate(cell: number, pointer: Pointer, now: number): void {
    this.planAhead(cell, pointer, now);
  }

  /** A song chosen by key or finger. With a pinned song one only looks around. */
  choose(cell: number): void {
    if (!this.atlas || cell < 0) return;
    this.hovered = -1;
    this.cursor = cell;
    this.stopDial();
    if (!this.pinned) this.start(cell, 'choice');
    this.planAhead(cell, { x: this.atlas.x(cell), y: this.atlas.y(cell), vx: 0, vy: 0 }, performance.now());
    this.changed();
  }

  /** A finger on a song: it plays; on the one that plays: pause and go on. */
  tap(cell: number): void {
    if (!this.atlas || cell < 0) return;
    if (cell === this.sounding && this.engine.state.kind !== 'failed') return this.togglePause();
    this.pinnedSong = -1;
    this.choose(cell);
  }

  /** Keeps a song, or lets go of it if it is the one that is kept. */
  togglePin(cell: number): void {
    if (!this.atlas || cell < 0) return;
    const song = this.atlas.songId(cell);
    if (this.pinnedSong === song) return this.unpin();
    this.pinnedSong = song;
    this.start(cell, this.hovered === cell ? 'hover' : 'choice');
    this.changed();
  }

  /**
   * Keeps a song that was chosen otherwise than by pointing at it. fade: seconds from the last one.
   * address: of its own file, to be played instead of its clip where that can be.
   */
  keep(cell: number, fade?: number, address?: string): void {
    if (!this.atlas || cell < 0) return;
    this.hovered = -1;
    this.cursor = cell;
    this.pinnedSong = this.atlas.songId(cell);
    this.start(cell, 'choice', fade, address);
    this.planAhead(cell, { x: this.atlas.x(cell), y: this.atlas.y(cell), vx: 0, vy: 0 }, performance.now());
    this.changed();
  }

  /** The song that was chosen or kept, not only pointed at; -1 = none. */
  get chosenSong(): number {
    if (this.pinned) return this.pinnedSong;
    return this.atlas && this.cursor >= 0 ? this.atlas.songId(this.cursor) : -1;
  }

  /** What the engine is to be told of a cell. */
  soundOf(cell: number): Sound {
    return this.sound(cell);
  }

  /** The pinned song goes on until the pointer or a key asks for another. */
  unpin(): void {
    if (!this.pinned) return;
    this.pinnedSong = -1;
    if (this.hovered < 0) this.origin = 'choice';
    this.changed();
  }

  /** fallback: the cell to start with when nothing has sounded yet. */
  togglePause(fallback = -1): void {
    if (this.halted) {
      this.halted = false;
      this.engine.resume();
    } else if (this.song >= 0) {
      this.halted = true;
      this.stopDial();
      this.engine.pause();
    } else {
      this.choose(fallback);
    }
    this.changed();
  }

  // ---- inside ----

  private tune(cell: number, expected: number, now: number): void {
    const song = this.atlas!.songId(cell);
    if (song === this.song) {
      this.origin = 'hover';
      this.stopDial();
      return;
    }
    if (this.halted) return this.park(cell);
    if (this.dial.move(song, expected, now)) this.start(cell, 'hover');
    else this.armDial(now);
  }

  private armDial(now: number): void {
    clearTimeout(this.dialTimer);
    this.dialTimer = setTimeout(() => {
      const song = this.dial.due(performance.now());
      if (song >= 0 && this.atlas) this.start(this.atlas.cellOf(song), 'hover');
      else if (this.dial.pending >= 0) this.armDial(performance.now());
    }, Math.max(1, this.dial.dueAt() - now));
  }

  private stopDial(): void {
    clearTimeout(this.dialTimer);
    this.dial.cancel();
  }

  private start(cell: number, origin: 'hover' | 'choice', fade?: number, address?: string): void {
    if (!this.atlas || cell < 0) return;
    this.stopDial();
    const sound = this.sound(cell);
    this.song = sound.song;
    this.origin = origin;
    this.halted = false;
    if (address) void this.engine.playWhole(sound, address, 0, fade);
    else this.engine.play(sound, fade);
    this.dial.started(performance.now());
    this.changed();
  }

  private park(cell: number): void {
    const sound = this.sound(cell);
    this.song = sound.song;
    this.origin = 'hover';
    this.engine.park(sound);
    this.changed();
  }

  private silence(): void {
    this.song = -1;
    this.pinnedSong = -1;
    this.origin = 'none';
    this.engine.stop();
  }

  private sound(cell: number): Sound {
    const { songs, gain, onset } = this.atlas!.cells;
    return { song: songs[cell]!, gain: gain[cell]!, onset: onset[cell]! };
  }

  private planAhead(cell: number, pointer: Pointer, now: number): void {
    if (!this.atlas || (cell === this.lastPlan.cell && now - this.lastPlan.at < PLAN_EVERY_MS)) return;
    this.lastPlan = { at: now, cell };
    const { atlas } = this;
    this.engine.prepare(planPrefetch(atlas, cell, pointer, PREFETCH).map((c) => atlas.songId(c)), DECODE);
  }
}
