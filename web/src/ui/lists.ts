// SPDX-License-Identifier: BSD-2-Clause
/**
 * Lists of songs: what is on screen (the map for those who do not see it), what was heard, and what
 * was selected with lasso or rectangle; each can be played through and downloaded as M3U8.
 */
import { visibleRect } from '../map/camera';
import { desk } from '../desk';
import { ApiError } from '../data/api';
import { titleOf } from './card';
import { button, download, h, plural, setText } from './dom';
import type { Tool } from './drawer';
import type { Ground } from './ground';
import { accent, strokeClear, type Brush, type Overlay } from './overlay';
import { SongList } from './songlist';

const SHOWN = 200;
export type Which = 'screen' | 'heard' | 'selected';

export class Lists implements Tool {
  readonly name = 'lists';
  readonly title = 'Songs';
  readonly icon = 'list';
  readonly key = 'O';
  readonly body: HTMLElement;
  private readonly tabs: Record<Which, HTMLButtonElement>;
  private readonly count = h('p', { class: 'quiet', aria: { role: 'status' } });
  private readonly songs: SongList;
  private readonly play: HTMLButtonElement;
  private readonly save: HTMLButtonElement;
  private readonly clear: HTMLButtonElement;
  private which: Which = 'screen';
  private cells: number[] = []; // all of the list shown
  private selected: number[] = [];
  private outline: readonly (readonly [number, number])[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ground: Ground,
    private readonly overlay: Overlay,
    private readonly heard: () => readonly number[],
    private readonly playAll: (cells: readonly number[], from: number) => void,
  ) {
    const tab = (which: Which, label: string): HTMLButtonElement => {
      const made = button(label, () => this.choose(which), { class: 'tab' });
      made.setAttribute('aria-pressed', String(which === this.which));
      return made;
    };
    this.tabs = { screen: tab('screen', 'On screen'), heard: tab('heard', 'Heard'), selected: tab('selected', 'Selected') };
    this.songs = new SongList(ground, 'Songs', (cell) => ground.visit(cell));
    this.play = button('Play all', () => this.playAll(this.cells, 0), { class: 'plain' });
    this.save = button('Download M3U8', () => void this.download(), { class: 'plain' });
    this.clear = button('Clear', () => this.select([], []), { class: 'plain' });
    this.body = h(
      'div',
      { class: 'tool' },
      h('div', { class: 'tabs', aria: { role: 'group', label: 'Which songs' } }, this.tabs.screen, this.tabs.heard, this.tabs.selected),
      this.count,
      h('div', { class: 'row' }, this.play, this.save, this.clear),
      this.songs.element,
    );
  }

  opened(): void {
    this.update();
  }

  choose(which: Which): void {
    this.which = which;
    for (const [name, tab] of Object.entries(this.tabs)) tab.setAttribute('aria-pressed', String(name === which));
    this.update();
  }

  get selection(): readonly number[] {
    return this.selected;
  }

  /** outline: in map units; drawn as long as the selection stands. */
  select(cells: number[], outline: readonly (readonly [number, number])[]): void {
    this.selected = cells;
    this.outline = outline;
    this.overlay.set('selection', outline.length ? (brush) => this.paint(brush) : undefined);
    this.choose(cells.length || outline.length ? 'selected' : 'screen');
  }

  /** Another map: cells are others. */
  forget(): void {
    this.select([], []);
  }

  refresh(): void {
    if (!this.body.hidden) this.songs.refresh();
  }

  /** The view moved, or something was heard: soon, not in every frame. */
  stale(which: Which): void {
    if (this.body.hidden || which !== this.which) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.update(), 250);
  }

  private update(): void {
    if (this.body.hidden) return;
    this.cells = this.which === 'screen' ? this.onScreen() : this.which === 'heard' ? [...this.heard()] : this.selected;
    const shown = this.cells.slice(0, SHOWN);
    this.songs.show(shown.map((cell) => ({ cell })));
    const rest = this.cells.length - shown.length;
    const empty = { screen: 'No song is on screen.', heard: 'Nothing was heard yet.', selected: 'Nothing is selected: draw around songs with the lasso (S).' };
    setText(this.count, this.cells.length === 0 ? empty[this.which] : plural(this.cells.length, 'song') + (rest > 0 ? `; the first ${SHOWN} are listed` : ''));
    this.play.hidden = this.save.hidden = this.cells.length === 0;
    this.clear.hidden = this.which !== 'selected' || this.cells.length === 0;
  }

  /** Nearest to the middle first. */
  private onScreen(): number[] {
    const { atlas, stage } = this.ground;
    if (!atlas) return [];
    const view = stage.camera.view();
    const { x0, y0, x1, y1 } = visibleRect(view);
    const found: number[] = [];
    for (let cell = 0; cell < atlas.count; cell++) {
      const [x, y] = [atlas.x(cell), atlas.y(cell)];
      if (x >= x0 && x <= x1 && y >= y0 && y <= y1 && stage.shadings.includes(cell)) found.push(cell);
    }
    const away = (cell: number): number => (atlas.x(cell) - view.x) ** 2 + (atlas.y(cell) - view.y) ** 2;
    return found.sort((a, b) => away(a) - away(b) || a - b);
  }

  private async download(): Promise<void> {
    const { atlas } = this.ground;
    if (!atlas) return;
    const ids = this.cells.map((cell) => atlas.songId(cell));
    try {
      download('musicmap.m3u8', await desk.write({}, ids, 'm3u8', 'Songs of the map'));
    } catch (error) {
      if (!(error instanceof ApiError) || ![404, 405, 501].includes(error.status)) {
        this.ground.notice(error instanceof Error ? error.message : String(error));
        return;
      }
      download('musicmap.m3u8', new Blob([this.playlist()], { type: 'audio/x-mpegurl' }));
    }
  }

  /** Where no server knows the files: the clips, by their addresses. */
  private playlist(): string {
    const { atlas } = this.ground;
    const lines = ['#EXTM3U', '#EXTENC:UTF-8'];
    for (const cell of this.cells) {
      const song = this.ground.song(cell);
      const name = [song?.artist, titleOf(song)].filter(Boolean).join(' - ').replace(/[\r\n]/g, ' ');
      lines.push(`#EXTINF:${Math.round(song?.duration ?? -1)},${name}`, new URL(`clip/${atlas!.songId(cell)}`, location.href).href);
    }
    return `${lines.join('\n')}\n`;
  }

  private paint(brush: Brush): void {
    const { context } = brush;
    context.beginPath();
    for (const [x, y] of this.outline) context.lineTo(...brush.at(x, y));
    context.closePath();
    context.setLineDash([6, 5]);
    strokeClear(brush, 2, accent(brush.dark));
  }
}
