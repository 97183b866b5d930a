// SPDX-License-Identifier: BSD-2-Clause
/**
 * When a new picture of the map is needed, and of what: pictures are somewhat larger than the window
 * and stay good while one moves within them. What both renderers share.
 */
import type { Atlas } from '../map/atlas';
import type { View } from '../map/camera';
import type { Palette } from './palette';
import type { Ink, Window } from './raster';
import { cellBorderStrength, countryBorderStrength, countryBorderWidth } from './renderer';

const OVERSIZE = 1.3; // the picture against the window, a side
const FRESH_ZOOM = 1.25; // while moving, a picture this far off in scale is still good

/** The part of the map to be painted for a view; ratio: pixels of the picture a CSS pixel. */
export function windowOf(view: View, ratio: number): Window {
  const side = (size: number): number => Math.max(1, Math.round(size * OVERSIZE * ratio));
  return { x: view.x, y: view.y, scale: view.scale * ratio, width: side(view.width), height: side(view.height) };
}

export function isStale(have: Window, view: View, ratio: number, moving: boolean): boolean {
  const zoom = (view.scale * ratio) / have.scale;
  if (moving ? zoom > FRESH_ZOOM || zoom < 1 / FRESH_ZOOM : Math.abs(zoom - 1) > 1e-6) return true;
  // In motion, what is not covered is noticed a little earlier.
  const slack = moving ? 0.03 * view.width : 0;
  const beyond = (offset: number, size: number, side: number): boolean =>
    Math.abs(offset) * view.scale + size / 2 + slack > side / have.scale * view.scale / 2;
  return beyond(view.x - have.x, view.width, have.width) || beyond(view.y - have.y, view.height, have.height);
}

export function inkOf(atlas: Atlas, palette: Palette, view: View, ratio: number): Ink {
  const typical = atlas.typicalRadius * view.scale;
  return {
    sea: palette.sea,
    shallows: palette.shallows,
    coast: palette.coast,
    coastWidth: ratio,
    cellBorder: palette.cellBorder,
    cellAlpha: palette.cellBorderAlpha * cellBorderStrength(typical),
    cellWidth: Math.min(1.6, 0.5 + typical / 40) * ratio,
    countryBorder: palette.countryBorder,
    countryAlpha: palette.countryBorderAlpha * countryBorderStrength(typical),
    countryWidth: countryBorderWidth(typical) * ratio,
    regionBorder: palette.regionBorder,
    regionWidth: 1.35 * countryBorderWidth(typical) * ratio,
    relief: typical < 6 ? 0 : palette.theme === 'light' ? 0.022 : 0.05,
    reliefReach: Math.max(1, (atlas.typicalRadius * view.scale * ratio) / Math.min(1, typical / 30)),
  };
}
