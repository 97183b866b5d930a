// SPDX-License-Identifier: BSD-2-Clause
/**
 * What is known about each song, fetched a page at a time when somebody asks. Positions are those
 * of the map's song_id array. A bounded number of pages is kept (a million songs' tags would not
 * fit into a phone); a failed page is asked for again a little later.
 */
import { api, ApiError, type Song } from './api';

const PAGE = 500;
const KEPT_PAGES = 60;
const AT_ONCE = 2;
const RETRY_MS = 3000;

export type FetchPage = (map: string, first: number, count: number) => Promise<(Song | undefined)[]>;

export class SongStore {
  private readonly pages = new Map<number, (Song | undefined)[]>();
  private readonly failedAt = new Map<number, number>();
  private readonly wanted: number[] = []; // the newest last
  private readonly busy = new Set<number>();
  private closed = false;

  /** changed: more songs are known. problem: what went wrong with a page (409: a new map). */
  constructor(
    private readonly map: string,
    private readonly count: number,
    private readonly changed: () => void,
    private readonly problem: (error: ApiError) => void,
    private readonly fetchPage: FetchPage = api.songs,
  ) {}

  /** The song at a position, or undefined while it is on its way. */
  get(position: number): Song | undefined {
    const number = Math.floor(position / PAGE);
    const page = this.pages.get(number);
    if (!page) {
      this.want(number);
      return undefined;
    }
    // Re-inserting makes it the most recently used.
    this.pages.delete(number);
    this.pages.set(number, page);
    return page[position % PAGE];
  }

  close(): void {
    this.closed = true;
    this.wanted.length = 0;
  }

  private want(page: number): void {
    if (this.closed || this.busy.has(page) || page < 0 || page * PAGE >= this.count) return;
    const failed = this.failedAt.get(page);
    if (failed !== undefined && performance.now() - failed < RETRY_MS) return;
    const at = this.wanted.indexOf(page);
    if (at >= 0) this.wanted.splice(at, 1);
    this.wanted.push(page);
    this.pump();
  }

  private pump(): void {
    while (this.busy.size < AT_ONCE && this.wanted.length > 0) void this.load(this.wanted.pop()!);
  }

  private async load(page: number): Promise<void> {
    this.busy.add(page);
    try {
      const first = page * PAGE;
      const songs = await this.fetchPage(this.map, first, Math.min(PAGE, this.count - first));
      if (this.closed) return;
      this.pages.set(page, songs);
      this.failedAt.delete(page);
      for (const oldest of this.pages.keys()) {
        if (this.pages.size <= KEPT_PAGES) break;
        this.pages.delete(oldest);
      }
      this.changed();
    } catch (error) {
      this.failedAt.set(page, performance.now());
      if (!this.closed && error instanceof ApiError) this.problem(error);
    } finally {
      this.busy.delete(page);
      if (!this.closed) this.pump();
    }
  }
}
