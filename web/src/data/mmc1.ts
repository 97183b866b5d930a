// SPDX-License-Identifier: BSD-2-Clause
/**
 * Reader of /api/cells ("MMC1", see doc/protocol.md). The arrays are views into the downloaded
 * buffer, not copies. Everything that is later used as an index or a coordinate is checked here,
 * so that no other file needs to distrust the data.
 */

export const NO_CELL = 0xffffffff;

export interface CellData {
  readonly count: number;
  readonly songs: Uint32Array; // [count] song ids, ascending
  readonly xy: Float32Array; // [count][2]
  readonly cluster: Uint32Array; // [count]
  readonly gain: Float32Array; // [count] linear
  readonly onset: Float32Array; // [count] seconds into the clip
  readonly start: Uint32Array; // [count + 1] into index
  readonly index: Uint32Array; // [start[count]] into corners
  readonly corners: Float32Array; // [n_corners][2]
  readonly edges: Uint32Array; // [n_edges][4]: corner, corner, left cell, right cell or NO_CELL
}

export class FormatError extends Error {
  override name = 'FormatError';
}

const HEADER_BYTES = 20;
const MAGIC = [0x4d, 0x4d, 0x43, 0x31]; // "MMC1"

function requireAll(ok: boolean, what: string): void {
  if (!ok) throw new FormatError(`The map's data are damaged: ${what}.`);
}

function below(values: Uint32Array, limit: number): boolean {
  for (let i = 0; i < values.length; i++) if (values[i]! >= limit) return false;
  return true;
}

function finite(values: Float32Array, least = -Infinity): boolean {
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (!Number.isFinite(v) || v < least) return false;
  }
  return true;
}

/** Swaps every 4-byte word: only for the rare big-endian machine. */
function swapWords(buffer: ArrayBuffer): ArrayBuffer {
  const from = new DataView(buffer);
  const copy = new ArrayBuffer(buffer.byteLength);
  const to = new DataView(copy);
  for (let i = 4; i + 4 <= buffer.byteLength; i += 4) to.setUint32(i, from.getUint32(i, true), false);
  return copy;
}

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

export function readCells(bytes: ArrayBuffer, songs: number, clusters: number): CellData {
  requireAll(bytes.byteLength >= HEADER_BYTES, 'they end within the header');
  const magic = new Uint8Array(bytes, 0, 4);
  requireAll(MAGIC.every((value, i) => magic[i] === value), 'they do not begin with MMC1');
  const buffer = littleEndian ? bytes : swapWords(bytes);
  const [n, nCorners, nIndex, nEdges] = new Uint32Array(buffer, 4, 4) as unknown as [
    number, number, number, number,
  ];
  requireAll(n === songs, `${n} songs where ${songs} were announced`);
  // Below 2^53 for any counts, so the sum is exact.
  const words = 7 * n + 1 + nIndex + 2 * nCorners + 4 * nEdges;
  const expected = HEADER_BYTES + 4 * words;
  requireAll(bytes.byteLength === expected, `${bytes.byteLength} bytes where ${expected} were expected`);

  let at = HEADER_BYTES;
  const take = (length: number): number => {
    const offset = at;
    at += 4 * length;
    return offset;
  };
  const data: CellData = {
    count: n,
    songs: new Uint32Array(buffer, take(n), n),
    xy: new Float32Array(buffer, take(2 * n), 2 * n),
    cluster: new Uint32Array(buffer, take(n), n),
    gain: new Float32Array(buffer, take(n), n),
    onset: new Float32Array(buffer, take(n), n),
    start: new Uint32Array(buffer, take(n + 1), n + 1),
    index: new Uint32Array(buffer, take(nIndex), nIndex),
    corners: new Float32Array(buffer, take(2 * nCorners), 2 * nCorners),
    edges: new Uint32Array(buffer, take(4 * nEdges), 4 * nEdges),
  };
  checkContent(data, nCorners, nIndex, clusters);
  return data;
}

function checkContent(data: CellData, nCorners: number, nIndex: number, clusters: number): void {
  const { count, songs, start, edges } = data;
  for (let i = 1; i < count; i++) requireAll(songs[i]! > songs[i - 1]!, 'song ids are not ascending');
  requireAll(below(data.cluster, clusters), 'a song is in a country that does not exist');
  requireAll(finite(data.xy) && finite(data.corners), 'a position is not a number');
  requireAll(finite(data.gain, 0), 'a gain is not a number');
  requireAll(finite(data.onset, 0), 'an onset is not a number');
  requireAll(start[0] === 0 && start[count] === nIndex, 'cells do not cover their corners');
  for (let i = 0; i < count; i++) requireAll(start[i]! <= start[i + 1]!, 'cells overlap');
  requireAll(below(data.index, nCorners), 'a cell has a corner that does not exist');
  for (let e = 0; e < edges.length; e += 4) {
    requireAll(edges[e]! < nCorners && edges[e + 1]! < nCorners, 'a border has a corner that does not exist');
    requireAll(
      edges[e + 2]! < count && (edges[e + 3]! < count || edges[e + 3] === NO_CELL),
      'a border is beside a cell that does not exist',
    );
  }
}
