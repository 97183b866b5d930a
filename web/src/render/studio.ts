// SPDX-License-Identifier: BSD-2-Clause
/** What the painter's worker does: keeps the songs and their colours, and makes pictures to order. */
import { Grid, type Rect } from '../map/grid';
import { Raster, type Ink, type Window } from './raster';

export type Order =
  | { readonly kind: 'songs'; readonly xy: Float32Array; readonly cluster: Uint16Array; readonly region: Uint16Array; readonly box: Rect; readonly coast: number }
  | { readonly kind: 'land'; readonly land: Uint8ClampedArray }
  | { readonly kind: 'paint'; readonly turn: number; readonly window: Window; readonly ink?: Ink };

export interface Work {
  readonly turn: number;
  readonly window: Window;
  /** RGBA as one number each, or, without ink, the song of each pixel. */
  readonly pixels: Uint32Array<ArrayBuffer>;
}

export class Studio {
  private raster: Raster | undefined;
  private land: Uint32Array = new Uint32Array(0);
  private assigned: Window | undefined; // what the raster's ids are of

  obey(order: Order): Work | undefined {
    if (order.kind === 'songs') {
      this.raster = new Raster(new Grid(order.xy, order.box), order.cluster, order.region, order.coast);
      this.assigned = undefined;
      return undefined;
    }
    if (order.kind === 'land') {
      this.land = new Uint32Array(order.land.buffer, order.land.byteOffset, order.land.length / 4);
      return undefined;
    }
    const { raster } = this;
    const { turn, window, ink } = order;
    if (!raster) return undefined;
    if (!this.assigned || !sameWindow(this.assigned, window)) raster.assign(window);
    this.assigned = window;
    const pixels = ink ? raster.shade(window, this.land, ink) : raster.ids.slice();
    return { turn, window, pixels };
  }
}

function sameWindow(a: Window, b: Window): boolean {
  return a.x === b.x && a.y === b.y && a.scale === b.scale && a.width === b.width && a.height === b.height;
}
