// SPDX-License-Identifier: BSD-2-Clause
/**
 * A set as a list one can work on: drag songs (or move them with the arrow keys), lock them, swap one
 * for its best alternatives, take one out, hear how one goes into the next.
 */
import type { SetDraft } from '../radioset';
import { titleOf } from './card';
import { button, clock, h, setText } from './dom';
import type { Ground } from './ground';

export interface SetListEvents {
  /** Plays the set from this song on. */
  play(at: number): void;
  /** The pointer is at the joint before a song (or its button was pressed); -1 = it left. */
  joint(at: number, pressed: boolean): void;
}

export class SetList {
  readonly element = h('ol', { class: 'songs setlist', aria: { label: 'The set' } });
  private swapping = -1;
  private dragged: { li: HTMLElement; from: number } | undefined;
  private hover: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ground: Ground, private readonly draft: SetDraft, private readonly events: SetListEvents) {}

  show(): void {
    if (this.dragged) return; // it is being moved: the list stays under the finger
    const focused = document.activeElement instanceof HTMLElement && this.element.contains(document.activeElement) ? document.activeElement.dataset.control : undefined;
    this.element.replaceChildren(...this.draft.songs.map((song, i) => this.row(song, i)));
    if (focused) this.element.querySelector<HTMLElement>(`[data-control="${focused}"]`)?.focus({ preventScroll: true });
    this.refresh();
  }

  /** Titles may have arrived. */
  refresh(): void {
    for (const [i, song] of this.draft.songs.entries()) {
      const li = this.element.children[i];
      const cell = this.ground.atlas?.cellOf(song) ?? -1;
      if (!li || cell < 0) continue;
      const known = this.ground.song(cell);
      setText(li.querySelector<HTMLElement>('.two b')!, titleOf(known));
      setText(li.querySelector<HTMLElement>('.two span')!, known?.artist ?? '');
    }
  }

  mark(place: number): void {
    [...this.element.children].forEach((li, i) => {
      if (i === place) li.setAttribute('aria-current', 'true');
      else li.removeAttribute('aria-current');
    });
  }

  /** Alternatives are only those of the set as it was. */
  closeSwap(): void {
    this.swapping = -1;
  }

  private row(song: number, i: number): HTMLElement {
    const { draft } = this;
    const known = draft.set?.songs[i]?.id === song ? draft.set.songs[i] : undefined;
    const locked = draft.locked.has(song);
    const number = h('button', { type: 'button', class: 'grip', title: 'Drag, or arrow keys, to move', data: { control: `grip ${song}` }, aria: { label: `Move song ${i + 1}: arrow keys` } }, String(i + 1));
    const text = h('button', { type: 'button', class: 'song', title: known?.why ?? '' }, h('span', { class: 'two' }, h('b'), h('span')), h('em', {}, known ? clock(known.length) : ''));
    text.addEventListener('click', () => this.events.play(i));
    const icon = (label: string, name: 'lock' | 'unlock' | 'swap' | 'close', action: () => void): HTMLButtonElement => {
      const made = button(label, action, { icon: name });
      made.dataset.control = `${name} ${song}`;
      return made;
    };
    const lock = icon(locked ? 'Unlock' : 'Lock: it stays when the set is made again', locked ? 'lock' : 'unlock', () => draft.toggleLock(song));
    lock.dataset.control = `lock ${song}`;
    lock.setAttribute('aria-pressed', String(locked));
    const swap = icon('Swap for another', 'swap', () => void this.swap(i));
    const remove = icon('Take out', 'close', () => draft.remove(i));
    const li = h('li', { class: locked ? 'locked' : '', data: { song: String(song) } }, i > 0 ? this.joint(i, known?.cost ?? 0) : undefined, h('div', { class: 'set-row' }, number, text, lock, swap, remove));
    this.draggable(number, li, i);
    return li;
  }

  // ---- joints ----

  private joint(i: number, cost: number): HTMLElement {
    const made = h('button', { type: 'button', class: 'joint', data: { control: `joint ${i}` }, aria: { label: `Hear how song ${i} goes into song ${i + 1}` } }, h('i'));
    made.title = `Costs ${cost.toFixed(2)}: 0 flows, 1 is chance`;
    const mark = made.firstElementChild as HTMLElement;
    mark.style.width = `${Math.round(100 * Math.min(1, cost / 1.2))}%`;
    made.addEventListener('pointerenter', (e) => {
      if (e.pointerType !== 'mouse') return;
      clearTimeout(this.hover);
      this.hover = setTimeout(() => this.events.joint(i, false), 180); // not in passing
    });
    made.addEventListener('pointerleave', (e) => {
      clearTimeout(this.hover);
      if (e.pointerType === 'mouse') this.events.joint(-1, false);
    });
    made.addEventListener('click', () => this.events.joint(i, true));
    return made;
  }

  // ---- moving ----

  private draggable(grip: HTMLElement, li: HTMLElement, from: number): void {
    grip.addEventListener('keydown', (e) => {
      const step = e.key === 'ArrowUp' ? -1 : e.key === 'ArrowDown' ? 1 : 0;
      if (!step) return;
      e.preventDefault();
      this.draft.move(from, from + step);
    });
    grip.addEventListener('pointerdown', (e) => {
      e.preventDefault();
      grip.focus();
      grip.setPointerCapture(e.pointerId);
      this.dragged = { li, from };
      li.classList.add('dragged');
    });
    grip.addEventListener('pointermove', (e) => {
      if (this.dragged?.li !== li) return;
      const over = [...this.element.children].find((other) => {
        const { top, bottom } = other.getBoundingClientRect();
        return other !== li && e.clientY >= top && e.clientY < bottom;
      });
      if (!over) return;
      const { top, height } = over.getBoundingClientRect();
      const behind = e.clientY > top + height / 2;
      if (behind) over.after(li);
      else over.before(li);
      grip.setPointerCapture(e.pointerId); // moving an element lets go of the pointer
    });
    const end = (commit: boolean): void => {
      if (this.dragged?.li !== li) return;
      this.dragged = undefined;
      li.classList.remove('dragged');
      const to = [...this.element.children].indexOf(li);
      if (commit && to !== from) this.draft.move(from, to);
      else this.show();
    };
    grip.addEventListener('pointerup', () => end(true));
    grip.addEventListener('pointercancel', () => end(false));
  }

  // ---- swapping ----

  private async swap(i: number): Promise<void> {
    const { draft, ground, element } = this;
    element.querySelector('.others')?.remove();
    if (this.swapping === i) return void (this.swapping = -1);
    this.swapping = i;
    const box = h('div', { class: 'others', aria: { role: 'group', label: `In place of song ${i + 1}` } }, h('p', { class: 'quiet' }, 'Looking…'));
    element.children[i]?.append(box);
    const cost = draft.set?.cost ?? 0;
    try {
      const others = await draft.others(i);
      if (!box.isConnected) return;
      const best = [...others].sort((a, b) => a.bent - b.bent || a.cost - b.cost);
      const rows = best.map((other) => {
        const cell = ground.atlas?.cellOf(other.id) ?? -1;
        const song = cell >= 0 ? ground.song(cell) : undefined;
        const change = other.cost - cost;
        const name = [titleOf(song), song?.artist].filter(Boolean).join(' — ');
        const made = h('button', { type: 'button', class: 'song other', data: { song: String(other.id) } }, h('span', { class: 'two' }, h('b', {}, name)), h('em', {}, `${change > 0 ? '+' : '−'}${Math.abs(change).toFixed(2)}`));
        made.addEventListener('click', () => {
          this.swapping = -1;
          draft.replace(i, other.id);
        });
        return made;
      });
      box.replaceChildren(...(rows.length ? rows : [h('p', { class: 'quiet' }, 'Nothing else would fit.')]));
    } catch (error) {
      box.replaceChildren(h('p', { class: 'quiet' }, error instanceof Error ? error.message : String(error)));
    }
  }
}
