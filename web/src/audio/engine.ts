// SPDX-License-Identifier: BSD-2-Clause
/**
 * The hover-audio engine: told which song should sound, it makes it sound as soon as it can and says
 * how that goes. Knows songs by id, gain and onset only; the map stays outside.
 *
 * Browsers give no sound before a gesture: until unlock() is called in one, clips are only
 * fetched and decoded. What was asked for last then begins at once.
 */
import { ClipStore, DEFAULT_LIMITS, type ClipLimits, type FetchClip } from './clips';
import { Mixer } from './mixer';

export interface Sound {
  readonly song: number;
  readonly gain: number; // linear, to equal loudness
  readonly onset: number; // seconds into the clip
}

export type SoundState =
  | { readonly kind: 'silent' }
  | { readonly kind: 'loading'; readonly song: number }
  | { readonly kind: 'playing'; readonly song: number }
  | { readonly kind: 'paused'; readonly song: number }
  | { readonly kind: 'failed'; readonly song: number; readonly reason: string };

/** How long songs took to begin, for the bench and the test hook. */
export interface StartStats {
  warm: number;
  cold: number;
  /** The latest starts: milliseconds from request to the scheduled beginning. */
  readonly recent: { song: number; warm: boolean; ms: number }[];
}

/** Decoding before the context exists needs some rate; sources of another rate are resampled. */
const LIKELY_RATE = 48000;
const MOST_GAIN = 8;

export class AudioEngine {
  readonly starts: StartStats = { warm: 0, cold: 0, recent: [] };
  private readonly clips: ClipStore;
  private context: AudioContext | undefined;
  private mixer: Mixer | undefined;
  private decoder: BaseAudioContext | undefined;
  private wanted: Sound | undefined;
  private pausedAt: number | undefined; // seconds into the wanted clip
  private current: SoundState = { kind: 'silent' };
  private loudness = 1;
  private silenced = false;

  constructor(
    fetchClip: FetchClip,
    private readonly changed: (state: SoundState) => void,
    limits: ClipLimits = limitsForDevice(),
  ) {
    const sounding = (song: number): boolean => song === this.mixer?.song;
    this.clips = new ClipStore(fetchClip, (bytes) => this.decode(bytes), limits, sounding);
  }

  get state(): SoundState {
    return this.current;
  }

  get unlocked(): boolean {
    return this.mixer !== undefined;
  }

  get analyser(): AnalyserNode | undefined {
    return this.mixer?.analyser;
  }

  get audioContext(): AudioContext | undefined {
    return this.context;
  }

  get clipStats(): ClipStore['stats'] {
    return this.clips.stats;
  }

  get volume(): number {
    return this.loudness;
  }

  get muted(): boolean {
    return this.silenced;
  }

  /** To be called within a gesture (click, key, touch end); again is harmless. */
  unlock(): void {
    if (!this.context) {
      this.context = new AudioContext({ latencyHint: 'interactive' });
      this.mixer = new Mixer(this.context, this.level());
    }
    // Also after an interruption (a phone call) that suspended it.
    if (this.context.state !== 'running') void this.context.resume().catch(() => undefined);
    if (this.wanted && this.mixer!.song !== this.wanted.song && this.pausedAt === undefined) void this.begin(this.wanted);
  }

  /** Makes a song sound. The same song again changes nothing. */
  play(sound: Sound): void {
    const same = this.wanted?.song === sound.song && this.current.kind !== 'failed';
    if (same && this.pausedAt === undefined) return;
    const offset = same ? this.pausedAt : undefined;
    this.wanted = sound;
    this.pausedAt = undefined;
    void this.begin(sound, offset);
  }

  /** Fades out to silence. */
  stop(): void {
    this.wanted = undefined;
    this.pausedAt = undefined;
    this.mixer?.stop();
    this.tell({ kind: 'silent' });
  }

  pause(): void {
    if (!this.wanted || this.pausedAt !== undefined) return;
    this.pausedAt = this.mixer?.song === this.wanted.song ? this.mixer.position : this.wanted.onset;
    this.mixer?.stop();
    this.tell({ kind: 'paused', song: this.wanted.song });
  }

  resume(): void {
    if (this.wanted && this.pausedAt !== undefined) this.play(this.wanted);
  }

  /** A song that would sound if it were not for a pause: shown, silent. */
  park(sound: Sound): void {
    this.wanted = sound;
    this.pausedAt = sound.onset;
    this.mixer?.stop();
    this.tell({ kind: 'paused', song: sound.song });
  }

  /** 0..1 as on a slider; squared, since hearing is not linear. */
  setVolume(volume: number): void {
    this.loudness = Math.min(1, Math.max(0, volume));
    this.mixer?.setVolume(this.level());
  }

  setMuted(muted: boolean): void {
    this.silenced = muted;
    this.mixer?.setVolume(this.level());
  }

  prepare(songs: readonly number[], decodeFirst: number): void {
    this.clips.prepare(songs, decodeFirst);
  }

  /** The server is back: what failed may work now. */
  retry(): void {
    this.clips.forgive();
    if (this.current.kind === 'failed' && this.wanted) void this.begin(this.wanted);
  }

  private level(): number {
    return this.silenced ? 0 : this.loudness * this.loudness;
  }

  private decode(bytes: ArrayBuffer): Promise<AudioBuffer> {
    this.decoder ??= new OfflineAudioContext(1, 1, this.context?.sampleRate ?? LIKELY_RATE);
    return this.decoder.decodeAudioData(bytes);
  }

  private async begin(sound: Sound, offset = sound.onset): Promise<void> {
    const asked = performance.now();
    let buffer = this.clips.get(sound.song);
    const warm = buffer !== undefined;
    if (!buffer) {
      // Silence rather than the wrong song.
      this.mixer?.stop();
      this.tell({ kind: 'loading', song: sound.song });
      try {
        buffer = await this.clips.load(sound.song);
      } catch (error) {
        if (this.wanted !== sound || (error instanceof DOMException && error.name === 'AbortError')) return;
        this.tell({ kind: 'failed', song: sound.song, reason: error instanceof Error ? error.message : String(error) });
        return;
      }
      if (this.wanted !== sound || this.pausedAt !== undefined) return;
    }
    if (!this.mixer || !this.context) return this.tell({ kind: 'loading', song: sound.song });
    const gain = Math.min(MOST_GAIN, sound.gain);
    const at = this.mixer.play({ song: sound.song, buffer, offset, gain });
    this.note(sound.song, warm, performance.now() - asked + (at - this.context.currentTime) * 1000);
    this.tell({ kind: 'playing', song: sound.song });
  }

  private note(song: number, warm: boolean, ms: number): void {
    if (warm) this.starts.warm++;
    else this.starts.cold++;
    this.starts.recent.push({ song, warm, ms });
    if (this.starts.recent.length > 200) this.starts.recent.shift();
  }

  private tell(state: SoundState): void {
    this.current = state;
    this.changed(state);
  }
}

/** Phones with little memory get a smaller pool. */
function limitsForDevice(): ClipLimits {
  const gigabytes = (navigator as Navigator & { deviceMemory?: number }).deviceMemory ?? 4;
  const share = Math.min(1, Math.max(0.25, gigabytes / 4));
  return { ...DEFAULT_LIMITS, decodedBytes: DEFAULT_LIMITS.decodedBytes * share, fileBytes: DEFAULT_LIMITS.fileBytes * share };
}
