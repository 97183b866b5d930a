// SPDX-License-Identifier: BSD-2-Clause
/**
 * The hover-audio engine: told which song should sound, it makes it sound as soon as it can and says
 * how that goes. Knows songs by id, gain and onset only; the map stays outside.
 *
 * Browsers give no sound before a gesture: until unlock() is called in one, clips are only
 * fetched and decoded. What was asked for last then begins at once.
 */
import { ClipStore, DEFAULT_LIMITS, type ClipLimits, type FetchClip, type Haste } from './clips';
import { FADE_S, Mixer } from './mixer';
import { Whole } from './whole';

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
/** A head of a clip lasts so long beyond the onset ... */
const HEAD_S = 4;
/** ... and the whole clip is decoded once its song has sounded for so long: in a flight never. */
const SETTLED_MS = 350;

export class AudioEngine {
  readonly starts: StartStats = { warm: 0, cold: 0, recent: [] };
  private readonly makeClips: () => ClipStore;
  private clips: ClipStore;
  private context: AudioContext | undefined;
  private mixer: Mixer | undefined;
  // A context decodes one file after the other: what can wait shall not keep waiting what cannot.
  private readonly decoders: { [haste in Haste]?: BaseAudioContext } = {};
  private settling: ReturnType<typeof setTimeout> | undefined;
  private wanted: Sound | undefined;
  private pausedAt: number | undefined; // seconds into the wanted clip, or the whole song
  private whole: Whole | undefined;
  private address = ''; // of the whole song that is wanted; '' = its clip
  private current: SoundState = { kind: 'silent' };
  private loudness = 1;
  private silenced = false;

  constructor(
    fetchClip: FetchClip,
    private readonly changed: (state: SoundState) => void,
    onsetOf: (song: number) => number = () => 0,
    limits: ClipLimits = limitsForDevice(),
  ) {
    const sounding = (song: number): boolean => song === this.mixer?.song;
    this.makeClips = () => new ClipStore(fetchClip, (bytes, haste) => this.decode(bytes, haste), limits, sounding, undefined, (song) => onsetOf(song) + HEAD_S);
    this.clips = this.makeClips();
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
      this.whole = new Whole(this.context, this.mixer);
    }
    // Also after an interruption (a phone call) that suspended it.
    if (this.context.state !== 'running') void this.context.resume().catch(() => undefined);
    if (this.wanted && this.mixer!.song !== this.wanted.song && this.whole!.song !== this.wanted.song && this.pausedAt === undefined) void this.begin(this.wanted);
  }

  /** Makes a song sound. The same song again changes nothing. */
  play(sound: Sound, fade = FADE_S): void {
    const same = this.wanted?.song === sound.song && this.current.kind !== 'failed';
    if (same && this.pausedAt === undefined) return;
    const offset = same && !this.address ? this.pausedAt : undefined;
    this.wanted = sound;
    this.pausedAt = undefined;
    this.address = '';
    void this.begin(sound, offset, fade);
  }

  /**
   * Goes on with the song that plays from its own file instead of its clip, from `at` seconds into it;
   * or begins another one so, the last one sounding until that is ready. false: it cannot be had; then
   * a song that is only beginning has its clip.
   */
  async playWhole(sound: Sound, address: string, at: number, fade = FADE_S): Promise<boolean> {
    const { whole, mixer } = this;
    const begins = this.wanted?.song !== sound.song;
    if (!whole || !mixer) {
      if (begins) this.play(sound, fade);
      return false;
    }
    if (begins) {
      this.wanted = sound;
      this.pausedAt = undefined;
      this.address = '';
      this.tell({ kind: 'loading', song: sound.song });
    }
    const ready = await whole.prepare(sound.song, address, at);
    if (this.wanted?.song !== sound.song || this.pausedAt !== undefined) {
      whole.drop(sound.song);
      return false;
    }
    if (!ready) {
      if (begins) void this.begin(sound, sound.onset, fade);
      return false;
    }
    mixer.stop(fade);
    whole.start(Math.min(MOST_GAIN, sound.gain), fade);
    this.address = address;
    this.tell({ kind: 'playing', song: sound.song });
    return true;
  }

  /** Where the sound is: seconds into the clip or the whole song; undefined while nothing plays. */
  get progress(): { readonly song: number; readonly at: number; readonly length: number; readonly whole: boolean } | undefined {
    if (this.whole && this.whole.song >= 0) return { song: this.whole.song, at: this.whole.position, length: this.whole.length, whole: true };
    if (this.mixer && this.mixer.song >= 0) return { song: this.mixer.song, at: this.mixer.position, length: this.mixer.length, whole: false };
    return undefined;
  }

  /** In a whole song. */
  seek(at: number): void {
    this.whole?.seek(at);
  }

  /** The mixer, for what is heard beside songs (a transition); undefined before unlock(). */
  get desk(): Mixer | undefined {
    return this.mixer;
  }

  decodeBytes(bytes: ArrayBuffer): Promise<AudioBuffer> {
    return this.decode(bytes, 'whole');
  }

  /** Fades out to silence. */
  stop(): void {
    this.wanted = undefined;
    this.pausedAt = undefined;
    this.address = '';
    this.mixer?.stop();
    this.whole?.stop();
    this.tell({ kind: 'silent' });
  }

  pause(): void {
    if (!this.wanted || this.pausedAt !== undefined) return;
    if (this.whole?.song === this.wanted.song) this.pausedAt = this.whole.position;
    else this.pausedAt = this.mixer?.song === this.wanted.song ? this.mixer.position : this.wanted.onset;
    this.mixer?.stop();
    this.whole?.stop();
    this.tell({ kind: 'paused', song: this.wanted.song });
  }

  resume(): void {
    const { wanted, pausedAt, address } = this;
    if (!wanted || pausedAt === undefined) return;
    if (!address) return this.play(wanted);
    this.pausedAt = undefined;
    void this.playWhole(wanted, address, pausedAt).then((done) => {
      if (!done && this.wanted === wanted && this.pausedAt === undefined) void this.begin(wanted);
    });
  }

  /** A song that would sound if it were not for a pause: shown, silent. */
  park(sound: Sound): void {
    this.wanted = sound;
    this.pausedAt = sound.onset;
    this.address = '';
    this.mixer?.stop();
    this.whole?.stop();
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

  /** Numbers of songs mean other songs now. What sounds goes on. */
  forget(): void {
    this.clips.close();
    this.clips = this.makeClips();
    if (this.current.kind === 'loading' && this.wanted) void this.begin(this.wanted);
  }

  /** The server is back: what failed may work now. */
  retry(): void {
    this.clips.forgive();
    if (this.current.kind === 'failed' && this.wanted) void this.begin(this.wanted);
  }

  private level(): number {
    return this.silenced ? 0 : this.loudness * this.loudness;
  }

  private decode(bytes: ArrayBuffer, haste: Haste): Promise<AudioBuffer> {
    const decoder = (this.decoders[haste] ??= new OfflineAudioContext(1, 1, this.context?.sampleRate ?? LIKELY_RATE));
    return decoder.decodeAudioData(bytes);
  }

  /** A song of which only the head is there goes on in its whole clip. */
  private settle(song: number): void {
    clearTimeout(this.settling);
    if (!this.clips.isHead(song)) return;
    this.settling = setTimeout(() => {
      if (this.mixer?.song !== song) return;
      void this.clips.whole(song).then((buffer) => buffer && this.mixer?.extend(song, buffer));
    }, SETTLED_MS);
  }

  private async begin(sound: Sound, offset = sound.onset, fade = FADE_S): Promise<void> {
    const asked = performance.now();
    let buffer = this.clips.get(sound.song);
    const warm = buffer !== undefined;
    if (!buffer) {
      // Silence rather than the wrong song; in a set the old one may go on fading.
      this.mixer?.stop(fade);
      this.whole?.stop(fade);
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
    this.whole?.stop(fade);
    const at = this.mixer.play({ song: sound.song, buffer, offset, gain }, fade);
    this.settle(sound.song);
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
