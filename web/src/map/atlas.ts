// SPDX-License-Identifier: BSD-2-Clause
/**
 * The map as geometry: which cell is under a point, who is beside whom, what is on screen.
 * Pure arithmetic on the server's arrays, no drawing, no network.
 *
 * Hit test: the borders of a Voronoi diagram are the edges of the Delaunay graph, and walking that
 * graph greedily towards a point always ends at the nearest site (a segment from a site to the
 * point leaves its cell only through a border to a nearer site). With a start in the right tile
 * this takes a handful of steps at any size, needs no second triangulation and no tree. Songs at
 * one place share their place's cell in slices: among those the polygon decides.
 */
import { api, type Cluster, type MapInfo, type Property } from '../data/api';
import type { Column } from '../data/column';
import { NO_CELL, type CellData } from '../data/mmc1';
import { Apron } from './apron';
import { coastDistance, hilbertTour, landExtent, neighbours, rooms } from './survey';

export interface Rect {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** Consecutive tiles [from, to). */
export interface Span {
  from: number;
  to: number;
}

/** Cells are grouped into square tiles of about this many, for culling and for starts of walks. */
const SONGS_PER_TILE = 64;
const MAX_TILES = 1 << 14;

export class Atlas {
  readonly id: string;
  readonly clusters: readonly Cluster[];
  /** Properties of the songs one can colour by. */
  readonly properties: readonly Property[];
  readonly box: Rect;
  readonly count: number;
  /** Land ends this far from the nearest song; what is beyond is sea (of the same cell). */
  readonly coast: number;
  /** What is drawn beyond the box. */
  readonly apron: Apron;
  /** The box and the land beyond it: what an overview shows. */
  readonly extent: Rect;
  /** A typical cell's radius, map units. */
  readonly typicalRadius: number;
  /** Centre of the largest circle we know inside the cell: [count][x, y, radius]. */
  readonly room: Float32Array;

  // Neighbours of cell i: neighbour[firstNeighbour[i] .. firstNeighbour[i + 1] - 1].
  private readonly firstNeighbour: Uint32Array;
  private readonly neighbour: Uint32Array;
  // Tiles, row by row from the box's lower left; cells of tile t: inTile[firstInTile[t] ..].
  readonly columns: number;
  readonly rows: number;
  private readonly firstInTile: Uint32Array;
  private readonly inTile: Uint32Array;
  private readonly tileBounds: Float32Array; // [tiles][x0, y0, x1, y1] of the cells, not the tile
  private tour?: { order: Uint32Array; place: Uint32Array };

  constructor(info: MapInfo, readonly cells: CellData) {
    this.id = info.map;
    this.clusters = info.clusters;
    this.properties = info.properties;
    const [x0, y0, x1, y1] = info.box;
    this.box = { x0, y0, x1, y1 };
    this.count = cells.count;
    [this.firstNeighbour, this.neighbour] = neighbours(cells);

    const tiles = Math.min(MAX_TILES, Math.max(1, this.count / SONGS_PER_TILE));
    const aspect = (x1 - x0) / (y1 - y0);
    this.columns = Math.max(1, Math.round(Math.sqrt(tiles * aspect)));
    this.rows = Math.max(1, Math.round(tiles / this.columns));
    [this.firstInTile, this.inTile] = this.fillTiles();

    this.tileBounds = this.boundTiles();
    this.room = rooms(cells);
    this.typicalRadius = Math.sqrt(((x1 - x0) * (y1 - y0)) / Math.max(1, this.count) / Math.PI);
    this.coast = coastDistance(cells, this.box);
    this.extent = landExtent(cells, this.box, this.coast);
    this.apron = new Apron(cells, this.box, 1.8 * this.coast);
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

  column(name: string): Promise<Column> {
    return api.column(this.id, name, this.count);
  }

  cluster(cell: number): Cluster {
    return this.clusters[this.cells.cluster[cell]!]!;
  }

  /** The cell of a song, -1 when it is not on this map. song ids ascend: a binary search. */
  cellOf(song: number): number {
    const { songs } = this.cells;
    let low = 0;
    let high = songs.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const value = songs[middle]!;
      if (value === song) return middle;
      if (value < song) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  neighbours(cell: number): Uint32Array {
    return this.neighbour.subarray(this.firstNeighbour[cell]!, this.firstNeighbour[cell + 1]!);
  }

  tileOf(x: number, y: number): number {
    const { x0, y0, x1, y1 } = this.box;
    const column = clampIndex(((x - x0) / (x1 - x0)) * this.columns, this.columns);
    const row = clampIndex(((y - y0) / (y1 - y0)) * this.rows, this.rows);
    return row * this.columns + column;
  }

  cellsInTile(tile: number): Uint32Array {
    return this.inTile.subarray(this.firstInTile[tile]!, this.firstInTile[tile + 1]!);
  }

  /** Cells in the order of tiles: what a renderer should draw runs of. */
  get tileOrder(): Uint32Array {
    return this.inTile;
  }

  firstOfTile(tile: number): number {
    return this.firstInTile[tile]!;
  }

  /**
   * The tiles whose cells touch the rectangle, as at most `most` spans: when they would be more,
   * small gaps are taken in. A scan of all tiles is cheap (2^14 at most) and exact for the huge
   * cells at the rim.
   */
  spansIn(view: Rect, most = Infinity): Span[] {
    const bounds = this.tileBounds;
    const spans: Span[] = [];
    for (let tile = 0; 4 * tile < bounds.length; tile++) {
      const b = 4 * tile;
      if (bounds[b]! > view.x1 || bounds[b + 2]! < view.x0 || bounds[b + 1]! > view.y1 || bounds[b + 3]! < view.y0) {
        continue;
      }
      const last = spans[spans.length - 1];
      if (last && last.to === tile) last.to = tile + 1;
      else spans.push({ from: tile, to: tile + 1 });
    }
    let merged = spans;
    for (let gap = 2; merged.length > most; gap *= 2) merged = mergeSpans(merged, gap);
    return merged;
  }

  /**
   * The cell under a point; -1 outside the map: beyond the box only what is still land counts.
   * hint: a cell that is probably close.
   */
  hit(x: number, y: number, hint = -1): number {
    const { x0, y0, x1, y1 } = this.box;
    if (this.count === 0 || !Number.isFinite(x + y)) return -1;
    const bx = Math.min(x1, Math.max(x0, x));
    const by = Math.min(y1, Math.max(y0, y));
    const start = hint >= 0 && hint < this.count ? hint : this.startNear(bx, by);
    const cell = this.sliceUnder(this.walk(start, bx, by), bx, by);
    const outside = bx !== x || by !== y;
    return outside && this.distance2(cell, x, y) > this.coast * this.coast ? -1 : cell;
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

  middle(cell: number): [number, number] {
    return [this.room[3 * cell]!, this.room[3 * cell + 1]!];
  }

  /** A place for a name: the same, or, where that is at sea, close to the song it belongs to. */
  ashore(x: number, y: number): [number, number] {
    const cell = this.hit(x, y);
    if (cell < 0) return [x, y];
    const distance = Math.sqrt(this.distance2(cell, x, y));
    const most = 0.4 * this.coast;
    if (distance <= 0.8 * this.coast) return [x, y];
    const t = most / distance;
    return [this.x(cell) + t * (x - this.x(cell)), this.y(cell) + t * (y - this.y(cell))];
  }

  /** The next song on a tour that visits every song once, each close to the last (Tab). */
  along(cell: number, step: 1 | -1): number {
    this.tour ??= hilbertTour(this.cells.xy, this.box);
    const place = (this.tour.place[cell]! + step + this.count) % this.count;
    return this.tour.order[place]!;
  }

  /**
   * Outline of a cell for drawing, [x, y, ...]: the map does not end where the server's box cuts it,
   * cells at the box go on outward to the open sea.
   */
  outline(cell: number): number[] {
    const { start, index, corners } = this.cells;
    const out: number[] = [];
    const first = start[cell]!;
    const last = start[cell + 1]! - 1;
    for (let i = first, previous = index[last]!; i <= last; i++) {
      const corner = index[i]!;
      const next = index[i < last ? i + 1 : first]!;
      const before = this.apron.isSide(cell, previous, corner);
      const after = this.apron.isSide(cell, corner, next);
      const here = [corners[2 * corner]!, corners[2 * corner + 1]!];
      if (before) out.push(...this.apron.outward(corner));
      if (before !== after || !before) out.push(...here);
      if (after && !before) out.push(...this.apron.outward(corner));
      previous = corner;
    }
    return out;
  }

  /** Every border between two cells once, with those beyond the box: its ends and its cells. */
  eachBorder(visit: (ax: number, ay: number, bx: number, by: number, left: number, right: number) => void): void {
    const { edges, corners } = this.cells;
    for (let e = 0; e < edges.length; e += 4) {
      if (edges[e + 3] === NO_CELL) continue;
      const [a, b] = [2 * edges[e]!, 2 * edges[e + 1]!];
      visit(corners[a]!, corners[a + 1]!, corners[b]!, corners[b + 1]!, edges[e + 2]!, edges[e + 3]!);
    }
    const { spokes } = this.apron;
    for (let i = 0; i < spokes.length; i += 3) {
      const a = 2 * spokes[i]!;
      visit(corners[a]!, corners[a + 1]!, ...this.apron.outward(spokes[i]!), spokes[i + 1]!, spokes[i + 2]!);
    }
  }

  contains(cell: number, x: number, y: number): boolean {
    const { start, index, corners } = this.cells;
    const first = start[cell]!;
    const last = start[cell + 1]! - 1;
    if (last - first < 2) return false;
    let previous = index[last]!;
    for (let i = first; i <= last; i++) {
      const corner = index[i]!;
      const ax = corners[2 * previous]!;
      const ay = corners[2 * previous + 1]!;
      const bx = corners[2 * corner]!;
      const by = corners[2 * corner + 1]!;
      // Counter-clockwise: inside is to the left of every side.
      if ((bx - ax) * (y - ay) - (by - ay) * (x - ax) < 0) return false;
      previous = corner;
    }
    return true;
  }

  private fillTiles(): [Uint32Array, Uint32Array] {
    const tiles = this.columns * this.rows;
    const first = new Uint32Array(tiles + 1);
    const tile = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      tile[i] = this.tileOf(this.x(i), this.y(i));
      first[tile[i]! + 1]!++;
    }
    for (let t = 0; t < tiles; t++) first[t + 1]! += first[t]!;
    const next = first.slice(0, tiles);
    const order = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) order[next[tile[i]!]!++] = i;
    return [first, order];
  }

  private boundTiles(): Float32Array {
    const { start, index, corners } = this.cells;
    const tiles = this.columns * this.rows;
    const bounds = new Float32Array(4 * tiles);
    for (let t = 0; t < tiles; t++) {
      let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let k = this.firstInTile[t]!; k < this.firstInTile[t + 1]!; k++) {
        const cell = this.inTile[k]!;
        for (let i = start[cell]!; i < start[cell + 1]!; i++) {
          const x = corners[2 * index[i]!]!;
          const y = corners[2 * index[i]! + 1]!;
          if (x < x0) x0 = x;
          if (x > x1) x1 = x;
          if (y < y0) y0 = y;
          if (y > y1) y1 = y;
        }
      }
      // What is drawn beyond the box belongs to the tiles at the box.
      const { box } = this;
      const near = 1e-5 * Math.max(box.x1 - box.x0, box.y1 - box.y0);
      if (x0 < box.x0 + near) x0 = -Infinity;
      if (y0 < box.y0 + near) y0 = -Infinity;
      if (x1 > box.x1 - near) x1 = Infinity;
      if (y1 > box.y1 - near) y1 = Infinity;
      bounds.set([x0, y0, x1, y1], 4 * t);
    }
    return bounds;
  }

  private startNear(x: number, y: number): number {
    const tile = this.tileOf(x, y);
    if (this.firstInTile[tile]! < this.firstInTile[tile + 1]!) return this.inTile[this.firstInTile[tile]!]!;
    // An empty tile: whatever comes next in tile order is as good as any; the walk does the rest.
    return this.inTile[Math.min(this.firstInTile[tile]!, this.count - 1)]!;
  }

  private distance2(cell: number, x: number, y: number): number {
    const dx = this.x(cell) - x;
    const dy = this.y(cell) - y;
    return dx * dx + dy * dy;
  }

  private walk(start: number, x: number, y: number): number {
    let here = start;
    let least = this.distance2(here, x, y);
    for (;;) {
      let next = -1;
      for (const other of this.neighbours(here)) {
        const d = this.distance2(other, x, y);
        if (d < least) [least, next] = [d, other];
      }
      if (next < 0) return here;
      here = next;
    }
  }

  /** Among songs at the same place as `cell`: the one whose slice holds the point. */
  private sliceUnder(cell: number, x: number, y: number): number {
    if (this.contains(cell, x, y)) return cell;
    const queue = [cell];
    const seen = new Set(queue);
    for (let i = 0; i < queue.length; i++) {
      for (const other of this.neighbours(queue[i]!)) {
        if (seen.has(other) || this.x(other) !== this.x(cell) || this.y(other) !== this.y(cell)) continue;
        if (this.contains(other, x, y)) return other;
        seen.add(other);
        queue.push(other);
      }
    }
    return cell; // on a border, within rounding
  }
}

function mergeSpans(spans: Span[], gap: number): Span[] {
  const out: Span[] = [];
  for (const span of spans) {
    const last = out[out.length - 1];
    if (last && span.from - last.to <= gap) last.to = span.to;
    else out.push({ ...span });
  }
  return out;
}

function clampIndex(value: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(value)));
}
