// SPDX-License-Identifier: BSD-2-Clause
/**
 * Canvas 2D renderer, for where there is no graphics hardware. A worker paints pictures somewhat larger
 * than the window; a frame only places the latest one under the camera, so that frames are equally short
 * with any number of songs. Each mark has a canvas of its own, no larger than it is: when only they
 * change, as in pointing, the browser puts nothing else on the screen anew.
 */
import type { Atlas } from '../map/atlas';
import type { View } from '../map/camera';
import { markOutline } from './coast';
import { Painter } from './painter';
import { css, type Palette } from './palette';
import { inkOf, isStale, windowOf } from './picture';
import type { Window } from './raster';
import type { Marks, Renderer } from './renderer';

type Context = CanvasRenderingContext2D;

// Rings of marks, CSS pixels.
const NARROW = 2.2;
const BROAD = 3.4; // of a kept song
const HALO = 3; // more than the ring

interface Look {
  readonly fill: number; // 0..1
  readonly width: number;
}

export class CanvasRenderer implements Renderer {
  readonly kind = 'canvas';
  readonly canvas = document.createElement('canvas');
  private readonly context: Context;
  private readonly picture = document.createElement('canvas');
  private readonly sounding = document.createElement('canvas'); // the marks
  private readonly hovered = document.createElement('canvas');
  private drawn: { view: View; moving: boolean } | undefined; // what the canvas shows; undefined: out of date
  private have: Window | undefined; // what the picture shows
  private outdated = false; // its colours
  private readonly painter: Painter;
  private atlas: Atlas | undefined;
  private palette: Palette | undefined;
  private ratio = 1;

  constructor(ready: () => void) {
    this.context = context2d(this.canvas);
    this.painter = new Painter(ready);
  }

  setScene(atlas: Atlas, palette: Palette): void {
    if (atlas !== this.atlas) {
      this.have = undefined;
      this.painter.setSongs(atlas);
    }
    if (palette.land !== this.palette?.land) this.painter.setLand(palette.land);
    this.atlas = atlas;
    this.palette = palette;
    this.outdated = true;
    this.drawn = undefined;
  }

  resize(width: number, height: number, ratio: number): void {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.drawn = undefined;
  }

  get painted(): boolean {
    return this.have !== undefined;
  }

  draw(view: View, marks: Marks, moving: boolean): boolean {
    const { atlas, palette, painter } = this;
    if (!atlas || !palette) return false;
    this.receive();
    if (!painter.busy && (this.outdated || !this.have || isStale(this.have, view, this.ratio, moving))) {
      this.outdated = false;
      painter.request(windowOf(view, this.ratio), inkOf(atlas, palette, view, this.ratio));
    }
    if (!this.drawn || this.drawn.moving !== moving || !sameView(this.drawn.view, view)) this.placePicture(view, moving, palette);
    this.drawMarks(view, marks, atlas, palette);
    return painter.busy;
  }

  dispose(): void {
    this.painter.dispose();
    this.canvas.remove();
    this.sounding.remove();
    this.hovered.remove();
  }

  private receive(): void {
    const work = this.painter.take();
    if (!work) return;
    const { width, height } = work.window;
    if (this.picture.width !== width || this.picture.height !== height) {
      this.picture.width = width;
      this.picture.height = height;
    }
    const bytes = new Uint8ClampedArray(work.pixels.buffer);
    context2d(this.picture).putImageData(new ImageData(bytes, width, height), 0, 0);
    this.have = work.window;
    this.drawn = undefined;
  }

  private placePicture(view: View, moving: boolean, palette: Palette): void {
    const { have, context, ratio, picture } = this;
    this.drawn = { view, moving };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = css(palette.sea);
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (!have) return;
    const zoom = (view.scale * ratio) / have.scale;
    let x = (this.canvas.width - picture.width * zoom) / 2 + (have.x - view.x) * view.scale * ratio;
    let y = (this.canvas.height - picture.height * zoom) / 2 - (have.y - view.y) * view.scale * ratio;
    if (!moving) [x, y] = [Math.round(x), Math.round(y)]; // sharp at rest
    context.imageSmoothingEnabled = Math.abs(zoom - 1) > 1e-6;
    context.setTransform(zoom, 0, 0, zoom, x, y);
    context.drawImage(picture, 0, 0);
  }

  private drawMarks(view: View, marks: Marks, atlas: Atlas, palette: Palette): void {
    if (!this.hovered.isConnected) this.canvas.after(this.sounding, this.hovered);
    const { sounding, hovered, pinned } = marks;
    const same = sounding === hovered;
    const width = pinned ? BROAD : NARROW;
    this.drawMark(this.sounding, same ? -1 : sounding, { fill: 0.3, width }, view, atlas, palette);
    this.drawMark(this.hovered, hovered, { fill: 0.45, width: same ? width : NARROW }, view, atlas, palette);
  }

  private drawMark(canvas: HTMLCanvasElement, cell: number, look: Look, view: View, atlas: Atlas, palette: Palette): void {
    const outline = cell < 0 ? [] : markOutline(atlas, cell);
    const box = this.boxOf(view, outline);
    canvas.hidden = box.width <= 0 || box.height <= 0;
    if (canvas.hidden) return;
    const { ratio } = this;
    Object.assign(canvas, { width: box.width, height: box.height });
    Object.assign(canvas.style, {
      left: `${box.x / ratio}px`, top: `${box.y / ratio}px`, width: `${box.width / ratio}px`, height: `${box.height / ratio}px`,
    });
    const context = canvas.getContext('2d')!;
    const s = view.scale * ratio;
    const [x, y] = this.origin(view);
    context.setTransform(s, 0, 0, -s, x - box.x, y - box.y);
    const path = polygonPath(outline);
    context.globalAlpha = look.fill;
    context.fillStyle = css(palette.highlight);
    context.fill(path);
    context.globalAlpha = 1;
    context.lineJoin = 'round';
    for (const [colour, size] of [[palette.ringHalo, look.width + HALO], [palette.ring, look.width]] as const) {
      context.strokeStyle = css(colour);
      context.lineWidth = size / view.scale;
      context.stroke(path);
    }
  }

  /** Where the map's own middle is on the canvas. */
  private origin(view: View): [number, number] {
    return [(view.width / 2 - view.x * view.scale) * this.ratio, (view.height / 2 + view.y * view.scale) * this.ratio];
  }

  /** What an outline and its stroke take of the canvas, in whole device pixels. */
  private boxOf(view: View, points: ArrayLike<number>): { x: number; y: number; width: number; height: number } {
    const s = view.scale * this.ratio;
    const [x0, y0] = this.origin(view);
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [x0 + s * points[i]!, y0 - s * points[i + 1]!];
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
    const edge = (BROAD + HALO) * this.ratio; // half of it would do
    [left, top] = [Math.max(0, Math.floor(left - edge)), Math.max(0, Math.floor(top - edge))];
    [right, bottom] = [Math.min(this.canvas.width, Math.ceil(right + edge)), Math.min(this.canvas.height, Math.ceil(bottom + edge))];
    return { x: left, y: top, width: right - left, height: bottom - top };
  }
}

function sameView(a: View, b: View): boolean {
  return a.x === b.x && a.y === b.y && a.scale === b.scale && a.width === b.width && a.height === b.height;
}

function context2d(canvas: HTMLCanvasElement): Context {
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) throw new Error('This browser cannot draw: neither WebGL2 nor Canvas 2D works.');
  return context;
}

function polygonPath(points: ArrayLike<number>): Path2D {
  const path = new Path2D();
  for (let i = 0; i < points.length; i += 2) {
    if (i === 0) path.moveTo(points[0]!, points[1]!);
    else path.lineTo(points[i]!, points[i + 1]!);
  }
  path.closePath();
  return path;
}
