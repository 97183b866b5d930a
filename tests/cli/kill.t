# SPDX-License-Identifier: BSD-2-Clause
# SIGKILL during each stage, then continued: the identical library. MUSICMAP_FULL: many more points.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

# Forty short songs made from four: what differs is the tag, and so the content.
for f in 200 500 1100 2600; do song base/$f.mp3 $f; done
for i in $(seq 1 40); do
    f=$(echo 200 500 1100 2600 | cut -d ' ' -f $((i % 4 + 1)))
    mkdir -p music/$f
    ffmpeg -v error -i base/$f.mp3 -c copy -metadata title="Song $i" -metadata artist="Band $((i % 7))" \
        -metadata genre="G$f" music/$f/$i.mp3 </dev/null
done

# All rows of all tables; only the running number of the map may differ.
dump() {
    python3 - "$1/catalog.sqlite" <<'P'
import hashlib, sqlite3, sys
db = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True)
assert db.execute('PRAGMA integrity_check').fetchone() == ('ok',)
h = hashlib.sha256()
tables = [t for t, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")]
for t in tables:
    columns = [c[1] for c in db.execute(f'PRAGMA table_info("{t}")') if c[1] != 'map' and (t, c[1]) != ('map', 'id')]
    rows = sorted(repr(r) for r in db.execute('SELECT %s FROM "%s"' % (', '.join(f'"{c}"' for c in columns), t)))
    h.update(repr((t, columns, rows)).encode())
print(h.hexdigest())
P
}

stages() { # library: whatever is left to do
    "$MUSICMAP" gather folder music --library "$1" &&
        "$MUSICMAP" embed --library "$1" &&
        "$MUSICMAP" map --clusters 4 --library "$1"
}

# Runs one stage and kills it, with its helpers, after so many milliseconds.
kill_after() { # milliseconds, arguments...
    ms=$1
    shift
    "$MUSICMAP" "$@" >>"$out" 2>>"$errors" </dev/null &
    pid=$!
    python3 -c "import time; time.sleep($ms / 1000)"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
}

stages "$scratch/whole" >"$out" 2>"$errors"
ok $? "an undisturbed run"
whole=$(dump "$scratch/whole")
stages "$scratch/again" >"$out" 2>"$errors"
same "$(dump "$scratch/again")" "$whole" "two undisturbed runs are identical"

points=6
[ -n "$MUSICMAP_FULL" ] && points=60
n=1
while [ $n -le $points ]; do
    library="$scratch/killed$n"
    : >"$out"
    : >"$errors"
    # Spread over the life of each stage, the same points in every run of this test.
    kill_after $((n * 13 % 160)) gather folder music --library "$library"
    kill_after $((n * 7 % 90)) gather folder music --library "$library"
    "$MUSICMAP" gather folder music --library "$library" >>"$out" 2>>"$errors" &&
        kill_after $((n * 97 % 900)) embed --library "$library"
    kill_after $((n * 61 % 700)) embed --library "$library"
    "$MUSICMAP" embed --library "$library" >>"$out" 2>>"$errors" &&
        kill_after $((n * 5 % 60)) map --clusters 4 --library "$library"
    stages "$library" >>"$out" 2>>"$errors"
    same "$(dump "$library")" "$whole" "killed at point $n of each stage, then continued"
    rm -rf "$library"
    n=$((n + 1))
done
sleep 0.3
pgrep -f "^musicmap helper" >"$out" 2>/dev/null && pgrep -af "^musicmap helper" | grep -q "$scratch"
[ $? != 0 ]
ok $? "no helper process is left behind"
finish
