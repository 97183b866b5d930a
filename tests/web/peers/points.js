// SPDX-License-Identifier: BSD-2-Clause
/** What both peers are given: u32 n, f32 x[n], f32 y[n] within -1..1, u8 category[n]. */
export async function points() {
  const bytes = await (await fetch('points.bin')).arrayBuffer();
  const n = new Uint32Array(bytes, 0, 1)[0];
  const x = new Float32Array(bytes, 4, n);
  const y = new Float32Array(bytes, 4 + 4 * n, n);
  return { x, y, category: new Uint8Array(bytes, 4 + 8 * n, n), aspect: 1 };
}

export function colours(category) {
  const n = 1 + category.reduce((most, c) => Math.max(most, c), 0);
  return Array.from({ length: n }, (_, i) => `#${[0, 1, 2].map((k) => (64 + ((i * [97, 57, 151][k]) % 160)).toString(16).padStart(2, '0')).join('')}`);
}
