// SPDX-License-Identifier: BSD-2-Clause
/**
 * Whole songs from their own files, streamed by the browser (range requests) instead of decoded into
 * memory. One sounds; the one before fades out. Fades are the mixer's, under the mixer's volume.
 */
import { FADE_S, type Mixer } from './mixer';

const READY_MS = 6000; // longer to begin than anybody waits
const GRACE_S = 0.15;

interface Deck {
  readonly song: number;
  readonly player: HTMLAudioElement;
  readonly fadeIn: GainNode;
  readonly out: GainNode;
  readonly level: GainNode;
  readonly fades: AudioBufferSourceNode[]; // which run until they are stopped
}

export class Whole {
  private deck: Deck | undefined;
  private coming: Deck | undefined; // runs, is not heard yet

  constructor(private readonly context: AudioContext, private readonly mixer: Mixer) {}

  get song(): number {
    return this.deck?.song ?? -1;
  }

  get position(): number {
    return this.deck?.player.currentTime ?? 0;
  }

  get length(): number {
    const length = this.deck?.player.duration ?? 0;
    return Number.isFinite(length) ? length : 0;
  }

  seek(at: number): void {
    if (this.deck) this.deck.player.currentTime = Math.min(Math.max(0, at), Math.max(0, this.length - 0.1));
  }

  /** Lets a song run, not heard yet. false: it cannot be played. */
  async prepare(song: number, address: string, at: number): Promise<boolean> {
    this.drop();
    const player = new Audio(address);
    player.preload = 'auto';
    const { context } = this;
    const deck: Deck = { song, player, fadeIn: context.createGain(), out: context.createGain(), level: context.createGain(), fades: [] };
    deck.fadeIn.gain.value = 0;
    context.createMediaElementSource(player).connect(deck.fadeIn).connect(deck.out).connect(deck.level).connect(this.mixer.input);
    this.coming = deck;
    const running = new Promise<boolean>((resolve) => {
      player.addEventListener('playing', () => resolve(true), { once: true });
      player.addEventListener('error', () => resolve(false), { once: true });
      setTimeout(() => resolve(false), READY_MS);
    });
    if (at > 0) player.currentTime = at;
    player.play().catch(() => player.dispatchEvent(new Event('error')));
    const good = await running;
    if (!good && this.coming === deck) this.drop();
    return good && this.coming === deck;
  }

  /** What was prepared is heard now. */
  start(gain: number, fade = FADE_S): void {
    const deck = this.coming;
    if (!deck) return;
    this.coming = undefined;
    this.stop(fade);
    this.deck = deck;
    deck.level.gain.value = gain;
    deck.fades.push(this.mixer.envelopesOf(fade).fadeIn(deck.fadeIn.gain, this.context.currentTime));
  }

  stop(fade = FADE_S): void {
    const { deck } = this;
    this.deck = undefined;
    this.drop();
    if (!deck) return;
    deck.fades.push(this.mixer.envelopesOf(fade).fadeOut(deck.out.gain, this.context.currentTime));
    setTimeout(() => release(deck), 1000 * (fade + GRACE_S));
  }

  /** Forgets what was prepared; only if it is this song, where one is named. */
  drop(song?: number): void {
    if (!this.coming || (song !== undefined && song !== this.coming.song)) return;
    release(this.coming);
    this.coming = undefined;
  }
}

function release(deck: Deck): void {
  deck.player.pause();
  deck.player.removeAttribute('src');
  deck.player.load();
  deck.level.disconnect();
  for (const fade of deck.fades) fade.stop();
}
