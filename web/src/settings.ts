// SPDX-License-Identifier: BSD-2-Clause
/** What the page remembers between visits. Storage may be forbidden: then only until it is closed. */
const KEY = 'musicmap';

export class Settings {
  private values: { volume: number; muted: boolean; whole: boolean } = { volume: 1, muted: false, whole: false };

  constructor() {
    try {
      const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
      if (typeof stored !== 'object' || stored === null) return;
      if ('volume' in stored && typeof stored.volume === 'number' && stored.volume >= 0 && stored.volume <= 1) {
        this.values.volume = stored.volume;
      }
      if ('muted' in stored) this.values.muted = stored.muted === true;
      if ('whole' in stored) this.values.whole = stored.whole === true;
    } catch {
      // No storage, or not ours.
    }
  }

  get volume(): number {
    return this.values.volume;
  }

  set volume(value: number) {
    this.values.volume = value;
    this.store();
  }

  get muted(): boolean {
    return this.values.muted;
  }

  set muted(value: boolean) {
    this.values.muted = value;
    this.store();
  }

  /** Kept songs go on beyond their clip. */
  get whole(): boolean {
    return this.values.whole;
  }

  set whole(value: boolean) {
    this.values.whole = value;
    this.store();
  }

  private store(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify(this.values));
    } catch {
      // As above.
    }
  }
}
