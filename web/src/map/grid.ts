// SPDX-License-Identifier: BSD-2-Clause
/**
 * Songs by place: squares of a grid with a few songs each. The cell under a point is that of the
 * nearest song, so this is all the geometry there is to keep; shapes of cells are worked out where one
 * looks (shape.ts, render/raster.ts). Shared by the page and the worker that paints.
 */
export interface Rect {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const SONGS_A_SQUARE = 2;
const MOST_SQUARES = 1 << 20;

export class Grid {
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
  /** Side of a square, map units. */
  readonly side: number;
  private readonly first: Uint32Array; // [squares + 1] into order
  private readonly order: Uint32Array; // cells by square

  constructor(readonly xy: Float32Array, readonly box: Rect) {
    this.count = xy.length / 2;
    const width = Math.max(1e-9, box.x1 - box.x0);
    const height = Math.max(1e-9, box.y1 - box.y0);
    const squares = Math.min(MOST_SQUARES, Math.max(1, this.count / SONGS_A_SQUARE));
    this.side = Math.max(Math.sqrt((width * height) / squares), Math.max(width, height) / 4096);
    this.columns = Math.max(1, Math.ceil(width / this.side));
    this.rows = Math.max(1, Math.ceil(height / this.side));
    const total = this.columns * this.rows;
    this.first = new Uint32Array(total + 1);
    const square = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      square[i] = this.row(xy[2 * i + 1]!) * this.columns + this.column(xy[2 * i]!);
      this.first[square[i]! + 1]!++;
    }
    for (let s = 0; s < total; s++) this.first[s + 1]! += this.first[s]!;
    const next = this.first.slice(0, total);
    this.order = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) this.order[next[square[i]!]!++] = i;
  }

  /** Runs of cells whose songs may lie in the rectangle: visit(order, from, to). */
  runsIn(rect: Rect, visit: (order: Uint32Array, from: number, to: number) => void): void {
    const { box } = this;
    if (rect.x1 < box.x0 || rect.x0 > box.x1 || rect.y1 < box.y0 || rect.y0 > box.y1) return;
    const [left, right] = [this.column(rect.x0), this.column(rect.x1)];
    for (let row = this.row(rect.y0); row <= this.row(rect.y1); row++) {
      const at = row * this.columns;
      const from = this.first[at + left]!;
      const to = this.first[at + right + 1]!;
      if (to > from) visit(this.order, from, to);
    }
  }

  distance2(cell: number, x: number, y: number): number {
    const dx = this.xy[2 * cell]! - x;
    const dy = this.xy[2 * cell + 1]! - y;
    return dx * dx + dy * dy;
  }

  /**
   * The nearest song to a point, of equals the one with the lowest number; -1 when none is nearer than
   * `limit`. hint: a cell that is probably close.
   */
  nearest(x: number, y: number, limit = Infinity, hint = -1): number {
    let best = -1;
    let least = limit * limit;
    if (hint >= 0) {
      const d = this.distance2(hint, x, y);
      if (d < least) [best, least] = [hint, d];
    }
    this.around(x, y, (from, to, bound) => {
      if (bound * bound > least) return false;
      for (let k = from; k < to; k++) {
        const cell = this.order[k]!;
        const d = this.distance2(cell, x, y);
        if (d < least || (d === least && cell < best)) [best, least] = [cell, d];
      }
      return true;
    });
    return best;
  }

  /** Every other song around a point, roughly the nearest first, while visit wants more. */
  each(x: number, y: number, visit: (cell: number) => void, enough: (bound: number) => boolean): void {
    this.around(x, y, (from, to, bound) => {
      if (enough(bound)) return false;
      for (let k = from; k < to; k++) visit(this.order[k]!);
      return true;
    });
  }

  /**
   * Squares in rings around the point's own (or the nearest one to it): visit gets runs of `order` and
   * how far away all further songs are at least; false ends the search.
   */
  private around(x: number, y: number, visit: (from: number, to: number, bound: number) => boolean): void {
    const column = this.column(x);
    const row = this.row(y);
    const last = Math.max(column, this.columns - 1 - column, row, this.rows - 1 - row);
    for (let ring = 0; ring <= last; ring++) {
      const bound = Math.max(0, ring - 1) * this.side;
      const [left, right] = [Math.max(0, column - ring), Math.min(this.columns - 1, column + ring)];
      const [low, high] = [Math.max(0, row - ring), Math.min(this.rows - 1, row + ring)];
      if (!visit(0, 0, bound)) return;
      for (let r = low; r <= high; r++) {
        const at = r * this.columns;
        if (r === row - ring || r === row + ring) {
          visit(this.first[at + left]!, this.first[at + right + 1]!, bound);
          continue;
        }
        if (column - ring >= 0) visit(this.first[at + left]!, this.first[at + left + 1]!, bound);
        if (column + ring < this.columns) visit(this.first[at + right]!, this.first[at + right + 1]!, bound);
      }
    }
  }

  private column(x: number): number {
    return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.box.x0) / this.side)));
  }

  private row(y: number): number {
    return Math.min(this.rows - 1, Math.max(0, Math.floor((y - this.box.y0) / this.side)));
  }
}
