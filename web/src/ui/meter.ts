// SPDX-License-Identifier: BSD-2-Clause
/** Output level: a bar from -48 to 0 dB with its peak held a while. */
import { h } from './dom';

const EVERY_MS = 60;
const LOWEST = -48;

export class Meter {
  private readonly bar = h('i');
  private readonly hold = h('b');
  private readonly root = h('div', { class: 'meter', aria: { role: 'meter', label: 'Output level', valuemin: String(LOWEST), valuemax: '0', valuenow: String(LOWEST) } }, this.bar, this.hold);
  private readonly samples = new Float32Array(2048);
  private held = LOWEST;
  private shown = LOWEST;
  private ticks = 0;

  constructor(before: HTMLElement, private readonly analyser: () => AnalyserNode | undefined) {
    before.after(this.root);
    setInterval(() => this.update(), EVERY_MS);
  }

  private update(): void {
    const analyser = this.analyser();
    if (!analyser || document.hidden) return;
    analyser.getFloatTimeDomainData(this.samples);
    let peak = 0;
    let sum = 0;
    for (const sample of this.samples) {
      peak = Math.max(peak, Math.abs(sample));
      sum += sample * sample;
    }
    const level = decibels(Math.sqrt(sum / this.samples.length));
    const top = decibels(peak);
    if (level === LOWEST && this.shown === LOWEST && this.held === LOWEST) return;
    this.shown = Math.max(level, this.shown - 2);
    this.held = Math.max(top, this.held - 0.6);
    this.bar.style.transform = `scaleX(${share(this.shown)})`;
    this.hold.style.left = `${100 * share(this.held)}%`;
    this.hold.classList.toggle('hot', this.held > -1);
    if (this.ticks++ % 16 === 0) this.root.setAttribute('aria-valuenow', String(Math.round(this.shown)));
  }
}

const decibels = (x: number): number => Math.max(LOWEST, 20 * Math.log10(x + 1e-9));
const share = (db: number): number => (db - LOWEST) / -LOWEST;
