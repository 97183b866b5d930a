// SPDX-License-Identifier: BSD-2-Clause
/**
 * The whole map, small, in a corner, with a frame around what is on screen: shown while one is near, in
 * windows wide enough. Pressing or dragging moves the view there. In the colours of the map, with what
 * is not chosen in grey. (For the pointer only: the keyboard has the arrow keys and Home.)
 */
import type { Atlas } from '../map/atlas';
import type { Camera, View } from '../map/camera';
import { packed, Raster, type Window } from './raster';
import { css, type Palette } from './palette';

const WIDTH = 168;
const MOST_HEIGHT = 150;
const SMALLEST_WINDOW = 700; // CSS pixels
const NEAR = 1.7; // shown when zoomed in by this against the overview

export class Minimap {
  readonly element = document.createElement('canvas');
  private picture: ImageData | undefined;
  private raster: Raster | undefined;
  private window: Window | undefined;
  private atlas: Atlas | undefined;
  private palette: Palette | undefined;
  private drawn = ''; // what the canvas shows

  constructor(host: HTMLElement, private readonly camera: Camera, private readonly moved: () => void) {
    this.element.className = 'minimap';
    this.element.hidden = true;
    this.element.setAttribute('aria-hidden', 'true');
    host.append(this.element);
    this.element.addEventListener('pointerdown', (event) => {
      this.element.setPointerCapture(event.pointerId);
      this.go(event);
    });
    this.element.addEventListener('pointermove', (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) this.go(event);
    });
  }

  setScene(atlas: Atlas, palette: Palette): void {
    if (atlas !== this.atlas) this.raster = undefined;
    this.atlas = atlas;
    this.palette = palette;
    this.picture = undefined;
    this.drawn = '';
  }

  /** With every frame. */
  draw(view: View): void {
    const { atlas, palette } = this;
    const wanted = atlas !== undefined && view.width >= SMALLEST_WINDOW && view.scale > NEAR * this.camera.fitScale;
    this.element.hidden = !wanted;
    if (!wanted || !palette) return;
    this.picture ??= this.paint(atlas, palette);
    const window = this.window!;
    const box = [
      window.width / 2 + (view.x - window.x) * window.scale - (view.width / 2 / view.scale) * window.scale,
      window.height / 2 - (view.y - window.y) * window.scale - (view.height / 2 / view.scale) * window.scale,
      Math.max(5, (view.width / view.scale) * window.scale),
      Math.max(5, (view.height / view.scale) * window.scale),
    ].map((value) => Math.round(2 * value) / 2) as [number, number, number, number];
    if (box.join() === this.drawn) return;
    this.drawn = box.join();
    const context = this.element.getContext('2d');
    if (!context) return;
    context.putImageData(this.picture, 0, 0);
    for (const [colour, width] of [[palette.ringHalo, 4], [palette.ring, 1.5]] as const) {
      context.strokeStyle = css(colour);
      context.lineWidth = width;
      context.strokeRect(...box);
    }
  }

  private paint(atlas: Atlas, palette: Palette): ImageData {
    const { x0, y0, x1, y1 } = atlas.extent;
    const scale = Math.min(WIDTH / (x1 - x0), MOST_HEIGHT / (y1 - y0));
    const [width, height] = [Math.ceil((x1 - x0) * scale), Math.ceil((y1 - y0) * scale)];
    const window = { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale, width, height };
    this.window = window;
    this.element.width = width;
    this.element.height = height;
    this.raster ??= new Raster(atlas.grid, atlas.cells.cluster, atlas.regionOf, atlas.coast);
    const ids = this.raster.assign(window);
    const sea = packed(palette.sea, 1);
    const land = new Uint32Array(palette.land.buffer);
    const limit = atlas.coast * atlas.coast;
    const pixels = Uint32Array.from(ids, (id, i) => {
      if (id >= atlas.count) return sea;
      const x = window.x + ((i % width) + 0.5 - width / 2) / scale;
      const y = window.y - (Math.floor(i / width) + 0.5 - height / 2) / scale;
      return atlas.grid.distance2(id, x, y) < limit ? land[id]! : sea;
    });
    return new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
  }

  private go(event: PointerEvent): void {
    const { window, camera } = this;
    if (!window) return;
    const { left, top } = this.element.getBoundingClientRect();
    const x = window.x + (event.clientX - left - this.element.clientLeft - window.width / 2) / window.scale;
    const y = window.y - (event.clientY - top - this.element.clientTop - window.height / 2) / window.scale;
    camera.drag((camera.x - x) * camera.scale, (y - camera.y) * camera.scale);
    this.moved();
  }
}
