// SPDX-License-Identifier: BSD-2-Clause
/**
 * The map as geometry: which cell is under a point, who is beside whom, what is on screen.
 * Pure arithmetic on the songs' places (grid.ts, shape.ts), no drawing.
 */
import { api, type Cluster, type MapInfo, type Property, type Region } from '../data/api';
import type { Column } from '../data/column';
import type { CellData } from '../data/points';
import { Grid, type Rect } from './grid';
import { IdIndex } from './ids';
import { shapeOf, sliceAt, type Shape } from './shape';

export type { Rect } from './grid';

/** Shapes that were worked out lately. */
const KEPT_SHAPES = 4000;

/** A circle inside a cell: where a title fits. */
export interface Room {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** Whether songs lie where they lay: the map was only brought up to date, and is no other. */
export function sameGround(before: Atlas, now: Atlas): boolean {
  let asked = 0;
  let stayed = 0;
  for (let cell = 0; cell < before.count; cell += Math.ceil(before.count / 500)) {
    const at = now.cellOf(before.songId(cell));
    asked++;
    if (at >= 0 && Math.hypot(now.x(at) - before.x(cell), now.y(at) - before.y(cell)) < 1e-4) stayed++;
  }
  return stayed > 0 && 2 * stayed > asked;
}

export class Atlas {
  readonly id: string;
  readonly clusters: readonly Cluster[];
  /** Groups of countries that have a name on the map. */
  readonly regions: readonly Region[];
  /** The region of every country; 0xffff = none. */
  readonly regionOf: Uint16Array;
  /** Properties of the songs one can colour by. */
  readonly properties: readonly Property[];
  readonly box: Rect;
  readonly count: number;
  readonly grid: Grid;
  /** Land ends this far from the nearest song, as the server says; what is beyond is sea (of the same cell). */
  readonly coast: number;
  /** All land with a strip of water: what an overview shows. */
  readonly extent: Rect;
  /** A typical cell's radius, map units. */
  readonly typicalRadius: number;
  private readonly ids: IdIndex;
  private readonly shapes = new Map<number, Shape>();
  private readonly nearestOther: Float32Array; // [count] NaN = not worked out yet

  constructor(info: MapInfo, readonly cells: CellData) {
    this.id = info.map;
    this.clusters = info.clusters;
    this.regions = info.regions;
    this.regionOf = Uint16Array.from(info.clusters, ({ region }) => (region < 0 ? 0xffff : region));
    this.properties = info.properties;
    const [x0, y0, x1, y1] = info.box;
    this.box = { x0, y0, x1, y1 };
    this.count = cells.count;
    this.grid = new Grid(cells.xy, this.box);
    this.ids = new IdIndex(cells.songs);
    this.nearestOther = new Float32Array(this.count).fill(NaN);
    this.typicalRadius = Math.sqrt(((x1 - x0) * (y1 - y0)) / Math.max(1, this.count) / Math.PI);
    this.coast = info.coast;
    this.extent = this.landExtent();
  }

  x(cell: number): number {
    return this.cells.xy[2 * cell]!;
  }

  y(cell: number): number {
    return this.cells.xy[2 * cell + 1]!;
  }

  songId(cell: number): number {
    return this.cells.songs[cell]!;
  }

  cluster(cell: number): Cluster {
    return this.clusters[this.cells.cluster[cell]!]!;
  }

  /** A property of all songs, fetched. */
  column(name: string): Promise<Column> {
    return api.column(this.id, name, this.count);
  }

  /** The cell of a song, -1 when it is not on this map. */
  cellOf(song: number): number {
    return this.ids.get(song);
  }

  neighbours(cell: number): readonly number[] {
    return this.shape(cell).neighbours;
  }

  /** Cells whose songs lie in the rectangle, in no particular order. */
  cellsIn(rect: Rect): number[] {
    const found: number[] = [];
    this.grid.runsIn(rect, (order, from, to) => {
      for (let k = from; k < to; k++) {
        const cell = order[k]!;
        const [x, y] = [this.x(cell), this.y(cell)];
        if (x >= rect.x0 && x <= rect.x1 && y >= rect.y0 && y <= rect.y1) found.push(cell);
      }
    });
    return found;
  }

  /**
   * The cell under a point; -1 outside the map: beyond the box only what is still land counts.
   * hint: a cell that is probably close.
   */
  hit(x: number, y: number, hint = -1): number {
    const { x0, y0, x1, y1 } = this.box;
    if (this.count === 0 || !Number.isFinite(x + y)) return -1;
    const outside = x < x0 || x > x1 || y < y0 || y > y1;
    const cell = this.grid.nearest(x, y, outside ? this.coast : Infinity, hint < this.count ? hint : -1);
    return cell < 0 ? -1 : this.sliceUnder(cell, x, y);
  }

  /**
   * The best cell in a direction (dx, dy; y upward): near, and not far off the line. Neighbours
   * first, then theirs, so that there is an answer wherever there is a cell in that half-plane.
   */
  toward(cell: number, dx: number, dy: number): number {
    const length = Math.hypot(dx, dy) || 1;
    const [ux, uy] = [dx / length, dy / length];
    const seen = new Set<number>([cell]);
    let ring = [cell];
    for (let depth = 0; depth < 3 && ring.length > 0; depth++) {
      const next: number[] = [];
      let best = -1;
      let bestCost = Infinity;
      for (const from of ring) {
        for (const other of this.neighbours(from)) {
          if (seen.has(other)) continue;
          seen.add(other);
          next.push(other);
          const cost = this.stepCost(cell, other, ux, uy);
          if (cost < bestCost) [best, bestCost] = [other, cost];
        }
      }
      if (best >= 0) return best;
      ring = next;
    }
    return -1;
  }

  /** Distance made longer by the angle to the wanted direction; Infinity outside +-60 degrees. */
  private stepCost(from: number, to: number, ux: number, uy: number): number {
    // Slices of one place have no direction between their sites: use the middle of their rooms.
    const samePlace = this.x(from) === this.x(to) && this.y(from) === this.y(to);
    const [ax, ay] = samePlace ? this.middle(from) : [this.x(from), this.y(from)];
    const [bx, by] = samePlace ? this.middle(to) : [this.x(to), this.y(to)];
    const distance = Math.hypot(bx - ax, by - ay);
    if (distance === 0) return Infinity;
    const cosine = ((bx - ax) * ux + (by - ay) * uy) / distance;
    return cosine > 0.5 ? distance / (cosine * cosine) : Infinity;
  }

  /** Where a cell is pointed at: its song, or the middle of its slice where songs share a place. */
  place(cell: number): [number, number] {
    const [x, y] = [this.x(cell), this.y(cell)];
    return this.contains(cell, x, y) && this.nearestTo(cell) > 0 ? [x, y] : this.middle(cell);
  }

  middle(cell: number): [number, number] {
    const { x, y } = this.roomOf(cell);
    return [x, y];
  }

  /** The centroid of a cell and its distance to the nearest side. */
  roomOf(cell: number): Room {
    const { polygon } = this.shape(cell);
    const [ox, oy] = [this.x(cell), this.y(cell)];
    let [area, cx, cy] = [0, 0, 0];
    eachSide(polygon, (ax, ay, bx, by) => {
      const cross = (ax - ox) * (by - oy) - (bx - ox) * (ay - oy);
      area += cross;
      cx += (ax + bx - 2 * ox) * cross;
      cy += (ay + by - 2 * oy) * cross;
    });
    const [x, y] = area > 0 ? [ox + cx / (3 * area), oy + cy / (3 * area)] : [ox, oy];
    let radius = Infinity;
    eachSide(polygon, (ax, ay, bx, by) => {
      const length = Math.hypot(bx - ax, by - ay);
      if (length > 0) radius = Math.min(radius, ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length);
    });
    return { x, y, radius: Number.isFinite(radius) ? Math.max(0, radius) : 0 };
  }

  /** Half the distance to the nearest other song: the cell has at least this radius. */
  reach(cell: number): number {
    return this.nearestTo(cell) / 2;
  }

  /** A place for a name: the same, or, where that is at sea, close to the song it belongs to. */
  ashore(x: number, y: number): [number, number] {
    const cell = this.hit(x, y);
    if (cell < 0) return [x, y];
    const distance = Math.hypot(this.x(cell) - x, this.y(cell) - y);
    const most = 0.4 * this.coast;
    if (distance <= 0.8 * this.coast) return [x, y];
    const t = most / distance;
    return [this.x(cell) + t * (x - this.x(cell)), this.y(cell) + t * (y - this.y(cell))];
  }

  /** The next song on a tour that visits every song once, each close to the last (Tab). */
  along(cell: number, step: 1 | -1): number {
    return (cell + step + this.count) % this.count; // the map's own order is such a tour
  }

  /** Outline of a cell for drawing, [x, y, ...]: no further out than the open sea. */
  outline(cell: number): readonly number[] {
    return this.shape(cell).polygon;
  }

  contains(cell: number, x: number, y: number): boolean {
    let inside = true;
    // Counter-clockwise: inside is to the left of every side.
    eachSide(this.shape(cell).polygon, (ax, ay, bx, by) => {
      if ((bx - ax) * (y - ay) - (by - ay) * (x - ax) < 0) inside = false;
    });
    return inside;
  }

  private shape(cell: number): Shape {
    let shape = this.shapes.get(cell);
    if (shape) return shape;
    shape = shapeOf(this.grid, cell, 2 * this.coast);
    if (this.shapes.size >= KEPT_SHAPES) this.shapes.clear();
    this.shapes.set(cell, shape);
    return shape;
  }

  private nearestTo(cell: number): number {
    let distance = this.nearestOther[cell]!;
    if (!Number.isNaN(distance)) return distance;
    let least = 16 * this.coast * this.coast;
    const [x, y] = [this.x(cell), this.y(cell)];
    const { grid } = this;
    grid.each(
      x,
      y,
      (other) => {
        if (other !== cell) least = Math.min(least, grid.distance2(other, x, y));
      },
      (bound) => bound * bound > least,
    );
    distance = Math.sqrt(least);
    this.nearestOther[cell] = distance;
    return distance;
  }

  /** Among songs at the same place as `cell`: the one whose slice holds the point. */
  private sliceUnder(cell: number, x: number, y: number): number {
    if (this.nearestTo(cell) > 0) return cell;
    const [sx, sy] = [this.x(cell), this.y(cell)];
    const same = this.cellsIn({ x0: sx, y0: sy, x1: sx, y1: sy }).sort((a, b) => a - b);
    return same[sliceAt(x - sx, y - sy, same.length)] ?? cell;
  }

  private landExtent(): Rect {
    const reach = 1.08 * this.coast;
    const out = { ...this.box };
    const { xy } = this.cells;
    for (let i = 0; i < xy.length; i += 2) {
      out.x0 = Math.min(out.x0, xy[i]! - reach);
      out.y0 = Math.min(out.y0, xy[i + 1]! - reach);
      out.x1 = Math.max(out.x1, xy[i]! + reach);
      out.y1 = Math.max(out.y1, xy[i + 1]! + reach);
    }
    return out;
  }
}

function eachSide(polygon: readonly number[], visit: (ax: number, ay: number, bx: number, by: number) => void): void {
  const n = polygon.length;
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) visit(polygon[j]!, polygon[j + 1]!, polygon[i]!, polygon[i + 1]!);
}
