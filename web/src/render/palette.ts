// SPDX-License-Identifier: BSD-2-Clause
/**
 * Colours of a map for light and dark. Countries keep the hue and nearly all of the contrast the server
 * chose for them (it keeps neighbours apart, also for the colour-blind); only the mean lightness is
 * moved to what reads as ink on paper, or as lamplight at night, and loud colours are calmed.
 * OKLab: Ottosson 2020.
 */
export type Rgb = readonly [number, number, number]; // 0..255

export type Theme = 'light' | 'dark';

export interface Palette {
  readonly theme: Theme;
  readonly sea: Rgb;
  readonly shallows: Rgb; // sea beside the coast
  readonly coast: Rgb;
  readonly cellBorder: Rgb;
  readonly cellBorderAlpha: number;
  readonly countryBorder: Rgb;
  readonly countryBorderAlpha: number;
  readonly regionBorder: Rgb;
  readonly highlight: Rgb; // marked cells are lifted towards it
  readonly ring: Rgb; // around the cell pointed at
  readonly ringHalo: Rgb;
  readonly ink: string; // names of countries
  readonly inkSoft: string; // titles
  readonly halo: string; // behind both
  readonly land: Uint8ClampedArray; // [count][4], per cell: map/shading.ts
}

interface Look {
  readonly lightness: number; // of an average country
  readonly contrast: number; // how much of the server's difference in lightness is kept
  readonly strength: number; // chroma factor
  readonly mostChroma: number;
}

const LOOK: Record<Theme, Look> = {
  light: { lightness: 0.83, contrast: 0.9, strength: 1, mostChroma: 0.11 },
  dark: { lightness: 0.45, contrast: 0.8, strength: 1, mostChroma: 0.1 },
};

const BASE: Record<Theme, Omit<Palette, 'land'>> = {
  light: {
    theme: 'light',
    sea: [222, 232, 233],
    shallows: [203, 220, 224],
    coast: [92, 110, 122],
    cellBorder: [255, 252, 244],
    cellBorderAlpha: 0.6,
    countryBorder: [118, 104, 95],
    countryBorderAlpha: 1,
    regionBorder: [74, 60, 52],
    highlight: [255, 252, 240],
    ring: [28, 22, 20],
    ringHalo: [255, 253, 247],
    ink: '#2b2320',
    inkSoft: '#3a312c',
    halo: 'rgba(255, 252, 244, 0.86)',
  },
  dark: {
    theme: 'dark',
    sea: [14, 19, 29],
    shallows: [22, 31, 46],
    coast: [126, 150, 176],
    cellBorder: [8, 11, 18],
    cellBorderAlpha: 0.5,
    countryBorder: [158, 152, 142],
    countryBorderAlpha: 1,
    regionBorder: [184, 177, 164],
    highlight: [255, 236, 190],
    ring: [255, 246, 224],
    ringHalo: [10, 12, 18],
    ink: '#f4ecdc',
    inkSoft: '#e4dccd',
    halo: 'rgba(10, 13, 20, 0.8)',
  },
};

export function makePalette(theme: Theme, land: Uint8ClampedArray): Palette {
  return { ...BASE[theme], land };
}

/** Countries' colours as the theme shows them. */
export function landColours(colours: readonly string[], theme: Theme): Rgb[] {
  const look = LOOK[theme];
  const labs = colours.map((hex) => toOklab(parseHex(hex)));
  const mean = labs.reduce((sum, lab) => sum + lab[0], 0) / Math.max(1, labs.length);
  return labs.map(([l, a, b]) => {
    const chroma = Math.hypot(a, b);
    const strength = chroma > 0 ? Math.min(look.strength, look.mostChroma / chroma) : 0;
    const lightness = Math.min(look.lightness + 0.13, look.lightness + (l - mean) * look.contrast);
    return fromOklab([lightness, a * strength, b * strength]);
  });
}

/** A ramp's colour, 0..1: lightness changes evenly, so that it is read rightly by every eye and in grey. */
export function rampColour(part: number, theme: Theme): Rgb {
  const t = Math.min(1, Math.max(0, part));
  const [from, to] = theme === 'light' ? [0.95, 0.42] : [0.24, 0.86];
  // Sand to deep blue by day, deep blue to sand by night: more is always further from the paper.
  const hue = theme === 'light' ? 95 + 165 * t : 260 - 165 * t;
  const chroma = 0.045 + 0.075 * Math.sin(Math.PI * t);
  return polar(from + (to - from) * t, chroma, hue);
}

/** How many categories have a colour of their own; the others share one. */
export const MOST_COLOURS = 12;

/**
 * Colours of categories. Neighbours in the list differ in lightness as well as in hue, so that they are
 * told apart without colour vision. Keys go round the circle of fifths: related keys look related.
 */
export function categoryColours(name: string, count: number, theme: Theme): Rgb[] {
  const middle = theme === 'light' ? 0.79 : 0.52;
  if (name === 'key') {
    // 0..11 are the major keys upward from C, 12..23 the minor ones.
    return Array.from({ length: count }, (_, i) => {
      const fifths = ((i % 12) * 7 + (i < 12 ? 0 : 9)) % 12;
      return polar(middle + (i < 12 ? 0.07 : -0.1), 0.095, 30 * fifths + 40);
    });
  }
  return Array.from({ length: count }, (_, i) => {
    if (i >= MOST_COLOURS) return greyOf(theme, true);
    const lightness = middle + [0.08, -0.12, -0.02][i % 3]!;
    return polar(lightness, 0.115, 40 + 137.5 * i);
  });
}

/** What the legend has not chosen; soft: of which nothing is known. */
export function greyOf(theme: Theme, soft = false): Rgb {
  if (theme === 'light') return soft ? [206, 202, 194] : [229, 227, 222];
  return soft ? [74, 76, 80] : [38, 41, 48];
}

function polar(lightness: number, chroma: number, degrees: number): Rgb {
  const hue = (degrees * Math.PI) / 180;
  return fromOklab([lightness, chroma * Math.cos(hue), chroma * Math.sin(hue)]);
}

export function seaOf(theme: Theme): Rgb {
  return BASE[theme].sea;
}

export function css(rgb: Rgb, alpha = 1): string {
  return `rgba(${rgb[0]}, ${rgb[1]}, ${rgb[2]}, ${alpha})`;
}

export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

function parseHex(hex: string): Rgb {
  const n = parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

type Lab = [number, number, number];

function toOklab([r8, g8, b8]: Rgb): Lab {
  const linear = (v: number) => (v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const [r, g, b] = [linear(r8), linear(g8), linear(b8)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([L, a, b]: Lab): Rgb {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const encode = (v: number): number => {
    const c = v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
    return Math.round(Math.min(1, Math.max(0, c)) * 255);
  };
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}
