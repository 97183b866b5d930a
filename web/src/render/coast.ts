// SPDX-License-Identifier: BSD-2-Clause
/**
 * The coast as geometry, for marks. Land is what lies within a distance of the nearest song: per cell,
 * its polygon cut by a circle around its song.
 */
import type { Atlas } from '../map/atlas';

export interface Cut {
  readonly outline: number[]; // [x, y, ...] of polygon within circle
  readonly arcs: number[][]; // the parts of the outline that are circle
}

const STEP = Math.PI / 48;

/** What is ringed when a cell is pointed at: the cell, or its land where it reaches out to sea. */
export function markOutline(atlas: Atlas, cell: number): number[] {
  return cutByCircle(atlas.outline(cell), atlas.x(cell), atlas.y(cell), atlas.coast).outline;
}

/** polygon: simple, counter-clockwise, [x, y, ...]; the circle's centre lies in it or on it. */
export function cutByCircle(polygon: ArrayLike<number>, cx: number, cy: number, r: number): Cut {
  const outline: number[] = [];
  const arcs: number[][] = [];
  let left: number | undefined; // angle at which the polygon's side left the circle
  let firstEntry: number | undefined;
  const sides = polygon.length / 2;
  const angle = (x: number, y: number): number => Math.atan2(y - cy, x - cx);
  for (let i = 0; i < sides; i++) {
    const j = (i + 1) % sides;
    const [ax, ay] = [polygon[2 * i]!, polygon[2 * i + 1]!];
    const [bx, by] = [polygon[2 * j]!, polygon[2 * j + 1]!];
    const inside = insideSpan(ax - cx, ay - cy, bx - ax, by - ay, r);
    if (!inside) continue;
    const [t0, t1] = inside;
    const [px, py] = [ax + t0 * (bx - ax), ay + t0 * (by - ay)];
    const [qx, qy] = [ax + t1 * (bx - ax), ay + t1 * (by - ay)];
    if (t0 > 0) {
      if (left !== undefined) addArc(outline, arcs, cx, cy, r, left, angle(px, py));
      else firstEntry ??= angle(px, py);
      left = undefined;
    }
    outline.push(px, py);
    if (t1 < 1) {
      outline.push(qx, qy);
      left = angle(qx, qy);
    }
  }
  if (left !== undefined && firstEntry !== undefined) addArc(outline, arcs, cx, cy, r, left, firstEntry);
  if (outline.length === 0) addArc(outline, arcs, cx, cy, r, 0, 2 * Math.PI); // the whole circle
  return { outline, arcs };
}

/** The part [t0, t1] of the segment o + t d that lies in a circle around the origin. */
function insideSpan(ox: number, oy: number, dx: number, dy: number, r: number): [number, number] | undefined {
  const a = dx * dx + dy * dy;
  if (a === 0) return undefined;
  const b = ox * dx + oy * dy;
  const c = ox * ox + oy * oy - r * r;
  const d = b * b - a * c;
  if (d <= 0) return undefined;
  const root = Math.sqrt(d);
  const t0 = Math.max(0, (-b - root) / a);
  const t1 = Math.min(1, (-b + root) / a);
  return t0 < t1 ? [t0, t1] : undefined;
}

/** Counter-clockwise from one angle to the next. */
function addArc(outline: number[], arcs: number[][], cx: number, cy: number, r: number, from: number, to: number): void {
  let sweep = to - from;
  while (sweep <= 1e-9) sweep += 2 * Math.PI;
  const steps = Math.max(1, Math.ceil(sweep / STEP));
  const arc: number[] = [];
  for (let i = 0; i <= steps; i++) {
    const a = from + (sweep * i) / steps;
    arc.push(cx + r * Math.cos(a), cy + r * Math.sin(a));
  }
  for (const value of arc) outline.push(value);
  arcs.push(arc);
}
