// SPDX-License-Identifier: BSD-2-Clause
/** Search as you type. Arrows go through the hits and play them, Enter flies there. */
import { desk, type Waiting } from '../desk';
import { Words, type Hit } from '../words';
import { h, plural, setText } from './dom';
import type { Tool } from './drawer';
import type { Ground } from './ground';
import { accent, strokeClear, type Brush, type Overlay } from './overlay';

const SHOWN = 50;
const LOOK_MS = 300; // of rest, then the server is asked for what is not on the map

export class Search implements Tool {
  readonly name = 'search';
  readonly title = 'Search';
  readonly icon = 'search';
  readonly key = '/';
  readonly body: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly list: HTMLElement;
  private readonly state = h('p', { class: 'quiet', aria: { role: 'status' } });
  private readonly waiting = h('div', { class: 'offmap', id: 'offmap', hidden: true });
  private looking: ReturnType<typeof setTimeout> | undefined;
  private asked: AbortController | undefined;
  private words: Words | undefined;
  private wordsOf = ''; // the map they are of, or are being fetched for
  private hits: readonly Hit[] = [];
  private chosen = -1;

  constructor(private readonly ground: Ground, private readonly overlay: Overlay, private readonly close: () => void) {
    this.list = h('ul', { id: 'hits', class: 'songs hits', aria: { role: 'listbox', label: 'Songs found' } });
    this.input = h('input', {
      id: 'search',
      type: 'search',
      class: 'field',
      placeholder: 'Title, artist, album, genre, tag',
      autocomplete: 'off',
      spellcheck: false,
      aria: { role: 'combobox', label: 'Search songs', expanded: 'false', controls: 'hits', autocomplete: 'list' },
    });
    this.body = h('div', { class: 'tool' }, this.input, this.state, this.list, this.waiting);
    this.input.addEventListener('input', () => this.search());
    this.input.addEventListener('keydown', (e) => this.pressed(e));
  }

  focus(): HTMLElement {
    this.input.select();
    return this.input;
  }

  opened(): void {
    void this.load();
    this.search();
  }

  closed(): void {
    clearTimeout(this.looking);
    this.asked?.abort();
    this.overlay.set('hits', undefined);
  }

  /** Another map: other songs. */
  forget(): void {
    this.words = undefined;
    this.wordsOf = '';
    if (this.body.hidden) return;
    void this.load();
    this.search(); // its hits are cells of the last map
  }

  private async load(): Promise<void> {
    const { mapId, atlas } = this.ground;
    if (!atlas || this.wordsOf === mapId) return;
    this.wordsOf = mapId;
    try {
      const raw = await desk.words(mapId, atlas.count);
      const words = await Words.create(raw, atlas.count, () => new Promise((resolve) => setTimeout(resolve)));
      if (this.wordsOf !== mapId) return;
      this.words = words;
      this.search();
    } catch (error) {
      if (this.wordsOf === mapId) this.wordsOf = '';
      setText(this.state, `Nothing can be searched now: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private search(): void {
    const query = this.input.value.trim();
    this.hits = query && this.words ? this.words.search(query, SHOWN) : [];
    this.chosen = -1;
    let state = '';
    if (query && !this.words) state = 'Reading what the songs are called…';
    else if (query && this.hits.length === 0) state = 'No song has these words.';
    else if (query) state = this.hits.length < SHOWN ? plural(this.hits.length, 'song') : `The best ${SHOWN}`;
    setText(this.state, state);
    this.list.replaceChildren(...this.hits.map((hit, i) => this.row(hit, i)));
    this.input.setAttribute('aria-expanded', String(this.hits.length > 0));
    this.input.removeAttribute('aria-activedescendant');
    this.overlay.set('hits', this.hits.length ? (brush) => this.paint(brush) : undefined);
    this.lookSoon(query);
  }

  // ---- what is not on the map yet ----

  /** Songs came that are not on the map, or they are on it now. */
  offMapChanged(): void {
    if (!this.body.hidden) this.lookSoon(this.input.value.trim());
  }

  /** Songs that nobody has listened to yet are named all the same, and workers are told that these are wanted. */
  private lookSoon(query: string): void {
    clearTimeout(this.looking);
    this.asked?.abort();
    this.asked = undefined;
    this.waiting.hidden = true;
    if (query.length < 2 || this.ground.offMap === 0) return;
    this.looking = setTimeout(() => void this.look(query), LOOK_MS);
  }

  private async look(query: string): Promise<void> {
    const asked = (this.asked = new AbortController());
    try {
      this.showWaiting(await desk.look(query, asked.signal));
    } catch {
      // Nothing is lost but a hint.
    }
  }

  private showWaiting({ songs, first }: Waiting): void {
    this.waiting.hidden = songs.length === 0;
    const what = first ? 'Not on the map yet: they are listened to next.' : 'Not on the map yet.';
    const rows = songs.map(({ id, title, artist }) => h('li', { data: { song: String(id) } }, h('b', {}, title || 'Untitled'), h('span', {}, artist)));
    this.waiting.replaceChildren(h('p', { class: 'quiet', aria: { role: 'status' } }, what), h('ul', { class: 'songs hits', aria: { label: 'Not on the map yet' } }, ...rows));
  }

  private row(hit: Hit, i: number): HTMLElement {
    const by = [hit.artist, hit.album].filter(Boolean).join(' · ');
    const row = h('li', { id: `hit-${i}`, aria: { role: 'option', selected: 'false' } }, h('b', {}, hit.title || 'Untitled'), h('span', {}, by));
    row.addEventListener('click', () => this.go(i));
    return row;
  }

  private pressed(e: KeyboardEvent): void {
    const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
    if (step && this.hits.length) {
      e.preventDefault();
      this.choose(Math.max(0, Math.min(this.hits.length - 1, this.chosen + step)));
      this.ground.preview(this.hits[this.chosen]!.cell);
    } else if (e.key === 'Enter' && this.hits.length) {
      e.preventDefault();
      this.go(Math.max(0, this.chosen));
    }
  }

  private choose(i: number): void {
    this.list.children[this.chosen]?.setAttribute('aria-selected', 'false');
    this.chosen = i;
    const row = this.list.children[i]!;
    row.setAttribute('aria-selected', 'true');
    row.scrollIntoView({ block: 'nearest' });
    this.input.setAttribute('aria-activedescendant', row.id);
    this.ground.invalidate();
  }

  private go(i: number): void {
    this.choose(i);
    this.ground.visit(this.hits[i]!.cell);
    if (window.innerWidth <= 760) this.close();
  }

  private paint(brush: Brush): void {
    const { atlas } = this.ground;
    if (!atlas) return;
    const { context } = brush;
    for (const [i, { cell }] of this.hits.entries()) {
      const [x, y] = brush.at(atlas.x(cell), atlas.y(cell));
      context.beginPath();
      context.arc(x, y, i === this.chosen ? 9 : 5, 0, 2 * Math.PI);
      strokeClear(brush, i === this.chosen ? 3 : 2, accent(brush.dark));
    }
  }
}
