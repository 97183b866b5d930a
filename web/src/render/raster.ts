// SPDX-License-Identifier: BSD-2-Clause
/**
 * The map pixel by pixel: to which song each belongs, and from that its colour. The time depends on the
 * number of pixels, hardly on that of songs, and no cell is ever made a polygon.
 *
 * Which song: those in sight are put where they lie; those beyond the edge of the picture come in
 * through its outermost pixels, for which the nearest song is looked up (cells are convex, so whatever
 * reaches into the picture crosses its edge). Then four sweeps hand each pixel's song on to its
 * neighbours as long as it is nearer than theirs (Danielsson, "Euclidean distance mapping", 1980).
 *
 * Borders are exact lines all the same: of a pixel whose neighbour belongs to another song the
 * distance to the bisector of the two is known, and its share of the line follows from that.
 */
import { littleEndian } from '../data/format';
import type { Grid } from '../map/grid';
import type { Rgb } from './palette';

export const NOBODY = 0xffffffff;

/** Where one looks, in device pixels. */
export interface Window {
  readonly x: number; // map units in the middle
  readonly y: number;
  readonly scale: number; // pixels a map unit
  readonly width: number;
  readonly height: number;
}

/** How things look; widths in device pixels. */
export interface Ink {
  readonly sea: Rgb;
  readonly shallows: Rgb;
  readonly coast: Rgb;
  readonly coastWidth: number;
  readonly cellBorder: Rgb;
  readonly cellAlpha: number; // 0 = none
  readonly cellWidth: number;
  readonly countryBorder: Rgb;
  readonly countryAlpha: number;
  readonly countryWidth: number;
  readonly regionBorder: Rgb;
  readonly regionWidth: number;
  readonly relief: number; // how much a cell darkens away from its song, 0..1
  readonly reliefReach: number; // over how many pixels
}

interface Parts {
  readonly ids: Uint32Array;
  readonly sx: Float32Array;
  readonly sy: Float32Array;
  readonly cluster: Uint16Array;
  readonly region: Uint16Array; // of a cluster
  readonly width: number;
  readonly height: number;
}

/** Beyond this many coast distances all is open sea. */
export const OPEN_SEA = 1.75;

export class Raster {
  ids: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  private width = 0;
  private height = 0;
  // Of the songs that are in some pixel: their place in pixels.
  private readonly sx: Float32Array;
  private readonly sy: Float32Array;

  constructor(private readonly grid: Grid, private readonly cluster: Uint16Array, private readonly region: Uint16Array, private readonly coast: number) {
    this.sx = new Float32Array(grid.count);
    this.sy = new Float32Array(grid.count);
  }

  /** Fills ids: [height][width], the uppermost row first; NOBODY = open sea. */
  assign(window: Window): Uint32Array {
    this.width = window.width;
    this.height = window.height;
    const pixels = this.width * this.height;
    if (this.ids.length !== pixels) this.ids = new Uint32Array(pixels);
    this.ids.fill(NOBODY);
    this.scatter(window);
    this.edge(window);
    this.sweepDown();
    this.sweepUp();
    return this.ids;
  }

  private enter(cell: number, window: Window): void {
    const { xy } = this.grid;
    this.sx[cell] = (xy[2 * cell]! - window.x) * window.scale + window.width / 2;
    this.sy[cell] = (window.y - xy[2 * cell + 1]!) * window.scale + window.height / 2;
  }

  private scatter(window: Window): void {
    const rx = window.width / 2 / window.scale;
    const ry = window.height / 2 / window.scale;
    const rect = { x0: window.x - rx, y0: window.y - ry, x1: window.x + rx, y1: window.y + ry };
    const { ids, sx, sy, width, height } = this;
    this.grid.runsIn(rect, (order, from, to) => {
      for (let k = from; k < to; k++) {
        const cell = order[k]!;
        this.enter(cell, window);
        const px = Math.floor(sx[cell]!);
        const py = Math.floor(sy[cell]!);
        if (px < 0 || py < 0 || px >= width || py >= height) continue;
        const at = py * width + px;
        const other = ids[at]!;
        if (other === NOBODY || this.nearer(cell, other, px + 0.5, py + 0.5)) ids[at] = cell;
      }
    });
  }

  private nearer(a: number, b: number, x: number, y: number): boolean {
    const da = (this.sx[a]! - x) ** 2 + (this.sy[a]! - y) ** 2;
    const db = (this.sx[b]! - x) ** 2 + (this.sy[b]! - y) ** 2;
    return da < db || (da === db && a < b);
  }

  private edge(window: Window): void {
    const { width, height } = this;
    let hint = -1;
    const look = (px: number, py: number): void => {
      const x = window.x + (px + 0.5 - width / 2) / window.scale;
      const y = window.y - (py + 0.5 - height / 2) / window.scale;
      hint = this.grid.nearest(x, y, OPEN_SEA * this.coast, hint);
      if (hint < 0) return;
      this.enter(hint, window);
      this.ids[py * width + px] = hint;
    };
    for (let px = 0; px < width; px++) look(px, 0);
    for (let py = 1; py < height; py++) look(width - 1, py);
    for (let px = width - 2; px >= 0; px--) look(px, height - 1);
    for (let py = height - 2; py > 0; py--) look(0, py);
  }

  /** Rows from the top: each pixel asks those above and to the left, then the one to the right. */
  private sweepDown(): void {
    const { ids, width, height } = this;
    for (let y = 1; y < height - 1; y++) {
      const row = y * width;
      for (let at = row + 1; at < row + width - 1; at++) {
        const own = ids[at]!;
        const up = at - width;
        const same = ids[at - 1] === own && ids[up] === own && ids[up - 1] === own && ids[up + 1] === own;
        if (!same) ids[at] = this.best(own, ids[at - 1]!, ids[up]!, ids[up - 1]!, ids[up + 1]!, at - row, y);
      }
      for (let at = row + width - 2; at > row; at--) {
        if (ids[at] !== ids[at + 1]) ids[at] = this.best(ids[at]!, ids[at + 1]!, NOBODY, NOBODY, NOBODY, at - row, y);
      }
    }
  }

  private sweepUp(): void {
    const { ids, width, height } = this;
    for (let y = height - 2; y > 0; y--) {
      const row = y * width;
      for (let at = row + width - 2; at > row; at--) {
        const own = ids[at]!;
        const down = at + width;
        const same = ids[at + 1] === own && ids[down] === own && ids[down - 1] === own && ids[down + 1] === own;
        if (!same) ids[at] = this.best(own, ids[at + 1]!, ids[down]!, ids[down - 1]!, ids[down + 1]!, at - row, y);
      }
      for (let at = row + 1; at < row + width - 1; at++) {
        if (ids[at] !== ids[at - 1]) ids[at] = this.best(ids[at]!, ids[at - 1]!, NOBODY, NOBODY, NOBODY, at - row, y);
      }
    }
  }

  /** The nearest of five songs (each may be NOBODY) to the middle of a pixel. */
  private best(own: number, a: number, b: number, c: number, d: number, px: number, py: number): number {
    const { sx, sy } = this;
    const x = px + 0.5;
    const y = py + 0.5;
    let found = own;
    let least = Infinity;
    if (own !== NOBODY) {
      const dx = sx[own]! - x;
      const dy = sy[own]! - y;
      least = dx * dx + dy * dy;
    }
    for (let i = 0; i < 4; i++) {
      const other = i === 0 ? a : i === 1 ? b : i === 2 ? c : d;
      if (other === found || other === NOBODY) continue;
      const dx = sx[other]! - x;
      const dy = sy[other]! - y;
      const distance = dx * dx + dy * dy;
      if (distance < least) {
        least = distance;
        found = other;
      }
    }
    return found;
  }

  /** Colours of the pixels of the last assign(); land: RGBA of every song as one number each. */
  shade(window: Window, land: Uint32Array, ink: Ink): Uint32Array<ArrayBuffer> {
    const { ids, sx, sy, width, height } = this;
    const out = new Uint32Array(ids.length);
    const coast = this.coast * window.scale;
    const sea = packed(ink.sea, 1);
    const inner = (coast - ink.coastWidth) ** 2;
    const outer = (OPEN_SEA * coast) ** 2;
    const water = new Water(ink, coast);
    const borders = new Borders(this, ink);
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const id = ids[at]!;
        if (id === NOBODY) {
          out[at] = sea;
          continue;
        }
        const dx = sx[id]! - x - 0.5;
        const dy = sy[id]! - y - 0.5;
        const d2 = dx * dx + dy * dy;
        if (d2 >= outer) {
          out[at] = sea;
          continue;
        }
        let colour = land[id]!;
        if (d2 < inner && ink.relief > 0) colour = darkened(colour, ink, Math.sqrt(d2));
        if (d2 < coast * coast) colour = borders.over(colour, at, x, y, id, d2);
        out[at] = d2 < inner ? colour : water.over(colour, Math.sqrt(d2));
      }
    }
    return out;
  }

  /** For Borders: what it needs to know of a pixel. */
  get parts(): Parts {
    return { ids: this.ids, sx: this.sx, sy: this.sy, cluster: this.cluster, region: this.region, width: this.width, height: this.height };
  }
}

/** Lines between cells and between countries. */
class Borders {
  private readonly parts: Parts;
  private readonly steps: Int32Array; // to the pixels that are asked
  private readonly ring: number; // how far away these are
  private readonly furthest: number;

  constructor(raster: Raster, private readonly ink: Ink) {
    this.parts = raster.parts;
    const { width } = this.parts;
    this.furthest = Math.max(ink.cellAlpha > 0 ? ink.cellWidth : 0, ink.countryWidth, ink.regionWidth) / 2 + 0.5;
    this.ring = this.furthest > 1.2 ? 2 : 1;
    const near = [-1, 1, -width, width];
    const far = [-2, 2, -2 * width, 2 * width, -width - 1, -width + 1, width - 1, width + 1];
    this.steps = Int32Array.from(this.ring === 2 ? [...far, ...near] : near);
  }

  over(colour: number, at: number, x: number, y: number, id: number, d2: number): number {
    const { ids, width, height, cluster, region } = this.parts;
    const { steps, ring, ink } = this;
    // The picture's own edge is never on screen.
    if (x < ring || y < ring || x >= width - ring || y >= height - ring) return colour;
    // Cells are convex: where the outer pixels are of the cell, the inner ones are, too.
    const outer = ring === 2 ? 8 : 4;
    let i = 0;
    while (i < outer && ids[at + steps[i]!] === id) i++;
    if (i === outer) return colour;
    let cell = this.furthest;
    let country = this.furthest;
    let realm = this.furthest;
    let last = id;
    const own = cluster[id]!;
    for (; i < steps.length; i++) {
      const other = ids[at + steps[i]!]!;
      if (other === id || other === last || other === NOBODY) continue;
      last = other;
      const same = cluster[other] === own;
      if (same && ink.cellAlpha <= 0) continue;
      const distance = this.toBisector(id, other, x, y, d2);
      if (same) cell = Math.min(cell, distance);
      else country = Math.min(country, distance);
      if (!same && region[cluster[other]!] !== region[own]) realm = Math.min(realm, distance);
    }
    if (realm < this.furthest) {
      const share = coverage(ink.regionWidth, realm) * ink.countryAlpha;
      if (share > 0) return blend(colour, ink.regionBorder, share);
    }
    if (country < this.furthest) {
      const share = coverage(ink.countryWidth, country) * ink.countryAlpha;
      if (share > 0) return blend(colour, ink.countryBorder, share);
    }
    if (cell < this.furthest) {
      const share = coverage(ink.cellWidth, cell) * ink.cellAlpha;
      if (share > 0) return blend(colour, ink.cellBorder, share);
    }
    return colour;
  }

  private toBisector(id: number, other: number, x: number, y: number, d2: number): number {
    const { sx, sy } = this.parts;
    const ox = sx[other]! - x - 0.5;
    const oy = sy[other]! - y - 0.5;
    const bx = sx[other]! - sx[id]!;
    const by = sy[other]! - sy[id]!;
    const between = Math.sqrt(bx * bx + by * by);
    return between > 0 ? Math.max(0, (ox * ox + oy * oy - d2) / (2 * between)) : 0.5;
  }
}

/** Share of a pixel covered by a line, by the distance of its middle from the line's. */
function coverage(width: number, distance: number): number {
  return Math.min(1, Math.max(0, width / 2 + 0.5 - distance)) * Math.min(1, width);
}

/**
 * Sea with the water lines of old printed maps: parallel to the coast, fainter and further apart
 * outward. As in the shader; tabulated, since it only depends on the distance.
 */
class Water {
  private readonly table: Uint32Array;
  private readonly from: number;

  constructor(private readonly ink: Ink, private readonly coast: number) {
    this.from = coast - 2;
    const steps = Math.ceil(4 * (OPEN_SEA * coast - this.from)) + 2;
    this.table = new Uint32Array(Math.min(1 << 16, steps));
    for (let i = 0; i < this.table.length; i++) this.table[i] = this.colour(this.from + i / 4 - coast);
  }

  /** colour: of the land, for the pixels that are both. */
  over(land: number, distance: number): number {
    const out = distance - this.coast;
    const { ink } = this;
    const shore = coverage(2 * ink.coastWidth, Math.abs(out));
    const wet = Math.min(1, Math.max(0, out + 0.5));
    const sea = this.table[Math.max(0, Math.round(4 * (distance - this.from)))] ?? packed(ink.sea, 1);
    const base = wet <= 0 ? land : wet >= 1 ? sea : mixed(land, sea, wet);
    return shore > 0 ? blend(base, ink.coast, 0.75 * shore) : base;
  }

  private colour(out: number): number {
    const { ink } = this;
    const t = Math.min(1, Math.max(0, out / ((OPEN_SEA - 1) * this.coast)));
    const root = Math.sqrt(t);
    const ring = 5 * root;
    const width = (2 * ink.coastWidth * 2.5) / (2 * (OPEN_SEA - 1) * this.coast * Math.max(root, 0.15));
    const offset = Math.abs(((ring + 0.5) % 1) - 0.5);
    const line = ring < 0.5 ? 0 : 1 - smooth(offset, width * 0.5, width * 1.5);
    const shade = ink.shallows.map((c, i) => c + (ink.sea[i]! - c) * root) as unknown as Rgb;
    return blend(packed(shade, 1), ink.coast, 0.3 * line * (1 - t));
  }
}

function smooth(value: number, from: number, to: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

function darkened(colour: number, ink: Ink, distance: number): number {
  const factor = 1 + ink.relief * (0.6 - Math.min(1.6, distance / ink.reliefReach));
  return scaled(colour, factor);
}

// ---- colours as one number: the bytes R, G, B, A in memory ----

const R = littleEndian ? 0 : 24;
const G = littleEndian ? 8 : 16;
const B = littleEndian ? 16 : 8;
const A = littleEndian ? 24 : 0;

export function packed(rgb: Rgb, alpha: number): number {
  return ((rgb[0] << R) | (rgb[1] << G) | (rgb[2] << B) | ((alpha * 255) << A)) >>> 0;
}

function blend(colour: number, rgb: Rgb, share: number): number {
  const r = (colour >>> R) & 255;
  const g = (colour >>> G) & 255;
  const b = (colour >>> B) & 255;
  return (
    (((r + (rgb[0] - r) * share) << R) | ((g + (rgb[1] - g) * share) << G) | ((b + (rgb[2] - b) * share) << B) | (255 << A)) >>> 0
  );
}

function mixed(a: number, b: number, share: number): number {
  return blend(a, [(b >>> R) & 255, (b >>> G) & 255, (b >>> B) & 255], share);
}

function scaled(colour: number, factor: number): number {
  const r = Math.min(255, ((colour >>> R) & 255) * factor);
  const g = Math.min(255, ((colour >>> G) & 255) * factor);
  const b = Math.min(255, ((colour >>> B) & 255) * factor);
  return ((r << R) | (g << G) | (b << B) | (255 << A)) >>> 0;
}
