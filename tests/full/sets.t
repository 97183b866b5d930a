# SPDX-License-Identifier: BSD-2-Clause
# Sets, the whole proof: 500 random rule files with a planted solution, 200 without, all small cases;
# an hour mixed down, every join measured.
export MUSICMAP_SETS=full
"$MUSICMAP_ROOT/build/tests/test-set-make" && "$MUSICMAP_ROOT/build/tests/test-set-small" || exit 1

. "$MUSICMAP_ROOT/tests/cli/tap.sh"
mkdir music
i=0
while [ $i -lt 24 ]; do
    f=$((200 + 23 * i))
    ffmpeg -v error -y -f lavfi -i "aevalsrc='0.$((1 + i % 8))*(sin(2*PI*$f*t)+sin(2*PI*$f*2.6*t)+sin(2*PI*$f*5.3*t))/3':d=150:s=22050" \
        -metadata title="Song $f" -metadata artist="Artist $i" music/$f.flac </dev/null || exit 1
    i=$((i + 1))
done
ls -d "$PWD"/music/* >all.m3u
run 0 musicmap explore music --no-serve
run 0 musicmap set --fill all.m3u --minutes 60 --name hour -q
run 0 musicmap set render hour -o hour.mp3 --json
cp "$out" report.json
run 0 /usr/bin/python3 "$MUSICMAP_ROOT/tests/render-checker.py" hour.mp3 report.json 3531
cat "$out"
finish
