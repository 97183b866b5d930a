// SPDX-License-Identifier: BSD-2-Clause
/**
 * Names on the map: countries in spaced capitals, around them regions in wide, fainter letters, then,
 * nearer, songs' titles and artists. Placed greedily by importance without overlap; each fades in and out. A label that stands keeps its place
 * as long as it fits, so that names do not flicker while one moves. Texts are kept as bitmaps:
 * drawing text afresh every frame would be the most expensive part of it.
 */
import type { Song } from '../data/api';
import type { Atlas } from '../map/atlas';
import { visibleRect, type View } from '../map/camera';
import type { Palette } from './palette';

const FADE_MS = 180;
const MAX_TITLES = 90;
const KEPT_SPRITES = 500;
const SERIF = '"Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "TeX Gyre Pagella", "Noto Serif", Georgia, serif';
const SANS = 'system-ui, -apple-system, "Segoe UI", Lato, "Noto Sans", Roboto, sans-serif';

export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

interface Sprite {
  readonly canvas: HTMLCanvasElement;
  readonly width: number; // CSS pixels, with halo
  readonly height: number;
}

interface Wanted {
  readonly key: string;
  readonly x: number; // screen, centre
  readonly y: number;
  readonly strength: number; // alpha it should have
  readonly sprite: Sprite;
  readonly tries: readonly (readonly [number, number])[]; // offsets, in sprite heights
}

interface Standing {
  alpha: number;
  goal: number;
  try: number;
  last: Wanted;
}

interface Line {
  readonly text: string;
  readonly font: string;
  readonly size: number;
  readonly spacing: number;
  readonly colour: string;
}

export type SongLookup = (cell: number) => Song | undefined;

export class Labels {
  readonly canvas = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D;
  private readonly measure: CanvasRenderingContext2D;
  private readonly sprites = new Map<string, Sprite>();
  private readonly standing = new Map<string, Standing>();
  private atlas: Atlas | undefined;
  private palette: Palette | undefined;
  private ratio = 1;
  private clear = true;
  reducedMotion = false;
  /** Parts of the window covered by controls: nothing is written under them. */
  obstacles: readonly Box[] = [];

  constructor(private readonly song: SongLookup) {
    this.context = this.canvas.getContext('2d')!;
    this.measure = document.createElement('canvas').getContext('2d')!;
  }

  setScene(atlas: Atlas, palette: Palette): void {
    if (atlas !== this.atlas) this.standing.clear();
    this.atlas = atlas;
    this.palette = palette;
    this.sprites.clear();
  }

  resize(width: number, height: number, ratio: number): void {
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    if (ratio !== this.ratio) this.sprites.clear();
    this.ratio = ratio;
  }

  /** overview: the scale at which everything fits. true while labels are still fading. */
  draw(view: View, overview: number, elapsed: number): boolean {
    if (!this.atlas || !this.palette) return false;
    const { atlas, palette } = this;
    const wanted = [...this.countries(view, atlas, palette), ...this.regions(view, atlas, palette), ...this.titles(view, overview, atlas, palette)];
    this.place(wanted);
    return this.paint(elapsed);
  }

  /** How many labels stand now, for tests. */
  get shown(): { countries: number; regions: number; titles: number } {
    let [countries, regions, titles] = [0, 0, 0];
    for (const [key, { goal }] of this.standing) {
      if (goal <= 0) continue;
      if (key.startsWith('c')) countries++;
      else if (key.startsWith('r')) regions++;
      else titles++;
    }
    return { countries, regions, titles };
  }

  /** Where labels stand now, for tests. */
  get boxes(): Box[] {
    return [...this.standing.values()].filter((label) => label.goal > 0.2).map((label) => boxOf(label.last, label.try));
  }

  /** Whether a song's title stands on the map. */
  titled(song: number): boolean {
    return (this.standing.get(`s${song}`)?.goal ?? 0) > 0.5;
  }

  // ---- what should stand where ----

  private countries(view: View, atlas: Atlas, palette: Palette): Wanted[] {
    const wanted: Wanted[] = [];
    const window = Math.min(view.width, view.height);
    const bySize = [...atlas.clusters].sort((a, b) => b.songs - a.songs || a.id - b.id);
    const mean = atlas.count / Math.max(1, atlas.clusters.length);
    for (const country of bySize) {
      const [x, y] = toScreen(view, ...atlas.ashore(country.x, country.y));
      const reach = (0.5 * Math.sqrt(country.songs) * atlas.typicalRadius + 0.5 * country.radius) * view.scale;
      // Big enough to be worth a name; gone when one stands in the middle of it.
      const small = smooth(reach, 8, 16);
      const large = 1 - smooth(reach, 0.55 * window, 0.95 * window);
      const strength = Math.min(small, large);
      if (strength <= 0.02 || x < -200 || y < -80 || x > view.width + 200 || y > view.height + 80) continue;
      const weight = Math.sqrt(country.songs / mean);
      const narrow = view.width < 500 ? 0.82 : 1;
      const size = quantise(Math.min(30, Math.max(10.5, (9 + 4.5 * weight) * narrow * Math.min(1.5, 0.7 + reach / 160))));
      const sprite = this.countrySprite(country.name, size, palette);
      const inside = x >= 0 && x <= view.width;
      const at = inside ? within(x, sprite.width / 2 + 4, view.width) : x;
      wanted.push({ key: `c${country.id}`, x: at, y, strength, sprite, tries: COUNTRY_TRIES });
    }
    return wanted;
  }

  /** Where the names of their countries leave room; gone when one stands in the middle of a region. */
  private regions(view: View, atlas: Atlas, palette: Palette): Wanted[] {
    const wanted: Wanted[] = [];
    const window = Math.min(view.width, view.height);
    for (const region of [...atlas.regions].sort((a, b) => b.songs - a.songs || a.name.localeCompare(b.name))) {
      const [x, y] = toScreen(view, region.x, region.y);
      const reach = Math.max(region.radius, 0.5 * Math.sqrt(region.songs) * atlas.typicalRadius) * view.scale;
      const strength = 0.7 * Math.min(smooth(reach, 26, 44), 1 - smooth(reach, 0.45 * window, 0.8 * window));
      if (strength <= 0.02 || x < -100 || y < -60 || x > view.width + 100 || y > view.height + 60) continue;
      const size = quantise(Math.min(26, Math.max(13, 10 + reach / 16)));
      const sprite = this.regionSprite(region.name, size, palette);
      // Not farther from its middle than the region reaches.
      const tries = REGION_TRIES.filter(([dx, dy]) => Math.hypot(dx * sprite.width, dy * sprite.height) <= Math.max(1, 1.1 * reach));
      wanted.push({ key: `r${region.name}`, x, y, strength, sprite, tries });
    }
    return wanted;
  }

  private titles(view: View, overview: number, atlas: Atlas, palette: Palette): Wanted[] {
    // On small maps cells are large from the start: there titles wait until one has zoomed in.
    const zoomed = smooth(view.scale / overview, 1.5, 2.1);
    if (zoomed <= 0 || atlas.typicalRadius * view.scale < 12) return [];
    const found: { cell: number; room: number; x: number; y: number }[] = [];
    const near = atlas
      .cellsIn(visibleRect(view))
      .map((cell) => ({ cell, reach: atlas.reach(cell) }))
      .filter(({ reach }) => reach * view.scale >= 12)
      .sort((a, b) => b.reach - a.reach || a.cell - b.cell);
    for (const { cell } of near.slice(0, 3 * MAX_TITLES)) {
      const inside = atlas.roomOf(cell);
      const room = Math.min(inside.radius, 1.2 * atlas.coast) * view.scale;
      if (room < 22) continue;
      // Cells at the rim are huge: their name belongs near the song, not out at sea.
      const [mx, my] = inside.radius > atlas.coast ? [atlas.x(cell), atlas.y(cell)] : [inside.x, inside.y];
      const [x, y] = toScreen(view, mx, my);
      found.push({ cell, room, x, y });
    }
    found.sort((a, b) => b.room - a.room || a.cell - b.cell);
    const wanted: Wanted[] = [];
    for (const { cell, room, x, y } of found.slice(0, MAX_TITLES)) {
      const strength = zoomed * smooth(room, 23, 28);
      const song = strength > 0.02 ? this.song(cell) : undefined;
      if (!song) continue;
      const sprite = this.titleSprite(song, Math.min(260, Math.max(64, room * 2)), room, palette);
      const [tx, ty] = intoWindow(atlas, view, cell, x, y, sprite);
      wanted.push({ key: `s${song.id}`, x: tx, y: ty, strength, sprite, tries: TITLE_TRIES });
    }
    return wanted;
  }

  /** Greedy, in order of importance; what overlaps something placed before fades out. */
  private place(wanted: Wanted[]): void {
    const taken: Box[] = [...this.obstacles];
    const seen = new Set<string>();
    for (const label of wanted) {
      const old = this.standing.get(label.key);
      const order = old && old.goal > 0 ? [old.try, ...label.tries.keys()] : [...label.tries.keys()];
      let placed = -1;
      for (const index of order) {
        const box = boxOf(label, index);
        if (taken.some((other) => overlaps(other, box))) continue;
        if (label.strength > 0.2) taken.push(box);
        placed = index;
        break;
      }
      seen.add(label.key);
      if (old) {
        old.last = label;
        old.goal = placed >= 0 ? label.strength : 0;
        if (placed >= 0) old.try = placed;
      } else if (placed >= 0) {
        this.standing.set(label.key, { alpha: 0, goal: label.strength, try: placed, last: label });
      }
    }
    // Gone from the list: at once, its place on the screen is not known any more.
    for (const key of this.standing.keys()) if (!seen.has(key)) this.standing.delete(key);
  }

  private paint(elapsed: number): boolean {
    const { context, ratio } = this;
    if (!this.clear) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.clear = true;
    }
    const step = this.reducedMotion ? 1 : Math.min(1, elapsed / FADE_MS);
    let fading = false;
    for (const [key, label] of this.standing) {
      const gap = label.goal - label.alpha;
      label.alpha += Math.sign(gap) * Math.min(Math.abs(gap), step);
      if (label.alpha !== label.goal) fading = true;
      if (label.alpha <= 0.01) {
        if (label.goal <= 0) this.standing.delete(key);
        continue;
      }
      const box = boxOf(label.last, label.try);
      context.globalAlpha = label.alpha;
      context.drawImage(label.last.sprite.canvas, Math.round(box.x0 * ratio), Math.round(box.y0 * ratio));
      this.clear = false;
    }
    context.globalAlpha = 1;
    return fading;
  }

  // ---- bitmaps of text ----

  private countrySprite(name: string, size: number, palette: Palette): Sprite {
    return this.sprite(`c|${name}|${size}`, palette, () => {
      const font = `600 ${size}px ${SERIF}`;
      const spacing = size * 0.14;
      const lines = this.wrap(name.toLocaleUpperCase(), font, spacing, size * 11, 3);
      return lines.map((text) => ({ text, font, size, spacing, colour: palette.ink }));
    });
  }

  private regionSprite(name: string, size: number, palette: Palette): Sprite {
    return this.sprite(`r|${name}|${size}`, palette, () => {
      const font = `italic 400 ${size}px ${SERIF}`;
      const spacing = size * 0.32;
      return this.wrap(name, font, spacing, size * 13, 2).map((text) => ({ text, font, size, spacing, colour: palette.ink }));
    });
  }

  private titleSprite(song: Song, width: number, room: number, palette: Palette): Sprite {
    const size = room > 130 ? 18 : room > 70 ? 14.5 : room > 40 ? 12.5 : 11;
    const across = Math.round(width / 12) * 12;
    return this.sprite(`s|${song.id}|${size}|${across}|${song.title ?? ''}|${song.artist ?? ''}`, palette, () => {
      const font = `600 ${size}px ${SANS}`;
      const lines: Line[] = this.wrap(song.title ?? song.path ?? 'Untitled', font, 0, across, room > 40 ? 3 : 2).map(
        (text) => ({ text, font, size, spacing: 0, colour: palette.inkSoft }),
      );
      if (song.artist && room > 32) {
        const small = size - 1.5;
        const italic = `italic ${small}px ${SERIF}`;
        const [text] = this.wrap(song.artist, italic, 0, across, 1);
        lines.push({ text: text!, font: italic, size: small, spacing: 0, colour: palette.inkSoft });
      }
      return lines;
    });
  }

  private sprite(key: string, palette: Palette, make: () => Line[]): Sprite {
    let sprite = this.sprites.get(key);
    if (sprite) {
      this.sprites.delete(key);
    } else {
      sprite = this.render(make(), palette);
      if (this.sprites.size >= KEPT_SPRITES) this.sprites.delete(this.sprites.keys().next().value!);
    }
    this.sprites.set(key, sprite);
    return sprite;
  }

  private render(lines: Line[], palette: Palette): Sprite {
    const halo = 3;
    const width = Math.max(...lines.map((line) => this.widthOf(line.text, line.font, line.spacing))) + 2 * halo;
    const height = lines.reduce((sum, line) => sum + line.size * 1.22, 0) + 2 * halo;
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.ceil(width * this.ratio));
    canvas.height = Math.max(1, Math.ceil(height * this.ratio));
    const context = canvas.getContext('2d')!;
    context.scale(this.ratio, this.ratio);
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.lineJoin = 'round';
    let y = halo;
    for (const line of lines) {
      context.font = line.font;
      space(context, line.spacing);
      y += line.size * 0.61;
      const x = width / 2 + line.spacing / 2; // spacing also follows the last letter
      context.strokeStyle = palette.halo;
      context.lineWidth = halo * 1.3;
      context.strokeText(line.text, x, y);
      context.fillStyle = line.colour;
      context.fillText(line.text, x, y);
      y += line.size * 0.61;
    }
    return { canvas, width, height };
  }

  private widthOf(text: string, font: string, spacing: number): number {
    this.measure.font = font;
    space(this.measure, spacing);
    return this.measure.measureText(text).width;
  }

  /** Breaks at spaces into at most `most` lines no wider than `width`; the last may end in "...". */
  private wrap(text: string, font: string, spacing: number, width: number, most: number): string[] {
    const lines: string[] = [];
    for (const word of text.trim().split(/\s+/)) {
      const last = lines.length - 1;
      const longer = last >= 0 ? `${lines[last]} ${word}` : word;
      if (last >= 0 && (lines.length === most || this.widthOf(longer, font, spacing) <= width)) lines[last] = longer;
      else lines.push(word);
    }
    // A separator is of no use at the end of a line.
    return lines.map((line, i) => this.shorten(i < lines.length - 1 ? line.replace(/\s*[·,/]$/, '') : line, font, spacing, width));
  }

  private shorten(line: string, font: string, spacing: number, width: number): string {
    if (this.widthOf(line, font, spacing) <= width) return line;
    const letters = [...line];
    let [low, high] = [1, letters.length];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const fits = this.widthOf(`${letters.slice(0, middle).join('')}…`, font, spacing) <= width;
      if (fits) low = middle;
      else high = middle - 1;
    }
    return `${letters.slice(0, low).join('').trimEnd()}…`;
  }
}

/** Where a label may stand, in its own heights away from its place. */
const COUNTRY_TRIES = [[0, 0], [0, -0.8], [0, 0.8], [0, -1.6], [0, 1.6]] as const;
const REGION_TRIES: readonly (readonly [number, number])[] = [0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5].flatMap((dy) =>
  [0, -0.3, 0.3].map((dx) => [dx, dy] as const),
);
const TITLE_TRIES = [[0, 0]] as const;

function boxOf(label: Wanted, index: number): Box {
  const { sprite } = label;
  const [dx, dy] = label.tries[index] ?? label.tries[0]!;
  const x0 = label.x + dx * sprite.width - sprite.width / 2;
  const y0 = label.y + dy * sprite.height - sprite.height / 2;
  return { x0, y0, x1: x0 + sprite.width, y1: y0 + sprite.height };
}

function overlaps(a: Box, b: Box): boolean {
  return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}

function toScreen(view: View, x: number, y: number): [number, number] {
  return [view.width / 2 + (x - view.x) * view.scale, view.height / 2 - (y - view.y) * view.scale];
}

/** As close to value as lets something of a half width stay in 0..size. */
function within(value: number, half: number, size: number): number {
  return size < 2 * half ? size / 2 : Math.min(size - half, Math.max(half, value));
}

/** A title that would be cut by the window's edge moves inward while it stays in its cell. */
function intoWindow(atlas: Atlas, view: View, cell: number, x: number, y: number, sprite: Sprite): [number, number] {
  const wx = within(x, sprite.width / 2 + 4, view.width);
  const wy = within(y, sprite.height / 2 + 4, view.height);
  if (wx === x && wy === y) return [x, y];
  const mapX = view.x + (wx - view.width / 2) / view.scale;
  const mapY = view.y - (wy - view.height / 2) / view.scale;
  return atlas.contains(cell, mapX, mapY) ? [wx, wy] : [x, y];
}

function smooth(value: number, from: number, to: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

/** Few sizes, so that bitmaps are used again while zooming. */
function quantise(size: number): number {
  return Math.round(size * 2) / 2;
}

/** letterSpacing is not in every browser; without it capitals are only less spacious. */
function space(context: CanvasRenderingContext2D, pixels: number): void {
  if ('letterSpacing' in context) context.letterSpacing = `${pixels}px`;
}
