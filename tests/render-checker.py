#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Listens to what "musicmap set render --json" wrote, knowing nothing but the file and what was told.

    tests/render-checker.py SOUND REPORT.json SECONDS

Every song is a steady chord over the frequency that its file is named after (music/210.flac), so that
where it begins, how loud it is and what happens where two meet can be measured. SECONDS is how long
the file has to be. Prints a line each; exit status 1 when something is not as told.
"""
import json, re, subprocess, sys
import numpy as np

RATE = 22050
bad = 0


def tell(good, name):
    global bad
    bad += not good
    print('  good  ' if good else '  BAD   ', name)


def output(*command):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def loudness(file, start, seconds):
    said = output('ffmpeg', '-hide_banner', '-nostats', '-ss', str(start), '-t', str(seconds), '-i', file,
                  '-af', 'ebur128', '-f', 'null', '-').stderr.decode()
    return float(re.findall(r'I: +(-?[\d.]+) LUFS', said)[-1])


file, report, wanted = sys.argv[1], json.load(open(sys.argv[2])), float(sys.argv[3])
seconds = float(output('ffprobe', '-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', file).stdout)
sound = output('ffmpeg', '-v', 'error', '-i', file, '-f', 's16le', '-ac', '1', '-ar', str(RATE), '-').stdout
sound = np.frombuffer(sound, '<i2') / 32768
starts, fade = [s['start_s'] for s in report['songs']], report['crossfade_s']
ends = starts[1:] + [seconds]
n = len(starts)
tell(abs(seconds - report['length_s']) < 0.06, f'ffprobe says {seconds:.2f} s, told {report["length_s"]:.2f}')
tell(abs(seconds - wanted) < 0.1 * n, f'the songs without their overlaps: {wanted:.1f} s')

cue = open(re.sub(r'\.\w+$', '.cue', file), encoding='utf-8').read()
marks = [int(m) * 60 + int(s) + int(f) / 75 for m, s, f in re.findall(r'INDEX 01 (\d+):(\d\d):(\d\d)', cue)]
tell(len(marks) == n and max(abs(a - b) for a, b in zip(marks, starts)) < 1 / 75, f'{n} marks of the CUE sheet')
tell(f'FILE "{file}" ' in cue, 'it names the file')


def part(a, b):
    return sound[max(int(a * RATE), 0):int(b * RATE)]


def tone(frequency, a, b):
    y = part(a, b)
    return abs(np.dot(y, np.exp(-2j * np.pi * frequency / RATE * np.arange(len(y))))) / len(y)


def level(y):
    return 10 * np.log10(np.mean(y * y) + 1e-12)


ratios = []
for song, a, b in zip(report['songs'], starts, ends):
    f = int(re.search(r'(\d+)\.\w+$', song['path']).group(1))
    if a:
        ratios.append(tone(f, a + fade + 0.1, a + fade + 2) / tone(f, a - 2, a - 0.1))
tell(min(ratios) > 20, f'each is heard from its mark on, not before: {min(ratios):.0f} times as much at least')
heard = [loudness(file, a + (fade if a else 0), b - a - fade) for a, b in zip(starts, ends)]
tell(max(abs(l - report['lufs']) for l in heard) < 0.5, f'loudness {min(heard)} to {max(heard)} LUFS, {report["lufs"]} wanted')
low = high = 0
for a in starts[1:]:
    levels = [level(part(t, t + 0.05)) for t in np.arange(a - 1, a + fade + 1, 0.05)]
    low, high = min(low, min(levels) - np.median(levels)), max(high, max(levels) - np.median(levels))
tell(low > -1 and high < 1, f'level across the joins {low:+.2f} to {high:+.2f} dB: no silence, no bump')
tell(np.max(np.abs(sound)) < 0.99, 'nothing is clipped')
sys.exit(1 if bad else 0)
