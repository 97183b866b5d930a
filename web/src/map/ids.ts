// SPDX-License-Identifier: BSD-2-Clause
/** Which cell a song has: a table of two arrays (a Map of a million numbers takes ten times the memory). */
export class IdIndex {
  private readonly mask: number;
  private readonly cell: Int32Array; // -1 = free

  constructor(private readonly songs: Uint32Array) {
    let size = 16;
    while (size < 2 * songs.length) size *= 2;
    this.mask = size - 1;
    this.cell = new Int32Array(size).fill(-1);
    for (let i = 0; i < songs.length; i++) {
      let at = this.slot(songs[i]!);
      while (this.cell[at]! >= 0) at = (at + 1) & this.mask;
      this.cell[at] = i;
    }
  }

  /** -1 when the song is not among them. */
  get(song: number): number {
    let at = this.slot(song);
    for (let cell = this.cell[at]!; cell >= 0; cell = this.cell[at]!) {
      if (this.songs[cell] === song) return cell;
      at = (at + 1) & this.mask;
    }
    return -1;
  }

  private slot(song: number): number {
    return (Math.imul(song, 0x9e3779b1) >>> 7) & this.mask;
  }
}
