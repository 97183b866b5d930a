// SPDX-License-Identifier: BSD-2-Clause
/**
 * By what the cells are coloured: their country, or a property of their songs; and which songs are
 * chosen in the legend (the others turn grey). Knows colours as legend and renderers need them, draws
 * nothing. Whoever shows a legend subscribes and reads `current`.
 */
import type { Column } from '../data/column';
import { UNKNOWN } from '../data/column';
import type { Atlas } from './atlas';
import { categoryColours, css, greyOf, landColours, rampColour, type Rgb, type Theme } from '../render/palette';

/** Songs with one of these entries; or with a value within [low, high]; null: all songs. */
export type Filter = ReadonlySet<number> | { readonly low: number; readonly high: number } | null;

export interface Entry {
  readonly id: number; // for the filter
  readonly name: string;
  readonly colour: string; // CSS, of the theme
  readonly songs: number;
}

export type Legend =
  | { readonly kind: 'categories'; readonly entries: readonly Entry[]; readonly unknown: number }
  | {
      readonly kind: 'ramp';
      readonly low: number;
      readonly high: number;
      readonly unit: string;
      readonly colourAt: (value: number) => string; // CSS
      readonly unknown: number; // songs of which the value is not known
    };

export interface Shading {
  readonly name: string; // "cluster", "tempo"
  readonly title: string; // "Country", "Tempo"
  readonly legend: Legend;
  readonly filter: Filter;
  readonly chosen: number; // songs that are not grey
}


/** What countries are called in the list of what one can shade by. */
export const BY_COUNTRY = { name: 'cluster', title: 'Country' } as const;

const NO_LEGEND: Legend = { kind: 'categories', entries: [], unknown: 0 };

export class Shadings {
  /** RGBA of every cell as it is to be drawn: [count][4]. */
  land: Uint8ClampedArray = new Uint8ClampedArray(0);
  current: Shading = { ...BY_COUNTRY, legend: NO_LEGEND, filter: null, chosen: 0 };
  private atlas: Atlas | undefined;
  private theme: Theme = 'light';
  private column: Column | undefined; // undefined: by country
  private filter: Filter = null;
  private loading = 0;
  private readonly listeners = new Set<() => void>();

  /** What one can shade by, countries first. */
  get choices(): readonly { readonly name: string; readonly title: string }[] {
    return [BY_COUNTRY, ...(this.atlas?.properties ?? [])];
  }

  /** Called after every change of choices, colours or filter; returns how to stop that. */
  subscribe(changed: () => void): () => void {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  }

  setScene(atlas: Atlas, theme: Theme): void {
    if (atlas !== this.atlas && this.atlas !== undefined) {
      // The filter spoke of other countries and other values.
      const wanted = this.column?.name;
      this.column = undefined;
      this.filter = null;
      this.atlas = atlas;
      if (wanted !== undefined) void this.choose(wanted).catch(() => undefined);
    }
    this.atlas = atlas;
    this.theme = theme;
    this.refresh();
  }

  /** Colours by another property; rejects when it cannot be had, and then nothing has changed. */
  async choose(name: string): Promise<void> {
    const { atlas } = this;
    if (!atlas) return;
    const turn = ++this.loading;
    const column = name === BY_COUNTRY.name ? undefined : await atlas.column(name);
    if (turn !== this.loading || atlas !== this.atlas) return; // another choice, or map, came after
    this.column = column;
    this.filter = null;
    this.refresh();
  }

  setFilter(filter: Filter): void {
    this.filter = filter;
    this.refresh();
  }

  /** Whether a song is among those the filter chooses. */
  includes(cell: number): boolean {
    const { filter } = this;
    if (filter === null) return true;
    if (filter instanceof Set) return filter.has(this.entryOf(cell));
    const value = this.valueOf(cell);
    const range = filter as { low: number; high: number };
    return value >= range.low && value <= range.high;
  }

  /** The entry of a cell; -1 = not known. */
  entryOf(cell: number): number {
    if (!this.column) return this.atlas?.cells.cluster[cell] ?? -1;
    const value = this.column.values[cell]!;
    return value === UNKNOWN ? -1 : value;
  }

  /** The value of a cell on a ramp; NaN = not known. */
  valueOf(cell: number): number {
    const scale = this.column?.scale;
    const value = this.column?.values[cell] ?? UNKNOWN;
    if (scale?.kind !== 'range' || value === UNKNOWN) return NaN;
    return scale.low + ((scale.high - scale.low) * value) / (UNKNOWN - 1);
  }

  private refresh(): void {
    const { atlas } = this;
    if (!atlas) return;
    this.land = new Uint8ClampedArray(4 * atlas.count);
    const colours = this.column ? this.byColumn(this.column) : this.byCountry(atlas);
    const grey = greyOf(this.theme);
    const unknown = greyOf(this.theme, true);
    const counts = new Uint32Array(colours.length);
    const byCountry = this.column === undefined;
    let chosen = 0;
    let missing = 0;
    for (let cell = 0; cell < atlas.count; cell++) {
      const entry = this.stepOf(cell);
      if (entry < 0) missing++;
      else counts[entry]!++;
      const shown = this.includes(cell);
      if (shown) chosen++;
      const [r, g, b] = !shown ? grey : entry < 0 ? unknown : colours[entry]!;
      const grain = byCountry ? grainOf(atlas.songId(cell)) : 0;
      this.land[4 * cell] = r + grain;
      this.land[4 * cell + 1] = g + grain;
      this.land[4 * cell + 2] = b + grain;
      this.land[4 * cell + 3] = 255;
    }
    const about = this.column ?? BY_COUNTRY;
    const legend = this.legendOf(colours, counts, missing);
    this.current = { name: about.name, title: about.title, legend, filter: this.filter, chosen };
    for (const listener of this.listeners) listener();
  }

  /** The colour of a cell among `byColumn` or `byCountry`; -1 = not known. */
  private stepOf(cell: number): number {
    const entry = this.entryOf(cell);
    return entry >= 0 && this.column?.scale.kind === 'range' ? entry >> 8 : entry;
  }

  private byCountry(atlas: Atlas): Rgb[] {
    return landColours(atlas.clusters.map((c) => c.colour), this.theme);
  }

  private byColumn(column: Column): Rgb[] {
    if (column.scale.kind === 'categories') return categoryColours(column.name, column.scale.names.length, this.theme);
    return Array.from({ length: 256 }, (_, i) => rampColour(i / 255, this.theme));
  }

  private legendOf(colours: readonly Rgb[], counts: Uint32Array, unknown: number): Legend {
    const scale = this.column?.scale;
    if (scale?.kind === 'range') {
      const { low, high, unit } = scale;
      const colourAt = (value: number): string => css(rampColour(high > low ? (value - low) / (high - low) : 0, this.theme));
      return { kind: 'ramp', low, high, unit, colourAt, unknown };
    }
    const names = scale?.names ?? this.atlas!.clusters.map((c) => c.name);
    const entries = names.map((name, id) => ({ id, name, colour: css(colours[id]!), songs: counts[id]! }));
    return { kind: 'categories', entries, unknown };
  }
}

/** -3..3, the same for a song on every map: cells of a country are told apart by a breath of it. */
function grainOf(song: number): number {
  let h = Math.imul(song ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (((h ^ (h >>> 16)) >>> 0) % 7) - 3;
}
