// SPDX-License-Identifier: BSD-2-Clause
/** The tools beside the map, put together: search, colours, lists, neighbours, drawing, journeys. */
import { Address, type Place } from './address';
import type { Atlas } from './map/atlas';
import { Player } from './player';
import { Trail } from './trail';
import { Drawer } from './ui/drawer';
import type { Ground } from './ui/ground';
import { filterText, LegendPanel, readFilter } from './ui/legend';
import { Lists } from './ui/lists';
import { NearPanel } from './ui/near';
import { Overlay } from './ui/overlay';
import { Pen, within, type Stroke } from './ui/pen';
import { Search } from './ui/search';
import { SetMaker } from './ui/setmaker';
import { button, element, plural, setIcon } from './ui/dom';

const WIDE = 760; // pixels; below, a panel covers half the map and opens only when asked for

export class Tools {
  readonly overlay: Overlay;
  readonly drawer: Drawer;
  readonly search: Search;
  readonly near: NearPanel;
  readonly lists: Lists;
  readonly legend: LegendPanel;
  readonly pen: Pen;
  readonly trail: Trail;
  readonly address: Address;
  readonly player: Player;
  readonly setMaker: SetMaker;
  private readonly backButton: HTMLButtonElement;
  private readonly lassoButton: HTMLButtonElement;
  private restored = false;

  constructor(private readonly ground: Ground, map: HTMLElement, private readonly changed: () => void) {
    const { stage } = ground;
    this.overlay = new Overlay(map, () => stage.invalidate());
    this.drawer = new Drawer(() => this.changed());
    this.player = new Player(ground, () => this.changed());
    this.trail = new Trail(ground, this.overlay, () => this.lists.stale('heard'));
    this.search = new Search(ground, this.overlay, () => this.drawer.close());
    this.legend = new LegendPanel(stage.shadings, (reason) => ground.notice(reason), () => this.address.moved());
    this.lists = new Lists(ground, this.overlay, () => this.trail.heard(), (cells, from) => this.player.play({ cells, fade: 2, whole: false }, from));
    this.near = new NearPanel(ground, this.overlay, () => this.changed());
    this.pen = new Pen(ground, this.overlay, map, () => this.penMoved());
    this.address = new Address(() => this.here(), (place) => this.goTo(place));
    this.drawer.add(this.search);
    this.drawer.add(this.legend);
    this.drawer.add(this.lists);
    this.setMaker = new SetMaker(ground, this.overlay, this.pen, this.player);
    this.drawer.add(this.setMaker);
    this.lassoButton = this.drawer.addAction('lasso', 'Select songs with a lasso', 'lasso', 'S', () => this.select('lasso'));
    this.lassoButton.setAttribute('aria-pressed', 'false');
    this.drawer.addAction('elsewhere', 'Take me somewhere else', 'elsewhere', 'E', () => this.elsewhere());
    this.backButton = this.drawer.addAction('back', 'Back to where I was', 'back', 'Backspace', () => this.address.back());
    this.drawer.add(this.near, false);
    const rectangle = button('Rectangle', () => this.select('rect'), { class: 'plain' });
    const lasso = button('Lasso', () => this.select('lasso'), { class: 'plain' });
    this.lists.body.querySelector('.row')!.append(lasso, rectangle);
    stage.drawn = (view) => this.overlay.draw(view);
  }

  // ---- told by the page ----

  /** before: the map that was there; undefined = this is the first. */
  setMap(before: Atlas | undefined): void {
    this.search.forget();
    this.lists.forget();
    this.setMaker.setMap(before);
    this.near.show(-1);
    if (this.restored) return;
    this.restored = true;
    const { place } = this.address;
    if (Object.keys(place).length) this.goTo(place);
  }

  /** Something about what sounds or is known changed. */
  show(): void {
    const { listening, engine } = this.ground;
    // Fingers keep no songs: there, and where its list is open, a chosen song has neighbours as well.
    const chosen = this.drawer.open === 'near' ? (this.ground.atlas?.cellOf(listening.chosenSong) ?? -1) : -1;
    this.near.show(listening.pinned ? listening.sounding : chosen);
    if (this.drawer.open === 'near') this.near.refresh();
    this.lists.refresh();
    if (this.drawer.open === 'set') this.setMaker.refresh();
    this.trail.sounding(engine.state.kind === 'playing' ? engine.state.song : -1);
    this.player.chosen(listening.soundingSong);
    this.backButton.disabled = this.address.depth === 0;
    this.address.moved();
  }

  /** The view is another. */
  moved(): void {
    this.lists.stale('screen');
    this.address.moved();
  }

  /** A song was clicked: true when a tool took it. */
  clicked(cell: number): boolean {
    return this.setMaker.took(cell);
  }

  /** A song was kept by a click or a key. */
  kept(): void {
    if (window.innerWidth > WIDE && !this.drawer.open) this.drawer.show('near', true);
  }

  letGo(): void {
    if (this.drawer.open === 'near') this.drawer.close();
  }

  /** true when there was something to put away. The neighbours stay as long as their song is kept. */
  escape(): boolean {
    if (this.pen.putAway()) return true;
    return !(this.drawer.open === 'near' && this.ground.listening.pinned) && this.drawer.close();
  }

  // ---- journeys ----

  elsewhere(): void {
    const { atlas, stage, listening } = this.ground;
    if (!atlas || atlas.count === 0) return;
    // Far from here, but anywhere: the farthest of a few drawn by lot among those in colour.
    const from = listening.place;
    const [x, y] = from >= 0 ? [atlas.x(from), atlas.y(from)] : [stage.camera.x, stage.camera.y];
    let best = -1;
    let farthest = -1;
    for (let i = 0, found = 0; i < 400 && found < 5; i++) {
      const cell = Math.floor(Math.random() * atlas.count);
      if (cell === from || (!stage.shadings.includes(cell) && i < 350)) continue;
      found++;
      const distance = Math.hypot(atlas.x(cell) - x, atlas.y(cell) - y);
      if (distance > farthest) [best, farthest] = [cell, distance];
    }
    if (best >= 0) this.ground.visit(best);
  }

  private here(): Place {
    const { stage, listening } = this.ground;
    const { camera, shadings } = stage;
    const zoom = camera.scale / camera.fitScale;
    const song = listening.chosenSong;
    const { name, filter } = shadings.current;
    const only = filterText(filter);
    const moved = Math.abs(zoom - 1) > 0.02;
    return {
      ...(moved ? { x: camera.x, y: camera.y, zoom } : {}),
      ...(song > 0 ? { song } : {}),
      ...(listening.pinned ? { kept: true } : {}),
      ...(name !== 'cluster' ? { shade: name } : {}),
      ...(only ? { only } : {}),
    };
  }

  private goTo(place: Place): void {
    const { atlas, stage, listening } = this.ground;
    if (!atlas) return;
    const { camera, shadings } = stage;
    const now = performance.now();
    const cell = place.song === undefined ? -1 : atlas.cellOf(place.song);
    if (place.x !== undefined) camera.fly({ x: place.x, y: place.y!, scale: place.zoom! * camera.fitScale }, now);
    else camera.open(now);
    if (cell >= 0 && place.kept) listening.keep(cell);
    else {
      listening.unpin();
      if (cell >= 0) listening.choose(cell);
    }
    const name = place.shade ?? 'cluster';
    const filter = readFilter(place.only ?? '');
    if (name === shadings.current.name) shadings.setFilter(filter);
    else void shadings.choose(name).then(() => shadings.setFilter(filter), () => undefined);
    stage.invalidate();
    this.changed();
  }

  // ---- selecting ----

  toggleLasso(): void {
    if (this.pen.out) this.pen.putAway();
    else this.select('lasso');
  }

  private select(kind: Stroke): void {
    if (this.pen.out === kind) return void this.pen.putAway();
    this.pen.takeOut(kind, (outline) => {
      const { atlas, stage } = this.ground;
      const cells: number[] = [];
      for (let cell = 0; atlas && cell < atlas.count; cell++) {
        if (stage.shadings.includes(cell) && within(outline, atlas.x(cell), atlas.y(cell))) cells.push(cell);
      }
      this.drawer.show('lists', true);
      this.lists.select(cells, outline);
      this.ground.announce(`${plural(cells.length, 'song')} selected`);
    });
  }

  private penMoved(): void {
    document.body.classList.toggle('penned', this.pen.out !== undefined); // a telephone's sheet makes room
    this.lassoButton.setAttribute('aria-pressed', String(this.pen.out === 'lasso' || this.pen.out === 'rect'));
  }
}

/** What one can do with the song on the card. */
export class CardActions {
  private readonly root = element('card-actions', HTMLElement);
  private readonly near: HTMLButtonElement;
  private readonly whole: HTMLButtonElement;
  private readonly previous: HTMLButtonElement;
  private readonly next: HTMLButtonElement;
  private readonly seek = element('card-seek', HTMLInputElement);
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly ground: Ground, tools: Tools, toggleWhole: () => void) {
    this.near = button('What sounds like it', () => tools.drawer.toggle('near'), { icon: 'near', key: 'K' });
    this.near.id = 'card-near';
    this.whole = button('Play the whole song', toggleWhole, { icon: 'whole', key: 'F' });
    this.whole.id = 'card-whole';
    this.previous = button('The song before', () => tools.player.step(-1), { icon: 'previous', key: 'P' });
    this.next = button('The next song', () => tools.player.step(1), { icon: 'next', key: 'N' });
    for (const each of [this.near, this.whole, this.previous, this.next]) setIcon(each, each.dataset.icon as 'near');
    this.root.append(this.near, this.whole, this.previous, this.next);
    this.seek.addEventListener('input', () => ground.engine.seek(Number(this.seek.value)));
  }

  show(shown: boolean, kept: boolean, canWhole: boolean, whole: boolean, playing: boolean): void {
    this.root.hidden = !shown;
    this.whole.hidden = !(kept && canWhole);
    this.whole.setAttribute('aria-pressed', String(whole));
    this.previous.hidden = this.next.hidden = !playing;
    const { progress } = this.ground.engine;
    this.seek.hidden = !(kept && progress?.whole);
    clearInterval(this.timer);
    if (this.seek.hidden) return;
    this.follow();
    this.timer = setInterval(() => this.follow(), 500);
  }

  private follow(): void {
    const { progress } = this.ground.engine;
    if (!progress?.whole) return;
    this.seek.max = String(Math.max(1, Math.floor(progress.length)));
    if (document.activeElement !== this.seek || !this.seek.matches(':active')) this.seek.value = String(Math.floor(progress.at));
    this.seek.style.setProperty('--filled', `${(100 * progress.at) / Math.max(1, progress.length)}%`);
  }
}
