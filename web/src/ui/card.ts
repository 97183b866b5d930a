// SPDX-License-Identifier: BSD-2-Clause
/** The card of the song one looks at, and the small tag beside the pointer. */
import { api, type Cluster, type Song } from '../data/api';
import type { Box } from '../render/labels';
import { element, setText } from './dom';

export interface CardContent {
  readonly map: string;
  readonly songId: number;
  readonly song: Song | undefined; // undefined: its tags are on their way
  readonly cluster: Cluster;
  readonly colour: string; // CSS, the country's on this map
  readonly state: string; // a line about the sound, '' when all is well
  readonly bad: boolean; // the state is a failure
}

const COVER_DELAY_MS = 120; // while flying, covers are not fetched

export class Card {
  private readonly root = element('card', HTMLElement);
  private readonly cover = element('card-cover', HTMLImageElement);
  private readonly initial = element('card-initial', HTMLElement);
  private readonly title = element('card-title', HTMLElement);
  private readonly artist = element('card-artist', HTMLElement);
  private readonly cluster = element('card-cluster', HTMLElement);
  private readonly swatch = element('card-swatch', HTMLElement);
  private readonly facts = element('card-facts', HTMLElement);
  private readonly state = element('card-state', HTMLElement);
  private coverTimer: ReturnType<typeof setTimeout> | undefined;
  private coverFor = '';

  constructor() {
    this.cover.addEventListener('load', () => (this.cover.hidden = false));
    this.cover.addEventListener('error', () => (this.cover.hidden = true));
  }

  show(content: CardContent | undefined): void {
    this.root.hidden = content === undefined;
    if (!content) return;
    const { song, cluster } = content;
    const title = titleOf(song);
    setText(this.title, title);
    setText(this.artist, [song?.artist, song?.album, song?.year?.toString()].filter(Boolean).join(' · '));
    setText(this.cluster, cluster.name);
    setText(this.facts, factsOf(song));
    setText(this.state, content.state);
    this.state.classList.toggle('bad', content.bad);
    this.swatch.style.backgroundColor = content.colour;
    this.showCover(content, title);
  }

  private showCover(content: CardContent, title: string): void {
    const address = content.song?.cover ? api.coverAddress(content.songId, content.map) : '';
    setText(this.initial, initialOf(title));
    this.initial.style.backgroundColor = content.colour;
    const key = `${content.songId} ${address}`;
    if (key === this.coverFor) return;
    this.coverFor = key;
    this.cover.hidden = true;
    clearTimeout(this.coverTimer);
    if (address) this.coverTimer = setTimeout(() => (this.cover.src = address), COVER_DELAY_MS);
    else this.cover.removeAttribute('src');
  }
}

/** Title and artist beside a place on the map, never outside the window. */
const HEIGHT = 27;
const LEAST_WIDTH = 140; // of a name that has to be cut

/** The part of a line of the window, around x, that nothing lies on. */
function roomBeside(x: number, top: number, windowWidth: number, obstacles: readonly Box[]): { from: number; to: number } {
  let [from, to] = [6, windowWidth - 6];
  for (const box of obstacles) {
    if (top >= box.y1 || top + HEIGHT <= box.y0) continue;
    // The side x is on, unless the name has no room there: a song may lie under a panel, or beyond.
    const [left, right] = [box.x0, windowWidth - box.x1];
    const own = x > box.x1 ? right : x < box.x0 ? left : 0;
    const onRight = own >= LEAST_WIDTH ? x > box.x1 : right > left;
    if (onRight) from = Math.max(from, box.x1 + 4);
    else to = Math.min(to, box.x0 - 4);
  }
  return { from, to: Math.max(from, to) };
}

export class Tag {
  private readonly root = element('tag', HTMLElement);
  private width = 0;
  private text = '';

  /** obstacles: what lies above the map. A name that would be under one moves aside, or is cut. */
  show(text: string, x: number, y: number, windowWidth: number, obstacles: readonly Box[] = []): void {
    this.root.hidden = false;
    if (text !== this.text) {
      this.text = text;
      setText(this.root, text);
      this.root.style.maxWidth = '';
      this.width = this.root.offsetWidth;
    }
    // Above the finger, else below it; as wide as what lies beside leaves room.
    const wished = y > 64;
    const free = (above: boolean): { from: number; to: number } => roomBeside(x, above ? y - 46 : y + 26, windowWidth, obstacles);
    const room = (above: boolean): number => free(above).to - free(above).from;
    const above = room(wished) >= Math.min(this.width, LEAST_WIDTH) || room(wished) >= room(!wished) ? wished : !wished;
    const { from, to } = free(above);
    const width = Math.min(this.width, Math.max(LEAST_WIDTH, to - from));
    this.root.style.maxWidth = width < this.width ? `${width}px` : '';
    const at = Math.max(from, Math.min(to - width, x - width / 2));
    this.root.style.transform = `translate(${Math.round(at)}px, ${Math.round(above ? y - 46 : y + 26)}px)`;
  }

  hide(): void {
    this.root.hidden = true;
    this.text = '';
  }
}

export function titleOf(song: Song | undefined): string {
  return song ? (song.title ?? song.path ?? 'Untitled') : '…';
}

function initialOf(title: string): string {
  return ([...title][0] ?? '').toLocaleUpperCase();
}

function factsOf(song: Song | undefined): string {
  if (!song) return '';
  const facts: string[] = [];
  if (song.tempo !== undefined) facts.push(`${Math.round(song.tempo)} bpm`);
  if (song.key) facts.push(keyName(song.key));
  if (song.genres?.length) facts.push(song.genres.slice(0, 3).join(', '));
  return facts.join(' · ');
}

/** "F#m" as musicians write it. */
export function keyName(key: string): string {
  const match = /^([A-G])([#b]?)(m?)$/.exec(key);
  if (!match) return key;
  const sign = match[2] === '#' ? '♯' : match[2] === 'b' ? '♭' : '';
  return `${match[1]}${sign} ${match[3] ? 'minor' : 'major'}`;
}
