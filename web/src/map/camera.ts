// SPDX-License-Identifier: BSD-2-Clause
/**
 * Where one looks: centre in map units, scale in CSS pixels a unit. Motion is smooth and ends:
 * zoom glides to a wanted scale around a fixed point, a flick coasts to rest, flights ease. With
 * reduced motion every change is immediate. Times in milliseconds.
 */
import type { Rect } from './atlas';

export interface View {
  readonly x: number; // map units in the middle of the window
  readonly y: number;
  readonly scale: number;
  readonly width: number; // CSS pixels
  readonly height: number;
}

const ZOOM_TIME = 90; // time constant of the glide
const COAST_TIME = 220; // time constant of inertia
const FLIGHT_MS = 420;
const OVERVIEW_SLACK = 0.75; // how far below the overview one may zoom out
const STRIPE = 1.6; // the overview of a tall or flat window is larger than what fits by so much at the most

type Flight = { from: View; x: number; y: number; scale: number; began: number };

export class Camera implements View {
  x = 0;
  y = 0;
  scale = 1;
  width = 1;
  height = 1;
  reducedMotion = false;

  private box: Rect = { x0: -1, y0: -1, x1: 1, y1: 1 };
  private deepest = 1e5;
  private wantedScale = 1;
  private anchor = { px: 0, py: 0 }; // pixel that stays where it is during a zoom
  private speed = { x: 0, y: 0 }; // pixels a millisecond
  private flight: Flight | undefined;
  private fitted: 'overview' | 'whole' | undefined = 'overview'; // a resize fits again

  setMap(box: Rect, deepest: number): void {
    this.box = box;
    this.deepest = deepest;
  }

  resize(width: number, height: number): void {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    if (this.fitted) this.jump(this.middle(this.fitted === 'whole' ? this.wholeScale : this.fitScale));
    else this.wantedScale = this.scale = this.limitScale(this.scale);
  }

  private get across(): number {
    return this.width / (this.box.x1 - this.box.x0);
  }

  private get upright(): number {
    return this.height / (this.box.y1 - this.box.y0);
  }

  /** The scale at which all of the map is in the window. */
  private get wholeScale(): number {
    return Math.min(this.across, this.upright);
  }

  /** The scale at which the page opens: the whole map, but never a thin stripe on a tall phone. */
  get fitScale(): number {
    const whole = this.wholeScale;
    const cover = Math.max(this.across, this.upright);
    return cover / whole < STRIPE ? whole : Math.min(cover * 0.8, whole * STRIPE);
  }

  private middle(scale: number): { x: number; y: number; scale: number } {
    const { x0, y0, x1, y1 } = this.box;
    return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale };
  }

  /** As the page opens. */
  open(now: number): void {
    this.fly(this.middle(this.fitScale), now);
    this.fitted = 'overview';
  }

  /** All of the map. */
  fit(now: number): void {
    this.fly(this.middle(this.wholeScale), now);
    this.fitted = 'whole';
  }

  /** Brings a point into the inner part of the window; does nothing when it is there. */
  reveal(x: number, y: number, now: number): void {
    const target = this.flight ?? this;
    const marginX = Math.min(160, this.width / 4);
    const marginY = Math.min(160, this.height / 4);
    const reachX = (this.width / 2 - marginX) / target.scale;
    const reachY = (this.height / 2 - marginY) / target.scale;
    const cx = Math.min(x + reachX, Math.max(x - reachX, target.x));
    const cy = Math.min(y + reachY, Math.max(y - reachY, target.y));
    if (cx !== target.x || cy !== target.y) this.fly({ x: cx, y: cy, scale: target.scale }, now);
  }

  fly(to: { x: number; y: number; scale: number }, now: number): void {
    this.stop();
    this.fitted = undefined;
    const scale = this.limitScale(to.scale);
    const goal = { ...this.limitCentre(to.x, to.y, scale), scale };
    if (this.reducedMotion) this.jump(goal);
    else this.flight = { from: { ...this.view() }, ...goal, began: now };
  }

  /** Zooms around a pixel. smooth = false for pinching, where fingers are the motion. */
  zoom(factor: number, px: number, py: number, smooth = true): void {
    this.flight = undefined;
    this.speed = { x: 0, y: 0 };
    this.fitted = undefined;
    this.anchor = { px, py };
    const base = smooth ? this.wantedScale : this.scale;
    this.wantedScale = this.limitScale(base * factor);
    if (!smooth || this.reducedMotion) this.scaleTo(this.wantedScale);
  }

  /** Moves the map by pixels, as dragging does. */
  drag(dx: number, dy: number): void {
    this.flight = undefined;
    this.speed = { x: 0, y: 0 };
    this.fitted = undefined;
    this.wantedScale = this.scale;
    this.moveBy(dx, dy);
  }

  /** Lets go with a speed in pixels a millisecond. */
  coast(vx: number, vy: number): void {
    if (!this.reducedMotion && Math.hypot(vx, vy) > 0.05) this.speed = { x: vx, y: vy };
  }

  stop(): void {
    this.speed = { x: 0, y: 0 };
    this.flight = undefined;
    this.wantedScale = this.scale;
  }

  /** Advances all motion; true while there is more to come. */
  step(now: number, elapsed: number): boolean {
    const dt = Math.min(64, Math.max(0, elapsed));
    if (this.flight) return this.stepFlight(this.flight, now);
    let moving = false;
    if (this.wantedScale !== this.scale) {
      const gap = Math.log(this.wantedScale / this.scale);
      const near = Math.abs(gap) < 0.002;
      this.scaleTo(near ? this.wantedScale : this.scale * Math.exp(gap * (1 - Math.exp(-dt / ZOOM_TIME))));
      moving = !near;
    }
    if (this.speed.x !== 0 || this.speed.y !== 0) {
      this.moveBy(this.speed.x * dt, this.speed.y * dt);
      const fade = Math.exp(-dt / COAST_TIME);
      this.speed = { x: this.speed.x * fade, y: this.speed.y * fade };
      if (Math.hypot(this.speed.x, this.speed.y) < 0.01) this.speed = { x: 0, y: 0 };
      else moving = true;
    }
    return moving;
  }

  get moving(): boolean {
    return this.flight !== undefined || this.wantedScale !== this.scale || this.speed.x !== 0 || this.speed.y !== 0;
  }

  view(): View {
    return { x: this.x, y: this.y, scale: this.scale, width: this.width, height: this.height };
  }

  toMap(px: number, py: number): [number, number] {
    return [this.x + (px - this.width / 2) / this.scale, this.y - (py - this.height / 2) / this.scale];
  }

  toScreen(x: number, y: number): [number, number] {
    return [this.width / 2 + (x - this.x) * this.scale, this.height / 2 - (y - this.y) * this.scale];
  }

  private stepFlight(flight: Flight, now: number): boolean {
    const t = Math.min(1, Math.max(0, (now - flight.began) / FLIGHT_MS));
    const ease = 1 - (1 - t) ** 3;
    const { from } = flight;
    this.scale = from.scale * (flight.scale / from.scale) ** ease;
    this.x = from.x + (flight.x - from.x) * ease;
    this.y = from.y + (flight.y - from.y) * ease;
    this.wantedScale = this.scale;
    if (t < 1) return true;
    this.flight = undefined;
    return false;
  }

  private jump(to: { x: number; y: number; scale: number }): void {
    this.flight = undefined;
    this.speed = { x: 0, y: 0 };
    this.x = to.x;
    this.y = to.y;
    this.scale = this.wantedScale = to.scale;
  }

  private scaleTo(scale: number): void {
    const [x, y] = this.toMap(this.anchor.px, this.anchor.py);
    this.scale = scale;
    const [nx, ny] = this.toMap(this.anchor.px, this.anchor.py);
    Object.assign(this, this.limitCentre(this.x + x - nx, this.y + y - ny));
  }

  private moveBy(dx: number, dy: number): void {
    Object.assign(this, this.limitCentre(this.x - dx / this.scale, this.y + dy / this.scale));
  }

  private limitScale(scale: number): number {
    const least = Math.min(this.fitScale * OVERVIEW_SLACK, this.wholeScale);
    return Math.min(Math.max(this.deepest, 8 * this.fitScale), Math.max(least, scale));
  }

  /**
   * One cannot get lost at sea: the more of the map is in the window, the closer to the map's
   * middle the window's stays. Zooming in towards any point of the map is never held back.
   */
  private limitCentre(x: number, y: number, scale = this.scale): { x: number; y: number } {
    const { x0, y0, x1, y1 } = this.box;
    const within = (value: number, low: number, high: number, pixels: number): number => {
      const half = (high - low) / 2;
      const free = half - 0.8 * Math.min(half, pixels / 2 / scale);
      return Math.min(low + half + free, Math.max(low + half - free, value));
    };
    return { x: within(x, x0, x1, this.width), y: within(y, y0, y1, this.height) };
  }
}

export function visibleRect(view: View): Rect {
  const rx = view.width / 2 / view.scale;
  const ry = view.height / 2 / view.scale;
  return { x0: view.x - rx, y0: view.y - ry, x1: view.x + rx, y1: view.y + ry };
}
