// SPDX-License-Identifier: BSD-2-Clause
/** Buttons, volume, help, the veil before the first sound, notices and what screen readers hear. */
import type { Work } from '../data/api';
import { element, setIcon, setText } from './dom';

export interface ControlEvents {
  zoom(factor: number): void;
  fit(): void;
  pause(): void;
  mute(): void;
  volume(value: number): void; // 0..1
  /** The first gesture: sound is allowed from now on. */
  listen(px: number, py: number, pointer: boolean): void;
}

const ANNOUNCE_MS = 350; // in a flight nobody wants every song read out

export class Controls {
  private readonly pause = element('pause', HTMLButtonElement);
  private readonly mute = element('mute', HTMLButtonElement);
  private readonly volume = element('volume', HTMLInputElement);
  private readonly help = element('help', HTMLDialogElement);
  private readonly veil = element('veil', HTMLElement);
  private readonly listen = element('listen', HTMLButtonElement);
  private readonly notice = element('notice', HTMLElement);
  private readonly announcement = element('announce', HTMLElement);
  private readonly waiting = element('waiting', HTMLElement);
  private announceTimer: ReturnType<typeof setTimeout> | undefined;
  private veilLifted = false;

  constructor(events: ControlEvents) {
    const button = (id: string): HTMLButtonElement => element(id, HTMLButtonElement);
    const icons = { 'zoom-in': 'plus', 'zoom-out': 'minus', 'zoom-fit': 'fit', 'help-open': 'help' } as const;
    for (const [id, icon] of Object.entries(icons)) setIcon(button(id), icon);
    button('zoom-in').addEventListener('click', () => events.zoom(1.7));
    button('zoom-out').addEventListener('click', () => events.zoom(1 / 1.7));
    button('zoom-fit').addEventListener('click', () => events.fit());
    button('help-open').addEventListener('click', () => this.openHelp());
    this.pause.addEventListener('click', () => events.pause());
    this.mute.addEventListener('click', () => events.mute());
    this.volume.addEventListener('input', () => events.volume(Number(this.volume.value) / 100));
    if (matchMedia('(pointer: coarse)').matches) {
      setText(element('listen-title', HTMLElement), 'Tap to listen');
      setText(element('listen-text', HTMLElement), 'Then tap the map: every spot is a song, and it plays at once.');
    }
    // A click anywhere will do, not only on the words.
    this.veil.addEventListener('click', (e) => {
      // A button pressed by key clicks at 0, 0 with detail 0.
      this.liftVeil();
      events.listen(e.clientX, e.clientY, e.detail > 0);
    });
  }

  openHelp(): void {
    if (!this.help.open) this.help.showModal();
  }

  get helpOpen(): boolean {
    return this.help.open;
  }

  showVeil(): void {
    if (this.veilLifted || !this.veil.hidden) return;
    this.veil.hidden = false;
    this.listen.focus({ preventScroll: true });
  }

  get veiled(): boolean {
    return !this.veil.hidden;
  }

  liftVeil(): void {
    this.veilLifted = true;
    this.veil.hidden = true;
  }

  get veilElement(): HTMLElement {
    return this.veil;
  }

  showSound(paused: boolean, muted: boolean, volume: number): void {
    setIcon(this.pause, paused ? 'play' : 'pause');
    label(this.pause, paused ? 'Go on' : 'Pause', 'Space');
    setIcon(this.mute, muted ? 'muted' : 'sound');
    label(this.mute, 'Mute', 'M');
    this.mute.setAttribute('aria-pressed', String(muted));
    const value = String(Math.round(volume * 100));
    if (this.volume.value !== value) this.volume.value = value;
    this.volume.style.setProperty('--filled', `${value}%`);
  }

  showFacts(text: string): void {
    element('cartouche', HTMLElement).hidden = text === '';
    setText(element('facts', HTMLElement), text);
  }

  /** '' hides it. */
  showNotice(text: string): void {
    setText(this.notice, text);
    this.notice.classList.toggle('shown', text !== '');
  }

  /** What is being done to the library; undefined: nothing. */
  showWork(work: Work | undefined): void {
    const line = element('work', HTMLElement);
    line.hidden = work === undefined;
    if (!work) return;
    setText(element('work-text', HTMLElement), `${workWords(work)}${work.total > 0 ? `: ${work.done} of ${work.total}` : '…'}`);
    showShare(element('work-bar', HTMLElement), work.total > 0 ? work.done / work.total : undefined);
  }

  /** share: how much of it is done, 0..1. undefined hides all. */
  showWaiting(content: { title: string; text: string; share?: number } | undefined): void {
    this.waiting.hidden = content === undefined;
    if (!content) return;
    setText(element('waiting-title', HTMLElement), content.title);
    setText(element('waiting-text', HTMLElement), content.text);
    showShare(element('waiting-bar', HTMLElement), content.share);
  }

  announce(text: string): void {
    clearTimeout(this.announceTimer);
    this.announceTimer = setTimeout(() => setText(this.announcement, text), ANNOUNCE_MS);
  }
}

function label(button: HTMLElement, text: string, key: string): void {
  button.setAttribute('aria-label', text);
  button.title = `${text} (${key})`;
}

/** The program's own word for what it does, as the beginning of a sentence. */
export function workWords({ stage }: Work): string {
  return stage.charAt(0).toUpperCase() + stage.slice(1);
}

function showShare(bar: HTMLElement, share: number | undefined): void {
  bar.hidden = share === undefined;
  bar.style.setProperty('--share', `${100 * Math.min(1, Math.max(0, share ?? 0))}%`);
}
