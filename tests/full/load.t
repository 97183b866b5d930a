# SPDX-License-Identifier: BSD-2-Clause
# The page's server under crowds (doc/load.md has the table of one run).
command -v wrk >/dev/null || { echo "1..0 # SKIP wrk is not installed"; exit 0; }
scratch=$(mktemp -d "${TMPDIR:-/tmp}/musicmap-load-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/music"
for i in $(seq 1 20); do
    ffmpeg -v error -f lavfi -i "aevalsrc=0.3*sin(2*PI*$((200 + 90 * i))*t):d=8:s=44100" "$scratch/music/$i.mp3" </dev/null || exit 1
done
"$MUSICMAP" explore "$scratch/music" --no-serve -q --library "$scratch/library" || exit 1
/usr/bin/python3 "$MUSICMAP_ROOT/tests/load.py" "$MUSICMAP" "$scratch/library"
