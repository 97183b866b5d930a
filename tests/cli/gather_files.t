# SPDX-License-Identifier: BSD-2-Clause
# Playlists and the FMA data set: what they name becomes songs, what is not there is told.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

song music/A/one.mp3 300
song music/A/two.mp3 500 -metadata title="Tagged" -metadata artist="Somebody"
song music/A/three.mp3 700
printf '#EXTM3U\n#EXTINF:8,Singer - First\nA/one.mp3\nA\\two.mp3\n#EXTINF:9,Gone - Away\nA/none.mp3\n' >music/list.m3u8

run 1 musicmap gather playlist music/list.m3u8 --json
same "$(json '"\(.found) \(.added) \(.absent|length)"')" "2 2 1" "two songs, one that is not there"
same "$(json '.absent[0]')" "Gone - Away (A/none.mp3)" "which one"
run 1 musicmap gather playlist music/list.m3u8
has "$errors" 'no such file: Gone - Away'
has "$errors" '2 songs found, 0 new'

# A list of names alone: what the library has is known by name.
printf 'Track Name,Artist Name(s),Duration (ms)\nFirst,Singer,8000\nTagged,somebody,8100\nOther,X,1\n' >names.csv
run 1 musicmap gather playlist names.csv --json
same "$(json '"\(.in_library) \(.absent|length)"')" "2 1" "known by name"

# The same files as a folder are the same songs.
run 0 musicmap gather folder music --json
same "$(json '"\(.found) \(.added) \(.unchanged)"')" "3 1 2" "one library"

# The data set's table wins over tags, and over an earlier look at the folder.
song fma/fma_small/000/000002.mp3 900 -metadata title="Wrong"
run 0 musicmap gather folder fma
mkdir fma/fma_metadata
{
    echo ',album,artist,set,track,track,track'
    echo ',title,name,subset,genre_top,genres,title'
    echo 'track_id,,,,,,'
    echo '2,"Line one'
    echo 'line two",AWOL,small,Hip-Hop,[21],Food'
    echo '5,,AWOL,small,Hip-Hop,[21],Missing'
} >fma/fma_metadata/tracks.csv
run 1 musicmap gather fma fma --json
same "$(json '"\(.found) \(.added) \(.absent|length)"')" "1 0 1" "the clip that is there"
run 1 musicmap gather fma fma
run 0 musicmap gather folder fma --json
same "$(json '"\(.found) \(.added) \(.changed)"')" "1 0 0" "no second song"
sqlite=$(/usr/bin/python3 - "$MUSICMAP_LIBRARY/catalog.sqlite" <<'P'
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT source, artist, title, genres FROM song WHERE source = 'fma'").fetchall())
P
)
same "$sqlite" "[('fma', 'AWOL', 'Food', 'Hip-Hop')]" "the table's words"

# What could not be read can be again: it is no failure any more. (Root reads everything.)
as_user() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
    else
        "$@"
    fi
}
mkdir -p locked/folder theirs
cp music/A/one.mp3 locked/folder/1.mp3
cp music/A/two.mp3 locked/2.mp3
chmod 755 "$scratch"
[ "$(id -u)" = 0 ] && chown -R nobody locked theirs
run 0 as_user "$MUSICMAP" gather folder locked --library theirs/library
chmod 000 locked/folder locked/2.mp3
run 1 as_user "$MUSICMAP" gather folder locked --library theirs/library
run 0 as_user "$MUSICMAP" status --json --library theirs/library
same "$(json '.failures|length')" 2 "a folder and a file that may not be read"
chmod 755 locked/folder locked/2.mp3
run 0 as_user "$MUSICMAP" gather folder locked --json --library theirs/library
same "$(json '"\(.found) \(.unchanged)"')" "2 2" "they may again, and are what they were"
run 0 as_user "$MUSICMAP" status --json --library theirs/library
same "$(json '.failures|length')" 0 "and no failure is left"

run 3 musicmap gather playlist nothing.m3u
run 3 musicmap gather fma music
has "$errors" 'tracks.csv'
run 2 musicmap gather playlist

# A folder on another disk, linked into the music: the folder's walk and a playlist name its songs
# differently, and they are the same, whichever comes first.
song disk/1.mp3 310
song disk/2.mp3 320
mkdir linked
ln -s ../disk linked/disk
printf 'disk/1.mp3\ndisk/2.mp3\n' >linked/list.m3u
run 0 musicmap gather folder linked --library walked
run 0 musicmap gather playlist linked/list.m3u --library walked --json
same "$(json '"\(.added) \(.unchanged)"')" "0 2" "the playlist's songs are the folder's"
run 0 musicmap gather playlist linked/list.m3u --library listed
run 0 musicmap gather folder linked --library listed --json
same "$(json '"\(.added) \(.unchanged)"')" "0 2" "and the other way round"
song disk/1.mp3 330
run 0 musicmap gather folder linked --library listed --json
same "$(json '"\(.added) \(.changed) \(.unchanged)"')" "0 1 1" "what changes is seen by either path"
rm linked/disk
run 0 musicmap gather folder disk --library walked --json
same "$(json '"\(.added) \(.changed) \(.failed)"')" "0 1 0" "without the link they lie where they are"
finish
