// SPDX-License-Identifier: BSD-2-Clause
/** By what the map is coloured, what the colours mean, and which songs stand out. */
import type { Filter, Shadings } from '../map/shading';
import { button, h, plural, setText } from './dom';
import type { Tool } from './drawer';

export class LegendPanel implements Tool {
  readonly name = 'legend';
  readonly title = 'Colours';
  readonly icon = 'legend';
  readonly key = 'L';
  readonly body: HTMLElement;
  private readonly choose: HTMLSelectElement;
  private readonly state = h('p', { class: 'quiet', aria: { role: 'status' } });
  private readonly all: HTMLButtonElement;
  private readonly entries = h('div', { class: 'entries' });
  private shown = ''; // what the controls were made for

  constructor(private readonly shadings: Shadings, private readonly failed: (reason: string) => void, private readonly changed: () => void) {
    this.choose = h('select', { class: 'field', id: 'shade', aria: { label: 'Colour songs by' } });
    this.choose.addEventListener('change', () => this.shade(this.choose.value));
    this.all = button('Show all', () => this.shadings.setFilter(null), { class: 'plain' });
    this.body = h('div', { class: 'tool' }, this.choose, h('div', { class: 'row' }, this.state, this.all), this.entries);
    shadings.subscribe(() => {
      this.refresh();
      this.changed();
    });
  }

  opened(): void {
    this.refresh();
  }

  shade(name: string): void {
    this.shadings.choose(name).catch((error: unknown) => {
      this.failed(error instanceof Error ? error.message : String(error));
      this.refresh();
    });
  }

  private refresh(): void {
    if (this.body.hidden) return;
    const { choices, current } = this.shadings;
    const names = choices.map(({ name }) => name).join();
    if (this.choose.dataset.names !== names) {
      this.choose.dataset.names = names;
      this.choose.replaceChildren(...choices.map(({ name, title }) => h('option', { value: name }, title)));
    }
    this.choose.value = current.name;
    const { legend, filter } = current;
    this.all.hidden = filter === null;
    setText(this.state, filter === null ? (legend.unknown ? `Not known of ${plural(legend.unknown, 'song')}` : '') : `${plural(current.chosen, 'song')} in colour`);
    const key = legend.kind === 'ramp' ? `${current.name} ${legend.low} ${legend.high} ${legend.colourAt(legend.low)}` : `${current.name} ${legend.entries.map((e) => e.name + e.colour).join()}`;
    if (key !== this.shown) {
      this.shown = key;
      this.entries.replaceChildren(...(legend.kind === 'ramp' ? this.ramp() : this.categories()));
    }
    this.follow();
  }

  // ---- names ----

  private categories(): HTMLElement[] {
    const { legend } = this.shadings.current;
    if (legend.kind !== 'categories') return [];
    const bySize = [...legend.entries].filter((entry) => entry.songs > 0).sort((a, b) => b.songs - a.songs || a.id - b.id);
    return bySize.slice(0, 300).map((entry) => {
      const swatch = h('i', { class: 'swatch' });
      swatch.style.backgroundColor = entry.colour;
      const row = h('button', { type: 'button', class: 'entry', data: { id: String(entry.id) } }, swatch, h('span', {}, entry.name), h('em', {}, entry.songs.toLocaleString()));
      row.addEventListener('click', () => this.toggle(entry.id));
      return row;
    });
  }

  private toggle(id: number): void {
    const { filter } = this.shadings.current;
    const chosen = new Set(filter instanceof Set ? (filter as ReadonlySet<number>) : []);
    if (!chosen.delete(id)) chosen.add(id);
    this.shadings.setFilter(chosen.size ? chosen : null);
  }

  // ---- a range ----

  private ramp(): HTMLElement[] {
    const { legend } = this.shadings.current;
    if (legend.kind !== 'ramp') return [];
    const bar = h('div', { class: 'ramp' });
    const stops = Array.from({ length: 13 }, (_, i) => legend.colourAt(legend.low + ((legend.high - legend.low) * i) / 12));
    bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
    const step = legend.high - legend.low > 20 ? 1 : (legend.high - legend.low) / 200;
    const slider = (label: string, value: number): HTMLInputElement => {
      const made = h('input', { type: 'range', class: 'bound', min: String(legend.low), max: String(legend.high), step: String(step), aria: { label } });
      made.value = String(value);
      made.addEventListener('input', () => this.narrow());
      return made;
    };
    const title = this.shadings.current.title;
    const low = slider(`Lowest ${title}`, legend.low);
    const high = slider(`Highest ${title}`, legend.high);
    low.id = 'bound-low';
    high.id = 'bound-high';
    return [bar, h('p', { class: 'ends' }, h('span', { id: 'end-low' }), h('span', { id: 'end-high' })), low, high];
  }

  private narrow(): void {
    const { legend } = this.shadings.current;
    const [low, high] = this.bounds();
    if (legend.kind !== 'ramp' || !low || !high) return;
    const [a, b] = [Number(low.value), Number(high.value)];
    const all = a <= legend.low && b >= legend.high;
    this.shadings.setFilter(all ? null : { low: Math.min(a, b), high: Math.max(a, b) });
  }

  private bounds(): (HTMLInputElement | null)[] {
    return ['#bound-low', '#bound-high'].map((id) => this.entries.querySelector<HTMLInputElement>(id));
  }

  /** The controls say what is filtered, also when that was set elsewhere. */
  private follow(): void {
    const { legend, filter } = this.shadings.current;
    if (legend.kind === 'categories') {
      const chosen: ReadonlySet<number> | undefined = filter instanceof Set ? (filter as ReadonlySet<number>) : undefined;
      for (const row of this.entries.querySelectorAll<HTMLElement>('.entry')) row.setAttribute('aria-pressed', String(chosen?.has(Number(row.dataset.id)) ?? false));
      this.entries.classList.toggle('some', chosen !== undefined);
      return;
    }
    const range = filter !== null && !(filter instanceof Set) ? (filter as { low: number; high: number }) : legend;
    const [low, high] = this.bounds();
    if (low && high && document.activeElement !== low && document.activeElement !== high) {
      low.value = String(range.low);
      high.value = String(range.high);
    }
    const said = (value: number): string => `${Number.isInteger(value) ? value : value.toFixed(legend.high - legend.low > 20 ? 0 : 2)}${legend.unit ? ` ${legend.unit}` : ''}`;
    for (const [id, value] of [['#end-low', range.low], ['#end-high', range.high]] as const) {
      const end = this.entries.querySelector<HTMLElement>(id);
      if (end) setText(end, said(value));
    }
  }
}

/** A filter as text for the address: "3.17.4" or "80~120"; '' = all. */
export function filterText(filter: Filter): string {
  if (filter === null) return '';
  if (filter instanceof Set) return [...(filter as ReadonlySet<number>)].sort((a, b) => a - b).join('.');
  const { low, high } = filter as { low: number; high: number };
  return `${+low.toFixed(3)}~${+high.toFixed(3)}`;
}

export function readFilter(text: string): Filter {
  const range = /^(-?[\d.]{1,12})~(-?[\d.]{1,12})$/.exec(text);
  if (range) {
    const [low, high] = [Number(range[1]), Number(range[2])];
    return Number.isFinite(low) && Number.isFinite(high) && low <= high ? { low, high } : null;
  }
  if (!/^\d{1,6}(\.\d{1,6}){0,299}$/.test(text)) return null;
  return new Set(text.split('.').map(Number));
}
