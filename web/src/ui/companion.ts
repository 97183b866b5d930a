// SPDX-License-Identifier: BSD-2-Clause
/**
 * A player beside the page (`serve --mpd`): what it plays is told and brought into view, and either
 * side's song can be played by the other.
 */
import type { Companion } from '../data/api';
import { desk } from '../desk';
import type { Ground } from './ground';
import { titleOf } from './card';
import { button, h } from './dom';

export class CompanionBar {
  private readonly text = h('span', { class: 'companion-text' });
  private readonly here = button('Play here', () => this.playHere());
  private readonly there = button('Play there', () => void this.playThere());
  private readonly bar = h('div', { class: 'companion', aria: { role: 'group', label: 'Player' } }, this.text, this.here, this.there);
  private state: Companion | undefined;
  private shown = 0;

  /** sounding: the cell that is heard or kept on the page; -1 = none. */
  constructor(private readonly ground: Ground, private readonly sounding: () => number) {
    this.bar.id = 'companion';
    this.bar.hidden = true;
    document.body.append(this.bar);
  }

  show(state: Companion | undefined): void {
    this.state = state;
    this.update();
  }

  /** Also when songs or the map came meanwhile. */
  update(): void {
    const { state, ground } = this;
    this.bar.hidden = !state || !ground.atlas;
    if (!state || !ground.atlas) return;
    const cell = ground.atlas.cellOf(state.song);
    const song = cell >= 0 ? ground.song(cell) : undefined;
    const text = !state.song ? `${state.name} is silent, or plays what is not on the map` : `${state.name} plays ${song ? titleOf(song) : '…'}`;
    if (this.text.textContent !== text) this.text.textContent = text;
    this.here.hidden = cell < 0;
    this.there.hidden = this.sounding() < 0;
    this.bar.dataset.song = String(state.song);
    if (state.song === this.shown || cell < 0) return;
    this.shown = state.song;
    ground.stage.camera.reveal(ground.atlas.x(cell), ground.atlas.y(cell), performance.now());
    ground.invalidate();
  }

  private playHere(): void {
    if (this.state) this.ground.visit(this.ground.atlas?.cellOf(this.state.song) ?? -1);
  }

  private async playThere(): Promise<void> {
    const cell = this.sounding();
    const { atlas } = this.ground;
    if (!atlas || cell < 0) return;
    try {
      await desk.playThere(atlas.songId(cell));
    } catch (error) {
      this.ground.notice(error instanceof Error ? error.message : String(error));
    }
  }
}
