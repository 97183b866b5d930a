// SPDX-License-Identifier: BSD-2-Clause
/** The server's side of doc/protocol.md as typed calls. Every failure is an ApiError. */
import { readColumn, type Column } from './column';
import { emptyCells, readOverview, readTile, type CellData, type Overview } from './points';

export interface Cluster {
  readonly id: number;
  readonly name: string;
  readonly colour: string; // #rrggbb
  readonly songs: number;
  readonly x: number; // where the name stands, map units
  readonly y: number;
  readonly radius: number; // room for the name
  readonly region: number; // index into regions of the map's names; -1 = it is part of none
}

/** A group of countries, where its name stands. */
export interface Region {
  readonly name: string;
  readonly songs: number;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

export interface MapInfo {
  readonly map: string;
  readonly songs: number;
  readonly model: string;
  readonly box: readonly [number, number, number, number]; // x0, y0, x1, y1; y grows upward
  readonly coast: number; // a place is land when its nearest song is nearer than this, map units
  readonly clusters: readonly Cluster[];
  readonly regions: readonly Region[];
  readonly properties: readonly Property[];
  readonly tile: number; // songs in a tile of /api/tile
}

/** A property of all songs that can be fetched as a column. */
export interface Property {
  readonly name: string; // "tempo"
  readonly title: string; // "Tempo"
}

/** What is not known is missing. */
export interface Song {
  readonly id: number;
  readonly title?: string;
  readonly artist?: string;
  readonly album?: string;
  readonly genres?: readonly string[];
  readonly year?: number;
  readonly duration?: number; // seconds
  readonly tempo?: number; // beats a minute
  readonly key?: string;
  readonly intensity?: number; // 0..1
  readonly loudness?: number; // LUFS
  readonly cover?: boolean;
  readonly path?: string; // the file's name
}

export interface Status {
  readonly songs: number;
  readonly measured: number;
  readonly embedded: number;
  readonly failures: number;
  readonly map: string | null;
  /** What is being done to the library, by whatever process. */
  readonly work?: Work;
  /** A player beside the page. */
  readonly player?: Companion;
}

export interface Companion {
  readonly name: string; // MPD
  readonly song: number; // 0 = none of the library's
}

export interface Work {
  readonly task: string; // gather, embed, map
  readonly stage: string;
  readonly done: number;
  readonly total: number; // 0 = not known
}

/** status 0: the server could not be reached at all. */
export class ApiError extends Error {
  override name = 'ApiError';
  constructor(readonly status: number, message: string, readonly retryAfter = 0) {
    super(message);
  }
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

async function request(path: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, signal ? { signal } : {});
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The server does not answer.');
  }
  if (response.ok) return response;
  if (response.status === 401) globalThis.location?.assign('login'); // the session has ended
  const retryAfter = Number(response.headers.get('Retry-After')) || 0;
  throw new ApiError(response.status, await reason(response), retryAfter);
}

/** The server's own words where it sent some. */
async function reason(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as Json;
    if (isObject(body) && typeof body.error === 'string') return body.error;
  } catch {
    // Not JSON: the status says enough.
  }
  return `The server answered ${response.status}.`;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function json(path: string, signal?: AbortSignal): Promise<Json> {
  const response = await request(path, signal);
  try {
    return (await response.json()) as Json;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(response.status, 'The server sent something that is not JSON.');
  }
}

const isNumber = (value: Json | undefined): value is number => typeof value === 'number' && Number.isFinite(value);
const isText = (value: Json | undefined): value is string => typeof value === 'string';

/** Beyond it the arrays would not fit into a tab. */
const MOST_SONGS = 20e6;

export function parseMap(value: Json): MapInfo {
  const bad = (what: string) => new ApiError(200, `The server's map is damaged: ${what}.`);
  if (!isObject(value) || !isText(value.map) || !isNumber(value.songs)) throw bad('no id or size');
  const { box, clusters } = value;
  if (!Array.isArray(box) || box.length !== 4 || !box.every(isNumber)) throw bad('no box');
  const [x0, y0, x1, y1] = box as [number, number, number, number];
  if (!(x1 > x0 && y1 > y0)) throw bad('an empty box');
  if (!isNumber(value.coast) || !(value.coast > 0)) throw bad('no coast');
  if (!Array.isArray(clusters)) throw bad('no countries');
  const tile = isNumber(value.tile) ? value.tile : 0;
  if (!(tile >= 1) || !Number.isInteger(value.songs) || value.songs < 0 || value.songs > MOST_SONGS) throw bad('no tiles');
  const names: string[] = []; // of regions, those without a place among them
  return {
    map: value.map,
    songs: value.songs,
    model: isText(value.model) ? value.model : '',
    box: [x0, y0, x1, y1],
    coast: value.coast,
    tile,
    properties: Array.isArray(value.properties) ? value.properties.flatMap(parseProperty) : [],
    clusters: clusters.map((c, id) => {
      if (!isObject(c) || !isText(c.name) || !isNumber(c.x) || !isNumber(c.y)) throw bad('a country without a name');
      return {
        id,
        name: c.name,
        colour: isText(c.colour) && /^#[0-9a-f]{6}$/i.test(c.colour) ? c.colour : '#999999',
        songs: isNumber(c.songs) ? c.songs : 0,
        x: c.x,
        y: c.y,
        radius: isNumber(c.radius) ? c.radius : 0,
        region: isText(c.region) && c.region !== '' ? numberOf(names, c.region) : -1,
      };
    }),
    regions: Array.isArray(value.regions) ? value.regions.flatMap(parseRegion) : [],
  };
}

function numberOf(names: string[], name: string): number {
  const at = names.indexOf(name);
  return at >= 0 ? at : names.push(name) - 1;
}

function parseRegion(value: Json): Region[] {
  if (!isObject(value) || !isText(value.name) || value.name === '' || !isNumber(value.x) || !isNumber(value.y)) return [];
  return [{ name: value.name, songs: isNumber(value.songs) ? value.songs : 0, x: value.x, y: value.y, radius: isNumber(value.radius) ? value.radius : 0 }];
}

function parseProperty(value: Json): Property[] {
  if (!isObject(value) || !isText(value.name) || value.name === '') return [];
  return [{ name: value.name, title: isText(value.title) ? value.title : value.name }];
}

export function parseSong(value: Json): Song | undefined {
  if (!isObject(value) || !isNumber(value.id)) return undefined;
  const song: { -readonly [K in keyof Song]: Song[K] } = { id: value.id };
  for (const key of ['title', 'artist', 'album', 'key', 'path'] as const) {
    const text = value[key];
    if (isText(text) && text !== '') song[key] = text;
  }
  for (const key of ['year', 'duration', 'tempo', 'intensity', 'loudness'] as const) {
    const number = value[key];
    if (isNumber(number)) song[key] = number;
  }
  if (Array.isArray(value.genres)) song.genres = value.genres.filter(isText);
  if (value.cover === true) song.cover = true;
  return song;
}

export function parseStatus(value: Json): Status {
  const object = isObject(value) ? value : {};
  const count = (from: JsonObject, key: string): number => (isNumber(from[key]) ? Math.max(0, from[key] as number) : 0);
  const { work, player } = object;
  return {
    songs: count(object, 'songs'),
    measured: count(object, 'measured'),
    embedded: count(object, 'embedded'),
    failures: count(object, 'failures'),
    map: isText(object.map) ? object.map : null,
    ...(isObject(player) && isText(player.name) ? { player: { name: player.name, song: count(player, 'song') } } : {}),
    ...(isObject(work) && isText(work.stage)
      ? { work: { task: isText(work.task) ? work.task : '', stage: work.stage, done: count(work, 'done'), total: count(work, 'total') } }
      : {}),
  };
}

const enc = encodeURIComponent;
const TILES_AT_ONCE = 4;
const MOST_IN_PARTS = 2 ** 26; // bytes: no more are asked of memory beforehand

/** Told what there is so far of so many bytes, until it says true: it needs to know no more. */
export type TellPart = (bytes: Uint8Array<ArrayBuffer>, total: number) => boolean;

async function readParts(body: ReadableStream<Uint8Array>, total: number, tell: TellPart): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(total);
  const reader = body.getReader();
  let at = 0;
  for (let told = false; ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes.set(value, at); // throws when there are more than were promised
    at += value.length;
    told ||= tell(bytes.subarray(0, at), total);
  }
  if (at < total) throw new Error('too few bytes');
  return bytes.buffer;
}

export const api = {
  async map(signal?: AbortSignal): Promise<MapInfo> {
    return parseMap(await json('api/map', signal));
  },

  async overview(info: MapInfo): Promise<Overview> {
    const response = await request(`api/overview?map=${enc(info.map)}`);
    return readOverview(await response.arrayBuffer(), info.clusters.length);
  },

  /** All songs of a map, tile by tile, a few at a time. */
  async cells(info: MapInfo): Promise<CellData> {
    const cells = emptyCells(info.songs);
    const tiles = Math.ceil(info.songs / info.tile);
    let next = 0;
    const load = async (): Promise<void> => {
      while (next < tiles) {
        const tile = next++;
        const response = await request(`api/tile/${tile}?map=${enc(info.map)}`);
        const first = tile * info.tile;
        const songs = Math.min(info.tile, info.songs - first);
        readTile(await response.arrayBuffer(), cells, first, songs, info.clusters.length);
      }
    };
    await Promise.all(Array.from({ length: TILES_AT_ONCE }, load));
    return cells;
  },

  async column(map: string, name: string, songs: number): Promise<Column> {
    const response = await request(`api/column/${enc(name)}?map=${enc(map)}`);
    return readColumn(await response.arrayBuffer(), songs);
  },

  async songs(map: string, first: number, count: number): Promise<(Song | undefined)[]> {
    const list = await json(`api/songs?map=${enc(map)}&first=${first}&count=${count}`);
    if (!Array.isArray(list)) throw new ApiError(200, 'The server sent no list of songs.');
    return list.map(parseSong);
  },

  async status(signal?: AbortSignal): Promise<Status> {
    return parseStatus(await json('api/status', signal));
  },

  /** part: see readParts(). */
  async clip(song: number, map: string, signal: AbortSignal, part?: TellPart): Promise<ArrayBuffer> {
    const response = await request(`clip/${song}?map=${enc(map)}`, signal);
    try {
      const total = Number(response.headers.get('Content-Length') ?? 0);
      const inParts = part && response.body && total > 0 && total < MOST_IN_PARTS && !response.headers.has('Content-Encoding');
      return await (inParts ? readParts(response.body, total, part) : response.arrayBuffer());
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw new ApiError(0, 'The connection broke off.');
    }
  },

  coverAddress(song: number, map: string): string {
    return `cover/${song}?map=${enc(map)}`;
  },
};
