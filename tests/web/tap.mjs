// SPDX-License-Identifier: BSD-2-Clause
/** A test runner in a page: TAP on stdout, one test after the other, exit code 1 when one fails twice.
 * MUSICMAP_ONLY=WORDS runs those with WORDS in their name; MUSICMAP_COST=1 tells what each takes. */
import { readdirSync, readFileSync } from 'node:fs';

const tests = [];

export function test(name, run, { skip } = {}) {
  tests.push({ name, run, skip });
}

/** Seconds of processor time of all processes this one has started, and those they started. */
function processorSeconds() {
  const all = new Map(); // process -> [parent, ticks]
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
      all.set(Number(pid), [field[1], field[11] + field[12] + field[13] + field[14]]); // with children that ended
    } catch {} // it has ended
  }
  const ours = (pid) => pid === process.pid || (all.has(pid) && ours(all.get(pid)[0]));
  return [...all].reduce((sum, [pid, [, ticks]]) => sum + (ours(pid) ? ticks : 0), 0) / 100;
}

const COST = process.env.MUSICMAP_COST ? processorSeconds : undefined;
const told = (name, began, used) => console.log(`# ${name}: ${((performance.now() - began) / 1000).toFixed(1)} s, of processors ${(COST() - used).toFixed(1)} s`);

export async function runTests() {
  let failed = 0;
  if (COST) told('before the first test', 0, 0);
  console.log(`TAP version 13\n1..${tests.length}`);
  for (let [i, { name, run, skip }] of tests.entries()) {
    if (process.env.MUSICMAP_ONLY && !name.includes(process.env.MUSICMAP_ONLY)) skip = 'MUSICMAP_ONLY';
    if (skip) {
      console.log(`ok ${i + 1} - ${name} # SKIP ${skip}`);
      continue;
    }
    // A browser in real time on a busy machine may stumble: one second try, and it is told.
    const [began, used] = [performance.now(), COST?.()];
    for (const last of [false, true]) {
      try {
        await run();
        console.log(`ok ${i + 1} - ${name}${last ? ' (second try)' : ''}`);
        break;
      } catch (error) {
        if (last) failed++;
        if (last) console.log(`not ok ${i + 1} - ${name}`);
        console.log(String(error?.stack ?? error).split('\n').slice(0, 12).map((line) => `# ${line}`).join('\n'));
      }
    }
    if (COST) told(name, began, used);
  }
  if (COST) told('all', 0, 0);
  return failed;
}
