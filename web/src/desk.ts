// SPDX-License-Identifier: BSD-2-Clause
/**
 * What the page asks of the server beyond the map itself (doc/protocol.md): words, what sounds alike,
 * whole songs, folders, sets. A copy of the map on a plain web host has none of it; then these calls
 * fail with status 404 or 405 and the page does without.
 */
import { ApiError, api, type Song } from './data/api';

export interface Near {
  readonly id: number;
  readonly distance: number;
}

export interface Details {
  readonly origins: readonly { readonly source: string; readonly link?: string; readonly licence?: string }[];
  readonly folder: boolean;
  readonly full: string; // type of the whole song, '' = there is none
  readonly clipStart: number; // seconds into it
}

/** What is asked of POST /api/set. */
export interface SetTask {
  readonly shape?: string;
  readonly songs?: readonly number[];
  readonly from_first?: boolean;
  readonly to_last?: boolean;
  readonly country?: number;
  readonly line?: readonly (readonly [number, number])[];
  readonly rules?: string;
  readonly minutes?: number;
  readonly start?: number;
  readonly arc?: string;
  readonly crossfade?: number;
  readonly include?: readonly number[];
  readonly exclude?: readonly number[];
  readonly seed?: number;
  readonly seconds?: number;
}

export interface SetSong {
  readonly id: number;
  readonly start: number;
  readonly length: number;
  readonly arc: number | null; // 0..1, rank of its intensity
  readonly wanted: number | null;
  readonly why: string;
  readonly cost: number; // of the transition from the song before
}

export interface Bent {
  readonly rule: string;
  readonly soft: boolean;
  readonly at: number | null;
  readonly what: string;
  readonly needed: string;
}

export interface RadioSet {
  readonly songs: readonly SetSong[];
  readonly bent: readonly Bent[];
  readonly length: number;
  readonly cost: number;
  readonly crossfade: number;
}

export interface Other {
  readonly id: number;
  readonly cost: number;
  readonly length: number;
  readonly bent: number;
}

/** A set that is kept in the library: its newest version. */
export interface KeptSet {
  readonly name: string;
  readonly version: number;
  readonly madeAt: number; // seconds since 1970
  readonly songs: number;
}

/** Songs one looks for that are known, but not listened to yet. */
export interface Waiting {
  readonly songs: readonly { readonly id: number; readonly title: string; readonly artist: string }[];
  readonly first: boolean;
}

/** A kept set as it was asked for. */
export interface OpenedSet {
  readonly name: string;
  readonly version: number;
  readonly gone: number; // songs of it that are no longer there
  readonly set: readonly number[];
  readonly task: SetTask;
}

type Bag = { readonly [key: string]: unknown };
const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {});
const list = (value: unknown): readonly Bag[] => (Array.isArray(value) ? value.map(bag) : []);
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const maybe = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** This page among all that talk to the server: a newer task of it replaces an older one. */
const CLIENT = Math.random().toString(36).slice(2);

async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The server does not answer.');
  }
  if (response.ok) return response;
  const said = bag(await response.json().catch(() => null));
  throw new ApiError(response.status, text(said.error) || `The server answered ${response.status}.`);
}

async function answer(path: string, options: RequestInit = {}): Promise<Bag> {
  const response = await ask(path, options);
  return bag(await response.json().catch(() => null));
}

function post(body: object, signal?: AbortSignal): RequestInit {
  const options: RequestInit = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  return signal ? { ...options, signal } : options;
}

function link(value: unknown): string | undefined {
  const address = text(value);
  return /^https?:\/\//.test(address) ? address : undefined;
}

function readSet(value: Bag): RadioSet {
  return {
    songs: list(value.songs).map((s) => ({
      id: number(s.id),
      start: number(s.start),
      length: number(s.length),
      arc: maybe(s.arc),
      wanted: maybe(s.wanted),
      why: text(s.why),
      cost: number(bag(s.in).cost),
    })),
    bent: list(value.bent).map((b) => ({
      rule: text(b.rule),
      soft: b.soft === true,
      at: maybe(b.at),
      what: text(b.what),
      needed: text(b.needed),
    })),
    length: number(value.length),
    cost: number(value.cost),
    crossfade: number(value.crossfade),
  };
}

function readOpened(value: Bag): OpenedSet {
  const ids = (from: unknown): readonly number[] => (Array.isArray(from) ? from.map(number) : []);
  const country = maybe(value.country);
  const minutes = number(value.minutes);
  const start = number(value.start);
  return {
    name: text(value.name),
    version: number(value.version),
    gone: number(value.gone),
    set: ids(value.set),
    task: {
      shape: text(value.shape),
      songs: ids(value.songs),
      from_first: value.from_first === true,
      to_last: value.to_last === true,
      line: Array.isArray(value.line) ? value.line.map((point) => [number(point?.[0]), number(point?.[1])] as const) : [],
      rules: text(value.rules),
      arc: text(value.arc),
      seed: number(value.seed),
      ...(country === null ? {} : { country }),
      ...(minutes > 0 ? { minutes } : {}),
      ...(start > 0 ? { start } : {}),
    },
  };
}

export const desk = {
  /** One line a song: title, artist, album, genres, tags, with tabs between. */
  async words(map: string, songs: number): Promise<string> {
    try {
      return await (await ask(`api/words?map=${encodeURIComponent(map)}`)).text();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      return wordsOfPages(map, songs);
    }
  },

  async similar(map: string, song: number, signal: AbortSignal): Promise<readonly Near[]> {
    const said = await answer(`api/similar/${song}?map=${encodeURIComponent(map)}`, { signal });
    return list(said.songs).map((s) => ({ id: number(s.id), distance: number(s.distance) }));
  },

  async details(song: number): Promise<Details> {
    const said = await answer(`api/song/${song}`);
    return {
      origins: list(said.origins).map((o) => {
        const address = link(o.link);
        const licence = text(o.licence);
        return { source: text(o.source), ...(address ? { link: address } : {}), ...(licence ? { licence } : {}) };
      }),
      folder: said.folder === true,
      full: text(said.full),
      clipStart: number(said.clip_start),
    };
  },

  async open(song: number): Promise<void> {
    await answer(`api/open/${song}`, post({}));
  },

  /** In the player beside the page (serve --mpd). */
  async playThere(song: number): Promise<void> {
    await answer(`api/play/${song}`, post({}));
  },

  async make(task: SetTask, signal?: AbortSignal): Promise<RadioSet> {
    return readSet(await answer('api/set', post({ do: 'make', client: CLIENT, ...task }, signal)));
  },

  async judge(task: SetTask, songs: readonly number[]): Promise<RadioSet> {
    return readSet(await answer('api/set', post({ do: 'judge', client: CLIENT, ...task, set: songs })));
  },

  async swap(task: SetTask, songs: readonly number[], at: number): Promise<readonly Other[]> {
    const said = await answer('api/set', post({ do: 'swap', client: CLIENT, ...task, set: songs, at }));
    return list(said.others).map((o) => ({ id: number(o.id), cost: number(o.cost), length: number(o.length), bent: number(o.bent) }));
  },

  async write(task: SetTask, songs: readonly number[], format: string, title: string): Promise<Blob> {
    return (await ask('api/set', post({ do: 'write', ...task, set: songs, format, title }))).blob();
  },

  async keep(task: SetTask, songs: readonly number[], name: string): Promise<number> {
    return number((await answer('api/set', post({ do: 'keep', ...task, set: songs, name }))).version);
  },

  /** The sets that are kept, by name. */
  async kept(): Promise<readonly KeptSet[]> {
    const said = await answer('api/set', post({ do: 'list' }));
    return list(said.sets).map((s) => ({ name: text(s.name), version: number(s.version), madeAt: number(s.made_at), songs: number(s.songs) }));
  },

  async openSet(name: string): Promise<OpenedSet> {
    return readOpened(await answer('api/set', post({ do: 'open', name })));
  },

  /** Songs of the library that are not on the map yet; first: workers were told to take them first. */
  async look(words: string, signal: AbortSignal): Promise<Waiting> {
    const said = await answer('api/set', post({ do: 'look', words }, signal));
    return { songs: list(said.songs).map((s) => ({ id: number(s.id), title: text(s.title), artist: text(s.artist) })), first: said.first === true };
  },

  async rename(name: string, to: string): Promise<void> {
    await answer('api/set', post({ do: 'rename', name, to }));
  },

  async remove(name: string): Promise<void> {
    await answer('api/set', post({ do: 'remove', name }));
  },

  cancel(): void {
    void answer('api/set', post({ do: 'cancel', client: CLIENT })).catch(() => undefined);
  },

  async part(song: number, map: string, which: 'intro' | 'outro', signal: AbortSignal): Promise<ArrayBuffer> {
    return (await ask(`clip/${song}?part=${which}&map=${encodeURIComponent(map)}`, { signal })).arrayBuffer();
  },

  originalAddress(song: number): string {
    return `song/${song}`;
  },
};

/** The same lines where only the pages of /api/songs are there. */
async function wordsOfPages(map: string, songs: number): Promise<string> {
  const PAGE = 500;
  const lines: string[] = [];
  for (let first = 0; first < songs; first += PAGE) {
    const page = await api.songs(map, first, Math.min(PAGE, songs - first));
    for (const song of page) lines.push(lineOf(song));
  }
  return lines.map((line) => `${line}\n`).join('');
}

function lineOf(song: Song | undefined): string {
  if (!song) return '';
  const parts = [song.title ?? song.path, song.artist, song.album, song.genres?.join(', '), ''];
  return parts.map((part) => (part ?? '').replace(/[\t\n]/g, ' ')).join('\t');
}

const playable = new Map<string, boolean>();
let judge: HTMLAudioElement | undefined;

/** Whether this browser says it can play files of a type. */
export function canPlay(type: string): boolean {
  if (!type) return false;
  let known = playable.get(type);
  if (known === undefined) {
    judge ??= new Audio();
    known = judge.canPlayType(type) !== '';
    playable.set(type, known);
  }
  return known;
}
