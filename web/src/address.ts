// SPDX-License-Identifier: BSD-2-Clause
/**
 * The address bar says where one is: view, song, colours. So a place can be shared and kept as a
 * bookmark, and the browser's back button is the undo of a journey. A visit is a new entry; moving
 * about only rewrites the present one.
 */
export interface Place {
  readonly x?: number; // middle, map units
  readonly y?: number;
  readonly zoom?: number; // 1 = the whole map
  readonly song?: number; // id; chosen or kept
  readonly kept?: boolean;
  readonly shade?: string;
  readonly only?: string; // filter
}

const REST_MS = 350;

export function writePlace(place: Place): string {
  const parts: string[] = [];
  const { x, y, zoom } = place;
  if (x !== undefined && y !== undefined && zoom !== undefined) parts.push(`at=${x.toFixed(4)},${y.toFixed(4)},${+zoom.toFixed(3)}`);
  if (place.song !== undefined && place.song > 0) parts.push(`song=${place.song}`);
  if (place.kept) parts.push('kept=1');
  if (place.shade) parts.push(`shade=${encodeURIComponent(place.shade)}`);
  if (place.only) parts.push(`only=${encodeURIComponent(place.only)}`);
  return parts.length ? `#${parts.join('&')}` : '';
}

/** Whatever somebody typed: what makes no sense is left out. */
export function readPlace(hash: string): Place {
  const values = new URLSearchParams(hash.replace(/^#/, ''));
  const at = (values.get('at') ?? '').split(',').map(Number);
  const [x, y, zoom] = at;
  const song = Number(values.get('song'));
  const good = at.length === 3 && at.every(Number.isFinite) && Math.abs(x!) < 1e6 && Math.abs(y!) < 1e6 && zoom! > 0 && zoom! < 1e6;
  return {
    ...(good ? { x: x!, y: y!, zoom: zoom! } : {}),
    ...(Number.isSafeInteger(song) && song > 0 ? { song } : {}),
    ...(values.get('kept') === '1' ? { kept: true } : {}),
    ...(values.get('shade') ? { shade: values.get('shade')!.slice(0, 80) } : {}),
    ...(values.get('only') ? { only: values.get('only')!.slice(0, 2500) } : {}),
  };
}

export class Address {
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** now: where one is. back: the browser went to another place of the journey. */
  constructor(private readonly now: () => Place, back: (place: Place) => void) {
    window.addEventListener('popstate', () => {
      clearTimeout(this.timer);
      back(readPlace(location.hash));
    });
  }

  get place(): Place {
    return readPlace(location.hash);
  }

  /** How many visits can be taken back. */
  get depth(): number {
    const state: unknown = history.state;
    return typeof state === 'object' && state !== null && 'depth' in state && typeof state.depth === 'number' ? state.depth : 0;
  }

  /** Something is about to be visited: the present place stays behind. */
  leave(): void {
    this.write();
    history.pushState({ depth: this.depth + 1 }, '', location.href);
  }

  back(): void {
    if (this.depth > 0) history.back();
  }

  moved(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), REST_MS);
  }

  private write(): void {
    clearTimeout(this.timer);
    const hash = writePlace(this.now());
    if (hash !== location.hash) history.replaceState(history.state, '', hash || `${location.pathname}${location.search}`);
  }
}
