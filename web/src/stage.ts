// SPDX-License-Identifier: BSD-2-Clause
/**
 * The picture on screen: one renderer, the labels above it, the camera, and the frame loop that only
 * runs while something moves. Follows size, pixel density, theme and reduced motion by itself.
 */
import type { Cluster } from './data/api';
import type { Overview } from './data/points';
import type { Atlas } from './map/atlas';
import { Camera, type View } from './map/camera';
import { Shadings } from './map/shading';
import { Labels, type SongLookup } from './render/labels';
import { Minimap } from './render/minimap';
import { overviewCanvas } from './render/overview';
import { makePalette, type Palette, type Theme } from './render/palette';
import { createRenderer, type Marks, type Renderer } from './render/renderer';

const MAX_RATIO = 2; // finer pixels cost time and nobody sees them
const KEPT_FRAMES = 240;

export interface FrameStats {
  frames: number;
  /** The latest frames: milliseconds since the frame before (while moving), and spent in script. */
  readonly interval: number[];
  readonly work: number[];
}

export class Stage {
  readonly camera = new Camera();
  readonly stats: FrameStats = { frames: 0, interval: [], work: [] };
  readonly labels: Labels;
  /** By what cells are coloured and which are grey. */
  readonly shadings = new Shadings();
  /** Called with the view of every frame, after it is drawn. */
  drawn: ((view: View) => void) | undefined;
  private readonly minimap: Minimap;
  private renderer: Renderer;
  private atlas: Atlas | undefined;
  private palette: Palette | undefined;
  private marks: Marks = { hovered: -1, sounding: -1, pinned: false };
  private width = 1;
  private height = 1;
  private overview: HTMLCanvasElement | undefined;
  private frame = 0; // pending animation frame
  private lastFrame = 0;
  private wasMoving = false;
  private whole = true; // more than the marks has changed
  private readonly dark = matchMedia('(prefers-color-scheme: dark)');
  private readonly still = matchMedia('(prefers-reduced-motion: reduce)');

  /** rested: the camera came to rest. */
  constructor(
    private readonly host: HTMLElement,
    forcedRenderer: string | null,
    song: SongLookup,
    private readonly rested: () => void,
  ) {
    this.labels = new Labels(song);
    this.renderer = this.makeRenderer(forcedRenderer);
    host.append(this.renderer.canvas, this.labels.canvas);
    this.labels.canvas.className = 'labels';
    this.minimap = new Minimap(host.parentElement ?? host, this.camera, () => this.invalidate());
    new ResizeObserver(() => this.resize()).observe(host);
    this.dark.addEventListener('change', () => this.recolour());
    this.still.addEventListener('change', () => this.followMotion());
    this.followMotion();
    this.shadings.subscribe(() => this.repaint());
    this.resize();
  }

  /** Elements that cover parts of the map: no label is put under them. */
  setObstacles(elements: readonly HTMLElement[]): void {
    const origin = this.host.getBoundingClientRect();
    this.labels.obstacles = elements
      .filter((element) => !element.hidden)
      .map((element) => {
        const { left, top, right, bottom } = element.getBoundingClientRect();
        return { x0: left - origin.left, y0: top - origin.top, x1: right - origin.left, y1: bottom - origin.top };
      });
    this.invalidate();
  }

  get rendererKind(): Renderer['kind'] {
    return this.renderer.kind;
  }

  get theme(): Theme {
    return this.dark.matches ? 'dark' : 'light';
  }

  /** What is on screen, for tests. */
  get painted(): 'nothing' | 'overview' | 'cells' {
    return this.atlas && this.renderer.painted ? 'cells' : this.overview ? 'overview' : 'nothing';
  }

  /** Shows a small picture of the map until its songs are here. */
  setOverview(overview: Overview, clusters: readonly Cluster[]): void {
    const [x0, y0, x1, y1] = overview.box;
    this.camera.setMap({ x0, y0, x1, y1 }, 1);
    this.camera.resize(this.width, this.height);
    this.overview?.remove();
    this.overview = overviewCanvas(overview, clusters, this.theme);
    this.overview.className = 'overview';
    const [left, top] = this.camera.toScreen(x0, y1);
    const [right, bottom] = this.camera.toScreen(x1, y0);
    Object.assign(this.overview.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    this.host.append(this.overview);
  }

  /** Shows another map; one that is already there fades into it. */
  setAtlas(atlas: Atlas): void {
    if (this.atlas) this.leaveGhost();
    this.atlas = atlas;
    this.camera.setMap(atlas.extent, 260 / atlas.typicalRadius);
    this.camera.resize(this.width, this.height);
    this.recolour();
  }

  /** A cell's colour on the map, as CSS. */
  colourOf(cell: number): string {
    const land = this.palette?.land;
    return land ? `rgb(${land[4 * cell]}, ${land[4 * cell + 1]}, ${land[4 * cell + 2]})` : 'transparent';
  }

  setMarks(marks: Marks): void {
    const { hovered, sounding, pinned } = this.marks;
    if (marks.hovered === hovered && marks.sounding === sounding && marks.pinned === pinned) return;
    this.marks = marks;
    this.askForFrame();
  }

  /** Asks for a frame with everything drawn anew. */
  invalidate(): void {
    this.whole = true;
    this.askForFrame();
  }

  private askForFrame(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  private tick(now: number): void {
    this.frame = 0;
    const elapsed = this.wasMoving ? now - this.lastFrame : 16;
    this.lastFrame = now;
    const began = performance.now();
    const moving = this.camera.step(now, elapsed);
    const more = this.draw(elapsed, moving);
    this.count(this.wasMoving ? elapsed : undefined, performance.now() - began);
    if (this.wasMoving && !moving) this.rested();
    this.wasMoving = moving || more;
    if (this.wasMoving) this.invalidate();
  }

  private draw(elapsed: number, moving: boolean): boolean {
    if (!this.atlas) return false;
    const view = this.camera.view();
    const draft = this.renderer.draw(view, this.marks, moving);
    if (!this.whole && !moving) return draft; // only marks have changed
    this.whole = false;
    if (this.overview && this.renderer.painted) {
      this.overview.remove();
      this.overview = undefined;
    }
    const fading = this.labels.draw(view, this.camera.fitScale, elapsed);
    this.minimap.draw(view);
    this.drawn?.(view);
    return draft || fading;
  }

  private count(interval: number | undefined, work: number): void {
    this.stats.frames++;
    if (interval !== undefined) this.stats.interval.push(interval);
    this.stats.work.push(work);
    for (const list of [this.stats.interval, this.stats.work]) if (list.length > KEPT_FRAMES) list.shift();
  }

  private recolour(): void {
    if (this.atlas) this.shadings.setScene(this.atlas, this.theme); // tells repaint()
  }

  private repaint(): void {
    if (!this.atlas) return;
    this.palette = makePalette(this.theme, this.shadings.land);
    this.renderer.setScene(this.atlas, this.palette);
    this.labels.setScene(this.atlas, this.palette);
    this.minimap.setScene(this.atlas, this.palette);
    this.invalidate();
  }

  private followMotion(): void {
    this.camera.reducedMotion = this.labels.reducedMotion = this.still.matches;
  }

  private resize(): void {
    const { width, height } = this.host.getBoundingClientRect();
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    const ratio = Math.min(MAX_RATIO, window.devicePixelRatio || 1);
    this.renderer.resize(this.width, this.height, ratio);
    this.labels.resize(this.width, this.height, ratio);
    this.camera.resize(this.width, this.height);
    // At once: resizing a canvas empties it, and an empty frame is a flash.
    this.whole = true;
    this.draw(0, false);
    this.invalidate();
  }

  private makeRenderer(forced: string | null): Renderer {
    return createRenderer(forced, () => this.invalidate(), () => this.fallBack());
  }

  /** The GPU's context was lost: go on without it. */
  private fallBack(): void {
    const old = this.renderer;
    this.renderer = this.makeRenderer('canvas');
    old.canvas.replaceWith(this.renderer.canvas);
    old.dispose();
    this.resize();
    this.recolour();
  }

  /** A copy of the old picture above the new one, fading away. */
  private leaveGhost(): void {
    if (this.still.matches) return;
    this.draw(0, false); // WebGL's picture can only be copied in the task that drew it
    const ghost = document.createElement('canvas');
    ghost.className = 'ghost';
    ghost.width = this.renderer.canvas.width;
    ghost.height = this.renderer.canvas.height;
    const context = ghost.getContext('2d');
    if (!context) return;
    context.drawImage(this.renderer.canvas, 0, 0);
    context.drawImage(this.labels.canvas, 0, 0);
    this.host.append(ghost);
    void ghost.offsetWidth; // the transition needs a beginning
    ghost.classList.add('gone');
    setTimeout(() => ghost.remove(), 1200);
  }
}
