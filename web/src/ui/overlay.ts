// SPDX-License-Identifier: BSD-2-Clause
/**
 * What panels draw on the map: lines to neighbours, the trail, hits, selections, a set's route. One
 * canvas above the labels, painted with each frame of the stage; painters work in pixels.
 */
import type { View } from '../map/camera';

export interface Brush {
  readonly context: CanvasRenderingContext2D;
  readonly view: View;
  readonly dark: boolean;
  /** Map to pixels. */
  at(x: number, y: number): [number, number];
}

export type Painter = (brush: Brush) => void;

export class Overlay {
  readonly canvas = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D;
  private readonly painters = new Map<string, Painter>();
  private readonly dark = matchMedia('(prefers-color-scheme: dark)');
  private empty = true;

  constructor(host: HTMLElement, private readonly changed: () => void) {
    this.canvas.className = 'overlay';
    this.context = this.canvas.getContext('2d')!;
    host.append(this.canvas);
  }

  /** Later names are drawn above earlier ones; undefined takes one away. */
  set(name: string, painter: Painter | undefined): void {
    if (painter) this.painters.set(name, painter);
    else if (!this.painters.delete(name)) return;
    this.changed();
  }

  get names(): string[] {
    return [...this.painters.keys()];
  }

  draw(view: View): void {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    const { canvas, context } = this;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    else if (!this.empty) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, width, height);
    }
    this.empty = this.painters.size === 0;
    const brush: Brush = {
      context,
      view,
      dark: this.dark.matches,
      at: (x, y) => [view.width / 2 + (x - view.x) * view.scale, view.height / 2 - (y - view.y) * view.scale],
    };
    for (const paint of this.painters.values()) {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.globalAlpha = 1;
      context.lineCap = context.lineJoin = 'round';
      context.setLineDash([]);
      paint(brush);
    }
  }
}

/** Ink that stands out on land of any colour: a line with a halo. */
export function strokeClear({ context, dark }: Brush, width: number, colour: string): void {
  context.strokeStyle = dark ? 'rgba(10, 14, 22, 0.75)' : 'rgba(255, 252, 245, 0.85)';
  context.lineWidth = width + 2.5;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

export const accent = (dark: boolean): string => (dark ? '#f0b46a' : '#a8442a');
export const ink = (dark: boolean): string => (dark ? '#f4ecdc' : '#2b2320');
