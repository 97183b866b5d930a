# SPDX-License-Identifier: BSD-2-Clause
# New songs onto the map that there is.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

places() {
    /usr/bin/python3 - "$1" <<'P'
import os, sqlite3, sys
rows = sqlite3.connect(os.environ['MUSICMAP_LIBRARY'] + '/catalog.sqlite').execute(
    'SELECT song, x, y, cluster FROM map_song WHERE song <= ? ORDER BY song', (sys.argv[1],))
print(list(rows))
P
}

i=0
while [ $i -lt 6 ]; do
    song "music/Low/$i.wav" $((100 + 7 * i))
    song "music/High/$i.wav" $((1000 + 50 * i))
    i=$((i + 1))
done
run 0 musicmap gather folder music
run 0 musicmap embed
run 3 musicmap map --update
has "$errors" 'no map yet'
run 0 musicmap map --clusters 2
before=$(places 12)

song music/High/new.wav 1111
rm music/Low/5.wav
run 0 musicmap gather folder music
run 0 musicmap embed
run 0 musicmap map --update --json
same "$(json '"\(.songs) \(.drift.placed) \(.drift.gone) \(.drift.made_of)"')" "12 1 1 12" \
    "one placed, one gone"
after=$(places 12)
same "$(/usr/bin/python3 -c "a, b = $before, $after; print(all(s in a for s in b), len(a) - len(b))")" \
    "True 1" "no other song moved"
run 0 musicmap map --update --json
same "$(json '"\(.songs) \(.drift.placed)"')" "12 1" "a second time there is nothing to do"

i=0
while [ $i -lt 3 ]; do
    song "music/Mid/$i.wav" $((400 + 20 * i))
    i=$((i + 1))
done
run 0 musicmap gather folder music
run 0 musicmap embed
run 0 musicmap map --update
has "$errors" 'placed: 3 new songs on a map of 15; 0 taken off; no other song moved'
has "$errors" 'fresh map is due'
run 2 musicmap map --update --layout pca
has "$errors" 'update'
run 0 musicmap map --layout tsne --json
same "$(json '.drift')" null "a new map has no drift"
finish
