# SPDX-License-Identifier: BSD-2-Clause
# gather mpd and set --send mpd, with a real MPD: restarted, with a password, and half-answering fakes.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
. "$MUSICMAP_ROOT/tests/cli/mpd.sh"

small_songs music 500 8
port=$((20000 + $$ % 20000))
mpd_make "$scratch/music" <<C
bind_to_address "127.0.0.1"
port "$port"
C
mpd_update

# ---- the same library as of the folder ----
# Everything a library holds but for the moment at which it was written.
cat >dump.py <<'P'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1] + '/catalog.sqlite')
for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name").fetchall():
    columns = [c[1] for c in db.execute(f'PRAGMA table_info({table})') if c[1] not in ('made_at', 'added_at', 'at')]
    if columns:
        for row in sorted(map(repr, db.execute(f'SELECT {", ".join(columns)} FROM {table}'))):
            if 'identity' not in row and 'uuid' not in row:
                print(table, row)
P
run 0 musicmap gather folder music --library by-folder --json
run 0 env MPD_HOST="$mpd_home/socket" "$MUSICMAP" gather mpd --library by-mpd --json
same "$(json '"\(.found) \(.added) \(.failed)"')" "500 500 0" "all songs"
/usr/bin/python3 dump.py by-folder >a
/usr/bin/python3 dump.py by-mpd >b
diff a b >"$out"
ok $? "the same library: $(wc -l <a) rows"
run 0 musicmap gather mpd "127.0.0.1:$port" --music-dir music --library by-port -q
/usr/bin/python3 dump.py by-port | cmp -s a -
ok $? "over the net, with the folder mapped: the same"
run 0 musicmap gather mpd "$mpd_home/socket" --library by-mpd --json
same "$(json '"\(.added) \(.unchanged)"')" "0 500" "again: nothing is new"
first=$(find music -name '*.mp3' | sort | head -1)
mv "$first" moved.mp3
run 0 musicmap gather mpd "$mpd_home/socket" --library by-mpd --json
run 0 musicmap status --library by-mpd --json
same "$(json .missing)" 1 "a song that is gone is missing"
mv moved.mp3 "$first"

# ---- the right sentence ----
run 3 musicmap gather mpd "127.0.0.1:$port"
has "$errors" "music-dir DIR says where its music is here: the MPD at 127.0.0.1:$port does not tell"
mkdir empty
run 3 musicmap gather mpd "127.0.0.1:$port" --music-dir empty
has "$errors" "none of the 500 songs of the MPD .* is below .*/empty"
run 3 musicmap gather mpd "$scratch/nobody"
has "$errors" "there is no MPD at $scratch/nobody"
run 3 musicmap gather mpd 127.0.0.1:1
has "$errors" "there is no MPD at 127.0.0.1:1: .*refused"
run 2 musicmap gather mpd a b
run 2 musicmap gather folder music --music-dir music
run 2 musicmap gather mpd secret@127.0.0.1
has "$errors" 'does not belong into a command line'
run 2 musicmap gather mpd host:port
has "$errors" 'is no address of an MPD'

# ---- sets ----
export MUSICMAP_LIBRARY="$scratch/by-folder" MPD_HOST="$mpd_home/socket"
/usr/bin/python3 - <<'P' >songs.txt
import numpy
numpy.save('v.npy', numpy.random.default_rng(1).normal(size=(500, 8)).astype('f4'))
for i in range(500):
    print(f'#{i + 1}')
P
run 0 musicmap embed --import v.npy --songs songs.txt --model made
run 0 musicmap set --minutes 5 --model made --rounds 1 --name evening --json
json '.songs[].path' | sed "s:^$scratch/music/::" >wanted
run 0 musicmap set --minutes 3 --model made --rounds 1 --seed 9 --name morning --json
json '.songs[].path' | sed "s:^$scratch/music/::" >morning
n=$(wc -l <wanted)
in_queue() { # file, words
    mpd_queue >queue
    cmp -s queue "$1"
    ok $? "$2"
}
run 0 musicmap set show evening --send mpd --json
same "$(json '.sent | "\(.songs) \(.added) \(.looked_up) \(.missing | length)"')" "$n $n 0 0" "sent"
in_queue wanted "the queue is the set, in order"
run 0 musicmap set show evening --send mpd:queue --json
same "$(json '.sent.added')" 0 "sent twice"
in_queue wanted "is not doubled"
run 0 musicmap set show morning --send mpd --json
cat wanted morning >both
in_queue both "another goes behind it"
mpd_say 'delete 30:' >/dev/null
head -30 both >part
in_queue part "interrupted in the middle"
run 0 musicmap set show evening --send mpd:play -q
in_queue wanted "played at once: in place of what was there"
mpd_say status | grep -q '^state: play'
ok $? "it plays"
same "$(mpd_say status | sed -n 's/^song: //p')" 0 "from the first song"
mpd_say "delete $((n - 4)):" >/dev/null
run 0 musicmap set show evening --send mpd --json
same "$(json '.sent | "\(.songs) \(.added)"')" "$n 4" "half sent: the rest is"
in_queue wanted "whole again"
mpd_say 'consume 1' 'delete 0:3' >/dev/null
run 0 musicmap set show evening --send mpd --json
same "$(json '.sent.added')" 0 "what was played and left the queue is not sent again"
run 0 musicmap set show morning --send mpd:play --append -q
tail -n +4 wanted | cat - morning >both
in_queue both "played behind what is there"
mpd_say stop 'consume 0' clear >/dev/null

stored() {
    mpd_say "listplaylist \"$1\"" | sed -n 's/^file: //p' >stored
}
run 0 musicmap set show evening --send "mpd:save=Late \"show\"" --json
stored 'Late \"show\"'
cmp -s stored wanted
ok $? "a stored playlist"
run 0 musicmap set show evening --send "mpd:save=Late \"show\"" --json
same "$(json '.sent | "\(.songs) \(.added)"')" "$n 0" "again: the same"
run 0 musicmap set show morning --send "mpd:save=Late \"show\"" --append -q
run 0 musicmap set show morning --send "mpd:save=Late \"show\"" --append -q
stored 'Late \"show\"'
cat wanted morning | cmp -s - stored
ok $? "appended, once"
run 0 musicmap set show morning --send "mpd:save=Late \"show\"" -q
stored 'Late \"show\"'
cmp -s stored morning
ok $? "replaced"
same "$(mpd_say listplaylists | grep -c '^playlist: ')" 1 "nothing else is left there"
run 2 musicmap set show evening --send mpd:save=../x
run 2 musicmap set show evening --send mpd:loud

# Over the net the folder is not told: songs are found by the ends of their paths, or by their names.
export MPD_HOST=127.0.0.1 MPD_PORT=$port
run 0 musicmap set show evening --send mpd:play -q
in_queue wanted "over the net: by their paths"

# The page is told what plays, and may ask for another song: known by its folder, or by its names.
cat >beside.py <<'P'
import json, sqlite3, sys, time, urllib.request
for _ in range(400):
    url = open('serve.url').read().strip()
    if url:
        break
    time.sleep(0.05)
ids = {key.decode() if isinstance(key, bytes) else key: id for id, key in
       sqlite3.connect('by-folder/catalog.sqlite').execute('SELECT id, key FROM song')}
first, other = (next(id for key, id in ids.items() if key.endswith('/' + path.strip()))
                for path in open('wanted').readlines()[:4:3])
said = urllib.request.urlopen(url + 'api/events', timeout=60)
def plays(song):
    for line in said:
        if line.startswith(b'data:') and json.loads(line[5:]).get('player') == {'name': 'MPD', 'song': song}:
            return print('plays', song)
plays(first)
ask = urllib.request.Request(f'{url}api/play/{other}', b'{}',
                             {'Content-Type': 'application/json', 'Origin': url.rstrip('/')})
urllib.request.urlopen(ask).read()
plays(other)
P
for address in "$mpd_home/socket" "127.0.0.1:$port"; do
    mpd_say 'play 0' 'pause 1' >/dev/null
    : >serve.url
    "$MUSICMAP" serve "$address" --mpd --port 0 --no-open >serve.url 2>serve.log </dev/null &
    server=$!
    timeout 90 /usr/bin/python3 beside.py >"$out" 2>"$errors"
    ok $? "$address: what plays is told, another can be asked for"
    kill -INT $server
    wait $server
done
run 0 musicmap set show evening --send mpd:play -q
mv music elsewhere && mkdir music && i=0
while read -r path; do
    i=$((i + 1))
    cp "elsewhere/$path" "music/other-$i.mp3"
    echo "other-$i.mp3" >>names
done <wanted
mpd_update
run 0 musicmap set show evening --send mpd:play --json
same "$(json '.sent.looked_up')" "$n" "looked up"
in_queue names "by their names"
rm music/other-2.mp3
mpd_update
run 1 musicmap set show evening --send mpd:play --json
same "$(json '.sent | "\(.songs) \(.missing[0].position)"')" "$((n - 1)) 2" "one is not there"
has "$errors" 'not found at MPD: Artist'
rm -r music && mv elsewhere music
mpd_update

# ---- restarted, slow, half-answering, wrong password ----
mpd_stop
echo 'password "open@read,add,player,control"
default_permissions ""' >>"$mpd_home/conf"
mpd_secret=open mpd_start
run 2 musicmap set show evening --send mpd
has "$errors" "MPD at 127.0.0.1:$port wants a password: MPD_PASSWORD"
run 2 env MPD_PASSWORD=wrong "$MUSICMAP" set show evening --send mpd
has "$errors" 'does not take this password'
lacks "$errors" wrong
run 0 env MPD_PASSWORD=open "$MUSICMAP" set show evening --send mpd:play -q
run 0 env MPD_HOST=open@127.0.0.1 "$MUSICMAP" set show evening --send mpd:play -q
mkdir -p config/musicmap
echo 'mpd_password = open' >config/musicmap/credentials
run 2 env XDG_CONFIG_HOME="$scratch/config" "$MUSICMAP" set show evening --send mpd
has "$errors" 'can be read by others: chmod 600'
chmod 600 config/musicmap/credentials
run 0 env XDG_CONFIG_HOME="$scratch/config" "$MUSICMAP" set show evening --send mpd:play -q
same "$(mpd_secret=open mpd_queue | cmp - wanted && echo as wanted)" "as wanted" "with the password"
mpd_stop

# A fake before no server at all: FAKE PORT KIND.
cat >fake.py <<'P'
import socket, sys, threading, time
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
kind, seen = sys.argv[1], []
def serve(s):
    f = s.makefile('rwb')
    if kind == 'silent':
        time.sleep(60)
    f.write(b'HTTP/1.0 200 OK\r\n\r\n' if kind == 'web' else b'OK MPD 0.23.5\n')
    f.flush()
    for line in f:
        seen.append(line)
        if kind == 'breaks' and len(seen) % 2:
            f.write(b'file: a/b')
            f.flush()
            s.shutdown(2)
            return
        if kind == 'half':
            f.write(b'directory: a\nfile: b')
            f.flush()
            time.sleep(60)
        if kind == 'leads-out' and line.startswith(b'lsinfo'):
            f.write(b'directory: ..\nfile: ../../etc/passwd\nTitle: x\n')
        f.write(b'OK\n')
        f.flush()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
P
fake() { # kind, expected status, sentence
    /usr/bin/python3 fake.py "$1" >fake.port &
    fake_pid=$!
    until [ -s fake.port ]; do sleep 0.02; done
    run "$2" env -u MPD_HOST MPD_TIMEOUT=1 "$MUSICMAP" gather mpd "127.0.0.1:$(cat fake.port)" --music-dir music --library fakes
    has "$errors" "$3"
    kill $fake_pid
    wait $fake_pid 2>/dev/null
    : >fake.port
}
fake silent 3 'does not answer'
fake web 3 'does not speak as an MPD does'
fake half 3 'does not answer'
fake breaks 0 '0 songs found'
fake leads-out 0 '0 songs found'
finish
