// SPDX-License-Identifier: BSD-2-Clause
/**
 * A kept song: the songs that truly sound most like it (by all that is known of their sound, not by
 * the map), as lines on the map and as a list, and where the song is from.
 */
import type { Details, Near } from '../desk';
import { desk } from '../desk';
import { ApiError } from '../data/api';
import { titleOf } from './card';
import { button, h, setText } from './dom';
import type { Tool } from './drawer';
import type { Ground } from './ground';
import { accent, strokeClear, type Brush, type Overlay } from './overlay';
import { SongList } from './songlist';

const LINES = 12;

export class NearPanel implements Tool {
  readonly name = 'near';
  readonly title = 'Sounds like it';
  readonly icon = 'near';
  readonly key = 'K';
  readonly body: HTMLElement;
  details: Details | undefined;
  private readonly head = h('p', { class: 'near-of' });
  private readonly state = h('p', { class: 'quiet', aria: { role: 'status' } });
  private readonly actions = h('div', { class: 'row' });
  private readonly songs: SongList;
  private cell = -1;
  private near: readonly (Near & { readonly cell: number })[] = [];
  private asked: AbortController | undefined;

  constructor(private readonly ground: Ground, private readonly overlay: Overlay, private readonly known: () => void) {
    this.songs = new SongList(ground, 'Songs that sound most alike, nearest first', (cell) => ground.visit(cell));
    this.body = h('div', { class: 'tool' }, this.head, this.actions, this.state, this.songs.element);
  }

  get song(): number {
    return this.cell;
  }

  get cells(): number[] {
    return this.near.map(({ cell }) => cell);
  }

  /** -1: none. */
  show(cell: number): void {
    const { atlas, mapId } = this.ground;
    if (cell === this.cell) return;
    this.asked?.abort();
    this.cell = cell;
    this.near = [];
    this.details = undefined;
    this.songs.show([]);
    setText(this.state, '');
    this.actions.replaceChildren();
    this.overlay.set('near', undefined);
    if (cell < 0 || !atlas) return;
    this.asked = new AbortController();
    void this.ask(atlas.songId(cell), mapId, this.asked.signal);
    this.refresh();
  }

  opened(): void {
    this.refresh();
  }

  refresh(): void {
    const song = this.cell >= 0 ? this.ground.song(this.cell) : undefined;
    setText(this.head, this.cell < 0 ? 'Keep a song (click it) to see what sounds like it.' : [titleOf(song), song?.artist].filter(Boolean).join(' — '));
    this.songs.refresh();
  }

  private async ask(song: number, map: string, signal: AbortSignal): Promise<void> {
    const { atlas } = this.ground;
    void this.askDetails(song, signal);
    try {
      const near = await desk.similar(map, song, signal);
      if (signal.aborted || !atlas || atlas !== this.ground.atlas) return;
      this.near = near.map((n) => ({ ...n, cell: atlas.cellOf(n.id) })).filter((n) => n.cell >= 0);
      this.songs.show(this.near.map(({ cell, distance }) => ({ cell, note: distance.toFixed(2) })));
      setText(this.state, 'How far away they sound: 0 is the same, 1 is chance.');
      this.overlay.set('near', (brush) => this.paint(brush));
    } catch (error) {
      if (signal.aborted) return;
      const gone = error instanceof ApiError && (error.status === 404 || error.status === 405);
      setText(this.state, gone ? 'How songs sound alike is not known here.' : error instanceof Error ? error.message : String(error));
    }
  }

  private async askDetails(song: number, signal: AbortSignal): Promise<void> {
    const details = await desk.details(song).catch(() => undefined);
    if (signal.aborted || !details) return;
    this.details = details;
    this.known();
    const actions: HTMLElement[] = [];
    if (details.folder) {
      actions.push(button('Show in folder', () => void this.open(song), { class: 'plain' }));
    }
    for (const { source, link, licence } of details.origins) {
      if (link) actions.push(h('a', { class: 'plain', href: link, target: '_blank', rel: 'noopener noreferrer' }, `At ${source}`));
      if (licence) actions.push(h('span', { class: 'quiet' }, licence));
    }
    this.actions.replaceChildren(...actions);
  }

  private async open(song: number): Promise<void> {
    try {
      await desk.open(song);
      setText(this.state, 'The folder is being opened.');
    } catch (error) {
      setText(this.state, error instanceof Error ? error.message : String(error));
    }
  }

  private paint(brush: Brush): void {
    const { atlas } = this.ground;
    if (!atlas || this.cell < 0) return;
    const { context } = brush;
    const [x0, y0] = brush.at(atlas.x(this.cell), atlas.y(this.cell));
    const reach = this.near[Math.min(LINES, this.near.length) - 1]?.distance ?? 1;
    for (const { cell, distance } of this.near.slice(0, LINES).reverse()) {
      const [x, y] = brush.at(atlas.x(cell), atlas.y(cell));
      // Bent a little, so that lines in one direction can be told apart.
      const bend = 0.12;
      context.globalAlpha = 0.45 + 0.5 * (1 - distance / (reach || 1));
      context.beginPath();
      context.moveTo(x0, y0);
      context.quadraticCurveTo((x0 + x) / 2 - bend * (y - y0), (y0 + y) / 2 + bend * (x - x0), x, y);
      strokeClear(brush, 1.2 + 1.6 * (1 - distance / (reach || 1)), accent(brush.dark));
      context.beginPath();
      context.arc(x, y, 3.5, 0, 2 * Math.PI);
      context.fillStyle = accent(brush.dark);
      context.fill();
    }
  }
}
