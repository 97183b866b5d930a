// SPDX-License-Identifier: BSD-2-Clause
/** Puts the parts together: what happens on the page goes through here and nowhere else. */
import { AudioEngine, type SoundState } from './audio/engine';
import { api, type MapInfo, type Status } from './data/api';
import type { Overview } from './data/points';
import { SongStore } from './data/songs';
import { Feed } from './feed';
import { Listening } from './listening';
import { sameGround, type Atlas } from './map/atlas';
import { Gestures } from './map/gestures';
import { Settings } from './settings';
import { Stage } from './stage';
import { Card, Tag, titleOf, type CardContent } from './ui/card';
import { Controls, workWords } from './ui/controls';
import { element, plural } from './ui/dom';
import type { Ground } from './ui/ground';
import { Keys } from './ui/keys';
import { Meter } from './ui/meter';
import { CardActions, Tools } from './tools';
import { canPlay, desk } from './desk';
import type { Song } from './data/api';
import { CompanionBar } from './ui/companion';
import { Arrivals } from './ui/arrivals';

const CALM_MS = 150; // without a change of size
const LOADING_MS = 300;

export class App implements Ground {
  readonly stage: Stage;
  readonly engine: AudioEngine;
  readonly listening: Listening;
  private readonly mapElement = element('map', HTMLElement);
  private readonly controls: Controls;
  private readonly card = new Card();
  private readonly tag = new Tag();
  private readonly feed: Feed;
  private readonly settings = new Settings();
  private songs: SongStore | undefined;
  private current: Atlas | undefined;
  readonly tools: Tools;
  private readonly arrivals: Arrivals;
  private readonly cardActions: CardActions;
  private readonly companion: CompanionBar;
  mapId = '';
  private pointer: { x: number; y: number } | undefined; // where a mouse rests, pixels
  private dragging = false;
  private announced = '';
  private wordsFrame = 0; // pending animation frame
  private loading: { song: number; since: number; timer: ReturnType<typeof setTimeout> } | undefined;
  private noticed: ReturnType<typeof setTimeout> | undefined;
  offMap = 0; // songs of the library that are not on the map

  constructor() {
    this.engine = new AudioEngine((song, signal, part) => api.clip(song, this.mapId, signal, part), () => this.show(), (song) => this.onsetOf(song));
    this.listening = new Listening(this.engine, () => this.show());
    const forced = new URLSearchParams(location.search).get('renderer');
    this.stage = new Stage(
      this.mapElement,
      forced,
      (cell) => this.songs?.get(cell),
      () => this.rehover(),
    );
    this.keepLabelsClear();
    this.controls = new Controls({
      zoom: (factor) => this.zoomMiddle(factor),
      fit: () => this.fit(),
      pause: () => this.pause(),
      mute: () => this.mute(),
      volume: (value) => this.setVolume(value),
      listen: (px, py, pointer) => this.listen(px, py, pointer),
    });
    this.tools = new Tools(this, this.mapElement, () => this.show());
    this.arrivals = new Arrivals(this, this.tools.overlay);
    this.cardActions = new CardActions(this, this.tools, () => this.toggleWhole());
    this.companion = new CompanionBar(this, () => this.listening.sounding);
    new Meter(element('volume', HTMLElement), () => this.engine.analyser);
    this.engine.setVolume(this.settings.volume);
    this.engine.setMuted(this.settings.muted);
    this.listenToGestures();
    this.listenToKeys();
    this.feed = new Feed({
      map: (atlas, info) => this.setMap(atlas, info),
      overview: (overview, info) => this.foretaste(overview, info),
      status: (status) => this.showWork(status),
      waiting: (status) => this.wait(status),
      trouble: (reason) => this.trouble(reason),
      recovered: () => this.recovered(),
    });
    this.show();
  }

  start(): void {
    this.feed.start();
  }

  get atlas(): Atlas | undefined {
    return this.current;
  }

  private onsetOf(song: number): number {
    const cell = this.current?.cellOf(song) ?? -1;
    return cell >= 0 ? this.current!.cells.onset[cell]! : 0;
  }

  // ---- the map ----

  private setMap(atlas: Atlas, info: MapInfo): void {
    const before = this.listening.soundingSong;
    const overview = Math.abs(this.stage.camera.scale / this.stage.camera.fitScale - 1) < 0.05;
    const last = this.current;
    const first = last === undefined;
    this.songs?.close();
    this.songs = new SongStore(
      info.map,
      atlas.count,
      () => {
        this.show();
        this.stage.invalidate();
      },
      (error) => {
        if (error.status === 409 || error.status === 0) this.feed.soon();
      },
    );
    this.current = atlas;
    this.mapId = info.map;
    if (last) this.tools.player.follow(last, atlas);
    if (last && !sameGround(last, atlas)) this.engine.forget(); // song 7 may be another one here
    this.listening.setAtlas(atlas);
    this.stage.setAtlas(atlas);
    // Whoever was near a song stays near it; else the whole new map is shown.
    const cell = atlas.cellOf(before);
    const { camera } = this.stage;
    if (!first && !overview && cell >= 0) camera.fly({ x: atlas.x(cell), y: atlas.y(cell), scale: camera.scale }, performance.now());
    else if (!first) camera.open(performance.now());
    this.stage.invalidate();
    this.controls.showWaiting(undefined);
    this.controls.showFacts(`${plural(atlas.count, 'song')} · ${plural(atlas.clusters.length, 'country', 'countries')}`);
    this.controls.showVeil();
    this.tools.setMap(last);
    if (last) this.arrivals.show(last, atlas);
    this.show();
  }

  /** A picture of the map while its songs are on their way. */
  private foretaste(overview: Overview, info: MapInfo): void {
    this.stage.setOverview(overview, info.clusters);
    this.controls.showWaiting(undefined);
  }

  // ---- what panels may do ----

  song(cell: number): Song | undefined {
    return this.songs?.get(cell);
  }

  visit(cell: number): void {
    const { atlas, listening, stage } = this;
    if (!atlas || cell < 0) return;
    this.engine.unlock();
    this.tools.address.leave();
    // Whoever keeps a song goes from one kept song to the next.
    if (listening.pinned) listening.keep(cell);
    else listening.choose(cell);
    const { camera } = stage;
    const near = Math.min(90 / atlas.typicalRadius, 14 * camera.fitScale);
    const scale = Math.max(camera.scale, near);
    stage.camera.fly({ x: atlas.x(cell), y: atlas.y(cell), scale }, performance.now());
    this.moved();
    this.show();
  }

  preview(cell: number): void {
    const { atlas } = this;
    if (!atlas || cell < 0) return;
    this.engine.unlock();
    this.listening.choose(cell);
    this.stage.camera.reveal(atlas.x(cell), atlas.y(cell), performance.now());
    this.moved();
  }

  invalidate(): void {
    this.stage.invalidate();
  }

  notice(text: string): void {
    this.controls.showNotice(text);
    clearTimeout(this.noticed);
    this.noticed = setTimeout(() => this.controls.showNotice(''), 5000);
  }

  announce(text: string): void {
    this.controls.announce(text);
  }

  /** Pins or lets go, and what comes with it. */
  private togglePin(cell: number): void {
    this.listening.togglePin(cell);
    if (!this.listening.pinned) return this.tools.letGo();
    this.tools.kept();
    if (this.settings.whole) void this.goWhole();
  }

  private toggleWhole(): void {
    this.settings.whole = !this.settings.whole;
    const { listening, engine } = this;
    if (this.settings.whole) void this.goWhole();
    else if (listening.pinned && engine.progress?.whole) {
      engine.pause();
      engine.stop();
      engine.play(listening.soundOf(listening.sounding));
    }
    this.show();
  }

  /** The kept song goes on beyond its clip, from where it is. */
  private async goWhole(): Promise<void> {
    const { listening, engine, atlas } = this;
    const cell = listening.sounding;
    if (!atlas || !listening.pinned || cell < 0 || engine.progress?.whole) return;
    const song = atlas.songId(cell);
    const details = this.tools.near.song === cell && this.tools.near.details ? this.tools.near.details : await desk.details(song).catch(() => undefined);
    if (!details?.full || listening.soundingSong !== song || !listening.pinned || !canPlay(details.full)) return;
    const at = engine.progress?.song === song ? engine.progress.at : listening.soundOf(cell).onset;
    if (await engine.playWhole(listening.soundOf(cell), desk.originalAddress(song), details.clipStart + at)) this.show();
  }

  private wait(status: Status | undefined): void {
    const title = 'Your map is being drawn';
    if (!status || status.songs === 0) {
      this.controls.showWaiting({ title, text: 'Looking for songs. This page opens the map by itself as soon as there is one.' });
      return;
    }
    const done = Math.min(status.embedded, status.songs);
    const { work } = status;
    const stage = work && work.task !== 'embed' ? ` ${workWords(work)}…` : '';
    const listening = `Listening to ${plural(status.songs, 'song')}: ${done} heard so far.`;
    const text =
      work?.task === 'gather'
        ? `${plural(status.songs, 'song')} found.${stage}`
        : done < status.songs
          ? listening
          : `All ${plural(status.songs, 'song')} heard.${stage || ' Finding out which belong together…'}`;
    const share = work && work.total > 0 ? work.done / work.total : work ? undefined : done / status.songs;
    this.controls.showWaiting({ title, text, ...(share === undefined ? {} : { share }) });
  }

  /** What is being done to the library while its map is shown. */
  private showWork(status: Status): void {
    const offMap = this.atlas ? Math.max(0, status.songs - this.atlas.count) : 0;
    if (offMap !== this.offMap) {
      this.offMap = offMap;
      this.tools.search.offMapChanged();
    }
    const { work } = status;
    this.controls.showWork(work);
    this.companion.show(status.player);
    if (!this.current) this.wait(status);
  }

  private trouble(reason: string): void {
    clearTimeout(this.noticed); // this one stays until it is over
    if (this.current) this.controls.showNotice(reason);
    else this.controls.showWaiting({ title: 'Waiting for musicmap', text: reason });
  }

  private recovered(): void {
    this.controls.showNotice('');
    this.engine.retry();
    this.stage.invalidate();
  }

  // ---- pointer ----

  private listenToGestures(): void {
    const { camera } = this.stage;
    new Gestures(this.mapElement, {
      hover: (px, py, vx, vy) => this.hover(px, py, vx, vy),
      leave: () => {
        this.pointer = undefined;
        this.listening.leave();
      },
      tap: (px, py, touch) => {
        this.engine.unlock();
        this.mapElement.focus({ preventScroll: true });
        const cell = this.cellAt(px, py);
        if (this.tools.clicked(cell)) this.listening.choose(cell);
        else if (touch) this.listening.tap(cell);
        else this.togglePin(cell);
      },
      dragStart: () => {
        camera.stop();
        this.dragging = true;
      },
      drag: (dx, dy) => {
        camera.drag(dx, dy);
        this.mapElement.classList.add('grabbed');
        this.moved();
      },
      dragEnd: (vx, vy) => {
        camera.coast(vx, vy);
        this.mapElement.classList.remove('grabbed');
        this.moved();
      },
      released: () => (this.dragging = false),
      zoom: (factor, px, py, smooth) => {
        camera.zoom(factor, px, py, smooth);
        this.moved();
      },
    });
    this.controls.veilElement.addEventListener('pointermove', (e) => {
      const cell = this.cellAt(e.clientX, e.clientY);
      if (cell >= 0) this.listening.anticipate(cell, this.pointerAt(e.clientX, e.clientY, 0, 0), performance.now());
    });
  }

  private hover(px: number, py: number, vx: number, vy: number): void {
    this.pointer = { x: px, y: py };
    const { atlas } = this;
    if (!atlas || this.dragging) return;
    const cell = this.cellAt(px, py);
    const speed = Math.hypot(vx, vy);
    const across = cell >= 0 ? 2 * atlas.roomOf(cell).radius * this.stage.camera.scale : 0;
    const expected = speed > 0 ? across / speed : Infinity;
    this.listening.hover(cell, this.pointerAt(px, py, vx, vy), expected, performance.now());
  }

  /** The map moved under a resting mouse: it may point at another song now. */
  private rehover(): void {
    if (this.pointer && this.listening.hovered >= 0) this.hover(this.pointer.x, this.pointer.y, 0, 0);
  }

  private pointerAt(px: number, py: number, vx: number, vy: number): { x: number; y: number; vx: number; vy: number } {
    const [x, y] = this.stage.camera.toMap(px, py);
    const { scale } = this.stage.camera;
    return { x, y, vx: vx / scale, vy: -vy / scale };
  }

  private cellAt(px: number, py: number): number {
    const [x, y] = this.stage.camera.toMap(px, py);
    return this.atlas?.hit(x, y, this.listening.hovered) ?? -1;
  }

  private moved(): void {
    this.tools.moved();
    this.placeTag();
    this.stage.invalidate();
  }

  // ---- keys and buttons ----

  private listenToKeys(): void {
    new Keys(
      this.mapElement,
      {
        zoom: (factor) => this.zoomMiddle(factor),
        fit: () => this.fit(),
        go: (dx, dy) => this.step((cell) => this.atlas!.toward(cell, dx, dy)),
        tour: (step) => this.step((cell) => this.atlas!.along(cell, step)),
        pause: () => this.pause(),
        mute: () => this.mute(),
        pin: () => this.togglePin(this.listening.focus),
        tool: (key) => this.tool(key),
        escape: () => {
          if (this.tools.escape()) return true;
          const held = this.listening.pinned;
          this.listening.unpin();
          if (held) this.tools.letGo();
          return held;
        },
        help: () => this.controls.openHelp(),
      },
      () => this.controls.helpOpen || this.controls.veiled || !this.atlas,
    );
  }

  /** Keys of the tools; false: not one of them. */
  private tool(key: string): boolean {
    const { tools } = this;
    const keys: Record<string, () => void> = {
      '/': () => tools.drawer.show('search'),
      l: () => tools.drawer.toggle('legend'),
      o: () => tools.drawer.toggle('lists'),
      k: () => tools.drawer.toggle('near'),
      s: () => tools.toggleLasso(),
      r: () => tools.drawer.toggle('set'),
      a: () => void tools.clicked(this.listening.focus),
      e: () => tools.elsewhere(),
      backspace: () => tools.address.back(),
      f: () => this.toggleWhole(),
      n: () => tools.player.step(1),
      p: () => tools.player.step(-1),
    };
    const action = keys[key.toLowerCase()];
    action?.();
    return action !== undefined;
  }

  /** Goes from the present song (or the one in the middle) to another and keeps it in sight. */
  private step(next: (from: number) => number): void {
    const { atlas, listening } = this;
    if (!atlas) return;
    this.engine.unlock();
    const from = listening.place;
    const to = from >= 0 ? next(from) : this.middleCell();
    if (to < 0) return;
    listening.choose(to);
    this.stage.camera.reveal(atlas.x(to), atlas.y(to), performance.now());
    this.moved();
  }

  private middleCell(): number {
    const { camera } = this.stage;
    return this.cellAt(camera.width / 2, camera.height / 2);
  }

  private zoomMiddle(factor: number): void {
    const { camera } = this.stage;
    // Around the song one is at, when it is on screen; else around the middle.
    let [px, py] = [camera.width / 2, camera.height / 2];
    const cell = this.listening.focus;
    if (this.atlas && cell >= 0) {
      const [x, y] = camera.toScreen(this.atlas.x(cell), this.atlas.y(cell));
      if (x >= 0 && y >= 0 && x <= camera.width && y <= camera.height) [px, py] = [x, y];
    }
    camera.zoom(factor, px, py);
    this.moved();
  }

  private fit(): void {
    this.stage.camera.fit(performance.now());
    this.moved();
  }

  private pause(): void {
    this.engine.unlock();
    this.listening.togglePause(this.middleCell());
  }

  private mute(): void {
    this.engine.unlock();
    this.engine.setMuted(!this.engine.muted);
    this.settings.muted = this.engine.muted;
    this.show();
  }

  private setVolume(value: number): void {
    this.engine.unlock();
    this.engine.setVolume(value);
    if (value > 0 && this.engine.muted) this.engine.setMuted(false);
    this.settings.volume = value;
    this.settings.muted = this.engine.muted;
    this.show();
  }

  private listen(px: number, py: number, pointer: boolean): void {
    this.engine.unlock();
    this.mapElement.focus({ preventScroll: true });
    if (pointer) this.hover(px, py, 0, 0);
  }

  // ---- showing ----

  /** The marks at once, words with the next frame: several things that happen in one task are told once. */
  private show(): void {
    const { listening, engine, atlas } = this;
    this.controls.showSound(listening.paused, engine.muted, engine.volume);
    if (!atlas) return;
    const { sounding, focus, pinned } = listening;
    this.stage.setMarks({ hovered: focus, sounding, pinned });
    this.tools.show();
    this.companion.update();
    if (document.hidden) this.showWords(); // there are no frames
    else this.wordsFrame ||= requestAnimationFrame(() => this.showWords());
  }

  private showWords(): void {
    cancelAnimationFrame(this.wordsFrame);
    this.wordsFrame = 0;
    const { listening, engine, atlas } = this;
    if (!atlas) return;
    const { sounding, focus, pinned } = listening;
    const cell = pinned || focus < 0 ? sounding : focus;
    this.card.show(cell >= 0 ? this.cardOf(atlas, cell, engine.state) : undefined);
    const { details } = this.tools.near;
    const canWhole = canPlay(details?.full ?? '');
    this.cardActions.show(listening.chosenSong > 0, pinned, canWhole, this.settings.whole, this.tools.player.playing);
    this.placeTag();
    this.announceSong(atlas, focus >= 0 ? focus : sounding);
  }

  /**
   * Labels keep away from what covers the map: measured when one of those has changed its size, but not while
   * the card changes it with every song that is flown over: all labels are drawn anew then.
   */
  private keepLabelsClear(): void {
    const panels = [...document.querySelectorAll<HTMLElement>('.cartouche, .card, .panel, .drawer, .minimap')];
    const card = element('card', HTMLElement);
    const measure = (): void => {
      document.documentElement.style.setProperty('--card', `${card.hidden ? 0 : card.offsetHeight + 12}px`);
      this.stage.setObstacles(panels);
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const observer = new ResizeObserver(() => {
      if (timer === undefined) measure();
      clearTimeout(timer);
      timer = setTimeout(measure, CALM_MS);
    });
    for (const panel of [...panels, this.mapElement]) observer.observe(panel);
  }

  /** Most songs begin before one could read that they are loading. */
  private loadsLong(song: number): boolean {
    const now = performance.now();
    if (this.loading?.song !== song) {
      clearTimeout(this.loading?.timer);
      this.loading = { song, since: now, timer: setTimeout(() => this.show(), LOADING_MS) };
    }
    return now - this.loading.since >= LOADING_MS;
  }

  private cardOf(atlas: Atlas, cell: number, state: SoundState): CardContent {
    const songId = atlas.songId(cell);
    const own = 'song' in state && state.song === songId ? state : undefined;
    if (own?.kind !== 'loading') this.loading = undefined;
    let line = this.listening.pinned ? 'Kept; Esc lets go' : '';
    if (own?.kind === 'loading' && this.engine.unlocked && this.loadsLong(songId)) line = 'Loading…';
    if (own?.kind === 'paused') line = 'Paused';
    if (own?.kind === 'failed') line = own.reason;
    return {
      map: this.mapId,
      songId,
      song: this.songs?.get(cell),
      cluster: atlas.cluster(cell),
      colour: this.stage.colourOf(cell),
      state: line,
      bad: own?.kind === 'failed',
    };
  }

  /** Beside the place one looks at, unless the title already stands there. */
  private placeTag(): void {
    const { atlas } = this;
    const cell = this.listening.focus;
    if (!atlas || cell < 0 || this.stage.labels.titled(atlas.songId(cell))) return this.tag.hide();
    const song = this.songs?.get(cell);
    const text = song?.artist ? `${titleOf(song)} — ${song.artist}` : titleOf(song);
    const { camera } = this.stage;
    const at = this.listening.hovered >= 0 && this.pointer ? this.pointer : undefined;
    const [x, y] = at ? [at.x, at.y] : camera.toScreen(atlas.x(cell), atlas.y(cell));
    this.tag.show(text, x, y, camera.width, this.stage.labels.obstacles);
  }

  private announceSong(atlas: Atlas, cell: number): void {
    const song = cell >= 0 ? this.songs?.get(cell) : undefined;
    if (!song) return;
    const by = song.artist ? ` by ${song.artist}` : '';
    const text = `${titleOf(song)}${by}, in ${atlas.cluster(cell).name}`;
    if (text === this.announced) return;
    this.announced = text;
    this.controls.announce(text);
  }
}
