// SPDX-License-Identifier: BSD-2-Clause
/** What was heard, the latest last, as a line on the map: songs one gave at least a moment. */
import type { Ground } from './ui/ground';
import { ink, type Brush, type Overlay } from './ui/overlay';

const MOMENT_MS = 700;
const KEPT = 200;
const DRAWN = 16;

export class Trail {
  private songs: number[] = []; // ids, the latest last
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waiting = -1;

  constructor(private readonly ground: Ground, private readonly overlay: Overlay, private readonly changed: () => void) {}

  /** What sounds now; -1 = nothing. */
  sounding(song: number): void {
    if (song === this.waiting) return;
    clearTimeout(this.timer);
    this.waiting = song;
    if (song < 0 || song === this.songs[this.songs.length - 1]) return;
    this.timer = setTimeout(() => {
      this.songs.push(song);
      if (this.songs.length > KEPT) this.songs.shift();
      this.overlay.set('trail', (brush) => this.paint(brush));
      this.changed();
    }, MOMENT_MS);
  }

  /** Cells, the latest first, each once. */
  heard(): number[] {
    const { atlas } = this.ground;
    const seen = new Set<number>();
    for (let i = this.songs.length - 1; i >= 0; i--) {
      const cell = atlas?.cellOf(this.songs[i]!) ?? -1;
      if (cell >= 0) seen.add(cell);
    }
    return [...seen];
  }

  private paint(brush: Brush): void {
    const { atlas } = this.ground;
    if (!atlas) return;
    const { context } = brush;
    const cells = this.songs.slice(-DRAWN).map((song) => atlas.cellOf(song)).filter((cell) => cell >= 0);
    context.strokeStyle = context.fillStyle = ink(brush.dark);
    for (let i = 0; i < cells.length; i++) {
      const [x, y] = brush.at(atlas.x(cells[i]!), atlas.y(cells[i]!));
      context.globalAlpha = 0.5 * ((i + 1) / cells.length) ** 1.5;
      if (i > 0) {
        context.beginPath();
        context.moveTo(...brush.at(atlas.x(cells[i - 1]!), atlas.y(cells[i - 1]!)));
        context.lineTo(x, y);
        context.lineWidth = 1.5;
        context.setLineDash([1.5, 4.5]);
        context.stroke();
      }
      context.beginPath();
      context.arc(x, y, 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }
}
