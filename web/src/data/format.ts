// SPDX-License-Identifier: BSD-2-Clause
/** What the readers of binary data share. */

/** The data are not what doc/protocol.md says. */
export class FormatError extends Error {
  override name = 'FormatError';
}

export function requireAll(ok: boolean, what: string): asserts ok {
  if (!ok) throw new FormatError(`The map's data are damaged: ${what}.`);
}

/** "MMP1" as the little-endian number it is read as. */
export function magicOf(text: string): number {
  return text.charCodeAt(0) | (text.charCodeAt(1) << 8) | (text.charCodeAt(2) << 16) | (text.charCodeAt(3) << 24);
}

export const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
