// SPDX-License-Identifier: BSD-2-Clause
/** A pool bounded by bytes that drops what was used longest ago. */
export class BytePool<K, V> {
  private readonly entries = new Map<K, { value: V; bytes: number }>(); // oldest use first
  private total = 0;

  /** keep(key): entries that must stay (they sound right now), whatever their age. */
  constructor(private readonly limit: number, private readonly keep: (key: K) => boolean = () => false) {}

  /** Counts as a use. */
  get(key: K): V | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  has(key: K): boolean {
    return this.entries.has(key);
  }

  /** Something larger than the whole pool is kept alone until the next one comes. */
  set(key: K, value: V, bytes: number): void {
    this.delete(key);
    this.entries.set(key, { value, bytes });
    this.total += bytes;
    for (const oldest of this.entries.keys()) {
      if (this.total <= this.limit) break;
      if (oldest !== key && !this.keep(oldest)) this.delete(oldest);
    }
  }

  delete(key: K): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    this.entries.delete(key);
    this.total -= entry.bytes;
  }

  clear(): void {
    this.entries.clear();
    this.total = 0;
  }

  get bytes(): number {
    return this.total;
  }

  get size(): number {
    return this.entries.size;
  }

  /** From the longest unused to the most recently used. */
  keys(): K[] {
    return [...this.entries.keys()];
  }
}
