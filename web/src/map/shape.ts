// SPDX-License-Identifier: BSD-2-Clause
/**
 * The shape of one cell, worked out when it is asked for: a square cut by the bisectors to the songs
 * around it, nearest first, until no further song can reach it. Songs that share a place share its
 * cell in equal slices around it.
 */
import type { Grid } from './grid';

export interface Shape {
  /** [x, y, ...] counter-clockwise, map units; no corner is further than `reach` * sqrt(2) from the song. */
  readonly polygon: number[];
  /** Cells on the other sides of its borders. */
  readonly neighbours: number[];
}

const WINDOW = -1; // "neighbour" across a side of the first square

interface Ring {
  x: number[];
  y: number[];
  across: number[]; // beyond the side from this corner to the next
}

export function shapeOf(grid: Grid, cell: number, reach: number): Shape {
  const cx = grid.xy[2 * cell]!;
  const cy = grid.xy[2 * cell + 1]!;
  // Relative to the song, against cancellation in tiny cells.
  let ring: Ring = { x: [-reach, reach, reach, -reach], y: [-reach, -reach, reach, reach], across: [WINDOW, WINDOW, WINDOW, WINDOW] };
  const same: number[] = [];
  let furthest = Math.SQRT2 * reach;
  grid.each(
    cx,
    cy,
    (other) => {
      const dx = grid.xy[2 * other]! - cx;
      const dy = grid.xy[2 * other + 1]! - cy;
      const d2 = dx * dx + dy * dy;
      if (d2 === 0) {
        same.push(other);
        return;
      }
      if (d2 >= 4 * furthest * furthest) return;
      const cut = clip(ring, dx, dy, d2 / 2, other);
      if (cut === ring) return;
      ring = cut;
      furthest = Math.sqrt(Math.max(...ring.x.map((x, i) => x * x + ring.y[i]! * ring.y[i]!)));
    },
    (bound) => bound > 2 * furthest,
  );
  if (same.length > 1) ring = slice(ring, same.sort((a, b) => a - b), cell);
  const polygon: number[] = [];
  for (let i = 0; i < ring.x.length; i++) polygon.push(cx + ring.x[i]!, cy + ring.y[i]!);
  return { polygon, neighbours: [...new Set(ring.across.filter((other) => other >= 0))] };
}

/** Which of k slices of a place a direction lies in; the first is to the left, upright cut. */
export function sliceAt(dx: number, dy: number, k: number): number {
  const turn = (Math.atan2(dy, dx) / (2 * Math.PI) + 1.75) % 1; // 0 = upward, counter-clockwise
  return Math.min(k - 1, Math.floor(turn * k));
}

function slice(ring: Ring, same: readonly number[], cell: number): Ring {
  const k = same.length;
  const i = same.indexOf(cell);
  const before = same[(i + k - 1) % k]!;
  const after = same[(i + 1) % k]!;
  const angle = (part: number): number => Math.PI / 2 + (2 * Math.PI * part) / k;
  // Right of the ray where the slice begins, and left of the one where it ends, is cut off.
  const cut = clip(ring, Math.sin(angle(i)), -Math.cos(angle(i)), 0, before);
  return k === 2 ? cut : clip(cut, -Math.sin(angle(i + 1)), Math.cos(angle(i + 1)), 0, after);
}

/** What of a ring lies where nx x + ny y <= c. The same ring when nothing is cut off. */
function clip(ring: Ring, nx: number, ny: number, c: number, across: number): Ring {
  const { x, y } = ring;
  const n = x.length;
  let cutsAny = false;
  for (let i = 0; i < n && !cutsAny; i++) cutsAny = nx * x[i]! + ny * y[i]! > c;
  if (!cutsAny) return ring;
  const out: Ring = { x: [], y: [], across: [] };
  const put = (px: number, py: number, beyond: number): void => {
    out.x.push(px);
    out.y.push(py);
    out.across.push(beyond);
  };
  for (let i = 0; i < n; i++) {
    const j = i + 1 < n ? i + 1 : 0;
    const di = nx * x[i]! + ny * y[i]! - c;
    const dj = nx * x[j]! + ny * y[j]! - c;
    if (di <= 0) put(x[i]!, y[i]!, ring.across[i]!);
    if (di <= 0 !== dj <= 0) {
      const t = di / (di - dj);
      // Leaving: the next side is the cut; coming back: the rest of this one.
      put(x[i]! + t * (x[j]! - x[i]!), y[i]! + t * (y[j]! - y[i]!), di <= 0 ? across : ring.across[i]!);
    }
  }
  return out.x.length > 2 ? out : ring;
}
