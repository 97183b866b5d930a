// SPDX-License-Identifier: BSD-2-Clause
/**
 * How intense a set is as it goes on: a bar a song, and the wished-for line over them, whose points
 * are dragged, or moved with the arrow keys.
 */
import type { RadioSet } from '../desk';
import { h } from './dom';

const POINTS = 5;
const WIDTH = 100; // units of the drawing
const HEIGHT = 30;
const SVG = 'http://www.w3.org/2000/svg';

const PRESETS: Readonly<Record<string, readonly number[]>> = {
  flat: [0.5, 0.5, 0.5, 0.5, 0.5],
  rise: [0.1, 0.3, 0.5, 0.7, 0.9],
  fall: [0.9, 0.7, 0.5, 0.3, 0.1],
  peak: [0.2, 0.55, 0.9, 0.55, 0.2],
  wave: [0.5, 0.85, 0.5, 0.15, 0.5],
};

export class ArcEditor {
  readonly element: HTMLElement;
  private readonly preset: HTMLSelectElement;
  private readonly svg = document.createElementNS(SVG, 'svg');
  private readonly bars = document.createElementNS(SVG, 'g');
  private readonly line = document.createElementNS(SVG, 'path');
  private readonly handles: HTMLElement[] = [];
  private readonly box: HTMLElement;
  private values: number[] = [...PRESETS.flat!];
  private on = false;

  /** moved: while it is dragged; done: it was let go. Both get the arc as text. */
  constructor(private readonly moved: (arc: string) => void, private readonly done: (arc: string) => void) {
    const names = ['none', ...Object.keys(PRESETS), 'own'];
    const title = (name: string): string => ({ none: 'No arc', own: 'As drawn' })[name] ?? name[0]!.toUpperCase() + name.slice(1);
    this.preset = h('select', { class: 'field', id: 'arc', aria: { label: 'Intensity over time' } }, ...names.map((name) => h('option', { value: name }, title(name))));
    this.preset.addEventListener('change', () => this.choose(this.preset.value));
    this.svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    this.svg.setAttribute('preserveAspectRatio', 'none');
    this.svg.setAttribute('aria-hidden', 'true');
    this.line.setAttribute('class', 'arc-line');
    this.svg.append(this.bars, this.line);
    this.box = h('div', { class: 'arc' }, this.svg);
    for (let i = 0; i < POINTS; i++) this.box.append(this.handle(i));
    this.element = h('div', {}, this.preset, this.box);
    this.draw();
  }

  get text(): string {
    if (!this.on) return '';
    return this.values.map((value, i) => `${(i / (POINTS - 1)).toFixed(2)}:${value.toFixed(2)}`).join(', ');
  }

  /** The songs as they are. */
  show(set: RadioSet | undefined): void {
    const total = set?.songs.reduce((sum, song) => sum + song.length, 0) ?? 0;
    let x = 0;
    this.bars.replaceChildren(
      ...(set?.songs ?? []).map((song) => {
        const width = (WIDTH * song.length) / Math.max(1, total);
        const bar = document.createElementNS(SVG, 'rect');
        const height = HEIGHT * (song.arc ?? 0);
        for (const [name, value] of Object.entries({ x: x + 0.2, y: HEIGHT - height, width: Math.max(0.2, width - 0.4), height })) bar.setAttribute(name, String(value));
        x += width;
        return bar;
      }),
    );
  }

  /** Shows an arc that was set elsewhere: '' = none, a preset's name, or "0:0.2, 1:0.9". */
  set(text: string): void {
    const preset = PRESETS[text];
    const points = text.split(',').map((point) => point.split(':').map(Number));
    const valid = points.every((point) => point.length === 2 && point.every(Number.isFinite));
    this.on = preset !== undefined || (text !== '' && valid);
    if (preset) this.values = [...preset];
    else if (this.on) this.values = this.values.map((_, i) => between(points as [number, number][], i / (POINTS - 1)));
    this.preset.value = preset ? text : this.on ? 'own' : 'none';
    this.draw();
  }

  private choose(name: string): void {
    this.on = name !== 'none';
    const preset = PRESETS[name];
    if (preset) this.values = [...preset];
    this.draw();
    this.done(this.text);
  }

  private handle(i: number): HTMLElement {
    const made = h('button', {
      type: 'button',
      class: 'arc-handle',
      aria: { role: 'slider', label: `Intensity at ${(100 * i) / (POINTS - 1)} % of the set`, valuemin: '0', valuemax: '100', orientation: 'vertical' },
    });
    made.style.left = `${(100 * i) / (POINTS - 1)}%`;
    made.addEventListener('pointerdown', (e) => {
      e.preventDefault();
      made.focus();
      made.setPointerCapture(e.pointerId);
    });
    made.addEventListener('pointermove', (e) => {
      if (!made.hasPointerCapture(e.pointerId)) return;
      const { top, height } = this.box.getBoundingClientRect();
      this.put(i, 1 - (e.clientY - top) / height);
      this.moved(this.text);
    });
    made.addEventListener('pointerup', (e) => {
      if (made.hasPointerCapture(e.pointerId)) this.done(this.text);
    });
    made.addEventListener('keydown', (e) => {
      const step = { ArrowUp: 0.05, ArrowRight: 0.05, ArrowDown: -0.05, ArrowLeft: -0.05 }[e.key];
      if (!step) return;
      e.preventDefault();
      this.put(i, this.values[i]! + step);
      this.done(this.text);
    });
    this.handles.push(made);
    return made;
  }

  private put(i: number, value: number): void {
    this.values[i] = Math.min(1, Math.max(0, value));
    this.on = true;
    this.preset.value = 'own';
    this.draw();
  }

  private draw(): void {
    const at = (i: number): string => `${(WIDTH * i) / (POINTS - 1)} ${HEIGHT * (1 - this.values[i]!)}`;
    this.line.setAttribute('d', this.on ? `M${this.values.map((_, i) => at(i)).join('L')}` : '');
    this.box.classList.toggle('off', !this.on);
    this.handles.forEach((handle, i) => {
      handle.style.top = `${100 * (1 - this.values[i]!)}%`;
      handle.setAttribute('aria-valuenow', String(Math.round(100 * this.values[i]!)));
    });
  }
}

/** The value at x of a line through points in order. */
function between(points: readonly (readonly [number, number])[], x: number): number {
  const next = points.findIndex(([at]) => at >= x);
  if (next <= 0) return points.at(next)![1];
  const [[x0, y0], [x1, y1]] = [points[next - 1]!, points[next]!];
  return y0 + ((y1 - y0) * (x - x0)) / Math.max(1e-9, x1 - x0);
}
