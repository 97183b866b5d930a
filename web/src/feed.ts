// SPDX-License-Identifier: BSD-2-Clause
/**
 * Keeps in touch with the server: waits for the first map, fetches it, notices a newer one, and
 * bears with a server that is away. All in one loop, so that never two answers compete. The stream of
 * events only wakes it; without a stream it looks every few seconds.
 */
import { api, ApiError, type MapInfo, type Status } from './data/api';
import { FormatError } from './data/format';
import { Live } from './data/live';
import type { Overview } from './data/points';
import { Atlas } from './map/atlas';

const WAITING_MS = 2000; // between looks for a first map
const STATUS_MS = 4000; // between looks for a newer one
const LIVE_MS = 60000; // the same, while the server tells by itself
const MOST_BACKOFF_MS = 10000;

export interface FeedEvents {
  /** A map to show: the first one or a newer one. */
  map(atlas: Atlas, info: MapInfo): void;
  /** A picture of the map that `map` will tell of in a moment. */
  overview(overview: Overview, info: MapInfo): void;
  /** What the server has and does, each time that changes. */
  status(status: Status): void;
  /** There is no map yet; status as far as the server told. */
  waiting(status: Status | undefined): void;
  /** The server cannot be reached or sends rubbish; it is tried again. */
  trouble(reason: string): void;
  /** It works again. */
  recovered(): void;
}

export class Feed {
  private current: string | undefined;
  private troubled = false;
  private wake: (() => void) | undefined;
  private hinted = false; // soon() was called while nothing slept
  private latest: Status | undefined; // of the stream
  private readonly live = new Live((status) => this.told(status), () => this.soon());

  constructor(private readonly events: FeedEvents) {}

  start(): void {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.live.stop();
      else this.soon();
    });
    window.addEventListener('online', () => this.soon());
    void this.run();
  }

  /** Something hints at a change (a 409, a failed request): look now. */
  soon(): void {
    if (this.wake) this.wake();
    else this.hinted = true;
  }

  private told(status: Status): void {
    this.latest = status;
    this.events.status(status);
    if (this.current === undefined || status.map !== this.current) this.soon();
  }

  private async run(): Promise<never> {
    let backoff = 500;
    for (;;) {
      try {
        const pause = this.current === undefined ? await this.first() : await this.newer();
        backoff = 500;
        if (this.troubled) {
          this.troubled = false;
          this.events.recovered();
        }
        this.live.start();
        await this.sleep(this.live.connected ? LIVE_MS : pause);
      } catch (error) {
        this.troubled = true;
        this.events.trouble(describe(error));
        backoff = Math.min(MOST_BACKOFF_MS, backoff * 2);
        await this.sleep(backoff);
      }
      await this.visible();
    }
  }

  private async first(): Promise<number> {
    if (await this.load()) return STATUS_MS;
    this.events.waiting(this.live.connected ? this.latest : await api.status().catch(() => undefined));
    return WAITING_MS;
  }

  private async newer(): Promise<number> {
    const status = this.live.connected && this.latest ? this.latest : await api.status();
    this.events.status(status);
    if (status.map !== null && status.map !== this.current) await this.load();
    return STATUS_MS;
  }

  /** false while there is no map. A map replaced between the two requests (409) is asked for again. */
  private async load(): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        const info = await api.map();
        if (info.map === this.current) return true;
        const cells = api.cells(info);
        void this.preview(info);
        const atlas = new Atlas(info, await cells);
        this.current = info.map;
        this.events.map(atlas, info);
        return true;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return false;
        if (!(error instanceof ApiError && error.status === 409) || attempt >= 3) throw error;
      }
    }
  }

  /** The first map of a visit is worth showing before its songs are here. */
  private async preview(info: MapInfo): Promise<void> {
    if (this.current !== undefined) return;
    const overview = await api.overview(info).catch(() => undefined); // only a picture: its loss is no trouble
    if (overview && this.current === undefined) this.events.overview(overview, info);
  }

  private sleep(ms: number): Promise<void> {
    if (this.hinted) ms = 0;
    this.hinted = false;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake?.(), ms);
      this.wake = () => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
    });
  }

  private async visible(): Promise<void> {
    if (!document.hidden) return;
    await new Promise<void>((resolve) => (this.wake = resolve));
    this.wake = undefined;
  }
}

function describe(error: unknown): string {
  if (error instanceof ApiError && error.status === 0) return 'musicmap does not answer. Trying again…';
  if (error instanceof FormatError || error instanceof ApiError) return `${error.message} Trying again…`;
  // A bug of ours: do not hide it.
  console.error(error);
  return 'The map could not be shown. Trying again…';
}
