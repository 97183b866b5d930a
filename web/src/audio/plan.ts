// SPDX-License-Identifier: BSD-2-Clause
/**
 * Which clips to have ready: those the pointer will most likely be over next. Pure functions on the
 * graph of cells, so that they can be tested without a browser.
 */

/** What planning needs of a map; Atlas is one. */
export interface Terrain {
  x(cell: number): number;
  y(cell: number): number;
  neighbours(cell: number): ArrayLike<number>;
}

export interface Pointer {
  readonly x: number; // map units
  readonly y: number;
  readonly vx: number; // map units a millisecond
  readonly vy: number;
}

/** How far ahead a movement is believed to go on. */
const LOOK_AHEAD_MS = 350;
/** How much worse a cell beside or behind the path is than one on it. */
const OFF_PATH = 2.2;

/**
 * Cost of a place for a moving pointer: how far along the expected path it is, and more for every
 * unit off that path. Without movement simply the distance.
 */
export function costOf(x: number, y: number, pointer: Pointer): number {
  const dx = x - pointer.x;
  const dy = y - pointer.y;
  const reach = Math.hypot(pointer.vx, pointer.vy) * LOOK_AHEAD_MS;
  if (reach === 0) return Math.hypot(dx, dy);
  const ux = (pointer.vx * LOOK_AHEAD_MS) / reach;
  const uy = (pointer.vy * LOOK_AHEAD_MS) / reach;
  const along = Math.min(reach, Math.max(0, dx * ux + dy * uy));
  const off = Math.hypot(dx - along * ux, dy - along * uy);
  return along + OFF_PATH * off;
}

/**
 * The cells to prepare, most urgent first: `cell` itself, then by cost, found by spreading from it
 * over borders, always from the cheapest cell reached so far (so it works at any cell size and
 * never looks at more than a few times `most` cells).
 */
export function planPrefetch(terrain: Terrain, cell: number, pointer: Pointer, most: number): number[] {
  if (cell < 0 || most <= 0) return [];
  const plan: number[] = [];
  const seen = new Set<number>([cell]);
  const open: { cell: number; cost: number }[] = [{ cell, cost: -1 }];
  while (open.length > 0 && plan.length < most) {
    let best = 0;
    for (let i = 1; i < open.length; i++) if (open[i]!.cost < open[best]!.cost) best = i;
    const [next] = open.splice(best, 1);
    plan.push(next!.cell);
    const around = terrain.neighbours(next!.cell);
    for (let i = 0; i < around.length; i++) {
      const other = around[i]!;
      if (seen.has(other)) continue;
      seen.add(other);
      open.push({ cell: other, cost: costOf(terrain.x(other), terrain.y(other), pointer) });
    }
  }
  return plan;
}
