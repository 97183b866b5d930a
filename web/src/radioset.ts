// SPDX-License-Identifier: BSD-2-Clause
/**
 * A radio set while it is being made: how it was asked for, its songs in order, which of them are
 * locked, what the server says of it. Draws nothing.
 */
import { ApiError } from './data/api';
import { desk, type OpenedSet, type Other, type RadioSet, type SetTask } from './desk';

/** kept: as an opened set was asked for, in a way that the page has no tool for (like a playlist, in one country). */
export type Shape = 'line' | 'songs' | 'around' | 'tour' | 'free' | 'kept';
export type Point = readonly [number, number];

const JUDGE_MS = 120;

/** The page's own shape that asks for the same; 'kept' where it has none. */
function shapeOf(task: SetTask): Shape {
  const { shape, songs = [], country } = task;
  if (shape === 'drawn') return 'line';
  if (shape === 'path' && task.from_first && task.to_last === songs.length > 1) return 'songs';
  if (shape === 'around' && songs.length && country === undefined) return 'around';
  return shape === 'tour' || shape === 'free' ? shape : 'kept';
}

export class SetDraft {
  shape: Shape = 'line';
  line: readonly Point[] = [];
  waypoints: number[] = []; // ids
  minutes = 58;
  arc = ''; // '' = none; "rise"; "0:0.2, 1:0.9"
  rules = '';
  seed = 1;
  start = 0; // seconds since 1970, of an opened set; 0 = none
  kept: SetTask | undefined; // what shape 'kept' asks
  songs: number[] = []; // ids in order
  set: RadioSet | undefined; // of these songs; undefined while that is not known
  busy = false;
  error = '';
  readonly locked = new Set<number>();
  private turn = 0;
  private asked: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly changed: () => void) {}

  /** What is missing before it can be asked for; '' = nothing. */
  get lacking(): string {
    if (this.shape === 'line' && this.line.length < 2) return 'Draw a line on the map first.';
    if (this.shape === 'songs' && this.waypoints.length < 1) return 'Click the songs it should pass by.';
    if (this.shape === 'around' && this.waypoints.length < 1) return 'Click the song it should stay near.';
    return '';
  }

  clear(): void {
    this.cancel();
    this.songs = [];
    this.set = undefined;
    this.waypoints = [];
    this.line = [];
    this.locked.clear();
    this.kept = undefined;
    this.start = 0;
    if (this.shape === 'kept') this.shape = 'line';
    this.error = '';
    this.changed();
  }

  /** A newer state of the same map: songs that are gone leave the set, all else stays as it is. */
  retain(there: (song: number) => boolean): void {
    const before = this.songs.length;
    this.songs = this.songs.filter(there);
    this.waypoints = this.waypoints.filter(there);
    for (const song of [...this.locked]) if (!there(song)) this.locked.delete(song);
    if (this.songs.length < before) this.judgeSoon();
    else this.changed();
  }

  /** Goes on with a set that was kept: its songs, and how they were asked for. */
  open({ set, task }: OpenedSet): void {
    this.clear();
    const { songs = [], line = [] } = task;
    this.shape = shapeOf(task);
    this.kept = task;
    if (this.shape === 'line') this.line = line;
    if (this.shape === 'songs' || this.shape === 'around') this.waypoints = [...songs];
    this.minutes = task.minutes ?? 58;
    this.arc = task.arc ?? '';
    this.rules = task.rules ?? '';
    this.seed = task.seed ?? 1;
    this.start = task.start ?? 0;
    this.songs = [...set];
    this.judgeSoon();
  }

  async make(): Promise<void> {
    this.cancel();
    const turn = ++this.turn;
    this.asked = new AbortController();
    this.busy = true;
    this.error = '';
    this.changed();
    try {
      const set = await desk.make(this.task(true), this.asked.signal);
      if (turn !== this.turn) return;
      this.take(set);
    } catch (error) {
      if (turn !== this.turn) return;
      this.fail(error);
    }
    this.busy = false;
    this.changed();
  }

  /** Gives up what is being made. */
  cancel(): void {
    clearTimeout(this.timer);
    this.turn++;
    if (!this.busy) return;
    this.asked?.abort();
    this.busy = false;
    desk.cancel();
    this.changed();
  }

  // ---- rearranging ----

  move(from: number, to: number): void {
    if (from === to || from < 0 || to < 0 || from >= this.songs.length || to >= this.songs.length) return;
    const [song] = this.songs.splice(from, 1);
    this.songs.splice(to, 0, song!);
    this.judgeSoon();
  }

  remove(at: number): void {
    const [song] = this.songs.splice(at, 1);
    if (song !== undefined) this.locked.delete(song);
    this.judgeSoon();
  }

  replace(at: number, song: number): void {
    this.songs[at] = song;
    this.judgeSoon();
  }

  toggleLock(song: number): void {
    if (!this.locked.delete(song)) this.locked.add(song);
    this.changed();
  }

  addWaypoint(song: number): void {
    if (this.shape === 'around') this.waypoints = [song];
    else if (!this.waypoints.includes(song)) this.waypoints.push(song);
    this.changed();
  }

  /** Says anew what the songs cost and which rules are bent. What is being made was asked for otherwise: it is given up. */
  judgeSoon(): void {
    this.cancel();
    this.changed();
    const turn = ++this.turn;
    this.timer = setTimeout(() => void this.judge(turn), JUDGE_MS);
  }

  others(at: number): Promise<readonly Other[]> {
    return desk.swap(this.task(false), this.songs, at);
  }

  /** What is asked of the server. making: locked songs must be in it. */
  task(making: boolean): SetTask {
    const { minutes, arc, rules, seed, waypoints } = this;
    const locked = making ? this.songs.filter((song) => this.locked.has(song)) : [];
    const about = { minutes, arc, rules, seed, ...(this.start ? { start: this.start } : {}) };
    switch (this.shape) {
      case 'line':
        return { ...about, shape: 'drawn', line: this.line, include: locked };
      case 'songs': {
        const ends = waypoints.length > 1;
        return { ...about, shape: 'path', songs: waypoints, from_first: true, to_last: ends, include: locked.filter((s) => !waypoints.includes(s)) };
      }
      case 'around':
        return { ...about, shape: 'around', songs: waypoints, include: locked };
      case 'tour':
        return { ...about, shape: 'tour', include: locked };
      case 'free':
        // Nothing but the locked songs says where it goes: they keep their order, others come between.
        return locked.length ? { ...about, shape: 'fill', songs: locked } : { ...about, shape: 'free' };
      case 'kept':
        return { ...this.kept, ...about, include: locked.filter((s) => !this.kept?.songs?.includes(s)) };
    }
  }

  private async judge(turn: number): Promise<void> {
    if (this.songs.length === 0) {
      this.set = undefined;
      return this.changed();
    }
    try {
      const set = await desk.judge(this.task(false), this.songs);
      if (turn !== this.turn) return;
      this.take(set);
    } catch (error) {
      if (turn !== this.turn) return;
      this.fail(error);
    }
    this.changed();
  }

  private take(set: RadioSet): void {
    this.set = set;
    this.songs = set.songs.map(({ id }) => id);
    this.error = '';
    for (const song of [...this.locked]) if (!this.songs.includes(song)) this.locked.delete(song);
  }

  private fail(error: unknown): void {
    if (error instanceof DOMException && error.name === 'AbortError') return;
    const gone = error instanceof ApiError && (error.status === 404 || error.status === 405);
    this.error = gone ? 'Sets are made where musicmap itself serves the page.' : error instanceof Error ? error.message : String(error);
  }
}
