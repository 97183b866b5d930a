# SPDX-License-Identifier: BSD-2-Clause
# The libraries of DJ programs: Mixxx (its database, also while it runs), Rekordbox, Traktor.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
for i in 1 2 3; do
    song "music/Ada Übel/$i.mp3" $((200 * i)) -b:a 64k -metadata title="Song $i" -metadata artist="Ada Übel"
done

# Mixxx's tables as its documentation has them. It runs: what it wrote last is in the log only.
/usr/bin/python3 - "$scratch/music" <<'P'
import os, sqlite3, sys
db = sqlite3.connect('mixxxdb.sqlite')
db.executescript('''PRAGMA journal_mode = WAL;
    CREATE TABLE track_locations (id INTEGER PRIMARY KEY, location TEXT UNIQUE, filename TEXT, directory TEXT,
        filesize INTEGER, fs_deleted INTEGER, needs_verification INTEGER);
    CREATE TABLE library (id INTEGER PRIMARY KEY, artist TEXT, title TEXT, album TEXT, year TEXT, genre TEXT,
        tracknumber TEXT, location INTEGER REFERENCES track_locations (id), duration REAL, samplerate INTEGER,
        bpm REAL, key TEXT, key_id INTEGER, rating INTEGER, timesplayed INTEGER, mixxx_deleted INTEGER,
        last_played_at TEXT);
    CREATE TABLE cues (id INTEGER PRIMARY KEY, track_id INTEGER, type INTEGER, position REAL, length REAL,
        hotcue INTEGER, label TEXT, color INTEGER);
    CREATE TABLE crates (id INTEGER PRIMARY KEY, name TEXT UNIQUE, count INTEGER);
    CREATE TABLE crate_tracks (crate_id INTEGER, track_id INTEGER);
    PRAGMA wal_checkpoint(TRUNCATE);''')
for i in (1, 2, 3, 4):
    path = f'{sys.argv[1]}/Ada Übel/{i}.mp3' if i < 4 else '/nowhere/gone.mp3'
    db.execute('INSERT INTO track_locations (id, location) VALUES (?, ?)', (10 + i, path))
    db.execute('INSERT INTO library (id, artist, title, location, duration, samplerate, bpm, key, key_id, rating, timesplayed,'
               ' mixxx_deleted, last_played_at) VALUES (?, ?, ?, ?, 8, 44100, ?, ?, ?, ?, ?, 0, ?)',
               (i, 'Ada Übel', f'Song {i}', 10 + i, 120 + i + .5, '8A', 22 if i == 1 else 0, i, 3 * i, '2026-01-02 03:04:05'))
db.execute('INSERT INTO crates (id, name) VALUES (1, "Warm up"), (2, "Peak\ntime")')
db.execute('INSERT INTO crate_tracks VALUES (1, 1), (2, 1), (2, 2)')
db.execute('INSERT INTO cues (track_id, type, position, hotcue) VALUES (1, 1, 88200, 0), (1, 2, 0, -1), (1, 4, 999999, 1), (1, 1, -1, 2)')
db.commit()
os._exit(0)
P
facts() { # library
    /usr/bin/python3 - "$1" <<'P'
import sqlite3, sys
for row in sqlite3.connect(sys.argv[1] + '/catalog.sqlite').execute(
        'SELECT title, f.source, name, value FROM fact f JOIN song s ON s.id = f.song ORDER BY 1, 2, 3'):
    print(*(str(c).replace('\n', '|') for c in row))
P
}
cp mixxxdb.sqlite before.sqlite
run 1 musicmap gather mixxx mixxxdb.sqlite --library mixxx
has "$errors" '3 songs found, 3 new, 1 not there'
has "$errors" 'no such file: Ada Übel - Song 4'
cmp -s mixxxdb.sqlite before.sqlite && [ -s mixxxdb.sqlite-wal ]
ok $? "Mixxx's own files are as they were"
facts mixxx >"$out"
has "$out" '^Song 1 mixxx bpm 121.5$'
has "$out" '^Song 1 mixxx crates Peak time\|Warm up$'
has "$out" '^Song 1 mixxx cues 0.000 1.000$'
has "$out" '^Song 1 mixxx key Am$'
has "$out" '^Song 2 mixxx key Am$'
has "$out" '^Song 1 mixxx played 1767323045$'
has "$out" '^Song 3 mixxx plays 9$'
has "$out" '^Song 3 mixxx rating 3$'
mkdir -p home/.mixxx
mv mixxxdb.sqlite mixxxdb.sqlite-wal home/.mixxx
HOME="$scratch/home" run 1 musicmap gather mixxx --library mixxx --json
same "$(json '"\(.added) \(.unchanged)"')" "0 3" "in its usual place, and nothing twice"
run 0 musicmap gather folder music --library mixxx --json
same "$(json .added)" 0 "they are the folder's songs"

# What is no library of Mixxx.
echo "no database" >bad.sqlite
run 3 musicmap gather mixxx bad.sqlite
/usr/bin/python3 -c "
import sqlite3
db = sqlite3.connect('other.sqlite'); db.execute('CREATE TABLE x (y)'); db.commit()
db = sqlite3.connect('view.sqlite')
for t in 'track_locations cues crates crate_tracks'.split(): db.execute(f'CREATE TABLE {t} (id)')
db.execute('CREATE VIEW library AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n AS id FROM r')
db.commit()"
run 3 musicmap gather mixxx other.sqlite
has "$errors" 'no library of Mixxx'
run 3 musicmap gather mixxx view.sqlite
head -c 5000 home/.mixxx/mixxxdb.sqlite >cut.sqlite
run 3 musicmap gather mixxx cut.sqlite
run 3 musicmap gather mixxx nowhere.sqlite

# ---- Rekordbox ----

cat >rb.xml <<X
<?xml version="1.0" encoding="UTF-8"?>
<DJ_PLAYLISTS Version="1.0.0"><COLLECTION Entries="3">
<TRACK TrackID="7" Name="Song 1" Artist="Ada Übel" TotalTime="8" AverageBpm="128.00" Tonality="Gbm" Rating="204" PlayCount="5"
 Location="file://localhost$scratch/music/Ada%20%C3%9Cbel/1.mp3"><POSITION_MARK Name="drop" Type="0" Start="4.25" Num="0"/></TRACK>
<TRACK TrackID="8" Name="Song 2" Artist="Ada Übel" AverageBpm="nan" Tonality="11A" Rating="-5" Location="file://localhost/C:/Music/Ada%20%C3%9Cbel/2.mp3"/>
<TRACK TrackID="9" Name="Nowhere" Artist="Nobody"/>
</COLLECTION><PLAYLISTS><NODE Type="0" Name="ROOT"><NODE Name="Sunrise" Type="1" KeyType="0"><TRACK Key="8"/><TRACK Key="99"/></NODE></NODE></PLAYLISTS></DJ_PLAYLISTS>
X
cp rb.xml music/
sed 's|<DJ_PL|<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><DJ_PL|; s/Name="Nowhere"/Name="\&e;"/' rb.xml >evil.xml
run 3 musicmap gather rekordbox evil.xml --library evil
has "$errors" 'damaged at line'
lacks "$errors" 'root:'
head -c $(($(wc -c <rb.xml) / 2)) rb.xml >half.xml
run 3 musicmap gather rekordbox half.xml --library evil
run 1 musicmap gather rekordbox music/rb.xml --library rb
has "$errors" '2 songs found, 2 new, 1 not there'
facts rb >"$out"
has "$out" '^Song 1 rekordbox bpm 128$'
has "$out" '^Song 1 rekordbox cues 4.250$'
has "$out" '^Song 1 rekordbox key F#m$'
has "$out" '^Song 1 rekordbox rating 4$'
has "$out" '^Song 2 rekordbox key F#m$'
has "$out" '^Song 2 rekordbox crates Sunrise$'
lacks "$out" 'root:|nan'
# Playlists may call songs by their locations, and more than once.
sed 's|<NODE Name="Sunrise".*|<NODE Name="Noon" Type="1" KeyType="1"><TRACK Key="file://localhost/C:/Music/Ada%20%C3%9Cbel/2.mp3"/></NODE><NODE Name="Dusk" Type="1" KeyType="0"><TRACK Key="8"/><TRACK Key="8"/></NODE></NODE></PLAYLISTS></DJ_PLAYLISTS>|' rb.xml >music/rb.xml
run 1 musicmap gather rekordbox music/rb.xml --library rb
facts rb >"$out"
has "$out" '^Song 2 rekordbox crates Noon\|Dusk$|^Song 2 rekordbox crates Dusk\|Noon$'
# What the person has taken back is no fact any more.
sed 's/ AverageBpm="nan" Tonality="11A" Rating="-5"//; s|<PLAYLISTS>.*</PLAYLISTS>||' rb.xml >music/rb.xml
run 1 musicmap gather rekordbox music/rb.xml --library rb
facts rb >"$out"
lacks "$out" '^Song 2'
has "$out" '^Song 1 rekordbox bpm 128$'
cp rb.xml music/

# ---- Traktor ----

cat >music/collection.nml <<X
<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<NML VERSION="19"><COLLECTION ENTRIES="1"><ENTRY TITLE="Song 3" ARTIST="Ada Übel"><LOCATION DIR="/:Users/:ada/:Music/:Ada Übel/:" FILE="3.mp3" VOLUME="Macintosh HD"></LOCATION>
<ALBUM TITLE="X"></ALBUM><INFO GENRE="House" PLAYCOUNT="2" RANKING="255" PLAYTIME="8"></INFO><TEMPO BPM="125.999985"></TEMPO>
<MUSICAL_KEY VALUE="21"></MUSICAL_KEY><CUE_V2 NAME="AutoGrid" TYPE="4" START="53.2" LEN="0" HOTCUE="-1"></CUE_V2><CUE_V2 NAME="a" TYPE="0" START="1500.5" LEN="0"></CUE_V2></ENTRY></COLLECTION>
<PLAYLISTS><NODE TYPE="FOLDER" NAME="\$ROOT"><SUBNODES><NODE TYPE="PLAYLIST" NAME="Late"><PLAYLIST><ENTRY><PRIMARYKEY TYPE="TRACK" KEY="Macintosh HD/:Users/:ada/:Music/:Ada Übel/:3.mp3"></PRIMARYKEY></ENTRY></PLAYLIST></NODE></SUBNODES></NODE></PLAYLISTS></NML>
X
run 0 musicmap gather traktor music/collection.nml --library nml
facts nml >"$out"
has "$out" '^Song 3 traktor bpm 126$'
has "$out" '^Song 3 traktor crates Late$'
has "$out" '^Song 3 traktor cues 1.50[01]$'
has "$out" '^Song 3 traktor key Am$'
has "$out" '^Song 3 traktor rating 5$'
run 3 musicmap gather traktor music/rb.xml
has "$errors" 'not an export of Traktor'

# A DJ's tempo and key count in sets.
run 0 musicmap embed --library nml
run 0 musicmap set --minutes 0.13 --no-keep --json --library nml
same "$(json '.songs[0] | "\(.tempo_bpm) \(.key)"')" "126 Am" "somebody has listened"
finish
