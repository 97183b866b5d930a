// SPDX-License-Identifier: BSD-2-Clause
/** Songs made for a test: chords and pulses that differ in everything a listener would notice. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** songs: [{ path, tags }], each an MP3 of `seconds`; all in one run of ffmpeg. first: number of the first one. */
export function makeSongs(songs, { seconds = 12, first = 0 } = {}) {
  const args = ['-v', 'error'];
  for (let n = first; n < first + songs.length; n++) {
    const root = 110 * 2 ** (((n * 5) % 24) / 12);
    const beat = 1 + (n % 4);
    const wave = `0.25*(sin(2*PI*${root}*t)+sin(2*PI*${root * 1.5}*t)/2)*(0.55+0.45*sin(2*PI*${beat}*t))+0.01*random(0)`;
    args.push('-f', 'lavfi', '-i', `aevalsrc=${wave}:d=${seconds}:s=22050`);
  }
  songs.forEach(({ path, tags }, i) => {
    mkdirSync(dirname(path), { recursive: true });
    args.push('-map', `${i}:a`, '-ar', '44100', ...Object.entries(tags).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]), path);
  });
  const done = spawnSync('ffmpeg', args);
  if (done.status !== 0) throw new Error(String(done.stderr));
}
