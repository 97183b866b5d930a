# SPDX-License-Identifier: BSD-2-Clause
# Four workers over 6,000 short songs, one of them on a host of its own (where there are network namespaces): killed twenty times at random, frozen past their lease, cut off,
# their server restarted and crashed, one of their clocks wrong. At the end every song is stored exactly
# once, bit for bit as one machine stores it, and no lease is left. SONGS=N tries it smaller.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
[ -n "${MUSICMAP_TEST_PGDATA:-}" ] || skip_all "no PostgreSQL server: its programs are not installed"
. "$MUSICMAP_ROOT/tests/postgres.sh"
postgres_find
# A server of our own: this one is crashed.
mkdir server
chmod 755 "$scratch"
postgres_make "$scratch/server" || exit 1
. "$MUSICMAP_ROOT/tests/cli/postgresql.sh"
database
songs=${SONGS:-6000} # 2,000 are done before the seventh kill
kills=20
pids=""
proxy=""
far=""
bridge=""
trap 'kill -9 $pids $proxy $bridge 2>/dev/null; [ -z "$far" ] || ip netns del $far; postgres_stop immediate >/dev/null 2>&1; rm -rf "$scratch"' EXIT

# One and a half seconds each of a tone that no other has.
/usr/bin/python3 - "$songs" <<'P'
import numpy, os, sys, wave
random, n, t = numpy.random.default_rng(1), int(sys.argv[1]), numpy.arange(24000) / 16000 * 2 * numpy.pi
for i in range(n):
    folder = f'music/{i % 20:02d}'
    os.makedirs(folder, exist_ok=True)
    with wave.open(f'{folder}/{i:05d}.wav', 'wb') as out:
        out.setparams((1, 2, 16000, 0, 'NONE', ''))
        f, g = 80 * 95 ** (i / n), random.uniform(1, 9)
        out.writeframes((9000 * numpy.sin(f * t) * (0.6 + 0.4 * numpy.sin(g * t))).astype('<i2').tobytes())
P
run 0 musicmap gather folder music --library alone
run 0 musicmap gather folder music --library "$uri"
echo "no sound" >music/00/00000.wav # one that everybody fails with
run 1 musicmap embed --model timbre --library alone
# What is stored, told by the server itself.
psql -qX "$uri" <<'S'
CREATE TABLE musicmap.stored (song bigint, what text);
CREATE FUNCTION musicmap.note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO musicmap.stored VALUES (NEW.song, TG_TABLE_NAME); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON musicmap.vector
    FOR EACH ROW EXECUTE FUNCTION musicmap.note();
CREATE TRIGGER note AFTER INSERT OR UPDATE ON musicmap.measure
    FOR EACH ROW EXECUTE FUNCTION musicmap.note();
S

# Starts a worker; the last one's process is $worker.
n=0
start() { # address, what to run it with...
    address=$1
    shift
    n=$((n + 1))
    "$@" "$MUSICMAP" worker --library "$address" --model timbre --lease 2 --tries 9 -j 1 >"worker.$n.log" 2>&1 </dev/null &
    worker=$!
    pids="$pids $worker"
}
left() {
    ask "SELECT count(*) FROM task" 2>/dev/null || echo 1
}
pause() { # up to so many tenths of a second
    sleep "0.$(($(od -An -N1 -tu1 /dev/urandom) % 8 + 1))"
}

mkdir cut
socket=$(echo "$uri" | sed 's/.*host=//')/.s.PGSQL.5432
through=$(echo "$uri" | sed "s:host=.*:host=$scratch/cut:")
"$MUSICMAP_ROOT/tests/full/proxy.py" "$scratch/cut/.s.PGSQL.5432" "$socket" &
proxy=$!
start "$uri"
one=$worker
start "$uri"
two=$worker
# The third goes through the proxy and lives in the past, where the library for that is there.
past=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
past=${past:+env LD_PRELOAD=$past FAKETIME=-400d}
[ -n "$past" ] || echo "# libfaketime is not installed: no clock is wrong"
start "$through" $past
three=$worker
# A fourth on a host of its own: another network, one wire to ours.
four=""
if ip netns add "musicmap$$" 2>/dev/null; then
    far=musicmap$$
    if ip link add mm-here type veth peer name mm-there netns $far 2>/dev/null &&
        ip addr add 10.199.77.1/30 dev mm-here && ip link set mm-here up &&
        ip -n $far addr add 10.199.77.2/30 dev mm-there && ip -n $far link set mm-there up; then
        "$MUSICMAP_ROOT/tests/full/proxy.py" 10.199.77.1:5432 "$socket" &
        bridge=$!
        start "$(echo "$uri" | sed 's/?host=.*/?host=10.199.77.1/')" ip netns exec $far
        four=$worker
    fi
fi
[ -n "$four" ] || echo "# no network namespaces here: all workers live on one host"
while [ "$(left)" = 0 ]; do sleep 0.1; done

killed=0
while [ $killed -lt $kills ] && [ "$(left)" -gt 0 ]; do
    pause
    killed=$((killed + 1))
    if [ $((killed % 2)) = 1 ]; then
        kill -9 $one 2>/dev/null
        start "$uri"
        one=$worker
    else
        kill -9 $two 2>/dev/null
        start "$uri"
        two=$worker
    fi
    case $killed in
    4) kill -STOP $one; sleep 4; kill -CONT $one ;;
    7) kill -STOP $proxy; sleep 4; kill -CONT $proxy ;;
    10) postgres_stop fast && postgres_start ;;
    13) kill -9 $proxy
        "$MUSICMAP_ROOT/tests/full/proxy.py" "$scratch/cut/.s.PGSQL.5432" "$socket" &
        proxy=$! ;;
    16) postgres_stop immediate && postgres_start ;;
    esac
done
same $killed $kills "workers were killed $kills times before the work was done"
run 0 musicmap worker --library "$uri" --model timbre --lease 2 --until-done -j 1
kill $one $two $three $four 2>/dev/null
for worker in $one $two $three $four; do
    wait $worker
    status=$?
    [ $status -le 1 ]
    ok $? "a worker that is told to stop says so (exit $status)"
done
cat worker.*.log >all.log
sed -n 's/^musicmap worker: /# /p' all.log

same "$(ask 'SELECT count(*) FROM task')" 0 "no task is left"
sleep 2
same "$(ask 'SELECT count(*) FROM worker WHERE lease_until > clock_timestamp()')" 0 "no lease is left"
same "$(ask "SELECT count(*) FROM stored WHERE what = 'vector'")" $((songs - 1)) \
    "as many vectors were stored as there are songs"
same "$(ask 'SELECT count(*) FROM (SELECT 1 FROM stored GROUP BY song, what HAVING count(*) > 1) AS twice')" 0 \
    "nothing was stored twice"
same "$(ask "SELECT convert_from(path, 'UTF8') || tries FROM failure WHERE stage = 'embed'")" \
    "$(realpath music/00/00000.wav)1" "the one file that cannot be read failed, once"
for library in alone "$uri"; do
    run 0 musicmap map --layout pca --library "$library"
done
run 0 musicmap export --data alone.npz --library alone
run 0 musicmap export --data many.npz --library "$uri"
cmp alone.npz many.npz
ok $? "vectors, measures and places are those of one machine, bit for bit"
if [ -n "$four" ]; then
    far_log=worker.4.log
    has $far_log '[1-9][0-9]* songs?'
fi
has all.log 'was lost; its [0-9]+ songs? are others'
has all.log 'was not heard of for longer than its lease'
has all.log 'connection to .* was lost'
echo "# $(grep -c 'was lost; its' all.log) workers were missed, $(grep -c 'another.s by now' all.log) songs came too late"
finish
