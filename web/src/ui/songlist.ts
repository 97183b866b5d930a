// SPDX-License-Identifier: BSD-2-Clause
/** A list of songs as buttons: cover, title, artist, a note at the end. Filled in as tags arrive. */
import { api } from '../data/api';
import { titleOf } from './card';
import { h, setText } from './dom';
import type { Ground } from './ground';

export interface Row {
  readonly cell: number;
  readonly note?: string;
}

export class SongList {
  readonly element: HTMLOListElement;
  private rows: { row: Row; title: HTMLElement; by: HTMLElement; cover: HTMLElement; item: HTMLElement }[] = [];

  constructor(private readonly ground: Ground, label: string, private readonly pick: (cell: number) => void) {
    this.element = h('ol', { class: 'songs', aria: { label } });
  }

  show(rows: readonly Row[]): void {
    this.rows = rows.map((row) => {
      const title = h('b');
      const by = h('span');
      const cover = h('i', { class: 'thumb', aria: { hidden: 'true' } });
      const text = h('span', { class: 'two' }, title, by);
      const press = h('button', { type: 'button', class: 'song' }, cover, text, row.note ? h('em', {}, row.note) : undefined);
      press.addEventListener('click', () => this.pick(row.cell));
      return { row, title, by, cover, item: h('li', {}, press) };
    });
    this.element.replaceChildren(...this.rows.map(({ item }) => item));
    this.refresh();
  }

  /** Tags may have arrived. */
  refresh(): void {
    const { atlas, mapId } = this.ground;
    for (const { row, title, by, cover } of this.rows) {
      const song = this.ground.song(row.cell);
      setText(title, titleOf(song));
      setText(by, song?.artist ?? '');
      cover.style.backgroundColor = this.ground.stage.colourOf(row.cell);
      if (song?.cover && atlas && !cover.style.backgroundImage) {
        cover.style.backgroundImage = `url("${api.coverAddress(atlas.songId(row.cell), mapId)}")`;
      }
    }
  }

  /** Marks the song that plays. */
  mark(cell: number): void {
    for (const { row, item } of this.rows) {
      if (row.cell === cell) item.setAttribute('aria-current', 'true');
      else item.removeAttribute('aria-current');
    }
  }
}
