// SPDX-License-Identifier: BSD-2-Clause
/**
 * Canvas 2D renderer, for where WebGL is missing. Filling thousands of polygons takes longer than a
 * frame, so the map is painted in slices into a picture somewhat larger than the window, and every
 * frame only places the last finished picture under the camera; marks are drawn fresh on top.
 */
import type { Atlas, Span } from '../map/atlas';
import { visibleRect, type View } from '../map/camera';
import { cutByCircle, markOutline, partInCircle, rimCells, type Cut } from './coast';
import { css, mix, type Palette } from './palette';
import { cellBorderStrength, countryBorderWidth, type Marks, type Renderer } from './renderer';

const OVERSIZE = 1.3; // the picture against the window, a side
const SLICE_MS = 7;
const FRESH_ZOOM = 1.25; // while moving, a picture this far off in scale is still good

type Context = CanvasRenderingContext2D;

interface Picture {
  readonly canvas: HTMLCanvasElement;
  view: View; // width and height are the picture's
  ready: boolean;
}

/** Everything that is the same in every frame of a scene. */
interface Scene {
  atlas: Atlas;
  palette: Palette;
  land: string[]; // CSS colours of cells
  country: string[];
  // Of the cell on the left: first[cell] .. first[cell + 1] - 1; ends: x, y, x, y;
  // country: 0 within one, 1 between two, 2 at sea.
  borders: { first: Uint32Array; ends: Float32Array; country: Uint8Array };
  shore: Map<number, Cut[]>; // rim cells: land, then ever wider water
}

/** Distances of the water lines, in coast distances: as in the shader. */
const WATER = [1, 2, 3, 4].map((k) => 1 + 0.7 * (k / 5) ** 2);

export class CanvasRenderer implements Renderer {
  readonly kind = 'canvas';
  readonly canvas = document.createElement('canvas');
  private readonly context: Context;
  private front: Picture;
  private back: Picture;
  private painting: Generator<void> | undefined;
  private scene: Scene | undefined;
  private ratio = 1;

  constructor() {
    this.context = context2d(this.canvas, false);
    this.front = { canvas: document.createElement('canvas'), view: EMPTY, ready: false };
    this.back = { canvas: document.createElement('canvas'), view: EMPTY, ready: false };
  }

  setScene(atlas: Atlas, palette: Palette): void {
    const old = this.scene?.atlas === atlas ? this.scene : undefined;
    this.scene = {
      atlas,
      palette,
      land: cellColours(atlas, palette),
      country: countryColours(atlas, palette),
      borders: old?.borders ?? borderIndex(atlas),
      shore: old?.shore ?? cutShore(atlas),
    };
    this.forget();
  }

  resize(width: number, height: number, ratio: number): void {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.forget();
  }

  draw(view: View, marks: Marks, moving: boolean): boolean {
    const { scene, context } = this;
    if (!scene) return false;
    if (!this.painting && this.stale(view, moving)) this.startPainting(view, scene);
    let unfinished = this.continuePainting(this.front.ready ? SLICE_MS : 4 * SLICE_MS);
    if (!unfinished && !moving && this.stale(view, false)) {
      this.startPainting(view, scene);
      unfinished = true;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = css(scene.palette.sea);
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.placePicture(view, moving);
    this.drawMarks(view, marks, scene);
    return unfinished;
  }

  dispose(): void {
    this.canvas.remove();
  }

  // ---- the picture ----

  private forget(): void {
    this.painting = undefined;
    this.front.ready = false;
  }

  private stale(view: View, moving: boolean): boolean {
    const { front } = this;
    if (!front.ready) return true;
    const zoom = view.scale / front.view.scale;
    if (moving ? zoom > FRESH_ZOOM || zoom < 1 / FRESH_ZOOM : Math.abs(zoom - 1) > 1e-6) return true;
    const rect = visibleRect(view);
    const have = visibleRect(front.view);
    // At rest any part that is not covered counts; in motion it is noticed a little earlier.
    const slack = moving ? (0.03 * view.width) / view.scale : 0;
    return rect.x0 < have.x0 + slack || rect.x1 > have.x1 - slack || rect.y0 < have.y0 + slack || rect.y1 > have.y1 - slack;
  }

  private startPainting(view: View, scene: Scene): void {
    const width = Math.round(view.width * OVERSIZE);
    const height = Math.round(view.height * OVERSIZE);
    this.back.view = { ...view, width, height };
    const { canvas } = this.back;
    canvas.width = Math.round(width * this.ratio);
    canvas.height = Math.round(height * this.ratio);
    this.painting = paint(context2d(canvas, false), this.back.view, this.ratio, scene);
  }

  /** true while there is more to paint. */
  private continuePainting(budget: number): boolean {
    const until = performance.now() + budget;
    while (this.painting) {
      if (this.painting.next().done) {
        this.painting = undefined;
        [this.front, this.back] = [this.back, this.front];
        this.front.ready = true;
      } else if (performance.now() > until) {
        return true;
      }
    }
    return false;
  }

  private placePicture(view: View, moving: boolean): void {
    const { front, context, ratio } = this;
    if (!front.ready) return;
    const zoom = view.scale / front.view.scale;
    let x = (this.canvas.width - front.canvas.width * zoom) / 2 + (front.view.x - view.x) * view.scale * ratio;
    let y = (this.canvas.height - front.canvas.height * zoom) / 2 - (front.view.y - view.y) * view.scale * ratio;
    if (!moving) [x, y] = [Math.round(x), Math.round(y)]; // sharp at rest
    context.imageSmoothingEnabled = Math.abs(zoom - 1) > 1e-6;
    context.setTransform(zoom, 0, 0, zoom, x, y);
    context.drawImage(front.canvas, 0, 0);
  }

  private drawMarks(view: View, marks: Marks, scene: Scene): void {
    const { context } = this;
    toMapUnits(context, view, this.ratio);
    const cells = new Set([marks.sounding, marks.hovered].filter((cell) => cell >= 0));
    for (const cell of cells) {
      const path = polygonPath(markOutline(scene.atlas, cell));
      context.globalAlpha = cell === marks.hovered ? 0.45 : 0.3;
      context.fillStyle = css(scene.palette.highlight);
      context.fill(path);
      context.globalAlpha = 1;
      context.lineJoin = 'round';
      const width = marks.pinned && cell === marks.sounding ? 3.4 : 2.2;
      for (const [colour, size] of [[scene.palette.ringHalo, width + 3], [scene.palette.ring, width]] as const) {
        context.strokeStyle = css(colour);
        context.lineWidth = size / view.scale;
        context.stroke(path);
      }
    }
  }
}

const EMPTY: View = { x: 0, y: 0, scale: 1, width: 1, height: 1 };

function context2d(canvas: HTMLCanvasElement, alpha: boolean): Context {
  const context = canvas.getContext('2d', { alpha });
  if (!context) throw new Error('This browser cannot draw: neither WebGL2 nor Canvas 2D works.');
  return context;
}

function toMapUnits(context: Context, view: View, ratio: number): void {
  const s = view.scale * ratio;
  context.setTransform(s, 0, 0, -s, (view.width / 2 - view.x * view.scale) * ratio, (view.height / 2 + view.y * view.scale) * ratio);
}

function addPolygon(path: { moveTo(x: number, y: number): void; lineTo(x: number, y: number): void; closePath(): void }, points: ArrayLike<number>): void {
  for (let i = 0; i < points.length; i += 2) {
    if (i === 0) path.moveTo(points[0]!, points[1]!);
    else path.lineTo(points[i]!, points[i + 1]!);
  }
  path.closePath();
}

function polygonPath(points: ArrayLike<number>): Path2D {
  const path = new Path2D();
  addPolygon(path, points);
  return path;
}

function cellColours(atlas: Atlas, palette: Palette): string[] {
  const { land } = palette;
  return Array.from({ length: atlas.count }, (_, i) => `rgb(${land[4 * i]},${land[4 * i + 1]},${land[4 * i + 2]})`);
}

function countryColours(atlas: Atlas, palette: Palette): string[] {
  const colours: string[] = atlas.clusters.map(() => css(palette.shallows));
  const cells = cellColours(atlas, palette);
  for (let cell = 0; cell < atlas.count; cell++) colours[atlas.cells.cluster[cell]!] = cells[cell]!;
  return colours;
}

/** Borders by the cell on their left, as far as they run over land. */
function borderIndex(atlas: Atlas): Scene['borders'] {
  const first = new Uint32Array(atlas.count + 1);
  atlas.eachBorder((_ax, _ay, _bx, _by, left) => first[left + 1]!++);
  for (let i = 0; i < atlas.count; i++) first[i + 1]! += first[i]!;
  const next = first.slice(0, atlas.count);
  const ends = new Float32Array(4 * first[atlas.count]!);
  const country = new Uint8Array(first[atlas.count]!);
  const { cluster } = atlas.cells;
  atlas.eachBorder((ax, ay, bx, by, left, right) => {
    const at = next[left]!++;
    // A border is as far from one of its songs as from the other: either tells what is land.
    const [from, to] = partInCircle(ax, ay, bx, by, atlas.x(left), atlas.y(left), atlas.coast);
    ends[4 * at] = ax + from * (bx - ax);
    ends[4 * at + 1] = ay + from * (by - ay);
    ends[4 * at + 2] = ax + to * (bx - ax);
    ends[4 * at + 3] = ay + to * (by - ay);
    country[at] = from === to ? 2 : cluster[left] === cluster[right] ? 0 : 1;
  });
  return { first, ends, country };
}

function cutShore(atlas: Atlas): Map<number, Cut[]> {
  const shore = new Map<number, Cut[]>();
  for (const cell of rimCells(atlas)) {
    const polygon = atlas.outline(cell);
    const cuts = [1, ...WATER].map((k) => cutByCircle(polygon, atlas.x(cell), atlas.y(cell), atlas.coast * k));
    shore.set(cell, cuts);
  }
  return shore;
}

// ---- painting, as generators that pause between slices ----

const CELLS_A_SLICE = 200;

function* paint(context: Context, view: View, ratio: number, scene: Scene): Generator<void> {
  const { atlas, palette } = scene;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = css(palette.sea);
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  toMapUnits(context, view, ratio);
  const spans = atlas.spansIn(visibleRect(view));
  paintWater(context, view, scene);
  yield;
  yield* paintCells(context, view, scene, spans);
  const typical = atlas.typicalRadius * view.scale;
  const strength = cellBorderStrength(typical);
  if (strength > 0) {
    context.lineWidth = Math.min(1.6, 0.5 + typical / 40) / view.scale;
    context.strokeStyle = css(palette.cellBorder, palette.cellBorderAlpha * strength);
    yield* paintBorders(context, scene, spans, 0);
  }
  context.lineCap = 'round';
  context.lineWidth = countryBorderWidth(typical) / view.scale;
  context.strokeStyle = css(palette.countryBorder);
  yield* paintBorders(context, scene, spans, 1);
  paintCoastLine(context, view, scene);
}

function paintWater(context: Context, view: View, scene: Scene): void {
  const { palette, shore } = scene;
  for (let level = WATER.length; level >= 1; level--) {
    const t = (level - 1) / WATER.length;
    context.fillStyle = css(mix(palette.shallows, palette.sea, Math.sqrt(t)));
    context.beginPath();
    for (const cuts of shore.values()) addPolygon(context, cuts[level]!.outline);
    context.fill();
    context.lineWidth = 1.2 / view.scale;
    context.strokeStyle = css(palette.coast, 0.3 * (1 - (level / 5) ** 2));
    strokeArcs(context, scene, level);
  }
}

function paintCoastLine(context: Context, view: View, scene: Scene): void {
  context.lineWidth = 1.6 / view.scale;
  context.strokeStyle = css(scene.palette.coast, 0.8);
  strokeArcs(context, scene, 0);
}

function strokeArcs(context: Context, scene: Scene, level: number): void {
  context.beginPath();
  for (const cuts of scene.shore.values()) {
    for (const arc of cuts[level]!.arcs) {
      context.moveTo(arc[0]!, arc[1]!);
      for (let i = 2; i < arc.length; i += 2) context.lineTo(arc[i]!, arc[i + 1]!);
    }
  }
  context.stroke();
}

/** Adds a cell's land to the current path. */
function addLand(context: Context, scene: Scene, cell: number): void {
  const cuts = scene.shore.get(cell);
  if (cuts) {
    addPolygon(context, cuts[0]!.outline);
    return;
  }
  const { start, index, corners } = scene.atlas.cells;
  const first = start[cell]!;
  for (let i = first; i < start[cell + 1]!; i++) {
    const x = corners[2 * index[i]!]!;
    const y = corners[2 * index[i]! + 1]!;
    if (i === first) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.closePath();
}

/**
 * Whole countries first, each as one path: neighbours in one path leave no hairline between them.
 * Then, where cells are large enough to tell, each in its own shade.
 */
function* paintCells(context: Context, view: View, scene: Scene, spans: Span[]): Generator<void> {
  const { atlas } = scene;
  const { cluster } = atlas.cells;
  const visible: number[] = [];
  for (const { from, to } of spans) {
    for (let i = atlas.firstOfTile(from); i < atlas.firstOfTile(to); i++) visible.push(atlas.tileOrder[i]!);
  }
  visible.sort((a, b) => cluster[a]! - cluster[b]!);
  for (let i = 0; i < visible.length; ) {
    const country = cluster[visible[i]!]!;
    context.beginPath();
    for (; i < visible.length && cluster[visible[i]!] === country; i++) addLand(context, scene, visible[i]!);
    context.fillStyle = scene.country[country]!;
    context.fill();
    yield;
  }
  if (atlas.typicalRadius * view.scale < 3) return;
  for (let i = 0; i < visible.length; i++) {
    context.beginPath();
    addLand(context, scene, visible[i]!);
    context.fillStyle = scene.land[visible[i]!]!;
    context.fill();
    if (i % CELLS_A_SLICE === CELLS_A_SLICE - 1) yield;
  }
}

function* paintBorders(context: Context, scene: Scene, spans: Span[], kind: 0 | 1): Generator<void> {
  const { atlas } = scene;
  const { first, ends, country } = scene.borders;
  let inPath = 0;
  context.beginPath();
  for (const { from, to } of spans) {
    for (let i = atlas.firstOfTile(from); i < atlas.firstOfTile(to); i++) {
      const cell = atlas.tileOrder[i]!;
      for (let k = first[cell]!; k < first[cell + 1]!; k++) {
        if (country[k] !== kind) continue;
        context.moveTo(ends[4 * k]!, ends[4 * k + 1]!);
        context.lineTo(ends[4 * k + 2]!, ends[4 * k + 3]!);
        if (++inPath % 400 === 0) {
          context.stroke();
          yield;
          context.beginPath();
        }
      }
    }
  }
  context.stroke();
}
