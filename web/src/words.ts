// SPDX-License-Identifier: BSD-2-Clause
/**
 * Search over all songs' words, in memory: one string of folded lines, scanned by the engine's own
 * indexOf (some 5 ms for 100,000 songs), so that every letter typed has its answer at once and a copy
 * of the map on any web host can be searched as well. Draws nothing, asks nobody.
 */
const SLICE = 20000; // lines folded without a pause
const MOST_BEGIN = 300; // titles that begin with the query, looked at for the best
const MOST_FOUND = 1500; // and others

export interface Hit {
  readonly cell: number; // line
  readonly title: string;
  readonly artist: string;
  readonly album: string;
  readonly score: number; // the higher the better
}

/** Without case and accents: "Beyoncé" is found by "beyonce". */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(lower)) return lower;
  return lower.normalize('NFKD').replace(/\p{M}/gu, '').replace(/ß/g, 'ss').replace(/ø/g, 'o').replace(/ł/g, 'l').replace(/đ/g, 'd');
}

export class Words {
  private constructor(
    private readonly raw: string,
    private readonly rawStart: Uint32Array, // [lines + 1]
    private readonly folded: string,
    private readonly start: Uint32Array, // [lines + 1] into folded
  ) {}

  get count(): number {
    return this.start.length - 1;
  }

  /** Folds in slices, so that the page stays alive meanwhile. */
  static async create(raw: string, lines: number, pause: () => Promise<void>): Promise<Words> {
    const rawStart = new Uint32Array(lines + 1);
    const start = new Uint32Array(lines + 1);
    const parts: string[] = [];
    let at = 0;
    let length = 1;
    for (let line = 0; line < lines; line += SLICE) {
      if (line > 0) await pause();
      const part: string[] = [];
      for (let i = line; i < Math.min(lines, line + SLICE); i++) {
        const end = raw.indexOf('\n', at);
        const stop = end < 0 ? raw.length : end;
        const text = fold(raw.slice(at, stop));
        rawStart[i] = at;
        start[i] = length;
        part.push(text, '\n');
        length += text.length + 1;
        at = Math.min(raw.length, stop + 1);
      }
      parts.push(part.join(''));
    }
    rawStart[lines] = at;
    start[lines] = length;
    return new Words(raw, rawStart, `\n${parts.join('')}`, start); // so that every line begins behind an end
  }

  /** Songs with every word of the query in any of their fields, best first. */
  search(query: string, most = 50): Hit[] {
    const words = fold(query).split(/\s+/).filter(Boolean).slice(0, 12);
    if (words.length === 0) return [];
    // The word that turns up last is likely the rarest; one that never does ends the search.
    const firsts = words.map((word) => this.folded.indexOf(word));
    if (firsts.includes(-1)) return [];
    const rarest = words[firsts.indexOf(Math.max(...firsts))]!;
    const found: { cell: number; score: number }[] = [];
    const seen = new Set<number>();
    const scan = (needle: string, limit: number): void => {
      for (let at = this.folded.indexOf(needle); at >= 0 && limit > 0; ) {
        const cell = this.lineAt(at + 1);
        const end = this.start[cell + 1]!;
        const line = this.folded.slice(this.start[cell]!, end - 1);
        if (!seen.has(cell) && words.every((word) => line.includes(word))) {
          limit--;
          seen.add(cell);
          found.push({ cell, score: score(line, words) });
        }
        at = this.folded.indexOf(needle, end - 1);
      }
    };
    scan(`\n${words.join(' ')}`, MOST_BEGIN);
    scan(rarest, MOST_FOUND);
    found.sort((a, b) => b.score - a.score || a.cell - b.cell);
    return found.slice(0, most).map(({ cell, score: value }) => ({ ...this.fields(cell), cell, score: value }));
  }

  private fields(cell: number): { title: string; artist: string; album: string } {
    const end = this.rawStart[cell + 1]! - (this.raw[this.rawStart[cell + 1]! - 1] === '\n' ? 1 : 0);
    const [title = '', artist = '', album = ''] = this.raw.slice(this.rawStart[cell]!, end).split('\t');
    return { title, artist, album };
  }

  private lineAt(position: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.start[middle]! <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** A word at the beginning of a title is what one most likely meant; genres and tags come last. */
function score(line: string, words: readonly string[]): number {
  const fields = line.split('\t');
  const worth = [100, 70, 30, 12, 6];
  let sum = 0;
  for (const word of words) {
    let best = 0;
    for (let f = 0; f < fields.length; f++) {
      const at = fields[f]!.indexOf(word);
      if (at < 0) continue;
      const whole = fields[f]!.length === word.length ? 1.6 : 1;
      const begins = at === 0 ? 1.5 : /[\s(\-"']/.test(fields[f]![at - 1]!) ? 1.2 : 0.6;
      best = Math.max(best, worth[Math.min(f, worth.length - 1)]! * begins * whole);
    }
    sum += best;
  }
  if (fields[0] === words.join(' ')) sum += 200;
  return sum - 0.01 * (fields[0]?.length ?? 0);
}
