// SPDX-License-Identifier: BSD-2-Clause
/**
 * The radio dial: what to do when the pointer is over a new song. At rest or slow, it sounds at
 * once. In a fast flight a song every cell would be a rattle: there a song, once begun, gets at least
 * MIN_MS before the next one of the flight, and cells in between are skipped. As soon as the pointer
 * slows down or stops, the song under it sounds at once. Times in milliseconds, no timers inside.
 */
export const MIN_MS = 120;
/** Without a movement for this long the flight is over. */
export const REST_MS = 24;

export class Dial {
  private began = -Infinity;
  private waiting = -1;
  private enteredAt = 0;

  /** Starts over, e.g. when the pointer leaves: the next song sounds at once. */
  reset(): void {
    this.began = -Infinity;
    this.waiting = -1;
  }

  /** A song began by other means (a click, a key). */
  started(now: number): void {
    this.began = now;
    this.waiting = -1;
  }

  /**
   * The pointer moved, over `song` now. expected: how long it will stay in the cell at its speed.
   * Returns true when the song should sound now; else ask due() later.
   */
  move(song: number, expected: number, now: number): boolean {
    if (expected >= MIN_MS || now - this.began >= MIN_MS) {
      this.started(now);
      return true;
    }
    this.waiting = song;
    this.enteredAt = now;
    return false;
  }

  /** The song that waits, if any. */
  get pending(): number {
    return this.waiting;
  }

  /** When the waiting song should sound if nothing moves any more. */
  dueAt(): number {
    return Math.min(this.enteredAt + REST_MS, this.began + MIN_MS);
  }

  /** The waiting song, once its time has come; -1 = none (yet). */
  due(now: number): number {
    if (this.waiting < 0 || now < this.dueAt()) return -1;
    const song = this.waiting;
    this.started(now);
    return song;
  }

  cancel(): void {
    this.waiting = -1;
  }
}
