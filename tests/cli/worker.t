# SPDX-License-Identifier: BSD-2-Clause
# Workers of a shared library: killed, frozen, without files; the result is that of one machine.
# (tests/full/workers.t does it at length.)
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
run 3 musicmap worker --library nowhere
run 2 musicmap worker --path-map here=there --library nowhere
. "$MUSICMAP_ROOT/tests/cli/postgresql.sh"
database

for n in 1 2 3 4 5 6 7 8; do
    song music/low/$n.mp3 $((100 + 7 * n))
    song music/mid/$n.flac $((500 + 31 * n))
    song music/high/$n.ogg $((2000 + 90 * n))
done
music=$(realpath music)

run 0 musicmap gather folder music --library alone
run 0 musicmap embed --library alone --cpu generic
run 3 musicmap worker --library alone
has "$errors" 'PostgreSQL'
run 0 musicmap gather folder music --library "$uri"

worker() { # log, options...
    log=$1
    shift
    "$MUSICMAP" worker --library "$uri" --cpu generic --lease 1 --until-done -j 1 "$@" \
        >"$log" 2>&1 </dev/null &
}
# Until a worker has songs in hand.
at_work() { # process
    for _ in $(seq 100); do
        [ "$(ask "SELECT count(*) FROM task JOIN worker w ON w.id = task.worker
                  WHERE w.pid = $1 AND tries > 0")" -gt 0 ] && return
        sleep 0.05
    done
}

# What people look for in the page is done first.
worker stopped.log
stopped=$!
at_work $stopped
kill $stopped
wait $stopped
wanted=$(ask "SELECT song FROM task WHERE worker IS NULL ORDER BY song DESC LIMIT 1")
"$MUSICMAP" serve --library "$uri" --port 0 --no-open >serve.url 2>serve.log </dev/null &
server=$!
/usr/bin/python3 - "$wanted" >looked.json <<'P'
import sys, time, urllib.request
for _ in range(200):
    url = open('serve.url').read().strip()
    if url:
        break
    time.sleep(0.05)
ask = urllib.request.Request(url + 'api/set', b'{"do":"look","words":"#%s"}' % sys.argv[1].encode(),
                             {'Content-Type': 'application/json', 'Origin': url.rstrip('/')})
print(urllib.request.urlopen(ask).read().decode())
P
has looked.json "\"id\":$wanted,.*\"first\":true"
same "$(ask 'SELECT song FROM task WHERE priority = 1')" "$wanted" "a song that is looked for comes first"
kill -INT $server
wait $server

worker killed.log
killed=$!
at_work $killed
kill -9 $killed
wait $killed 2>/dev/null
worker frozen.log
frozen=$!
at_work $frozen
kill -STOP $frozen
run 0 musicmap status --library "$uri"
has "$out" "^(workers|       ) +process $frozen of .*: [0-9]+ done, 0 failed, [1-9][0-9]* in hand"
has "$out" '^queue +[0-9]+ waiting, [1-9][0-9]* in hand'
same "$(ask 'SELECT count(*) FROM task' | grep -c '^0$')" 0 "there is still something to do"
worker third.log --tries 9
third=$!
wait $third
same $? 0 "the third does what is left"
cat frozen.log third.log >both.log # whoever looked first took them over
has both.log "process $killed of .* was lost"
has third.log "process $frozen of .* was lost"
kill -CONT $frozen
wait $frozen
same $? 0 "the frozen one finds nothing to do when it wakes"

same "$(ask 'SELECT count(*) FROM task')" 0 "no task is left"
same "$(ask 'SELECT count(*) FROM worker')" 0 "no lease is left"
for library in alone "$uri"; do
    run 0 musicmap map --layout pca --library "$library"
    run 0 musicmap export --data "$(basename "${library%%\?*}").jsonl" --library "$library"
done
cmp alone.jsonl "$database.jsonl"
ok $? "songs, measures and map are those of one machine"
run 0 musicmap export --data alone.npz --library alone
run 0 musicmap export --data many.npz --library "$uri"
cmp alone.npz many.npz
ok $? "so are the vectors, bit for bit"

# Where files are elsewhere, or nowhere.
mv music elsewhere
ask 'DELETE FROM vector; DELETE FROM measure'
run 3 musicmap worker --library "$uri" --until-done
has "$errors" 'not on this machine.*--path-map'
same "$(ask "SELECT count(*) FROM song WHERE state <> 0")" 0 "no song is called missing for that"
run 0 musicmap worker --library "$uri" --cpu generic --until-done --path-map "$music/=$scratch/elsewhere"
run 0 musicmap export --data again.npz --library "$uri"
cmp alone.npz again.npz
ok $? "the same from another path"
run 0 musicmap worker --library "$uri" --cpu generic --segments --until-done --path-map "$music=$scratch/elsewhere"
same "$(ask "SELECT count(*) FROM vector v JOIN vector_kind k ON k.id = v.kind WHERE k.segment <> ''")" 96 \
    "how songs begin and end is a worker's business, too"

/usr/bin/python3 -m http.server 0 --bind 127.0.0.1 --directory elsewhere >server.log 2>&1 </dev/null &
server=$!
for _ in $(seq 100); do
    port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' server.log)
    [ -n "$port" ] && break
    sleep 0.1
done
rm elsewhere/low/3.mp3
ask 'DELETE FROM vector; DELETE FROM measure'
run 1 musicmap worker --library "$uri" --cpu generic --until-done --tries 2 --json \
    --path-map "$music=http://127.0.0.1:$port"
same "$(json '"\(.done) \(.failed) \(.parked) \(.given_back)"')" "23 1 1 2" "one is nowhere"
kill $server
run 0 musicmap status --library "$uri"
has "$out" 'low/3.mp3'
has "$out" 'given up after 2 tries: .*404'
has "$out" '^workers +none'
has "$out" '^queue +0 waiting'
find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'musicmap-??????.mp3' | grep -q .
same $? 1 "fetched files are not left behind"
finish
