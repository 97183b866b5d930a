// SPDX-License-Identifier: BSD-2-Clause
/**
 * What is heard: one song at a time, from one to the next by an equal-power crossfade. A song's
 * take has two gains in a row, one that only ever fades in and one that only ever fades out; so it
 * can be replaced while it is still fading in, without cancelling anything and without a click, and
 * nothing is heard longer than one fade after it was replaced. A clip that ends crossfades into its
 * own beginning, as a second voice of the same take.
 *
 *   source -> in -> turn -> out (a take's) -> volume -> analyser -> destination
 */
export const FADE_S = 0.04;
/** Scheduled this far ahead, so that a fade never begins in a block that is already rendered. */
const AHEAD_S = 0.006;
/** Clips shorter than this end in silence instead of starting over and over. */
const SHORTEST_LOOP_S = 1;
const CURVE_STEPS = 64;

const FADE_IN = curve((t) => Math.sin((t * Math.PI) / 2));
const FADE_OUT = curve((t) => Math.cos((t * Math.PI) / 2));

function curve(shape: (t: number) => number): Float32Array {
  return Float32Array.from({ length: CURVE_STEPS + 1 }, (_, i) => Math.max(0, shape(i / CURVE_STEPS)));
}

export interface Play {
  readonly song: number;
  readonly buffer: AudioBuffer;
  readonly offset: number; // seconds into the clip
  readonly gain: number; // linear
}

/** One run of a clip from an offset to its end. */
interface Voice {
  readonly source: AudioBufferSourceNode;
  readonly turn: GainNode; // fades out where the clip starts over
  readonly offset: number;
  readonly startedAt: number; // context time
}

/** A song from the moment it is asked for until it is replaced. */
interface Take {
  readonly play: Play;
  readonly out: GainNode;
  readonly voices: Voice[]; // the latest last
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class Mixer {
  readonly analyser: AnalyserNode;
  private readonly volumeNode: GainNode;
  private take: Take | undefined;

  constructor(readonly context: BaseAudioContext, volume: number) {
    this.volumeNode = context.createGain();
    this.volumeNode.gain.value = volume;
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 4096;
    this.analyser.smoothingTimeConstant = 0;
    this.volumeNode.connect(this.analyser).connect(context.destination);
  }

  get song(): number {
    return this.take?.play.song ?? -1;
  }

  /** Seconds into the clip that sounds now. */
  get position(): number {
    const now = this.context.currentTime;
    const voices = this.take?.voices ?? [];
    const voice = voices.filter((v) => v.startedAt <= now).pop() ?? voices[0];
    return voice ? voice.offset + Math.max(0, now - voice.startedAt) : 0;
  }

  setVolume(volume: number): void {
    // A short glide: a jump in level is a click.
    this.volumeNode.gain.setTargetAtTime(volume, this.context.currentTime, 0.012);
  }

  /** Crossfades to a clip. Returns the context time at which it begins. */
  play(play: Play): number {
    const at = this.context.currentTime + AHEAD_S;
    this.release(at);
    const out = this.context.createGain();
    out.connect(this.volumeNode);
    this.take = { play, out, voices: [], timer: undefined };
    const latest = Math.max(0, play.buffer.duration - SHORTEST_LOOP_S);
    this.addVoice(this.take, at, Math.min(Math.max(0, play.offset), latest));
    return at;
  }

  stop(): void {
    this.release(this.context.currentTime + AHEAD_S);
  }

  private release(at: number): void {
    const { take } = this;
    if (!take) return;
    this.take = undefined;
    clearTimeout(take.timer);
    take.out.gain.setValueCurveAtTime(FADE_OUT, at, FADE_S);
    for (const { source } of take.voices) source.stop(at + FADE_S + 0.005);
  }

  private addVoice(take: Take, at: number, offset: number): void {
    const { context } = this;
    const { buffer, gain } = take.play;
    const source = context.createBufferSource();
    const fadeIn = context.createGain();
    const turn = context.createGain();
    const level = context.createGain();
    source.buffer = buffer;
    level.gain.value = gain;
    fadeIn.gain.value = 0;
    fadeIn.gain.setValueCurveAtTime(FADE_IN, at, FADE_S);
    source.connect(fadeIn).connect(turn).connect(level).connect(take.out);
    source.start(at, offset);
    const voice: Voice = { source, turn, offset, startedAt: at };
    take.voices.push(voice);
    source.onended = () => {
      level.disconnect();
      take.voices.splice(take.voices.indexOf(voice), 1);
      if (take !== this.take && take.voices.length === 0) take.out.disconnect();
    };
    if (buffer.duration >= SHORTEST_LOOP_S) this.turnOver(take, voice, at + buffer.duration - offset - FADE_S);
  }

  /** At `when`, a fade before its end, the clip crossfades into its own beginning. */
  private turnOver(take: Take, voice: Voice, when: number): void {
    const { context } = this;
    // Early enough for the slow timers of a tab in the background.
    const wait = (when - context.currentTime - 1.2) * 1000;
    take.timer = setTimeout(() => {
      if (this.take !== take) return;
      const late = context.currentTime + AHEAD_S > when;
      if (!late && context.currentTime < when - 1.5) return this.turnOver(take, voice, when); // was suspended
      if (!late) voice.turn.gain.setValueCurveAtTime(FADE_OUT, when, FADE_S);
      this.addVoice(take, late ? context.currentTime + AHEAD_S : when, 0);
    }, Math.max(0, wait));
  }
}
