// SPDX-License-Identifier: BSD-2-Clause
/** The overview as a picture: what stands in for the map until its songs are here, and the minimap. */
import type { Cluster } from '../data/api';
import { SEA, type Overview } from '../data/points';
import { landColours, seaOf, type Theme } from './palette';
import { packed } from './raster';

export function overviewCanvas(overview: Overview, clusters: readonly Cluster[], theme: Theme): HTMLCanvasElement {
  const { width, height, cluster } = overview;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const colours = landColours(clusters.map((c) => c.colour), theme).map((rgb) => packed(rgb, 1));
  const sea = packed(seaOf(theme), 1);
  const pixels = Uint32Array.from(cluster, (c) => (c === SEA ? sea : colours[c]!));
  canvas.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
  return canvas;
}
