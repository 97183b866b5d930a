// SPDX-License-Identifier: BSD-2-Clause
/**
 * Canvas 2D renderer, for where there is no graphics hardware. A worker paints pictures somewhat larger
 * than the window; every frame only places the latest one under the camera, with the marks fresh on top.
 * So frames are equally short with any number of songs.
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

export class CanvasRenderer implements Renderer {
  readonly kind = 'canvas';
  readonly canvas = document.createElement('canvas');
  private readonly context: Context;
  private readonly picture = document.createElement('canvas');
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
  }

  resize(width: number, height: number, ratio: number): void {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
  }

  get painted(): boolean {
    return this.have !== undefined;
  }

  draw(view: View, marks: Marks, moving: boolean): boolean {
    const { atlas, palette, context, painter } = this;
    if (!atlas || !palette) return false;
    this.receive();
    if (!painter.busy && (this.outdated || !this.have || isStale(this.have, view, this.ratio, moving))) {
      this.outdated = false;
      painter.request(windowOf(view, this.ratio), inkOf(atlas, palette, view, this.ratio));
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = css(palette.sea);
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.placePicture(view, moving);
    this.drawMarks(view, marks, atlas, palette);
    return painter.busy;
  }

  dispose(): void {
    this.painter.dispose();
    this.canvas.remove();
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
  }

  private placePicture(view: View, moving: boolean): void {
    const { have, context, ratio, picture } = this;
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
    const { context } = this;
    const s = view.scale * this.ratio;
    context.setTransform(s, 0, 0, -s, (view.width / 2 - view.x * view.scale) * this.ratio, (view.height / 2 + view.y * view.scale) * this.ratio);
    const cells = new Set([marks.sounding, marks.hovered].filter((cell) => cell >= 0));
    for (const cell of cells) {
      const path = polygonPath(markOutline(atlas, cell));
      context.globalAlpha = cell === marks.hovered ? 0.45 : 0.3;
      context.fillStyle = css(palette.highlight);
      context.fill(path);
      context.globalAlpha = 1;
      context.lineJoin = 'round';
      const width = marks.pinned && cell === marks.sounding ? 3.4 : 2.2;
      for (const [colour, size] of [[palette.ringHalo, width + 3], [palette.ring, width]] as const) {
        context.strokeStyle = css(colour);
        context.lineWidth = size / view.scale;
        context.stroke(path);
      }
    }
  }
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
