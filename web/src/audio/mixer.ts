// SPDX-License-Identifier: BSD-2-Clause
/**
 * What is heard: one song at a time, from one to the next by an equal-power crossfade.
 *
 *   source -> in -> turn -> out (a take's) -> volume -> analyser -> destination
 *
 * A song's take has two gains in a row, one that only ever fades in and one that only ever fades out;
 * so it can be replaced while it is still fading in, without cancelling anything and without a click,
 * and nothing is heard longer than one fade after it was replaced. A clip that ends crossfades into
 * its own beginning, as a second voice of the same take.
 *
 * Fades are sound, not automation: short buffers that drive the gains. Automation is bound to the
 * clock; when the audio thread is ahead of what the page knows of it, a curve is joined half-way, with
 * a jump. A buffer always begins at its beginning, as soon as it can: no click, no lead time.
 */
export const FADE_S = 0.04;
/** After a fade its source may be let go; later, should it have begun late. */
const GRACE_S = 0.15;
/** From the head of a clip into all of it: the same samples, so a straight fade; well ahead, to be exact. */
const EXTEND_S = 0.02;
const EXTEND_LEAD_S = 0.15;
/** Clips shorter than this end in silence instead of starting over and over. */
const SHORTEST_LOOP_S = 1;

/** Offsets to a gain over time: the shape of a fade, then its last value for ever. */
export class Envelopes {
  private readonly up: AudioBuffer;
  private readonly down: AudioBuffer;

  /** straight: for two voices of the same samples, else of equal power. */
  constructor(private readonly context: BaseAudioContext, readonly seconds: number = FADE_S, straight = false) {
    this.up = this.shape((t) => (straight ? t : Math.sin((t * Math.PI) / 2)));
    this.down = this.shape((t) => (straight ? -t : Math.cos((t * Math.PI) / 2) - 1));
  }

  /** Drives a gain of 0 up to 1 from `at` on. */
  fadeIn(gain: AudioParam, at: number): AudioBufferSourceNode {
    return this.run(this.up, gain, at);
  }

  /** Drives a gain of 1 down to 0 from `at` on. */
  fadeOut(gain: AudioParam, at: number): AudioBufferSourceNode {
    return this.run(this.down, gain, at);
  }

  private shape(value: (t: number) => number): AudioBuffer {
    const rate = this.context.sampleRate;
    const length = Math.round(this.seconds * rate);
    const buffer = this.context.createBuffer(1, length + 256, rate);
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < samples.length; i++) samples[i] = value(Math.min(1, i / length));
    return buffer;
  }

  private run(buffer: AudioBuffer, gain: AudioParam, at: number): AudioBufferSourceNode {
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.loop = true; // of the constant tail
    source.loopStart = this.seconds + 0.001;
    source.loopEnd = buffer.duration;
    source.connect(gain);
    source.start(at);
    return source;
  }
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
  play: Play;
  readonly out: GainNode;
  readonly voices: Voice[]; // the latest last
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class Mixer {
  readonly analyser: AnalyserNode;
  private readonly volumeNode: GainNode;
  private readonly envelopes: Envelopes;
  private readonly joints: Envelopes;
  private longer: Envelopes | undefined; // of the last fade that was another one
  private take: Take | undefined;

  constructor(readonly context: BaseAudioContext, volume: number) {
    this.envelopes = new Envelopes(context);
    this.joints = new Envelopes(context, EXTEND_S, true);
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

  /** Seconds of the clip that sounds. */
  get length(): number {
    return this.take?.play.buffer.duration ?? 0;
  }

  /** Where other sounds go in, to be under the same volume. */
  get input(): AudioNode {
    return this.volumeNode;
  }

  setVolume(volume: number): void {
    // A short glide: a jump in level is a click.
    this.volumeNode.gain.setTargetAtTime(volume, this.context.currentTime, 0.012);
  }

  /** Crossfades to a clip within `fade` seconds. Returns the context time at which it begins. */
  play(play: Play, fade = FADE_S): number {
    const at = this.context.currentTime;
    this.release(fade);
    const out = this.context.createGain();
    out.connect(this.volumeNode);
    this.take = { play, out, voices: [], timer: undefined };
    const latest = Math.max(0, play.buffer.duration - SHORTEST_LOOP_S);
    this.addVoice(this.take, at, Math.min(Math.max(0, play.offset), latest), fade);
    return at;
  }

  stop(fade = FADE_S): void {
    this.release(fade);
  }

  /** The song that sounds goes on, from where it is, in a longer buffer that begins with the same samples. */
  extend(song: number, buffer: AudioBuffer): void {
    const { take, context } = this;
    const voice = take?.voices.at(-1);
    if (!take || !voice || take.play.song !== song || buffer.duration <= take.play.buffer.duration) return;
    clearTimeout(take.timer);
    const at = context.currentTime + EXTEND_LEAD_S;
    if (voice.startedAt > at) {
      take.play = { ...take.play, buffer }; // it is just beginning anew: the next time
      return;
    }
    const offset = voice.offset + at - voice.startedAt;
    const length = take.play.buffer.duration;
    take.play = { ...take.play, buffer };
    // A head that ends before is over its last second: the next voice begins as after any end.
    if (offset + EXTEND_S >= length) return this.addVoice(take, context.currentTime, Math.min(offset, buffer.duration - SHORTEST_LOOP_S));
    this.joints.fadeOut(voice.turn.gain, at).stop(at + EXTEND_S + GRACE_S);
    voice.source.stop(at + EXTEND_S + GRACE_S / 2);
    this.addVoice(take, at, offset, EXTEND_S, this.joints);
  }

  /** Fades of any length; one of the unusual ones is kept, a set uses the same all along. */
  envelopesOf(fade: number): Envelopes {
    if (fade === FADE_S) return this.envelopes;
    if (this.longer?.seconds !== fade) this.longer = new Envelopes(this.context, fade);
    return this.longer;
  }

  private release(fade: number): void {
    const { take, context } = this;
    if (!take) return;
    this.take = undefined;
    clearTimeout(take.timer);
    const end = context.currentTime + fade + GRACE_S;
    const envelope = this.envelopesOf(fade).fadeOut(take.out.gain, context.currentTime);
    envelope.stop(end + GRACE_S); // after the sources: then the gain is back at 1
    for (const { source } of take.voices) source.stop(end);
  }

  private addVoice(take: Take, at: number, offset: number, fade = FADE_S, envelopes = this.envelopesOf(fade)): void {
    const { context } = this;
    const { buffer, gain } = take.play;
    const source = context.createBufferSource();
    const fadeIn = context.createGain();
    const turn = context.createGain();
    const level = context.createGain();
    source.buffer = buffer;
    level.gain.value = gain;
    fadeIn.gain.value = 0;
    source.connect(fadeIn).connect(turn).connect(level).connect(take.out);
    source.start(at, offset);
    // After the source: should the audio thread come in between, the gain is still 0.
    const envelope = envelopes.fadeIn(fadeIn.gain, at);
    const voice: Voice = { source, turn, offset, startedAt: at };
    take.voices.push(voice);
    source.onended = () => {
      level.disconnect();
      envelope.stop();
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
      const late = context.currentTime > when;
      if (!late && context.currentTime < when - 1.5) return this.turnOver(take, voice, when); // was suspended
      if (!late) this.envelopes.fadeOut(voice.turn.gain, when).stop(when + FADE_S + GRACE_S);
      this.addVoice(take, late ? context.currentTime : when, 0);
    }, Math.max(0, wait));
  }
}
