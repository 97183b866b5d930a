// SPDX-License-Identifier: BSD-2-Clause
/**
 * Clips on their way from the server to samples: a queue by urgency, a bounded pool of compressed
 * files and one of decoded sound. What is not wanted any more is not fetched. A clip that failed is
 * remembered for a while, so that hovering does not hammer the server.
 *
 * Of most songs one hears a moment, and decoding all of a clip takes as long as eight beginnings. So
 * ahead of time, and when it is urgent, only the head of a file is decoded, to a few seconds behind the
 * onset; the whole clip once the song sounds (whole()). What is urgent is decoded as soon as its head is
 * here, while the rest of the file is still on its way.
 */
import { ApiError, type TellPart } from '../data/api';
import { BytePool } from './pool';

export type FetchClip = (song: number, signal: AbortSignal, part: TellPart) => Promise<ArrayBuffer>;
/** urgent: somebody waits for the sound; ahead: nobody yet; whole: all of a clip, which takes long. */
export type Haste = 'urgent' | 'ahead' | 'whole';
export type DecodeClip = (bytes: ArrayBuffer, haste: Haste) => Promise<AudioBuffer>;
/** How many seconds of a song's clip its head must have. */
export type HeadSeconds = (song: number) => number;

const CLIP_S = 30; // of which a head is a part; shorter clips have shorter heads
const LEAST_HEAD = 0.6; // of a clip: more is as good as all
/** While somebody waits for a song nothing else is begun, but no longer than this: the clip may still have to be made. */
const ALONE_MS = 300;
const SLACK_S = 2.5; // that a head may be shorter than wanted, e.g. of a clip shorter than most

export interface ClipLimits {
  readonly decodedBytes: number;
  readonly fileBytes: number;
  readonly fetches: number; // at once
  readonly decodes: number; // at once
  /** How long a failure is believed, milliseconds. */
  readonly failedMs: (error: Error) => number;
}

export const DEFAULT_LIMITS: ClipLimits = {
  decodedBytes: 320 * 2 ** 20, // some 30 clips of 30 s in stereo
  fileBytes: 48 * 2 ** 20, // some 100
  fetches: 4, // a browser opens six connections to a server; the rest is for tags and covers
  decodes: 2,
  failedMs: (error) => (error instanceof ApiError && (error.status === 0 || error.status === 503) ? 1500 : 20000),
};

interface Failure {
  readonly error: Error;
  readonly until: number;
}

interface Download {
  readonly controller: AbortController;
  readonly file: Promise<ArrayBuffer | undefined>; // undefined: it failed, or was given up
}

interface Waiter {
  resolve: (buffer: AudioBuffer) => void;
  reject: (error: Error) => void;
}

export class ClipStore {
  private readonly decoded: BytePool<number, AudioBuffer>;
  private readonly files: BytePool<number, ArrayBuffer>;
  private readonly failures = new Map<number, Failure>();
  private readonly fetching = new Map<number, Download>();
  private readonly decoding = new Set<number>();
  private readonly heads = new WeakSet<AudioBuffer>(); // which of the decoded are only heads
  private readonly completing = new Set<number>(); // songs whose whole clips are asked for
  private readonly waiters = new Map<number, Waiter[]>();
  private plan: readonly number[] = [];
  private decodeFirst = 0;
  private urgent = -1;
  private aloneUntil = 0;
  private later: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly fetchClip: FetchClip,
    private readonly decode: DecodeClip,
    private readonly limits: ClipLimits = DEFAULT_LIMITS,
    sounding: (song: number) => boolean = () => false,
    private readonly now: () => number = () => performance.now(),
    private readonly headSeconds?: HeadSeconds,
  ) {
    this.decoded = new BytePool(limits.decodedBytes, sounding);
    this.files = new BytePool(limits.fileBytes);
  }

  /** The clip if it is ready to sound. */
  get(song: number): AudioBuffer | undefined {
    return this.decoded.get(song);
  }

  /** Whether what get() gives is only the beginning of the clip. */
  isHead(song: number): boolean {
    const buffer = this.decoded.get(song);
    return buffer !== undefined && this.heads.has(buffer);
  }

  /** All of the clip of which there is a head; undefined: it cannot be had. */
  async whole(song: number): Promise<AudioBuffer | undefined> {
    if (!this.isHead(song)) return this.decoded.get(song);
    this.completing.add(song);
    const file = this.files.get(song) ?? (await (this.fetching.get(song)?.file ?? this.fetchOne(song)));
    this.completing.delete(song);
    if (!file) return undefined;
    try {
      const buffer = await this.decode(file.slice(0), 'whole');
      this.keep(song, buffer);
      return buffer;
    } catch {
      return undefined; // its head plays on, over and over
    }
  }

  get stats(): { decoded: number; decodedBytes: number; files: number; fileBytes: number; fetching: number } {
    return {
      decoded: this.decoded.size,
      decodedBytes: this.decoded.bytes,
      files: this.files.size,
      fileBytes: this.files.bytes,
      fetching: this.fetching.size,
    };
  }

  /**
   * Songs to have ready, most urgent first; replaces the last plan. The first decodeFirst of them
   * are decoded ahead, the rest only fetched (files are twenty times smaller than sound).
   */
  prepare(songs: readonly number[], decodeFirst: number): void {
    this.plan = songs;
    this.decodeFirst = decodeFirst;
    this.dropUnwanted();
    this.pump();
  }

  /** The clip as soon as possible, before everything planned. Rejects with what went wrong. */
  load(song: number): Promise<AudioBuffer> {
    const ready = this.decoded.get(song);
    if (ready) return Promise.resolve(ready);
    const failure = this.failure(song);
    if (failure) return Promise.reject(failure.error);
    this.urgent = song;
    for (const other of [...this.waiters.keys()]) if (other !== song) this.refuse(other, notWanted());
    const promise = new Promise<AudioBuffer>((resolve, reject) => {
      const list = this.waiters.get(song);
      if (list) list.push({ resolve, reject });
      else this.waiters.set(song, [{ resolve, reject }]);
    });
    this.aloneUntil = this.now() + ALONE_MS;
    clearTimeout(this.later);
    this.later = setTimeout(() => this.pump(), ALONE_MS + 1);
    this.dropUnwanted();
    this.pump();
    return promise;
  }

  /** Forgets failures: worth another try, e.g. after the server came back. */
  forgive(): void {
    this.failures.clear();
  }

  /** Nothing more is wanted of it; what is being decoded may end. */
  close(): void {
    clearTimeout(this.later);
    for (const song of [...this.waiters.keys()]) this.refuse(song, notWanted());
    this.plan = [];
    this.completing.clear();
    this.dropUnwanted();
  }

  // ---- the queue ----

  private wanted(): number[] {
    return this.urgent >= 0 ? [this.urgent, ...this.plan.filter((song) => song !== this.urgent)] : [...this.plan];
  }

  /** Stops downloads nobody waits for when they are in the way of wanted ones. */
  private dropUnwanted(): void {
    const wanted = new Set(this.wanted());
    for (const [song, { controller }] of this.fetching) {
      if (wanted.has(song) || this.completing.has(song)) continue;
      controller.abort();
      this.fetching.delete(song);
      this.refuse(song, notWanted());
    }
  }

  private missing(song: number): boolean {
    return !this.failure(song) && !this.decoded.has(song) && !this.decoding.has(song);
  }

  private failure(song: number): Failure | undefined {
    const failure = this.failures.get(song);
    if (failure && this.now() >= failure.until) this.failures.delete(song);
    return this.failures.get(song);
  }

  private pump(): void {
    const soon = new Set(this.plan.slice(0, this.decodeFirst));
    const alone = this.urgent >= 0 && this.now() < this.aloneUntil;
    for (const song of this.wanted()) {
      if (alone && song !== this.urgent) break;
      if (!this.missing(song)) continue;
      const file = this.files.get(song);
      const first = song === this.urgent; // never waits behind what is only planned
      if (file) {
        const free = soon.has(song) && this.decoding.size < this.limits.decodes;
        if (first || free) void this.decodeOne(song, file);
      } else if (!this.fetching.has(song) && (first || this.fetching.size < this.limits.fetches)) {
        void this.fetchOne(song);
      }
    }
  }

  private fetchOne(song: number): Promise<ArrayBuffer | undefined> {
    const controller = new AbortController();
    const file = this.download(song, controller);
    this.fetching.set(song, { controller, file });
    return file;
  }

  private async download(song: number, controller: AbortController): Promise<ArrayBuffer | undefined> {
    let file: ArrayBuffer | undefined;
    try {
      file = await this.fetchClip(song, controller.signal, (part, total) => this.beginEarly(song, part, total));
      this.files.set(song, file, file.byteLength);
    } catch (error) {
      if (!controller.signal.aborted) this.fail(song, error);
    }
    if (this.fetching.get(song)?.controller === controller) this.fetching.delete(song);
    this.pump();
    return file;
  }

  /** A part of a file is here. true: no more needs to be told. */
  private beginEarly(song: number, part: Uint8Array<ArrayBuffer>, total: number): boolean {
    if (!this.missing(song)) return true;
    if (song !== this.urgent) return false; // it may become so
    const seconds = this.headSeconds?.(song) ?? CLIP_S;
    if (seconds / CLIP_S > LEAST_HEAD || !isMpeg(part)) return true;
    const bytes = Math.ceil((seconds / CLIP_S) * total);
    if (part.length < bytes) return false;
    void this.decodeEarly(song, part.slice(0, bytes).buffer, seconds);
    return true;
  }

  /** Of what is too short or cannot be decoded the whole file decides. */
  private async decodeEarly(song: number, bytes: ArrayBuffer, seconds: number): Promise<void> {
    this.decoding.add(song);
    const head = await this.decode(bytes, 'urgent').catch(() => undefined);
    this.decoding.delete(song);
    if (head && head.duration >= seconds - SLACK_S) {
      this.heads.add(head);
      this.deliver(song, head);
    }
    this.pump();
  }

  private async decodeOne(song: number, file: ArrayBuffer): Promise<void> {
    this.decoding.add(song);
    try {
      // Decoding takes the bytes away; the pool keeps its own.
      const haste = song === this.urgent ? 'urgent' : 'ahead';
      const head = await this.decodeHead(song, file, haste);
      const buffer = head ?? (await this.decode(file.slice(0), haste));
      if (head) this.heads.add(head);
      this.deliver(song, buffer);
    } catch {
      this.files.delete(song);
      this.fail(song, new Error('This browser cannot play the clip.'));
    }
    this.decoding.delete(song);
    this.pump();
  }

  private deliver(song: number, buffer: AudioBuffer): void {
    this.keep(song, buffer);
    if (this.urgent === song) this.urgent = -1;
    for (const waiter of this.takeWaiters(song)) waiter.resolve(buffer);
  }

  private keep(song: number, buffer: AudioBuffer): void {
    this.decoded.set(song, buffer, 4 * buffer.length * buffer.numberOfChannels);
  }

  /** undefined: the clip is short, or of a kind that cannot be cut. */
  private async decodeHead(song: number, file: ArrayBuffer, haste: Haste): Promise<AudioBuffer | undefined> {
    if (!this.headSeconds || !isMpeg(new Uint8Array(file))) return undefined;
    const seconds = this.headSeconds(song);
    const share = seconds / CLIP_S;
    if (share > LEAST_HEAD) return undefined;
    try {
      const buffer = await this.decode(file.slice(0, Math.ceil(share * file.byteLength)), haste);
      return buffer.duration >= seconds - SLACK_S ? buffer : undefined;
    } catch {
      return undefined;
    }
  }

  private fail(song: number, error: unknown): void {
    const reason = error instanceof Error ? error : new Error(String(error));
    this.failures.set(song, { error: reason, until: this.now() + this.limits.failedMs(reason) });
    this.refuse(song, reason);
  }

  private refuse(song: number, error: Error): void {
    if (this.urgent === song) this.urgent = -1;
    for (const waiter of this.takeWaiters(song)) waiter.reject(error);
  }

  private takeWaiters(song: number): Waiter[] {
    const list = this.waiters.get(song) ?? [];
    this.waiters.delete(song);
    return list;
  }
}

/** MP3 can be cut anywhere: a row of frames, perhaps behind an ID3 tag. */
function isMpeg([a = 0, b = 0, c = 0]: Uint8Array): boolean {
  return (a === 0x49 && b === 0x44 && c === 0x33) || (a === 0xff && (b & 0xe6) === 0xe2);
}

function notWanted(): DOMException {
  return new DOMException('not wanted any more', 'AbortError');
}
