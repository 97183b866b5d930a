// SPDX-License-Identifier: BSD-2-Clause
/** How one song goes into the next: the end of the one, a crossfade, the beginning of the other. */
import { FADE_S, type Mixer } from './mixer';

const LEAD_S = 4; // of the first song before the crossfade
const AFTER_S = 6; // of the second one behind it

export interface Side {
  readonly song: number;
  readonly buffer: AudioBuffer; // the song's last seconds; its first ones
  readonly gain: number;
}

interface Voice {
  readonly source: AudioBufferSourceNode;
  readonly out: GainNode;
  readonly fades: AudioBufferSourceNode[]; // which run until they are stopped
}

export class Audition {
  private voices: Voice[] = [];
  private joinAt = 0; // context time at which the crossfade begins
  private songs: readonly [number, number] | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly mixer: Mixer) {}

  /** What is heard: both sides, and on which of them one is; undefined = nothing. */
  get now(): { readonly from: number; readonly to: number; readonly side: 'outro' | 'intro' } | undefined {
    if (!this.songs) return undefined;
    const [from, to] = this.songs;
    return { from, to, side: this.mixer.context.currentTime < this.joinAt ? 'outro' : 'intro' };
  }

  /** fade: seconds of the crossfade. Ends by itself; done is called then. */
  play(first: Side, second: Side, fade: number, done: () => void): void {
    this.stop();
    const { context } = this.mixer;
    const at = context.currentTime + 0.02;
    const lead = Math.min(first.buffer.duration, LEAD_S + fade);
    const overlap = Math.max(FADE_S, Math.min(fade, lead, second.buffer.duration));
    this.joinAt = at + lead - overlap;
    const length = Math.min(second.buffer.duration, overlap + AFTER_S);
    const a = this.voice(first, at, first.buffer.duration - lead);
    const b = this.voice(second, this.joinAt, 0);
    const fades = this.mixer.envelopesOf(overlap);
    a.fades.push(fades.fadeOut(a.out.gain, this.joinAt));
    b.out.gain.value = 0;
    b.fades.push(fades.fadeIn(b.out.gain, this.joinAt));
    this.voices = [a, b];
    this.songs = [first.song, second.song];
    this.timer = setTimeout(() => {
      this.stop();
      done();
    }, 1000 * (this.joinAt - context.currentTime + length - 0.1));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.songs = undefined;
    const { context } = this.mixer;
    for (const { source, out, fades } of this.voices) {
      // A gain of its own behind the fades: nothing has to be cancelled.
      const last = context.createGain();
      out.disconnect();
      out.connect(last).connect(this.mixer.input);
      const silence = this.mixer.envelopesOf(FADE_S).fadeOut(last.gain, context.currentTime);
      silence.onended = () => last.disconnect();
      const end = context.currentTime + FADE_S + 0.1;
      source.stop(end);
      for (const fade of [...fades, silence]) fade.stop(end + 0.1);
    }
    this.voices = [];
  }

  private voice(side: Side, at: number, offset: number): Voice {
    const { context } = this.mixer;
    const source = context.createBufferSource();
    const level = context.createGain();
    const out = context.createGain();
    source.buffer = side.buffer;
    level.gain.value = side.gain;
    source.connect(level).connect(out).connect(this.mixer.input);
    source.start(at, Math.max(0, offset));
    return { source, out, fades: [] };
  }
}
