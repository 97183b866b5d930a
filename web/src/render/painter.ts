// SPDX-License-Identifier: BSD-2-Clause
/**
 * Has pictures of the map made (raster.ts) in a worker, so that frames never wait for one. Where the
 * page may not start a worker (opened from a file), between frames.
 */
import type { Atlas } from '../map/atlas';
import { Studio, type Order, type Work } from './studio';
import type { Ink, Window } from './raster';

export class Painter {
  private worker: Worker | undefined;
  private studio: Studio | undefined;
  private readonly told = new Map<Order['kind'], Order>(); // the latest of each, for whoever takes over
  private turn = 0;
  private waiting = -1; // turn of the order that is under way
  private finished: Work | undefined;

  /** ready: a picture can be taken. */
  constructor(private readonly ready: () => void) {
    try {
      this.worker = new Worker(new URL('./painter.worker.ts', import.meta.url), { type: 'module' });
      this.worker.onmessage = (event: MessageEvent<Work>) => this.receive(event.data);
      this.worker.onerror = () => this.doItHere();
    } catch {
      this.studio = new Studio();
    }
  }

  get busy(): boolean {
    return this.waiting >= 0;
  }

  setSongs(atlas: Atlas): void {
    this.waiting = -1; // what is under way shows another map
    this.finished = undefined;
    this.turn++;
    const { xy, cluster } = atlas.cells;
    this.send({ kind: 'songs', xy, cluster, region: atlas.regionOf, box: atlas.box, coast: atlas.coast });
  }

  /** RGBA of every song. */
  setLand(land: Uint8ClampedArray): void {
    this.send({ kind: 'land', land });
  }

  /** One picture at a time: call when not busy. ink undefined: only which pixel belongs to whom. */
  request(window: Window, ink: Ink | undefined): void {
    this.waiting = ++this.turn;
    this.send({ kind: 'paint', turn: this.waiting, window, ...(ink ? { ink } : {}) });
  }

  /** The latest finished picture, once. */
  take(): Work | undefined {
    const work = this.finished;
    this.finished = undefined;
    return work;
  }

  dispose(): void {
    this.worker?.terminate();
    this.waiting = -1;
  }

  /** The worker could not be loaded, or died. */
  private doItHere(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.studio ??= new Studio();
    for (const kind of ['songs', 'land', 'paint'] as const) {
      const order = this.told.get(kind);
      if (order && (kind !== 'paint' || this.busy)) this.send(order);
    }
  }

  private send(order: Order): void {
    this.told.set(order.kind, order);
    if (this.worker) {
      this.worker.postMessage(order);
    } else {
      setTimeout(() => {
        const work = this.studio!.obey(order);
        if (work) this.receive(work);
      });
    }
  }

  private receive(work: Work): void {
    if (work.turn !== this.waiting) return;
    this.waiting = -1;
    this.finished = work;
    this.ready();
  }
}
