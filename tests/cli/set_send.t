# SPDX-License-Identifier: BSD-2-Clause
# set --send spotify, against the stand-in: 250 songs from three services, replies lost on the way.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
. "$MUSICMAP_ROOT/tests/cli/standin.sh"
start_standin
cat >browser <<'B'
#!/usr/bin/python3
import sys, urllib.request
urllib.request.urlopen(sys.argv[1]).read()
B
chmod +x browser
export BROWSER="$scratch/browser"

# 144 songs that Spotify named, 60 with an ISRC of Deezer's, 46 with names only, one that is nowhere.
export SPOTIFY_CLIENT_ID=extended SPOTIFY_CLIENT_SECRET=secret-extended
run 0 musicmap gather spotify --genres acoustic,afrobeat,alt-rock,alternative,ambient,anime,black-metal,bluegrass,blues,bossanova,brazil,breakbeat,british,cantopop,chicago-house,children
run 0 musicmap gather deezer --genres chill,classical,club,comedy,country,dub
run 0 musicmap gather jamendo --genres dance,dancehall,death-metal,deep-house
run 0 musicmap gather jamendo --genres disco --limit 6
song nobody/x.mp3 440 -metadata artist=Nobody -metadata title='"Nowhere" = 1'
run 0 musicmap gather folder nobody
/usr/bin/python3 - <<'P' >songs.txt
import numpy, os, sqlite3
db = sqlite3.connect(os.environ['MUSICMAP_LIBRARY'] + '/catalog.sqlite')
own = {id: (source, key, d) for id, source, key, d in db.execute("SELECT id, source, key, duration_s FROM song WHERE file IS NOT NULL OR source = 'folder'")}
lengths = {id: d for id, (_, _, d) in own.items()} | {
    id: d for id, source, key, d in db.execute('SELECT song, source, key, duration_s FROM origin') if own.get(id, [0])[:2] == (source, key)}
numpy.save('v.npy', numpy.random.default_rng(1).normal(size=(len(lengths), 8)).astype('f4'))
for id in lengths:
    print(f'#{id}')
open('minutes', 'w').write(str(sum(lengths.values()) / 60))
P
run 0 musicmap embed --import v.npy --songs songs.txt --model made
run 0 musicmap set --minutes "$(cat minutes)" --model made --rounds 1 --name big --json
same "$(json ".songs | length")" 251 "all songs"
[ $broken = 0 ] || finish
cp "$out" big.json

# What the playlist is, against what the set says: every song but the one, in order, once.
cat >compare.py <<'P'
import json, os, sys
sys.path.insert(0, os.environ['MUSICMAP_ROOT'] + '/tests/http')
from fixture import Catalogue
by_name = {(s.artist, s.title): s.spotify for s in Catalogue().songs}
playlists = json.load(open(sys.argv[1]))
wanted = [by_name[s['artist'], s['title']] for s in json.load(open(sys.argv[2]))['songs'] if s['artist'] != 'Nobody']
songs = playlists[0]['songs']
print(len(playlists), len(songs), len(set(songs)), 'as wanted' if songs == wanted else 'NOT as wanted', playlists[0]['name'])
P
playlist() { # file of the set
    control playlists
    cp "$out" playlists.json
    /usr/bin/python3 compare.py playlists.json "$1"
}

export SPOTIFY_CLIENT_ID=dev2026 SPOTIFY_CLIENT_SECRET=secret-dev2026
control reset
control faults '{"rules":[{"route":"^/spotify/v1/me/playlists","method":"POST","nth":1,"kind":"lost"},
    {"route":"/items$","method":"POST","nth":2,"kind":"lost"},
    {"route":"/items$","method":"POST","nth":1,"kind":"dropped"}]}'
run 1 musicmap set show big --send spotify --title "My evening" --json -v
same "$(json '.sent | "\(.songs) \(.added) \(.looked_up) \(.missing | length)"')" "250 250 106 1" "sent"
has "$errors" 'not found at Spotify: Nobody - "Nowhere" = 1'
lacks "$errors" 'Bearer|(AQ|AR|BQ)[0-9]{20}'
same "$(playlist big.json)" "1 250 250 as wanted My evening" "two replies and a request lost: no duplicates"
same "$(count '[.[] | select(.method == "POST" and (.path | endswith("/items")))] | length')" 3 "no hundred is sent twice"
same "$(state '.faults | "\(.lost) \(.dropped)"')" "2 1" "they were lost"
same "$(state '.exceeded.spotify')" 0 "within the quota"

# Again: nothing is added, nothing looked for that is in the playlist.
control faults '{}'
run 1 musicmap set show big --send spotify --title "My evening" --json
same "$(json '.sent | "\(.songs) \(.added)"')" "250 0" "sent again: nothing new"
same "$(playlist big.json)" "1 250 250 as wanted My evening" "the same playlist"

# Interrupted for a day in the middle: what was sent stays, the same command goes on.
control reset
control faults '{"rules":[{"route":"/items$","method":"POST","nth":2,"kind":"s429day"}]}'
run 1 musicmap set show big --send spotify -q
has "$errors" 'left alone for 24 hours.*the same command after [0-9-]+ [0-9:]+ goes on'
control faults '{}'
run 1 musicmap set show big --send spotify --json
same "$(json '.sent | "\(.songs) \(.added)"')" "250 150" "goes on behind the first hundred"
same "$(playlist big.json)" "1 250 250 as wanted big" "whole in the end"

# Another set of that name takes the place of the first; one in a storm, by an app of each age.
run 0 musicmap set --minutes 60 --model made --rounds 1 --seed 5 --name big --json
cp "$out" small.json
n=$(jq '[.songs[] | select(.artist != "Nobody")] | length' small.json)
run "$(jq 'if [.songs[] | select(.artist == "Nobody")] | length > 0 then 1 else 0 end' small.json)" \
    musicmap set show big --send spotify -q
same "$(playlist small.json)" "1 $n $n as wanted big" "a new version replaces what was there"
for profile in legacy extended dev2026; do
    control reset
    export SPOTIFY_CLIENT_ID=$profile SPOTIFY_CLIENT_SECRET=secret-$profile
    control faults '{"seed":3,"rate":0.3}'
    tries=0
    until "$MUSICMAP" set show big@1 --send spotify -q >>storm.log 2>&1 </dev/null; [ $? -lt 3 ] || [ $tries -ge 20 ]; do
        tries=$((tries + 1))
    done
    control faults '{}'
    run 1 musicmap set show big@1 --send spotify --json
    same "$(playlist big.json)" "1 250 250 as wanted big" "$profile: through a storm"
done

# A consent that was given for reading only is asked for again, once, for more.
control reset
rm -f config/musicmap/spotify-token
run 0 musicmap gather spotify --liked --library liked -q
run 1 musicmap set show big@1 --send spotify -q
same "$(count '[.[] | select(.path == "/accounts/authorize")] | length')" 2 "consent for more"
run 0 musicmap gather spotify --liked --library liked -q
same "$(count '[.[] | select(.path == "/accounts/authorize")] | length')" 2 "which is enough for both"
run 2 musicmap set show big --send deezer
has "$errors" 'cannot be "deezer": mpd.* or .*spotify|cannot be "deezer": mpd.*spotify'
run 2 musicmap set show big --send spotify:mine
has "$errors" '"spotify:mine": there is only one place for songs there'
run 2 musicmap set show big --send spotify --append
has "$errors" 'append cannot be at Spotify'
run 2 musicmap set show big --append
has "$errors" 'append goes with --send'
finish
