# SPDX-License-Identifier: BSD-2-Clause
"""What the benchmarks share: one run of the program with its time and memory, and long files."""
import json, os, subprocess, sys, threading, time
from pathlib import Path

MUSICMAP = Path(__file__).resolve().parent.parent / 'build/musicmap'


def children_of(pid):
    found = [pid]
    for p in found:
        try:
            for task in Path(f'/proc/{p}/task').iterdir():
                found += [int(c) for c in (task / 'children').read_text().split()]
        except OSError:
            pass
    return found


def memory_of(pid):
    total = 0
    for p in children_of(pid):
        try:
            for line in Path(f'/proc/{p}/smaps_rollup').read_text().splitlines():
                if line.startswith('Pss:'):
                    total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


def run(*args, memory=True):
    """-> (seconds, CPU seconds of it and its helpers, peak bytes, JSON). Looking at its memory costs it a
    tenth of the time: memory=False where only time counts."""
    before = os.times()
    begin = time.monotonic()
    process = subprocess.Popen([MUSICMAP, *map(str, args), '--json'], stdout=subprocess.PIPE)
    peak = [0]

    def watch():
        while process.poll() is None:
            peak[0] = max(peak[0], memory_of(process.pid))
            time.sleep(0.02)
    watcher = threading.Thread(target=watch)
    if memory:
        watcher.start()
    out = process.communicate()[0]
    seconds = time.monotonic() - begin
    if memory:
        watcher.join()
    after = os.times()
    if process.returncode != 0:
        sys.exit(f'musicmap {" ".join(map(str, args))} failed')
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, cpu, peak[0], json.loads(out)


def long_file(songs, minutes, out, *codec):
    listing = out.with_suffix('.txt')
    count = minutes * 2
    listing.write_text(''.join(f"file '{str(s).replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'\n"
                               for s in (songs * (count // len(songs) + 1))[:count]))
    subprocess.run(['ffmpeg', '-v', 'error', '-y', '-f', 'concat', '-safe', '0', '-i', listing, '-map',
                    '0:a', '-t', str(minutes * 60), *codec, out], check=True)
    listing.unlink()
