# SPDX-License-Identifier: BSD-2-Clause
# Every file a set is written to, with the worst names there are, read back by programs that are not ours
# and by "gather playlist".
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

long=$(printf 'long %.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60)
song 'music/#1 50% "of" it.mp3' 220 -metadata title='quote " and '"'quote'" -metadata artist='A "B" C'
song 'music/a&b <c>.mp3' 330 -metadata title=']]> <script>alert(1)</script> & co' -metadata artist='Tom & Jerry'
song 'music/=cmd.mp3' 440 -metadata title='=cmd|"/C calc"!A0' -metadata artist='@x'
song 'music/שלום.mp3' 550 -metadata title='שלום evil' -metadata artist='-minus' -metadata genre='ska, dub'
song 'music/long.mp3' 660 -metadata title="$long" -metadata artist='+1' -metadata date=1999
song "music/two
lines.mp3" 770 -metadata title="two
lines, and a comma; semicolon" -metadata artist='Nul'
run 0 musicmap explore music --no-serve
run 0 musicmap set --minutes 0.8 --start '2026-10-01 20:00' --name all --title 'An "evening" of <noise>' --station '=WXYZ' \
    --paths absolute -o s.m3u8 -o s.xspf -o s.jspf -o s.json -o s.cue -o s.csv -o s.soundexchange.csv -o s.txt -o s.png -o s.svg --json
same "$(json '.songs | length')" 6 "all six"
cp "$out" all.json

xmllint --noout s.xspf s.svg
ok $? "XSPF and SVG are XML"
same "$(xmllint --xpath 'count(//*[local-name()="track"])' s.xspf)" 6 "six tracks"
same "$(xmllint --xpath 'string(//*[local-name()="title"][contains(., "script")])' s.xspf)" ']]> <script>alert(1)</script> & co' "markup stays text"
same "$(jq -r '.playlist.track | map(.title) | sort | join("|")' s.jspf)" "$(jq -r '.songs | map(.title) | sort | join("|")' s.json)" "JSPF and JSON agree"
same "$(jq -r '.playlist.title' s.jspf)" 'An "evening" of <noise>' "the title"
same "$(ffprobe -v error -show_entries stream=width,height -of csv=p=0 s.png)" 2400,1600 "the picture"
same "$(grep -c '^    INDEX 01' s.cue) $(grep -c '^FILE ' s.cue)" "6 6" "CUE"
same "$(grep -cE '^20:0[0-9]:[0-9]{2}  ' s.txt)" 6 "a line each for reading on air"
/usr/bin/python3 - >"$out" 2>"$errors" <<'P'
import csv, datetime, json
songs = json.load(open('all.json'))['songs']
spins = list(csv.DictReader(open('s.csv', newline='', encoding='utf-8')))
uses = list(csv.DictReader(open('s.soundexchange.csv', newline='', encoding='utf-8')))
assert len(spins) == len(uses) == len(songs) == 6
assert open('s.csv', 'rb').read().count(b'\r\n') == 7, 'CRLF'
at = datetime.datetime(2026, 10, 1, 20)
for song, spin, use in zip(songs, spins, uses):
    begins = at + datetime.timedelta(seconds=round(song['start_s']))
    assert abs((datetime.datetime.fromisoformat(spin['start'][:19]) - begins).total_seconds()) <= 1, spin
    assert int(spin['duration']) == round(song['duration_s'])
    for cell in (*spin.values(), *use.values()):
        assert cell[:1] not in list('=+-@\t\r'), cell
    assert spin['song'].lstrip("'") == song['title'].lstrip("'") and use['SOUND_RECORDING_TITLE'] == spin['song']
    assert use['NAME_OF_SERVICE'] == "'=WXYZ" and use['ACTUAL_TOTAL_PERFORMANCES'] == '1'
print('as it should be')
P
has "$out" '^as it should be'

# Back again. A line break in a file's name cannot be written in lists of lines: that one song is told.
for f in s.xspf s.jspf; do
    run 0 musicmap gather playlist $f --json
    same "$(json '"\(.found) \(.missing // 0)"')" "6 0" "$f comes back whole"
done
"$MUSICMAP" gather playlist s.m3u8 --json >"$out" 2>"$errors" </dev/null
same "$(json .found)" 5 "the M3U8 but for the line break"
"$MUSICMAP" gather playlist s.cue --json >"$out" 2>"$errors" </dev/null
same "$(json .found)" 4 "the CUE sheet but for the line break and the quotes"
run 0 musicmap set log s.csv --json
same "$(json '"\(.added) \(.unknown)"')" "6 0" "the spins are those songs"

# Songs that a list knows by their names only.
printf '#EXTM3U\n#EXTINF:8,-minus - שלום evil\nnowhere/a.mp3\n#EXTINF:8,Nobody - Nothing at all\nnowhere/b.mp3\n' >names.m3u8
run 0 musicmap set --fill names.m3u8 --minutes 0.4 --no-keep
has "$out" 'שלום evil'
has "$errors" '^1 song of names.m3u8 is not in the library'
sed -i 2,3d names.m3u8
run 3 musicmap set --fill names.m3u8 --no-keep
has "$errors" 'no song of names.m3u8 is in the library'
finish
