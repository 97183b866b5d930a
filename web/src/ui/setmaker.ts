// SPDX-License-Identifier: BSD-2-Clause
/** Radio sets in the page: draw a line or click songs, and the set appears as a route and a list. */
import { Audition } from '../audio/audition';
import { desk } from '../desk';
import { sameGround, type Atlas } from '../map/atlas';
import type { Player } from '../player';
import { SetDraft, type Shape } from '../radioset';
import { ArcEditor } from './arc';
import { titleOf } from './card';
import { button, clock, download, h, plural, setText } from './dom';
import type { Tool } from './drawer';
import type { Ground } from './ground';
import { KeptSets } from './keptsets';
import { accent, strokeClear, type Brush, type Overlay } from './overlay';
import type { Pen } from './pen';
import { SetList } from './setlist';

const LEAST_FADE_S = 3; // where the rules want no crossfade, ears still do

const SHAPES: readonly (readonly [Shape, string])[] = [
  ['line', 'Along a line I draw'],
  ['songs', 'By way of songs I click'],
  ['around', 'Around one song'],
  ['tour', 'A tour of the countries'],
  ['free', 'Wherever it flows'],
];
const FORMATS = [
  ['m3u8', 'M3U8'], ['xspf', 'XSPF'], ['jspf', 'JSPF'], ['cue', 'CUE'], ['spinitron', 'Spinitron CSV'],
  ['soundexchange', 'SoundExchange CSV'], ['text', 'Text to read'], ['json', 'JSON'],
] as const;
const ENDINGS: Readonly<Record<string, string>> = { spinitron: 'csv', soundexchange: 'soundexchange.csv', text: 'txt' };

export class SetMaker implements Tool {
  readonly name = 'set';
  readonly title = 'Radio set';
  readonly icon = 'set';
  readonly key = 'R';
  readonly body: HTMLElement;
  readonly draft = new SetDraft(() => this.show());
  private readonly shape: HTMLSelectElement;
  private readonly minutes: HTMLInputElement;
  private readonly rules: HTMLTextAreaElement;
  private readonly draw = button('Draw', () => this.takePen(), { icon: 'pen' });
  private readonly chips = h('ol', { class: 'chips', aria: { label: 'Songs it passes by' } });
  private readonly hint = h('p', { class: 'quiet' });
  private readonly go = button('Make the set', () => this.make(), { class: 'plain main' });
  private readonly stop = button('Stop', () => this.draft.cancel(), { class: 'plain' });
  private readonly state = h('p', { class: 'quiet', id: 'set-state', aria: { role: 'status' } });
  private readonly bent = h('ul', { class: 'bent', aria: { label: 'Rules that are bent' } });
  private readonly arc: ArcEditor;
  private readonly list: SetList;
  private readonly kept: KeptSets;
  private readonly finished: HTMLElement;
  private readonly label: HTMLInputElement;
  private readonly format: HTMLSelectElement;
  private readonly inTheManner = h('option', { value: 'kept' }); // of an opened set
  private audition: Audition | undefined;
  private asked: AbortController | undefined;
  private silenced = false; // a song was paused for an audition
  private shownSet: unknown;

  constructor(private readonly ground: Ground, private readonly overlay: Overlay, private readonly pen: Pen, private readonly player: Player) {
    const { draft } = this;
    this.shape = h('select', { class: 'field', id: 'set-shape', aria: { label: 'Where the set goes' } }, ...SHAPES.map(([value, text]) => h('option', { value }, text)), this.inTheManner);
    this.shape.addEventListener('change', () => {
      draft.shape = this.shape.value as Shape;
      draft.waypoints = [];
      this.pen.putAway();
      this.show();
    });
    this.minutes = h('input', { type: 'number', class: 'field', id: 'set-minutes', min: '1', max: '1440', value: '58', aria: { label: 'Minutes' } });
    this.minutes.addEventListener('change', () => {
      draft.minutes = Math.min(1440, Math.max(1, Number(this.minutes.value) || 58));
      this.minutes.value = String(draft.minutes);
      if (draft.songs.length) draft.judgeSoon();
    });
    this.rules = h('textarea', { class: 'field', rows: 6, spellcheck: false, placeholder: '[limit]\nartist = 1', aria: { label: 'Rules' } });
    this.rules.addEventListener('change', () => {
      draft.rules = this.rules.value;
      if (draft.songs.length) draft.judgeSoon();
    });
    const set = (arc: string): void => {
      draft.arc = arc;
      if (draft.songs.length) draft.judgeSoon();
    };
    this.arc = new ArcEditor(set, (arc) => {
      draft.arc = arc;
      if (draft.songs.length) void draft.make();
    });
    this.list = new SetList(ground, draft, { play: (at) => this.play(at), joint: (at, pressed) => void this.joint(at, pressed) });
    this.kept = new KeptSets({
      open: (name, play) => void this.open(name, play),
      renamed: (name, to) => {
        if (this.label.value.trim() === name) this.label.value = to;
      },
      told: (text) => this.ground.notice(text),
    });
    this.label = h('input', { class: 'field', type: 'text', value: 'evening', maxLength: 100, aria: { label: 'Name of the set' } });
    this.format = h('select', { class: 'field', id: 'set-format', aria: { label: 'Format' } }, ...FORMATS.map(([value, text]) => h('option', { value }, text)));
    this.finished = h(
      'div',
      { class: 'finished' },
      h('div', { class: 'pair' }, this.label, button('Keep', () => void this.keep(), { class: 'plain' })),
      h('div', { class: 'pair' }, this.format, button('Export', () => void this.write(), { class: 'plain' })),
    );
    this.body = h(
      'div',
      { class: 'tool setmaker' },
      this.kept.element,
      h('div', { class: 'pair' }, this.shape, this.draw),
      this.hint,
      this.chips,
      h('div', { class: 'pair' }, this.minutes, h('span', { class: 'quiet' }, 'minutes'), this.go, this.stop),
      this.arc.element,
      h('details', {}, h('summary', {}, 'Rules'), this.rules),
      h('div', { class: 'row' }, button('Play', () => this.play(0), { class: 'plain' }), button('Start over', () => draft.clear(), { class: 'plain' })),
      this.state,
      this.bent,
      this.list.element,
      this.finished,
    );
    this.show();
  }

  opened(): void {
    this.overlay.set('set', (brush) => this.paint(brush));
    this.show();
    if (!this.draft.songs.length) this.kept.element.open = true;
    void this.kept.load();
  }

  closed(): void {
    this.pen.putAway();
    void this.joint(-1, false);
    if (!this.draft.songs.length) this.overlay.set('set', undefined);
  }

  /** Another map. What was worked out on this one stays when it was only brought up to date. */
  setMap(before: Atlas | undefined): void {
    const { atlas } = this.ground;
    if (!before || !atlas || !sameGround(before, atlas)) return this.draft.clear();
    this.draft.retain((song) => atlas.cellOf(song) >= 0 || before.cellOf(song) < 0);
  }

  /** A song was clicked on the map; true when the set took it. */
  took(cell: number): boolean {
    const { atlas } = this.ground;
    const { draft } = this;
    if (this.body.hidden || !atlas || cell < 0 || (draft.shape !== 'songs' && draft.shape !== 'around')) return false;
    draft.addWaypoint(atlas.songId(cell));
    return true;
  }

  refresh(): void {
    this.list.refresh();
    this.list.mark(this.draft.songs.indexOf(this.player.song));
  }

  get auditioned(): Audition['now'] {
    return this.audition?.now;
  }

  private make(): void {
    if (!this.draft.lacking) void this.draft.make();
    else if (this.draft.shape === 'line') this.takePen();
  }

  private takePen(): void {
    if (this.pen.out === 'line') return void this.pen.putAway();
    this.pen.takeOut('line', (points) => {
      this.draft.line = points.length > 400 ? points.filter((_, i) => i % Math.ceil(points.length / 400) === 0 || i === points.length - 1) : points;
      void this.draft.make();
    });
  }

  // ---- showing ----

  private show(): void {
    const { draft } = this;
    this.inTheManner.hidden = draft.kept === undefined;
    this.inTheManner.disabled = draft.kept === undefined;
    this.shape.value = draft.shape;
    this.draw.hidden = draft.shape !== 'line';
    setText(this.hint, draft.lacking);
    this.hint.hidden = draft.lacking === '';
    this.stop.hidden = !draft.busy;
    this.go.hidden = draft.busy;
    setText(this.go, draft.songs.length ? 'Make it again' : 'Make the set');
    this.chips.hidden = draft.waypoints.length === 0;
    this.chips.replaceChildren(...draft.waypoints.map((song, i) => this.chip(song, i)));
    this.showState();
    for (const part of [this.list.element, this.finished, this.body.querySelector<HTMLElement>('.row')!]) part.hidden = draft.songs.length === 0;
    this.arc.show(draft.set);
    const key = `${draft.songs.join()} ${[...draft.locked].join()}`;
    if (this.shownSet !== draft.set || this.list.element.dataset.key !== key) {
      if (this.list.element.dataset.key !== key) this.list.closeSwap();
      this.shownSet = draft.set;
      this.list.element.dataset.key = key;
      this.list.show();
    }
    this.ground.invalidate();
  }

  private chip(song: number, i: number): HTMLElement {
    const cell = this.ground.atlas?.cellOf(song) ?? -1;
    const made = button(titleOf(cell >= 0 ? this.ground.song(cell) : undefined), () => {
      this.draft.waypoints.splice(i, 1);
      this.show();
    }, { class: 'plain' });
    made.title = 'Take out';
    return h('li', {}, made);
  }

  private showState(): void {
    const { draft } = this;
    const { set } = draft;
    const hard = set?.bent.filter(({ soft }) => !soft).length ?? 0;
    let state = '';
    if (draft.busy) state = 'Making the set…';
    else if (draft.error) state = draft.error;
    else if (set) state = `${plural(set.songs.length, 'song')} · ${clock(set.length)} · costs ${set.cost.toFixed(2)} · ${hard ? `${plural(hard, 'rule')} bent` : 'no rule is bent'}`;
    setText(this.state, state);
    this.state.classList.toggle('bad', draft.error !== '' && !draft.busy);
    this.bent.replaceChildren(
      ...(set?.bent ?? []).map((b) => h('li', { title: `Needed: ${b.needed}` }, h('b', {}, b.soft ? `${b.rule} (soft)` : b.rule), ` ${b.at === null ? '' : `song ${b.at + 1}: `}${b.what}`)),
    );
    this.bent.hidden = !set?.bent.length;
  }

  private paint(brush: Brush): void {
    const { atlas } = this.ground;
    const { context } = brush;
    const { draft } = this;
    if (!atlas) return;
    if (draft.shape === 'line' && draft.line.length > 1) {
      context.beginPath();
      for (const [x, y] of draft.line) context.lineTo(...brush.at(x, y));
      context.globalAlpha = 0.55;
      context.setLineDash([2, 7]);
      strokeClear(brush, 2, accent(brush.dark));
      context.setLineDash([]);
      context.globalAlpha = 1;
    }
    const ids = draft.songs.length ? draft.songs : draft.waypoints;
    const places = ids.map((id) => atlas.cellOf(id)).map((cell) => (cell < 0 ? undefined : brush.at(atlas.x(cell), atlas.y(cell))));
    context.beginPath();
    for (const place of places) if (place) context.lineTo(...place);
    strokeClear(brush, 2.5, accent(brush.dark));
    context.font = '600 11px system-ui, sans-serif';
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    places.forEach((place, i) => {
      if (!place) return;
      context.beginPath();
      context.arc(place[0], place[1], draft.locked.has(ids[i]!) ? 11 : 9, 0, 2 * Math.PI);
      context.fillStyle = brush.dark ? '#1a212d' : '#fffcf5';
      context.fill();
      strokeClear(brush, draft.locked.has(ids[i]!) ? 3.5 : 2, accent(brush.dark));
      context.fillStyle = brush.dark ? '#f4ecdc' : '#2b2320';
      context.fillText(String(i + 1), place[0], place[1] + 0.5);
    });
  }

  // ---- listening ----

  private fade(): number {
    return Math.max(LEAST_FADE_S, this.draft.set?.crossfade ?? 0);
  }

  private play(from: number): void {
    const { atlas } = this.ground;
    if (!atlas) return;
    // A song of the set need not be on the map: places in the list that plays are not those in the set.
    const cells = this.draft.songs.map((song) => atlas.cellOf(song));
    const first = cells.slice(0, from).filter((cell) => cell >= 0).length;
    this.player.play({ cells: cells.filter((cell) => cell >= 0), fade: this.fade(), whole: true }, first);
  }

  /** The end of one song into the beginning of the next; -1 = enough. */
  private async joint(at: number, pressed: boolean): Promise<void> {
    const { ground, draft } = this;
    this.asked?.abort();
    const playing = this.audition?.now;
    this.audition?.stop();
    if (at < 1 || (pressed && playing?.to === draft.songs[at])) return this.goOn();
    if (pressed) ground.engine.unlock();
    const mixer = ground.engine.desk;
    const { atlas } = ground;
    if (!mixer || !atlas) return;
    this.asked = new AbortController();
    const { signal } = this.asked;
    const [first, second] = [draft.songs[at - 1]!, draft.songs[at]!];
    try {
      const bytes = await Promise.all([desk.part(first, ground.mapId, 'outro', signal), desk.part(second, ground.mapId, 'intro', signal)]);
      const [end, beginning] = await Promise.all(bytes.map((b) => ground.engine.decodeBytes(b)));
      if (signal.aborted) return;
      if (!ground.listening.paused && ground.engine.state.kind === 'playing') {
        ground.engine.pause();
        this.silenced = true;
      }
      const gainOf = (song: number): number => {
        const cell = atlas.cellOf(song);
        return cell < 0 ? 1 : ground.listening.soundOf(cell).gain; // a song of the set need not be on the map
      };
      this.audition ??= new Audition(mixer);
      this.audition.play({ song: first, buffer: end!, gain: gainOf(first) }, { song: second, buffer: beginning!, gain: gainOf(second) }, this.fade(), () => this.goOn());
    } catch (error) {
      if (signal.aborted) return;
      this.goOn(); // a song may be paused for the last one
      ground.notice(error instanceof Error ? error.message : String(error));
    }
  }

  private goOn(): void {
    if (this.silenced) this.ground.engine.resume();
    this.silenced = false;
  }

  // ---- keeping ----

  private tell(text: string): void {
    setText(this.state, text);
  }

  private async open(name: string, play: boolean): Promise<void> {
    const { draft } = this;
    try {
      const opened = await desk.openSet(name);
      this.pen.putAway();
      this.label.value = opened.name;
      this.inTheManner.textContent = `As “${opened.name}” was asked for`;
      draft.open(opened);
      this.kept.element.open = false;
      this.minutes.value = String(draft.minutes);
      this.rules.value = draft.rules;
      this.arc.set(draft.arc);
      if (opened.gone) this.ground.notice(`${plural(opened.gone, 'song')} of “${opened.name}” ${opened.gone === 1 ? 'is' : 'are'} no longer there.`);
      if (play) this.play(0);
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
    }
  }

  private async keep(): Promise<void> {
    try {
      const name = this.label.value.trim();
      const version = await desk.keep(this.draft.task(false), this.draft.songs, name);
      this.tell(`Kept as “${name}”, version ${version}.`);
      await this.kept.load();
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
    }
  }

  private async write(): Promise<void> {
    const name = this.label.value.trim() || 'set';
    const format = this.format.value;
    try {
      const file = await desk.write(this.draft.task(false), this.draft.songs, format, name);
      download(`${name.replace(/[^\p{L}\p{N} ._-]/gu, '_')}.${ENDINGS[format] ?? format}`, file);
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
    }
  }
}
