// SPDX-License-Identifier: BSD-2-Clause
/**
 * The map beyond the server's box. Cells end at the box; drawn like that, the map would have straight
 * edges where land reaches them. So every side of a cell that lies on the box is continued outward,
 * along the true borders: the bisector of the two songs that meet at its end.
 */
import { NO_CELL, type CellData } from '../data/mmc1';
import type { Rect } from './atlas';

interface End {
  readonly x: number;
  readonly y: number;
  readonly nx: number; // outward normal of the side of the box
  readonly ny: number;
  readonly cells: number[]; // one or two that meet here
}

/** A border flatter than this against the box would run off sideways. */
const FLATTEST = 0.35;

export class Apron {
  private readonly ends = new Map<number, [number, number]>(); // corner -> its place outside
  private readonly sidesOf = new Map<number, number[]>(); // cell -> pairs of corners
  /** Borders that go on outside: [corner, cell, cell], each followed by the next. */
  readonly spokes: readonly number[];

  constructor(private readonly data: CellData, box: Rect, reach: number) {
    const { edges, corners } = data;
    const ends = new Map<number, End>();
    for (let e = 0; e < edges.length; e += 4) {
      if (edges[e + 3] !== NO_CELL) continue;
      const [a, b, cell] = [edges[e]!, edges[e + 1]!, edges[e + 2]!];
      const list = this.sidesOf.get(cell);
      if (list) list.push(a, b);
      else this.sidesOf.set(cell, [a, b]);
      for (const corner of [a, b]) {
        const known = ends.get(corner);
        if (known) known.cells.push(cell);
        else ends.set(corner, { ...endAt(corners[2 * corner]!, corners[2 * corner + 1]!, box), cells: [cell] });
      }
    }
    const spokes: number[] = [];
    for (const [corner, end] of ends) {
      this.ends.set(corner, this.place(end, reach));
      if (end.cells.length === 2 && end.cells[0] !== end.cells[1]) spokes.push(corner, ...end.cells);
    }
    this.spokes = spokes;
    this.uncross();
  }

  /** Sides of a cell on the box as pairs of corners. */
  sides(cell: number): readonly number[] {
    return this.sidesOf.get(cell) ?? [];
  }

  get cells(): IterableIterator<number> {
    return this.sidesOf.keys();
  }

  /** Whether two corners of a cell are the ends of one of its sides on the box. */
  isSide(cell: number, a: number, b: number): boolean {
    const sides = this.sidesOf.get(cell);
    if (!sides) return false;
    for (let i = 0; i < sides.length; i += 2) {
      if ((sides[i] === a && sides[i + 1] === b) || (sides[i] === b && sides[i + 1] === a)) return true;
    }
    return false;
  }

  /** Where a corner on the box is continued to. */
  outward(corner: number): [number, number] {
    return this.ends.get(corner) ?? [this.data.corners[2 * corner]!, this.data.corners[2 * corner + 1]!];
  }

  private place(end: End, reach: number): [number, number] {
    const { xy } = this.data;
    const [a, b] = end.cells as [number, number | undefined];
    let [dx, dy] = [end.nx, end.ny];
    if (b !== undefined && a !== b && !(end.nx !== 0 && end.ny !== 0)) {
      // Perpendicular to the line between the two songs, pointing outward.
      const px = xy[2 * b + 1]! - xy[2 * a + 1]!;
      const py = xy[2 * a]! - xy[2 * b]!;
      const length = Math.hypot(px, py);
      const outward = px * end.nx + py * end.ny;
      if (length > 0 && Math.abs(outward) > FLATTEST * length) [dx, dy] = [px / outward, py / outward];
    }
    return [end.x + reach * dx, end.y + reach * dy];
  }

  /** Two borders that would cross outside meet half way instead. */
  private uncross(): void {
    const { corners } = this.data;
    for (const sides of this.sidesOf.values()) {
      for (let i = 0; i < sides.length; i += 2) {
        const [a, b] = [sides[i]!, sides[i + 1]!];
        const dx = corners[2 * b]! - corners[2 * a]!;
        const dy = corners[2 * b + 1]! - corners[2 * a + 1]!;
        const axis = Math.abs(dx) > Math.abs(dy) ? 0 : 1; // a side of the box runs along an axis
        const [p, q] = [this.ends.get(a)!, this.ends.get(b)!];
        if ((axis === 0 ? dx : dy) * (q[axis] - p[axis]) < 0) p[axis] = q[axis] = (p[axis] + q[axis]) / 2;
      }
    }
  }
}

/** A point on the box and the direction outward; diagonal at a corner of the box. */
function endAt(x: number, y: number, box: Rect): Omit<End, 'cells'> {
  const near = 1e-5 * Math.max(box.x1 - box.x0, box.y1 - box.y0);
  const side = (value: number, low: number, high: number): number =>
    Math.abs(value - low) < near ? -1 : Math.abs(value - high) < near ? 1 : 0;
  return { x, y, nx: side(x, box.x0, box.x1), ny: side(y, box.y0, box.y1) };
}
