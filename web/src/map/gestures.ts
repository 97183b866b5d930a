// SPDX-License-Identifier: BSD-2-Clause
/**
 * Fingers, mouse and wheel on the map, told apart: hover, tap/click, drag with a flick at the end,
 * pinch, wheel, double click/tap. Says what happened; decides nothing about songs.
 */
export interface GestureTarget {
  /** The pointer (mouse or pen) is over the map with no button down. speed in pixels a ms. */
  hover(px: number, py: number, vx: number, vy: number): void;
  /** The pointer left the map. */
  leave(): void;
  tap(px: number, py: number, touch: boolean): void;
  /** A button or finger went down: a drag may follow. */
  dragStart(): void;
  drag(dx: number, dy: number): void;
  /** Let go with a speed in pixels a ms. */
  dragEnd(vx: number, vy: number): void;
  /** The last button or finger went up, after tap or dragEnd. */
  released(): void;
  zoom(factor: number, px: number, py: number, smooth: boolean): void;
}

const TAP_SLOP = { mouse: 4, touch: 12 }; // pixels a tap may move
const DOUBLE_TAP_MS = 300;
const DOUBLE_TAP_SLOP = 30;
const SPEED_WINDOW_MS = 90; // older movement says nothing about a flick
const WHEEL_STEP = 0.0016; // log zoom a pixel of wheel

interface Finger {
  x: number;
  y: number;
  startX: number;
  startY: number;
}

interface Sample {
  t: number;
  x: number;
  y: number;
}

export class Gestures {
  private readonly fingers = new Map<number, Finger>();
  private trail: Sample[] = [];
  private dragging = false;
  private pinched = false;
  private lastTap = { t: -Infinity, x: 0, y: 0 };

  constructor(private readonly element: HTMLElement, private readonly target: GestureTarget) {
    // Raw updates arrive at once, pointermove only with the next frame: worth up to 16 ms of sound.
    const raw = 'onpointerrawupdate' in window;
    element.addEventListener('pointerdown', (e) => this.down(e));
    element.addEventListener('pointermove', (e) => this.move(e, !raw || e.pointerType === 'touch'));
    if (raw) element.addEventListener('pointerrawupdate', (e) => this.raw(e as PointerEvent));
    element.addEventListener('pointerup', (e) => this.up(e, true));
    element.addEventListener('pointercancel', (e) => this.up(e, false));
    element.addEventListener('pointerleave', (e) => {
      if (e.pointerType !== 'touch' && this.fingers.size === 0) this.left();
    });
    element.addEventListener('wheel', (e) => this.wheel(e), { passive: false });
    element.addEventListener('dblclick', (e) => {
      this.target.zoom(e.shiftKey ? 0.5 : 2, ...this.at(e), true);
    });
    // Safari's own pinch on a trackpad would zoom the whole page.
    element.addEventListener('gesturestart', (e) => e.preventDefault());
  }

  private at(e: MouseEvent): [number, number] {
    const box = this.element.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  }

  private left(): void {
    this.trail = [];
    this.target.leave();
  }

  private remember(t: number, x: number, y: number): void {
    this.trail.push({ t, x, y });
    while (this.trail.length > 2 && t - this.trail[0]!.t > SPEED_WINDOW_MS) this.trail.shift();
  }

  private speed(now: number): [number, number] {
    const first = this.trail[0];
    const last = this.trail[this.trail.length - 1];
    if (!first || !last || now - last.t > SPEED_WINDOW_MS) return [0, 0];
    const dt = last.t - first.t;
    if (dt < 4 || dt > 2 * SPEED_WINDOW_MS) return [0, 0];
    return [(last.x - first.x) / dt, (last.y - first.y) / dt];
  }

  private raw(e: PointerEvent): void {
    if (e.pointerType !== 'touch' && this.fingers.size === 0) this.hover(e);
  }

  private hover(e: PointerEvent): void {
    const [x, y] = this.at(e);
    this.remember(e.timeStamp, x, y);
    this.target.hover(x, y, ...this.speed(e.timeStamp));
  }

  private down(e: PointerEvent): void {
    if (e.pointerType === 'mouse' && e.button !== 0) return;
    const [x, y] = this.at(e);
    // Synthetic pointers cannot be captured; they do not leave either.
    try {
      this.element.setPointerCapture(e.pointerId);
    } catch {
      // Nothing to do.
    }
    this.fingers.set(e.pointerId, { x, y, startX: x, startY: y });
    this.trail = [{ t: e.timeStamp, x, y }];
    if (this.fingers.size === 1) {
      this.dragging = false;
      this.pinched = false;
      this.target.dragStart();
    } else {
      this.pinched = true;
    }
  }

  private move(e: PointerEvent, hovers: boolean): void {
    const finger = this.fingers.get(e.pointerId);
    if (!finger) {
      if (hovers && e.pointerType !== 'touch') this.hover(e);
      return;
    }
    const [x, y] = this.at(e);
    if (this.fingers.size >= 2) this.pinch(finger, x, y);
    else this.pan(e, finger, x, y);
  }

  private pan(e: PointerEvent, finger: Finger, x: number, y: number): void {
    const slop = e.pointerType === 'touch' ? TAP_SLOP.touch : TAP_SLOP.mouse;
    if (!this.dragging && Math.hypot(x - finger.startX, y - finger.startY) < slop) return;
    this.dragging = true;
    this.remember(e.timeStamp, x, y);
    this.target.drag(x - finger.x, y - finger.y);
    finger.x = x;
    finger.y = y;
  }

  private pinch(finger: Finger, x: number, y: number): void {
    const [a, b] = [...this.fingers.values()] as [Finger, Finger];
    const before = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, span: Math.hypot(a.x - b.x, a.y - b.y) };
    finger.x = x;
    finger.y = y;
    const after = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, span: Math.hypot(a.x - b.x, a.y - b.y) };
    this.target.drag(after.x - before.x, after.y - before.y);
    if (before.span > 0 && after.span > 0) this.target.zoom(after.span / before.span, after.x, after.y, false);
  }

  private up(e: PointerEvent, counts: boolean): void {
    const finger = this.fingers.get(e.pointerId);
    if (!finger) return;
    this.fingers.delete(e.pointerId);
    if (this.fingers.size > 0) {
      // The finger that stays drags on from where it is.
      for (const rest of this.fingers.values()) [rest.startX, rest.startY] = [rest.x, rest.y];
      this.trail = [];
      this.dragging = true;
      return;
    }
    const touch = e.pointerType === 'touch';
    if (this.dragging) this.target.dragEnd(...this.speed(e.timeStamp));
    else if (counts && !this.pinched) this.tap(e.timeStamp, finger, touch);
    this.dragging = false;
    this.trail = [];
    this.target.released();
  }

  private tap(t: number, finger: Finger, touch: boolean): void {
    const { lastTap } = this;
    const again =
      t - lastTap.t < DOUBLE_TAP_MS && Math.hypot(finger.x - lastTap.x, finger.y - lastTap.y) < DOUBLE_TAP_SLOP;
    this.lastTap = again ? { t: -Infinity, x: 0, y: 0 } : { t, x: finger.x, y: finger.y };
    // A mouse's second click is a click and then a dblclick event; a finger's only zooms.
    if (touch && again) this.target.zoom(2, finger.x, finger.y, true);
    else this.target.tap(finger.x, finger.y, touch);
  }

  private wheel(e: WheelEvent): void {
    e.preventDefault();
    const unit = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : e.deltaMode === WheelEvent.DOM_DELTA_PAGE ? 400 : 1;
    // Browsers report a trackpad's pinch as a wheel with ctrl and small steps.
    const pinch = e.ctrlKey ? 6 : 1;
    const step = Math.max(-400, Math.min(400, e.deltaY * unit * pinch));
    this.target.zoom(Math.exp(-step * WHEEL_STEP), ...this.at(e), true);
  }
}
