// SPDX-License-Identifier: BSD-2-Clause
/**
 * Readers of the map's binary data ("MMP1" tiles of songs, "MMO1" the overview; doc/protocol.md).
 * Everything that is later used as an index or a coordinate is checked here, so that no other file
 * needs to distrust the data.
 */
import { magicOf, requireAll } from './format';

/** All songs of a map in the map's order: along a Hilbert curve, so that neighbours are near. */
export interface CellData {
  readonly count: number;
  readonly songs: Uint32Array; // [count] song ids
  readonly xy: Float32Array; // [count][2]
  readonly cluster: Uint16Array; // [count]
  readonly gain: Float32Array; // [count] linear
  readonly onset: Float32Array; // [count] seconds into the clip
}

const HEAD = 8;
const SILENT = -32768;

export function emptyCells(count: number): CellData {
  return {
    count,
    songs: new Uint32Array(count),
    xy: new Float32Array(2 * count),
    cluster: new Uint16Array(count),
    gain: new Float32Array(count),
    onset: new Float32Array(count),
  };
}

/** Bytes of a tile of n songs. */
function tileBytes(n: number): number {
  const halves = 4 * Math.ceil(n / 2);
  return HEAD + 12 * n + 3 * halves;
}

/** Reads a tile of `songs` songs, the first of which has the place `first`, into the map's arrays. */
export function readTile(bytes: ArrayBuffer, into: CellData, first: number, songs: number, clusters: number): void {
  requireAll(bytes.byteLength >= HEAD, 'a tile ends within its head');
  const view = new DataView(bytes);
  requireAll(view.getUint32(0, true) === magicOf('MMP1'), 'a tile does not begin with MMP1');
  const n = view.getUint32(4, true);
  requireAll(n === songs, `a tile has ${n} songs where ${songs} were expected`);
  requireAll(bytes.byteLength === tileBytes(n), `a tile has ${bytes.byteLength} bytes where ${tileBytes(n)} were expected`);
  const halves = 4 * Math.ceil(n / 2);
  const at = { xy: HEAD + 4 * n, cluster: HEAD + 12 * n, gain: HEAD + 12 * n + halves, onset: HEAD + 12 * n + 2 * halves };
  for (let i = 0; i < n; i++) {
    const x = view.getFloat32(at.xy + 8 * i, true);
    const y = view.getFloat32(at.xy + 8 * i + 4, true);
    const cluster = view.getUint16(at.cluster + 2 * i, true);
    const gain = view.getInt16(at.gain + 2 * i, true); // hundredths of a decibel
    requireAll(Number.isFinite(x) && Number.isFinite(y), 'a position is not a number');
    requireAll(cluster < clusters, 'a song is in a country that does not exist');
    const cell = first + i;
    into.songs[cell] = view.getUint32(HEAD + 4 * i, true);
    into.xy[2 * cell] = x;
    into.xy[2 * cell + 1] = y;
    into.cluster[cell] = cluster;
    into.gain[cell] = gain === SILENT ? 0 : 10 ** (gain / 2000);
    into.onset[cell] = view.getUint16(at.onset + 2 * i, true) / 1000;
  }
}

/** The map's countries as a small picture: what is shown until the songs are here, and the minimap. */
export interface Overview {
  readonly width: number;
  readonly height: number;
  readonly box: readonly [number, number, number, number]; // x0, y0, x1, y1 in map units
  readonly cluster: Uint16Array; // [height][width], the uppermost row first; SEA
}

export const SEA = 0xffff;
const OVERVIEW_HEAD = 28;
const MOST_PIXELS = 1 << 22;

export function readOverview(bytes: ArrayBuffer, clusters: number): Overview {
  requireAll(bytes.byteLength >= OVERVIEW_HEAD, 'the overview ends within its head');
  const view = new DataView(bytes);
  requireAll(view.getUint32(0, true) === magicOf('MMO1'), 'the overview does not begin with MMO1');
  const width = view.getUint32(4, true);
  const height = view.getUint32(8, true);
  requireAll(width > 0 && height > 0 && width * height <= MOST_PIXELS, 'the overview has no size');
  requireAll(bytes.byteLength === OVERVIEW_HEAD + 2 * width * height, 'the overview has the wrong size');
  const [x0, y0, x1, y1] = [12, 16, 20, 24].map((at) => view.getFloat32(at, true)) as [number, number, number, number];
  requireAll(x1 > x0 && y1 > y0 && Number.isFinite(x1 - x0 + y1 - y0), 'the overview has no place');
  const cluster = new Uint16Array(width * height);
  for (let i = 0; i < cluster.length; i++) {
    const value = view.getUint16(OVERVIEW_HEAD + 2 * i, true);
    requireAll(value < clusters || value === SEA, 'the overview shows a country that does not exist');
    cluster[i] = value;
  }
  return { width, height, box: [x0, y0, x1, y1], cluster };
}
