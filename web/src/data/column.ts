// SPDX-License-Identifier: BSD-2-Clause
/**
 * Reader of a property of all songs ("MMV1", see doc/protocol.md): one small array with a head that
 * says what its values mean. Checked here, so that nobody else needs to distrust it.
 */
import { magicOf, requireAll } from './format';

export const UNKNOWN = 0xffff;

export interface Categories {
  readonly kind: 'categories';
  readonly names: readonly string[]; // the commonest first, or in their own order (keys)
}

export interface Range {
  readonly kind: 'range';
  readonly low: number;
  readonly high: number;
  readonly unit: string; // "" = none
}

export interface Column {
  readonly name: string; // "tempo"
  readonly title: string; // "Tempo"
  readonly scale: Categories | Range;
  /** [songs on the map] index of a category, or 0..65534 from low to high; UNKNOWN = not known. */
  readonly values: Uint16Array;
}

const HEAD = 8;

export function readColumn(bytes: ArrayBuffer, songs: number): Column {
  requireAll(bytes.byteLength >= HEAD, 'a column ends within its head');
  const view = new DataView(bytes);
  requireAll(view.getUint32(0, true) === magicOf('MMV1'), 'a column does not begin with MMV1');
  const length = view.getUint32(4, true);
  requireAll(length % 2 === 0 && bytes.byteLength === HEAD + length + 2 * songs, 'a column has the wrong size');
  const head = parse(new TextDecoder().decode(new Uint8Array(bytes, HEAD, length)));
  const values = new Uint16Array(songs);
  for (let i = 0; i < songs; i++) values[i] = view.getUint16(HEAD + length + 2 * i, true);
  const scale = scaleOf(head);
  const limit = scale.kind === 'categories' ? scale.names.length : UNKNOWN;
  for (const value of values) requireAll(value < limit || value === UNKNOWN, 'a value of a column has no meaning');
  return { name: textOf(head.name), title: textOf(head.title), scale, values };
}

type Head = { [key: string]: unknown };

function parse(text: string): Head {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  requireAll(typeof value === 'object' && value !== null, 'the head of a column is no JSON');
  return value as Head;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function scaleOf(head: Head): Categories | Range {
  if (Array.isArray(head.categories)) {
    return { kind: 'categories', names: head.categories.map((name) => textOf(name)) };
  }
  const { low, high } = head;
  requireAll(typeof low === 'number' && typeof high === 'number' && high >= low, 'a column has no range');
  return { kind: 'range', low, high, unit: textOf(head.unit) };
}
