// SPDX-License-Identifier: BSD-2-Clause
/** What the panels may know of and do with the page; App is the only one who is one. */
import type { Song } from '../data/api';
import type { AudioEngine } from '../audio/engine';
import type { Listening } from '../listening';
import type { Atlas } from '../map/atlas';
import type { Stage } from '../stage';

export interface Ground {
  readonly atlas: Atlas | undefined;
  readonly mapId: string;
  /** Songs of the library that are not on the map; 0 where nobody says. */
  readonly offMap: number;
  readonly stage: Stage;
  readonly listening: Listening;
  readonly engine: AudioEngine;
  /** Undefined while its tags are on their way; those who care are told by `changed` of a panel. */
  song(cell: number): Song | undefined;
  /** Plays a song and flies to where it is; a step that "back" takes back. */
  visit(cell: number): void;
  /** Plays a song where it is, as pointing does. */
  preview(cell: number): void;
  invalidate(): void;
  notice(text: string): void;
  announce(text: string): void;
}
