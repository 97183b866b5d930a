# SPDX-License-Identifier: BSD-2-Clause
# SIGKILL during each stage, then continued: the identical library, set and export. 20 points; MUSICMAP_FULL: 200.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

# Forty short songs made from four: what differs is the tag, and so the content.
for f in 200 500 1100 2600; do song base/$f.mp3 $f; done
for f in 200 500 1100 2600; do
    mkdir -p music/$f
    set --
    for i in $(seq 1 40); do
        [ $f = "$(echo 200 500 1100 2600 | cut -d ' ' -f $((i % 4 + 1)))" ] || continue
        set -- "$@" -c copy -metadata title="Song $i" -metadata artist="Band $((i % 7))" -metadata genre="G$f" music/$f/$i.mp3
    done
    ffmpeg -v error -i base/$f.mp3 "$@" </dev/null
done

# All rows of all tables; only the running number of the map may differ.
dump() {
    /usr/bin/python3 - "$1/catalog.sqlite" <<'P'
import hashlib, sqlite3, sys
db = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True)
assert db.execute('PRAGMA integrity_check').fetchone() == ('ok',)
h = hashlib.sha256()
tables = [t for t, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")]
for t in tables:
    columns = [c[1] for c in db.execute(f'PRAGMA table_info("{t}")') if c[1] not in ('map', 'made_at') and (t, c[1]) != ('map', 'id')]
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

stages "$scratch/whole" >"$out" 2>"$errors"
ok $? "an undisturbed run"
whole=$(dump "$scratch/whole")
stages "$scratch/again" >"$out" 2>"$errors"
same "$(dump "$scratch/again")" "$whole" "two undisturbed runs are identical"

# What each stage begins with: the stages before it, done. Timed, so that the points lie all over its life.
mkdir "$scratch/at"
library=$scratch/at/library
export library
cat >stage <<'S'
case $1 in
gather) "$MUSICMAP" gather folder music --library "$library" ;;
embed) "$MUSICMAP" embed --library "$library" ;;
map) "$MUSICMAP" map --clusters 4 --library "$library" ;;
set) "$MUSICMAP" set --minutes 4 --rounds 20 --name kept --library "$library" -o "$library/../kept.xspf" ;;
export) "$MUSICMAP" export "$library/../site" --clips none --library "$library" &&
    "$MUSICMAP" export --data "$library/../songs.csv" --library "$library" ;;
esac
S
run_stage() { # stage
    sh ./stage "$1"
}
result_of() { # the library, and what lies beside it
    dump "$library" && (cd "$scratch/at" && find . -path ./library -prune -o -type f -print | LC_ALL=C sort |
        xargs -r sha256sum | grep -v site/data/status | sha256sum)
}
for stage in gather embed map set export; do
    cp -r "$scratch/at" "$scratch/before-$stage"
    begun=$(date +%s%N)
    run_stage $stage >"$out" 2>"$errors"
    status=$?
    eval "lasts_$stage=$((($(date +%s%N) - begun) / 1000000))"
    [ $status -le 1 ]
    ok $? "$stage, undisturbed"
    case $stage in
    map) mapped=$(result_of) ;;
    set) kept=$(result_of) ;;
    export) exported=$(result_of) ;;
    esac
done

# Runs a stage in a process group of its own, and kills it with its helpers after so many milliseconds. ("set -m"
# needs a terminal, and dash knows no "kill -- -PID": with these nothing is killed.)
killed=0
kill_after() { # milliseconds, stage
    ms=$1
    setsid sh ./stage "$2" >>"$out" 2>>"$errors" </dev/null &
    pid=$!
    sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
    kill -9 -$pid 2>/dev/null || kill -9 $pid 2>/dev/null # it may not have got there
    wait $pid 2>/dev/null
    [ $? != 137 ] || killed=$((killed + 1))
    # What it had begun dies when its turn comes, and holds the library until then.
    waited=0
    while [ $waited -lt 200 ] && pgrep -g $pid >/dev/null; do
        sleep 0.01
        waited=$((waited + 1))
    done
}

points=20
[ -n "$MUSICMAP_FULL" ] && points=200
n=0
bad=0
while [ $n -lt $points ]; do
    stage=$(echo gather embed map set export | cut -d ' ' -f $((n % 5 + 1)))
    eval "lasts=\$lasts_$stage"
    rm -rf "$scratch/at"
    cp -r "$scratch/before-$stage" "$scratch/at"
    : >"$out"
    : >"$errors"
    kill_after $((lasts * (n * 61 % points) / points)) $stage # all over its life, the same in every run
    # A set that is kept already would be kept once more.
    if [ $stage = set ] && "$MUSICMAP" set list --library "$library" 2>/dev/null | grep -q kept &&
        [ -e "$scratch/at/kept.xspf" ]; then
        :
    elif [ $stage = set ] && "$MUSICMAP" set list --library "$library" 2>/dev/null | grep -q kept; then
        "$MUSICMAP" set show kept --library "$library" -o "$scratch/at/kept.xspf" >>"$out" 2>>"$errors"
    else
        run_stage $stage >>"$out" 2>>"$errors"
    fi
    case $stage in
    gather) later="embed map" ;;
    embed) later="map" ;;
    *) later="" ;;
    esac
    for next in $later; do
        run_stage $next >>"$out" 2>>"$errors"
    done
    # What a killed process had begun to write beside its name is no harm, and not part of the result.
    find "$scratch/at" -name '*.tmp' -delete
    case $stage in
    set) expected=$kept ;;
    export) expected=$exported ;;
    *) expected=$mapped ;;
    esac
    same "$(result_of)" "$expected" "killed at point $n, in $stage, then continued"
    n=$((n + 1))
done
echo "# killed in $killed of $points, the others were done before"
[ $killed -ge $((points / 4)) ]
ok $? "at least a quarter were killed in the middle of it"
sleep 0.3
pgrep -f "^musicmap helper" >"$out" 2>/dev/null && pgrep -af "^musicmap helper" | grep -q "$scratch"
[ $? != 0 ]
ok $? "no helper process is left behind"
finish
