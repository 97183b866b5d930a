// SPDX-License-Identifier: BSD-2-Clause
/** A test runner in a page: TAP on stdout, one test after the other, exit code 1 when one fails twice.
 * MUSICMAP_ONLY=WORDS runs those with WORDS in their name. */
const tests = [];

export function test(name, run, { skip } = {}) {
  tests.push({ name, run, skip });
}

export async function runTests() {
  let failed = 0;
  console.log(`TAP version 13\n1..${tests.length}`);
  for (let [i, { name, run, skip }] of tests.entries()) {
    if (process.env.MUSICMAP_ONLY && !name.includes(process.env.MUSICMAP_ONLY)) skip = 'MUSICMAP_ONLY';
    if (skip) {
      console.log(`ok ${i + 1} - ${name} # SKIP ${skip}`);
      continue;
    }
    // A browser in real time on a busy machine may stumble: one second try, and it is told.
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
  }
  return failed;
}
