// SPDX-License-Identifier: BSD-2-Clause
/**
 * Drawing on the map in place of dragging it: a lasso, a rectangle, or a line for a set to follow.
 * Takes pointer events before the map's own gestures see them, as long as it is out.
 */
import type { Ground } from './ground';
import { accent, strokeClear, type Brush, type Overlay } from './overlay';

export type Stroke = 'lasso' | 'rect' | 'line';
type Point = readonly [number, number]; // map units

export class Pen {
  private kind: Stroke | undefined;
  private done: ((points: Point[]) => void) | undefined;
  private points: Point[] = [];
  private pointer = -1;

  constructor(private readonly ground: Ground, private readonly overlay: Overlay, private readonly map: HTMLElement, private readonly changed: () => void) {
    const take = (e: PointerEvent): void => {
      if (!this.kind) return;
      e.stopImmediatePropagation();
      if (e.type === 'pointerdown' && this.pointer < 0 && e.button === 0) this.begin(e);
      else if (e.type === 'pointermove' && e.pointerId === this.pointer) this.move(e);
      else if (e.type === 'pointerup' && e.pointerId === this.pointer) this.end();
      else if (e.type === 'pointercancel' && e.pointerId === this.pointer) this.putAway();
    };
    for (const type of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel', 'pointerrawupdate'] as const) {
      map.addEventListener(type, (e) => take(e as PointerEvent), { capture: true });
    }
  }

  get out(): Stroke | undefined {
    return this.kind;
  }

  /** done gets the stroke once; then the pen is put away. */
  takeOut(kind: Stroke, done: (points: Point[]) => void): void {
    this.kind = kind;
    this.done = done;
    this.points = [];
    this.pointer = -1;
    this.map.classList.add('drawing');
    this.overlay.set('stroke', (brush) => this.paint(brush));
    this.changed();
  }

  putAway(): boolean {
    if (!this.kind) return false;
    this.kind = undefined;
    this.done = undefined;
    this.pointer = -1;
    this.map.classList.remove('drawing');
    this.overlay.set('stroke', undefined);
    this.changed();
    return true;
  }

  private place(e: PointerEvent): Point {
    const box = this.map.getBoundingClientRect();
    return this.ground.stage.camera.toMap(e.clientX - box.left, e.clientY - box.top);
  }

  private begin(e: PointerEvent): void {
    this.pointer = e.pointerId;
    try {
      this.map.setPointerCapture(e.pointerId);
    } catch {
      // A made-up event: nothing to capture.
    }
    this.points = [this.place(e)];
  }

  private move(e: PointerEvent): void {
    const here = this.place(e);
    const last = this.points[this.points.length - 1]!;
    const apart = 3 / this.ground.stage.camera.scale;
    if (this.kind === 'rect') this.points = [this.points[0]!, here];
    else if (Math.hypot(here[0] - last[0], here[1] - last[1]) >= apart && this.points.length < 1500) this.points.push(here);
    this.ground.invalidate();
  }

  private end(): void {
    const { done } = this;
    const points = this.outline();
    const { scale } = this.ground.stage.camera;
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const across = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)) * scale;
    if (across < 6) {
      this.pointer = -1; // a click by mistake: still out
      return;
    }
    this.putAway();
    done?.(points);
  }

  private outline(): Point[] {
    if (this.kind !== 'rect' || this.points.length < 2) return this.points;
    const [[x0, y0], [x1, y1]] = this.points as [Point, Point];
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  }

  private paint(brush: Brush): void {
    const points = this.outline();
    if (points.length < 2) return;
    brush.context.beginPath();
    for (const [x, y] of points) brush.context.lineTo(...brush.at(x, y));
    if (this.kind !== 'line') brush.context.closePath();
    strokeClear(brush, 2.5, accent(brush.dark));
  }
}

/** Whether a place is within a closed outline (even-odd rule). */
export function within(outline: readonly Point[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [ax, ay] = outline[i]!;
    const [bx, by] = outline[j]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
