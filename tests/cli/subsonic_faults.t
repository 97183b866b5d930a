# SPDX-License-Identifier: BSD-2-Clause
# A Subsonic server that is slow, breaks off, tells nonsense, renumbers: the right sentence, nothing lost.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
song sound.mp3 440 -b:a 64k
: >modes
/usr/bin/python3 "$MUSICMAP_ROOT/tests/http/subsonic.py" modes sound.mp3 anna sesame >port 2>server.err &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$scratch"' EXIT
i=0
while [ ! -s port ] && [ $i -lt 600 ]; do
    sleep 0.1
    i=$((i + 1))
done
export SUBSONIC_URL="http://127.0.0.1:$(cat port)/music/" SUBSONIC_USER=anna SUBSONIC_PASSWORD=sesame
printf '\0\0\0\0\0\0\0\0' >clock # waits take no time
export MUSICMAP_CLOCK="$scratch/clock" XDG_CONFIG_HOME="$scratch/config"

gather() { # modes, expected status, arguments...
    echo "$1" >modes
    status=$2
    shift 2
    run "$status" musicmap gather subsonic "$@"
}

gather "" 0 --json
same "$(json .added)" 1200 "three pages, by token"
for account in anna:topsecret annabella:topsecret; do
    SUBSONIC_URL="http://$account@127.0.0.1:$(cat port)/music/" gather "" 2 --library none
    has "$errors" 'no address that a password may be sent to'
    lacks "$errors" 'anna|topsecret'
done
for modes in notoken half "slow half" loop old older; do
    gather "$modes" 0 --json --library "l-$modes"
    same "$(json .added)" "$([ "$modes" = loop ] && echo 500 || echo 1200)" "$modes: all songs"
done
for modes in html shut; do
    gather "$modes" 3
    has "$errors" 'nothing was changed: try again'
    lacks "$errors" 'sesame|t='
done
gather nonsense 0 --json --library nonsense
same "$(json '.found <= 500')" true "nonsense gives songs that are some, or none"
gather renumbered 0 --json
same "$(json '"\(.added) \(.renamed) \(.missing)"')" "0 1200 0" "other ids, the same songs"
gather "" 0 --json
same "$(json '"\(.added) \(.renamed) \(.missing)"')" "0 1200 0" "and back"
SUBSONIC_PASSWORD=wrong gather "" 3
has "$errors" 'refuses SUBSONIC_USER and SUBSONIC_PASSWORD: Wrong username'

# A few songs of it, to embed and to send.
/usr/bin/python3 - <<'P'
import sqlite3
db = sqlite3.connect('library/catalog.sqlite')
db.execute('PRAGMA foreign_keys = on')
db.execute("DELETE FROM song WHERE title NOT IN ('Song 1', 'Song 2', 'Song 3', 'Song 4', 'Song 5', 'Song 6')")
db.commit()
P
echo nodownload stubborn >modes
run 3 musicmap embed
has "$errors" 'did not give song tr-3$'
run 0 musicmap status --json
same "$(json .measured)" 5 "one song that is not given is not in the others' way"
# The stand-in says 60 s and more of a sound of 8 s.
cp -r library looked
echo >modes
run 0 musicmap gather subsonic --library looked
run 0 musicmap status --json --library looked
same "$(json .measured)" 5 "a length that is not the file's is no other file"
rm -r looked
echo half nodownload >modes
run 0 musicmap embed --json
same "$(json '"\(.embedded) \(.failed)"')" "1 0" "fetched from a server that breaks off, and may not download"
echo >modes
run 0 musicmap map
send() { # modes, arguments
    echo "$1" >modes
    shift
    run 0 musicmap set --minutes 0.7 --seed 1 --name evening --json "$@"
}
send "" --send subsonic:Evening
n=$(json '.songs | length')
same "$(json '.sent | "\(.songs) \(.added)"')" "$n $n" "a set is there"
send "" --send subsonic:Evening
same "$(json '.sent | "\(.songs) \(.added)"')" "$n 0" "sent twice is not doubled"
send "" --send subsonic:Evening --append
same "$(json '.sent | "\(.songs) \(.added)"')" "$n 0" "nor appended"
send lost --send subsonic:Night
same "$(json '.sent | "\(.songs) \(.added)"')" "$n $n" "a reply that is lost is seen by looking"
run 2 musicmap set --minutes 1 --send subsonic:
kill $server
wait $server 2>/dev/null
run 3 musicmap gather subsonic
finish
