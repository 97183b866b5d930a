// SPDX-License-Identifier: BSD-2-Clause
/** Numbers of the bench, the file they are kept in, and the table they are printed in. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

export const median = (values) => percentile(values, 0.5);

export function quantiles(values, shares = [0.5, 0.95, 0.99]) {
  return values.length === 0 ? 'none' : shares.map((share) => `p${100 * share} ${percentile(values, share).toFixed(1)}`).join(', ') + ' ms';
}

/** rows: [what, figure, target, met]; met undefined: nothing is promised. */
export function printTable(rows) {
  const lines = [['', 'measured', 'target', ''], ...rows.map(([what, figure, target = '', met]) => [what, figure, target, met === undefined ? '' : met ? 'met' : 'NOT MET'])];
  const width = [0, 1, 2, 3].map((i) => Math.max(3, ...lines.map((line) => line[i].length)));
  const print = (line) => console.log(`| ${line.map((text, i) => text.padEnd(width[i])).join(' | ')} |`);
  print(lines[0]);
  print(width.map((n) => '-'.repeat(n)));
  for (const line of lines.slice(1)) print(line);
}

/** What was measured before, { part: value }; nothing without a file. */
export function loadFigures(file) {
  return file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

export function saveFigures(file, figures) {
  if (file) writeFileSync(file, JSON.stringify(figures));
}
