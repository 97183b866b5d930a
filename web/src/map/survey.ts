// SPDX-License-Identifier: BSD-2-Clause
/** What is worked out once about a new map. */
import { NO_CELL, type CellData } from '../data/mmc1';
import type { Rect } from './atlas';

/** Adjacency in compressed rows, from the list of borders. */
export function neighbours(cells: CellData): [Uint32Array, Uint32Array] {
  const { count, edges } = cells;
  const first = new Uint32Array(count + 1);
  for (let e = 0; e < edges.length; e += 4) {
    if (edges[e + 3] === NO_CELL) continue;
    first[edges[e + 2]! + 1]!++;
    first[edges[e + 3]! + 1]!++;
  }
  for (let i = 0; i < count; i++) first[i + 1]! += first[i]!;
  const next = first.slice(0, count);
  const list = new Uint32Array(first[count]!);
  for (let e = 0; e < edges.length; e += 4) {
    const [left, right] = [edges[e + 2]!, edges[e + 3]!];
    if (right === NO_CELL) continue;
    list[next[left]!++] = right;
    list[next[right]!++] = left;
  }
  return [first, list];
}

/** Centroid of every cell and its distance to the nearest side: where a title fits. */
export function rooms(cells: CellData): Float32Array {
  const { count, start, index, corners, xy } = cells;
  const out = new Float32Array(3 * count);
  for (let cell = 0; cell < count; cell++) {
    const first = start[cell]!;
    const last = start[cell + 1]! - 1;
    // Relative to the site, against cancellation in tiny cells.
    const ox = xy[2 * cell]!;
    const oy = xy[2 * cell + 1]!;
    let area = 0;
    let cx = 0;
    let cy = 0;
    for (let i = first, j = last; i <= last; j = i++) {
      const ax = corners[2 * index[j]!]! - ox;
      const ay = corners[2 * index[j]! + 1]! - oy;
      const bx = corners[2 * index[i]!]! - ox;
      const by = corners[2 * index[i]! + 1]! - oy;
      const cross = ax * by - bx * ay;
      area += cross;
      cx += (ax + bx) * cross;
      cy += (ay + by) * cross;
    }
    const x = area > 0 ? ox + cx / (3 * area) : ox;
    const y = area > 0 ? oy + cy / (3 * area) : oy;
    let radius = Infinity;
    for (let i = first, j = last; i <= last; j = i++) {
      const ax = corners[2 * index[j]!]!;
      const ay = corners[2 * index[j]! + 1]!;
      const dx = corners[2 * index[i]!]! - ax;
      const dy = corners[2 * index[i]! + 1]! - ay;
      const length = Math.hypot(dx, dy);
      if (length > 0) radius = Math.min(radius, (dx * (y - ay) - dy * (x - ax)) / length);
    }
    out[3 * cell] = x;
    out[3 * cell + 1] = y;
    out[3 * cell + 2] = Number.isFinite(radius) ? Math.max(0, radius) : 0;
  }
  return out;
}

/**
 * How far land reaches from a song. Ordinary cells should be land altogether, the huge ones at the
 * rim mostly sea: half as much again as the reach (distance to the farthest corner) of four cells in
 * five, but always enough to see and never more than a third of the map.
 */
export function coastDistance(cells: CellData, box: Rect): number {
  const { count, start, index, corners, xy } = cells;
  const size = Math.max(box.x1 - box.x0, box.y1 - box.y0);
  const step = Math.max(1, Math.floor(count / 20000)); // a sample is enough
  const reach: number[] = [];
  for (let cell = 0; cell < count; cell += step) {
    let most = 0;
    for (let i = start[cell]!; i < start[cell + 1]!; i++) {
      const dx = corners[2 * index[i]!]! - xy[2 * cell]!;
      const dy = corners[2 * index[i]! + 1]! - xy[2 * cell + 1]!;
      most = Math.max(most, Math.hypot(dx, dy));
    }
    reach.push(most);
  }
  reach.sort((a, b) => a - b);
  const common = reach[Math.floor(reach.length * 0.8)] ?? size;
  return Math.min(size / 3, Math.max(size / 48, 1.5 * common));
}

/** The box, widened where land reaches beyond it (with a strip of water). */
export function landExtent(cells: CellData, box: Rect, coast: number): Rect {
  const reach = 1.08 * coast;
  const out = { ...box };
  for (let i = 0; i < cells.xy.length; i += 2) {
    const x = cells.xy[i]!;
    const y = cells.xy[i + 1]!;
    out.x0 = Math.min(out.x0, x - reach);
    out.y0 = Math.min(out.y0, y - reach);
    out.x1 = Math.max(out.x1, x + reach);
    out.y1 = Math.max(out.y1, y + reach);
  }
  return out;
}

/** Order of the sites along a Hilbert curve of 2^16 steps a side. */
export function hilbertTour(xy: Float32Array, box: Rect): { order: Uint32Array; place: Uint32Array } {
  const count = xy.length / 2;
  const side = 65535 / Math.max(box.x1 - box.x0, box.y1 - box.y0);
  const key = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    key[i] = hilbertIndex(Math.floor((xy[2 * i]! - box.x0) * side), Math.floor((xy[2 * i + 1]! - box.y0) * side));
  }
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => key[a]! - key[b]! || a - b);
  const place = new Uint32Array(count);
  order.forEach((cell, i) => (place[cell] = i));
  return { order, place };
}

function hilbertIndex(x: number, y: number): number {
  let index = 0;
  for (let s = 32768; s > 0; s >>= 1) {
    const rx = x & s ? 1 : 0;
    const ry = y & s ? 1 : 0;
    index = index * 4 + ((3 * rx) ^ ry);
    // Turn the quadrant so that the curve enters and leaves where its neighbours do.
    if (ry === 0) {
      if (rx === 1) {
        x = 65535 - x;
        y = 65535 - y;
      }
      [x, y] = [y, x];
    }
  }
  return index;
}
