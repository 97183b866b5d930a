# SPDX-License-Identifier: BSD-2-Clause
# A collection on a Subsonic server, the real Supysonic: the library is that of the folder.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
. "$MUSICMAP_ROOT/tests/supysonic.sh"

# Twelve songs that sound different, and as many others as are to be paged through.
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    song music/"Artist $((i % 3))"/Album/$i.mp3 $((200 + 90 * i)) -b:a 64k -metadata title="Song $i" \
        -metadata artist="Artist $((i % 3))" -metadata album=Album -metadata genre="Jazz; Latin" \
        -metadata date=1999 -metadata track=$i
done
# The first page is 500 songs.
mkdir -p many
/usr/bin/python3 - <<'P'
import subprocess, os
tag = lambda frame, text: frame.encode() + (len(text) + 1).to_bytes(4, 'big') + b'\0\0\0' + text.encode()
sound = subprocess.run('ffmpeg -v error -f lavfi -i sine=d=1 -b:a 32k -ar 22050 -map_metadata -1 -id3v2_version 0 -f mp3 -'.split(),
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout
for i in range(520):
    frames = tag('TIT2', f'Title {i}') + tag('TPE1', f'Player {i % 40}') + tag('TALB', f'Record {i % 52}') + tag('TRCK', str(i % 9 + 1))
    n = len(frames)
    head = b'ID3\3\0\0' + bytes([n >> 21 & 127, n >> 14 & 127, n >> 7 & 127, n & 127])
    os.makedirs(f'many/{i % 40}', exist_ok=True)
    open(f'many/{i % 40}/{i}.mp3', 'wb').write(head + frames + sound + bytes(i))
P

# ---- the same library as the folder ----

supysonic_start "$scratch/music"
run 0 musicmap gather subsonic -v
has "$errors" '12 songs found, 12 new'
lacks "$errors" 'enc:|p:ss|anna|t=|70'
has "$errors" '/rest/ping.view'
run 0 musicmap gather subsonic --json
same "$(json '"\(.added) \(.known) \(.renamed) \(.missing)"')" "0 12 0 0" "and not twice"
run 0 musicmap embed --json
same "$(json '"\(.embedded) \(.failed)"')" "12 0" "each is fetched and embedded"
same "$(find library/loans -type f | wc -l)" 0 "and dropped"
run 0 musicmap gather folder music --library folder
run 0 musicmap embed --library folder
songs() {
    /usr/bin/python3 - "$1" <<'P'
import sqlite3, sys, hashlib
db = sqlite3.connect(f'{sys.argv[1]}/catalog.sqlite')
for row in db.execute('''SELECT title, artist, album, genres, year, track, codec, sample_rate, channels,
        round(s.duration_s, 3), hex(s.hash), tempo_bpm, loudness_lufs, hex(v.data) FROM song s
        JOIN measure m ON m.song = s.id JOIN vector v ON v.song = s.id WHERE state = 0 ORDER BY title, length(v.data)'''):
    print(*map(repr, row[:-1]), hashlib.sha256(row[-1].encode()).hexdigest())
P
}
songs library >server.txt
songs folder >folder.txt
cmp server.txt folder.txt >"$out" 2>&1
ok $? "names, measures and vectors are those of the folder"
same "$(wc -l <server.txt)" 24 "two of each song"
run 0 musicmap map
run 0 musicmap gather folder music --library both
run 0 musicmap gather subsonic --library both --json
same "$(json '"\(.added) \(.joined)"')" "0 12" "a song that is here, too, is one song"

# ---- stars and ratings ----

id=$(api search3 'query=Song+7&songCount=1' && jq -r '.["subsonic-response"].searchResult3.song[0].id' "$out")
api setRating "id=$id&rating=4" && api star "id=$id" && api scrobble "id=$id&submission=true"
run 0 musicmap gather subsonic
facts() {
    /usr/bin/python3 -c "
import sqlite3
for row in sqlite3.connect('library/catalog.sqlite').execute('SELECT title, name, value FROM fact JOIN song ON song.id = fact.song WHERE name IN (\"rating\", \"starred\") ORDER BY 1, 2'):
    print(row[0], row[1], row[2] if row[1] == 'rating' else int(row[2]) > 1)"
}
same "$(facts | paste -sd,)" "Song 7 rating 4,Song 7 starred True" "stars and ratings are known"

printf '[only]\nrating >= 4\n' >only.ini
musicmap set --rules only.ini --minutes 0.1 --no-keep --json >"$out" 2>"$errors" </dev/null
same "$(json '[.songs[].title] | join(",")')" "Song 7" "rules know them"
printf '[only]\nstarred = yes\nplays >= 1\n' >only.ini
musicmap set --rules only.ini --minutes 0.1 --no-keep --json >"$out" 2>"$errors" </dev/null
same "$(json '[.songs[].title] | join(",")')" "Song 7" "and stars and plays"
printf '[only]\nnot played since = 2020-13-40\n' >only.ini
run 2 musicmap set --rules only.ini
run 0 musicmap draw --shade rating -o rating.png

# ---- sets ----

playlist() { # name
    id=$(api getPlaylists && jq -r --arg n "$1" '.["subsonic-response"].playlists.playlist[] | select(.name == $n).id' "$out")
    api getPlaylist "id=$id" && jq -r '.["subsonic-response"].playlist.entry[].title' "$out" | paste -sd,
}
run 0 musicmap set --minutes 0.7 --name five --json --send subsonic:"Späte Runde"
set=$(json '[.songs[].title] | join(",")')
n=$(json '.songs | length')
same "$(json '.sent | "\(.songs) \(.added)"')" "$n $n" "a set is sent"
same "$(playlist "Späte Runde")" "$set" "in order"
run 0 musicmap set show five --json --send subsonic:"Späte Runde"
same "$(json '.sent | "\(.songs) \(.added)"')" "$n 0" "sent twice"
same "$(playlist "Späte Runde")" "$set" "is not doubled"
run 0 musicmap set --minutes 0.4 --seed 7 --name three --json --send subsonic:"Späte Runde" --append
more=$(json '[.songs[].title] | join(",")')
same "$(playlist "Späte Runde")" "$set,$more" "appended"
run 0 musicmap set show three --send subsonic:"Späte Runde" --append
same "$(playlist "Späte Runde")" "$set,$more" "once"
run 0 musicmap set show three --send subsonic:"Späte Runde"
same "$(playlist "Späte Runde")" "$more" "and replaced"

# A library that knows the songs from a folder only: found by their names; what has none is told.
run 0 musicmap set --library folder --minutes 0.4 --json --send subsonic:"By name"
set=$(json '[.songs[].title] | join(",")')
same "$(json '.sent | "\(.songs) \(.missing | length)"')" "$(json '.songs | length') 0" "songs of a folder are found there"
same "$(playlist "By name")" "$set" "and sent in order"

# ---- new ids ----

before=$(json .x; musicmap similar "Song 7" -n 3 --json 2>/dev/null | jq -c '[.songs[].id]')
supysonic_stop
rm -rf supysonic
supysonic_start "$scratch/music" $supysonic_port
run 0 musicmap gather subsonic --json
same "$(json '"\(.added) \(.renamed) \(.missing)"')" "0 12 0" "songs with new ids are the old ones"
run 0 musicmap embed --json
same "$(json .todo)" 0 "nothing is embedded twice"
supysonic_stop
# New ids and new names: only the content is the same.
for i in 1 2; do
    mkdir -p moved
    ffmpeg -v error -y -i music/"Artist $((i % 3))"/Album/$i.mp3 -map_metadata -1 -c copy moved/$i.mp3 </dev/null
done
cp moved/1.mp3 music/a.mp3
rm -rf supysonic
supysonic_start "$scratch/music" $supysonic_port
run 0 musicmap gather subsonic
run 0 musicmap embed
rm -rf supysonic.old
supysonic_stop
mv music/a.mp3 music/other-name.mp3
rm -rf supysonic
supysonic_start "$scratch/music" $supysonic_port
run 0 musicmap gather subsonic --json
same "$(json '"\(.added) \(.missing)"')" "1 1" "a song without names cannot be told by them"
run 0 musicmap embed
run 0 musicmap status --json
same "$(json '"\(.songs) \(.missing)"')" "13 0" "but by its content when it is fetched: nothing is there twice"

# ---- more than a page ----

supysonic_stop
rm -rf supysonic
supysonic_start "$scratch/many" $supysonic_port
run 0 musicmap gather subsonic --library many.map --json
same "$(json '"\(.found) \(.added)"')" "520 520" "several pages"
run 0 musicmap gather folder many --library many.folder
names() {
    /usr/bin/python3 -c "
import sqlite3, sys
for row in sqlite3.connect(sys.argv[1] + '/catalog.sqlite').execute('SELECT title, artist, album FROM song ORDER BY 1'): print(*row)" $1
}
names many.map >a && names many.folder >b
cmp a b
ok $? "are the folder's songs"
if [ -n "${MUSICMAP_FULL:-}" ]; then
    run 0 musicmap embed --library many.map
    run 0 musicmap embed --library many.folder
    songs many.map >a && songs many.folder >b
    cmp a b
    ok $? "with the folder's measures and vectors"
    same "$(wc -l <a)" 520 "of all 520 songs"
fi

# ---- what goes wrong ----

run 3 env SUBSONIC_PASSWORD=wrong "$MUSICMAP" gather subsonic --library many.map
has "$errors" 'refuses SUBSONIC_USER and SUBSONIC_PASSWORD'
lacks "$errors" 'wrong$'
chmod 644 "$XDG_CONFIG_HOME/musicmap/credentials"
run 2 musicmap gather subsonic
has "$errors" 'can be read by others'
chmod 600 "$XDG_CONFIG_HOME/musicmap/credentials"
run 2 musicmap gather subsonic http://music.example.org
has "$errors" 'no address that a password may be sent to'
run 2 musicmap gather subsonic --genres jazz
supysonic_stop
printf '\0\0\0\0\0\0\0\0' >clock # waits take no time
MUSICMAP_CLOCK="$scratch/clock" run 3 musicmap gather subsonic --library many.map
has "$errors" 'nothing was changed: try again'
run 0 musicmap status --library many.map --json
same "$(json .songs)" 520 "a server that is away takes nothing with it"
run 0 musicmap forget --source subsonic --library many.map
finish
