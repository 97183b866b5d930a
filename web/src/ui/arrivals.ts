// SPDX-License-Identifier: BSD-2-Clause
/** Songs that came with a newer map: told of, and ringed for a moment where they are. */
import type { Atlas } from '../map/atlas';
import { plural } from './dom';
import type { Ground } from './ground';
import { accent, strokeClear, type Overlay } from './overlay';

const SHOWN_MS = 4500;
const MOST = 3000; // more are another library

/** Cells of songs that `before` has not. */
export function newcomers(before: Atlas, now: Atlas): number[] {
  const cells: number[] = [];
  for (let cell = 0; cell < now.count && cells.length <= MOST; cell++) if (before.cellOf(now.songId(cell)) < 0) cells.push(cell);
  return cells;
}

export class Arrivals {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ground: Ground, private readonly overlay: Overlay) {}

  show(before: Atlas, now: Atlas): void {
    const cells = newcomers(before, now);
    if (cells.length === 0 || cells.length > MOST || cells.length === now.count) return;
    const text = `${plural(cells.length, 'new song')} on the map`;
    this.ground.notice(text);
    this.ground.announce(text);
    const began = performance.now();
    this.overlay.set('arrivals', (brush) => {
      const age = (performance.now() - began) / SHOWN_MS;
      if (age >= 1) return;
      brush.context.globalAlpha = 1 - age;
      const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
      const radius = still ? 8 : 5 + 9 * (1 - (1 - age) ** 3);
      for (const cell of cells) {
        const [x, y] = brush.at(now.x(cell), now.y(cell));
        if (x < -20 || y < -20 || x > brush.view.width + 20 || y > brush.view.height + 20) continue;
        brush.context.beginPath();
        brush.context.arc(x, y, radius, 0, 2 * Math.PI);
        strokeClear(brush, 2, accent(brush.dark));
      }
      this.ground.invalidate();
    });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.overlay.set('arrivals', undefined), SHOWN_MS);
  }
}
