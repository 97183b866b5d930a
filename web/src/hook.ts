// SPDX-License-Identifier: BSD-2-Clause
/**
 * window.__musicmap: a view into the running page for tests and benches (doc/page.md). Nothing here
 * changes anything; the page itself never reads it.
 */
import type { App } from './app';

export function installHook(app: App): void {
  const { stage, engine, listening } = app;
  const hook = {
    get map() {
      return app.atlas?.id ?? null;
    },
    /** Ids of all songs on the map. */
    get songs() {
      return app.atlas ? Array.from(app.atlas.cells.songs) : [];
    },
    /** The song that sounds or is about to; -1 = none. */
    get song() {
      return listening.soundingSong;
    },
    /** The song under the pointer or chosen by key; -1 = none. */
    get focus() {
      return listening.focus >= 0 && app.atlas ? app.atlas.songId(listening.focus) : -1;
    },
    get pinned() {
      return listening.pinned;
    },
    get sound() {
      return engine.state;
    },
    get analyser() {
      return engine.analyser;
    },
    get audioContext() {
      return engine.audioContext;
    },
    get starts() {
      return engine.starts;
    },
    get clips() {
      return engine.clipStats;
    },
    get renderer() {
      return stage.rendererKind;
    },
    /** What is on screen: nothing yet, the overview, or cells. */
    get painted() {
      return stage.painted;
    },
    get frames() {
      return stage.stats;
    },
    get labels() {
      return stage.labels.shown;
    },
    get labelBoxes() {
      return stage.labels.boxes;
    },
    /** A song's linear gain and onset in seconds as the server gave them. */
    soundOf(song: number) {
      const cell = app.atlas?.cellOf(song) ?? -1;
      return app.atlas && cell >= 0 ? { gain: app.atlas.cells.gain[cell]!, onset: app.atlas.cells.onset[cell]! } : null;
    },
    /** What the tools know: which is open, the neighbours shown, songs heard and selected, the list that plays. */
    get tools() {
      const { drawer, near, trail, lists, player, pen, setMaker } = app.tools;
      const { songs, locked, busy, set, error } = setMaker.draft;
      const ids = (cells: readonly number[]): number[] => (app.atlas ? cells.map((cell) => app.atlas!.songId(cell)) : []);
      return {
        open: drawer.open ?? null,
        near: ids(near.cells),
        heard: ids(trail.heard()),
        selected: ids(lists.selection),
        place: player.place,
        pen: pen.out ?? null,
        set: { songs: [...songs], locked: [...locked], busy, error, length: set?.length ?? 0, cost: set?.cost ?? 0, bent: set?.bent.length ?? 0, judged: set?.songs.map(({ id }) => id) ?? [] },
        audition: setMaker.auditioned ?? null,
        progress: engine.progress ?? null,
        painted: app.tools.overlay.names,
      };
    },
    get view() {
      return stage.camera.view();
    },
    get moving() {
      return stage.camera.moving;
    },
    /** Where a song is on the map, in its units; null when it is not on it. */
    placeOf(song: number) {
      const cell = app.atlas?.cellOf(song) ?? -1;
      return app.atlas && cell >= 0 ? app.atlas.place(cell) : null;
    },
    /** Where a song is on screen, in pixels; null when it is not on the map. */
    locate(song: number) {
      const cell = app.atlas?.cellOf(song) ?? -1;
      if (!app.atlas || cell < 0) return null;
      const [x, y] = stage.camera.toScreen(...app.atlas.place(cell));
      return { x, y };
    },
    /** The song at a place on screen; -1 = none. */
    songAt(px: number, py: number) {
      const cell = app.atlas?.hit(...stage.camera.toMap(px, py)) ?? -1;
      return app.atlas && cell >= 0 ? app.atlas.songId(cell) : -1;
    },
  };
  Object.defineProperty(window, '__musicmap', { value: Object.freeze(hook) });
}
