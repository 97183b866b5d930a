#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The maker of the demo library: same seed, same bytes; complete tags; truth; going on after a stop.

here=$(cd "$(dirname "$0")/../.." && pwd)
maker=$here/demo/make-library

for tool in mma fluidsynth ffmpeg ffprobe python3; do
    command -v "$tool" >/dev/null || {
        echo "1..0 # SKIP $tool is not installed"
        exit 0
    }
done

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0
ok() { # ok STATUS NAME
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}
sums() { (cd "$1" && find . -type f | sort | xargs -d '\n' sha256sum); }

STYLES=3 SONGS=1 SEED=7 "$maker" --jobs 2 "$work/a" 2>"$work/log"
ok $? "a small library is made"
[ "$(find "$work/a" -name '*.mp3' | wc -l)" -eq 3 ] && [ "$(find "$work/a" -type f | wc -l)" -eq 6 ]
ok $? "three songs with their truth and nothing else"

STYLES=3 SONGS=1 SEED=7 "$maker" --jobs 1 "$work/b" 2>>"$work/log"
sums "$work/a" >"$work/a.sums"
sums "$work/b" >"$work/b.sums"
cmp -s "$work/a.sums" "$work/b.sums"
ok $? "the same seed gives the same bytes, for one job and two"

song=$(find "$work/a/Bossa Nova" -name '*.mp3')
ffprobe -v error -show_entries format=duration:format_tags -of json "$song" >"$work/probe.json"
/usr/bin/python3 - "$work/probe.json" "$song" <<'EOF'
import json, os, sys
info = json.load(open(sys.argv[1]))['format']
tags = {k.lower(): v for k, v in info['tags'].items()}
assert 29.9 < float(info['duration']) < 30.2, info['duration']
assert tags['genre'] == 'Bossa Nova; Latin', tags
assert tags['album'] and 1940 < int(tags['date']) < 2030, tags
assert os.path.basename(sys.argv[2]) == f"{tags['artist']} - {tags['title']}.mp3", tags
EOF
ok $? "30 s, tags complete, the file named after artist and title"

find "$work/a" -name '*.json' | /usr/bin/python3 -c '
import json, os, sys
keys = [n + m for n in "C C# D D# E F F# G G# A A# B".split() for m in ("", "m")]
for path in sys.stdin.read().splitlines():
    t = json.load(open(path))
    assert t["key"] in keys and t["mode"] == ("minor" if t["key"][-1] == "m" else "major"), t
    assert 40 <= t["tempo"] <= 300 and t["family"], t
    assert t["style"] == os.path.basename(os.path.dirname(path)), t
'
ok $? "the truth is valid JSON and fits its folder"

# Stopped half way: one song is gone, half a song and half a truth lie about.
rm "$song"
echo junk >"$(dirname "$song")/.$(basename "$song" .mp3).part"
kept=$(find "$work/a" -name '*.mp3' | head -n 1)
before=$(stat -c %y "$kept")
STYLES=3 SONGS=1 SEED=7 "$maker" "$work/a" 2>"$work/log"
sums "$work/a" >"$work/a.sums"
cmp -s "$work/a.sums" "$work/b.sums" && [ "$(stat -c %y "$kept")" = "$before" ] &&
    grep -q ' 1 made now' "$work/log"
ok $? "a stopped run goes on and makes only what is missing"

STYLES=0 "$maker" "$work/c" 2>/dev/null
[ $? -eq 2 ]
ok $? "a wrong number is wrong usage"
echo "1..$count"
