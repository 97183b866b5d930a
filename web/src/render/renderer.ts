// SPDX-License-Identifier: BSD-2-Clause
/**
 * What a map renderer does: cells, borders and the marks on them, for one camera view at a time.
 * Names and titles are drawn above it (labels.ts), so that both renderers share them.
 */
import type { Atlas } from '../map/atlas';
import type { View } from '../map/camera';
import { CanvasRenderer } from './canvas';
import type { Palette } from './palette';
import { WebglRenderer } from './webgl';

export interface Marks {
  readonly hovered: number; // cells, -1 = none
  readonly sounding: number;
  readonly pinned: boolean;
}

export interface Renderer {
  readonly kind: 'webgl2' | 'canvas';
  readonly canvas: HTMLCanvasElement;
  /** A new map or new colours; the atlas may be the same as before. */
  setScene(atlas: Atlas, palette: Palette): void;
  /** Size in CSS pixels; ratio = device pixels for each. */
  resize(width: number, height: number, ratio: number): void;
  /** Whether there is a picture of the present map. */
  readonly painted: boolean;
  /** Draws at once. true: the picture is a draft, call again in the next frame. */
  draw(view: View, marks: Marks, moving: boolean): boolean;
  dispose(): void;
}

/** How visible cell borders are: not at all while cells are specks. */
export function cellBorderStrength(typicalPixels: number): number {
  return Math.min(1, Math.max(0, (typicalPixels - 2.5) / 7));
}

/** Borders of countries that lie in specks smaller than a few pixels would only be dirt. */
export function countryBorderStrength(typicalPixels: number): number {
  return Math.min(1, Math.max(0.25, (typicalPixels - 0.3) / 3));
}

/** Width of country borders in CSS pixels. */
export function countryBorderWidth(typicalPixels: number): number {
  return Math.min(3, Math.max(0.8, 0.55 + typicalPixels / 20));
}

/**
 * WebGL2 where the graphics hardware does the work (it can also fail late: lost is called), else
 * Canvas 2D: a software rasteriser behind WebGL is slower than the browser's own.
 * ready: draw again, a picture has come. forced: "webgl2" takes any WebGL2, "canvas" none.
 */
export function createRenderer(forced: string | null, ready: () => void, lost: () => void): Renderer {
  if (forced !== 'canvas') {
    try {
      return new WebglRenderer(ready, lost, forced === 'webgl2');
    } catch (error) {
      console.info(`Drawing without WebGL: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return new CanvasRenderer(ready);
}
