# SPDX-License-Identifier: BSD-2-Clause
# Sets: made, kept, compared, refreshed, logged, written in every format; similar songs.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

n=0
for artist in Ada Bob Cleo Dora; do
    for title in Dawn Noon Dusk Night; do
        n=$((n + 1))
        song "music/$artist/$artist - $title.mp3" $((200 + 97 * n)) -metadata artist="$artist" \
            -metadata title="$title" -metadata date=$((1980 + 3 * n)) -metadata genre=tone
    done
done
song "music/odd/x.mp3" 555 -metadata artist='=cmd|"x"' -metadata title="a, b
'c'"
run 0 musicmap explore music --no-serve

run 0 musicmap similar "Ada - Dawn" -n 3 --json
same "$(json '.songs | length')" 3 "as many as asked for"
same "$(json '[.songs[].id] | unique | length')" 3 "each once"
run 3 musicmap similar nobody
has "$errors" 'no song "nobody"'

# One set, every file.
run 0 musicmap set --minutes 1 --from "Ada - Dawn" --to "Bob - Night" --arc rise --start 20:00 \
    -o e.m3u8 -o e.xspf -o e.jspf -o e.json -o e.cue -o e.csv -o e.soundexchange.csv -o e.txt -o e.png -o e.svg
has "$out" '20:00:00 .*Ada - Dawn'
has "$out" 'asked for'
has "$errors" 'kept as "e", version 1'
same "$(head -n 1 e.m3u8)" '#EXTM3U' "an M3U8"
first=$(grep -v '^#' e.m3u8 | head -n 1)
same "$first" "music/Ada/Ada - Dawn.mp3" "relative path, the song to begin with"
files=$(grep -v '^#' e.m3u8 | while read -r f; do ffprobe -v error -show_entries format=format_name -of csv=p=0 "$f"; done | sort -u)
same "$files" mp3 "ffprobe opens what the playlist names"
xmllint --noout e.xspf && xmllint --noout e.svg
ok $? "XSPF and SVG are XML"
same "$(jq '.playlist.track | length' e.jspf)" "$(jq '.songs | length' e.json)" "JSPF and JSON agree"
same "$(/usr/bin/python3 -c 'import csv; print(len(list(csv.reader(open("e.csv")))))')" \
    "$(($(jq '.songs | length' e.json) + 1))" "CSV has a line a song"
same "$(jq '.bent | length' e.json)" 0 "nothing is bent"
same "$(jq '(.length_s - 60) | fabs < 10' e.json)" true "a minute, within ten seconds"
same "$(ffprobe -v error -show_entries stream=width,height -of csv=p=0 e.png)" 2400,1600 "a picture"

# What is written can be read back.
for f in e.m3u8 e.xspf e.jspf e.cue; do
    run 0 musicmap gather playlist $f --json
    same "$(json '.found')" "$(jq '.songs | length' e.json)" "$f comes back whole"
done

# The same seed, the same set; another seed or a sibling, another.
run 0 musicmap set --minutes 1 --seed 7 --name a -q
run 0 musicmap set --minutes 1 --seed 7 --name b -q
run 0 musicmap set --minutes 1 --seed 7 --name a@2 -q
run 0 musicmap set show a@2
run 0 musicmap set diff a b
lacks "$out" '^[-+]'
run 0 musicmap set --minutes 1 --seed 8 --of a --vary 25 --name c -q
run 0 musicmap set diff a c --json
same "$(json '.come | length > 0')" true "a sibling differs"

# Stopped, nothing is kept, and nothing else is said.
run 3 timeout --preserve-status -s INT 2 "$MUSICMAP" set --minutes 0.5 --seconds 600 --name never
has "$errors" 'musicmap set: stopped$'
run 3 musicmap set show never

# With the ends heard, sets are made of them; what is heard once is not heard again.
run 0 musicmap embed --segments --json
same "$(json .embedded)" 17 "the ends of all songs are heard"
run 0 musicmap status --json
same "$(json '[.models[] | "\(.segment):\(.songs)"] | unique | join(" ")')" ":17 intro:17 outro:17" "and kept beside the whole"
run 0 musicmap embed --segments --json
same "$(json .todo)" 0 "once"
run 0 musicmap set --minutes 1 --seed 7 --name ends -q
run 0 musicmap set diff a ends --json
same "$(json '"\(.stay >= 7) \(.gone + .come | length)"')" "true 0" "songs as short as their ends make the same set"

# Shapes.
run 0 musicmap set --minutes 0.8 --around "Cleo - Noon" --no-keep -q
run 0 musicmap set --minutes 0.8 --tour --no-keep -q
run 0 musicmap set --minutes 0.8 --draw "-1,-1 1,1" --no-keep -q
run 0 musicmap set --minutes 0.8 --like e.m3u8 --no-keep -q
run 0 musicmap set --minutes 1.2 --fill e.m3u8 --name filled -q
run 2 musicmap set --tour --draw "0,0" -q
has "$errors" 'one shape at a time'
run 2 musicmap set --draw "0;0" -q
run 0 musicmap gather folder music/Ada --library bare
run 0 musicmap embed --library bare
run 3 musicmap set --draw "0,0" --library bare
has "$errors" 'a line needs a map'
printf '[set]\nminutes = 0.5\nstart = 23:59:50\n' >late.ini
run 0 musicmap set --rules late.ini --no-keep -q -o late.csv -o late.txt
has late.csv '^00:00:0[0-9],8,'
has late.txt '^00:00:0[0-9]  '

# Rules: mistakes with their line, clashes with what is needed.
printf '[set]\nminutes = 1\n[limit]\nartst = 1\n' >wrong.ini
run 2 musicmap set --rules wrong.ini
has "$errors" 'wrong.ini, line 4: "artst"'
printf '[set]\nminutes = 1\n[limit]\nartist = 1\n[quota]\ngenre jazz >= 2\n' >hard.ini
run 1 musicmap set --rules hard.ini --rounds 1 --name hard
has "$out" 'genre jazz >= 2 \(line 6\), by 2 songs'
has "$out" 'needed: such a song: the library has none'
has "$out" '\[set\] minutes = 1 \(line 2\), by [0-9.]+ seconds'
run 0 musicmap set --rules "$MUSICMAP_ROOT/doc/rules-example.ini" --minutes 0.7 --no-keep -q
run 3 musicmap set --from nobody

# The log decides what is not played again.
run 0 musicmap set log a --at "2026-10-01 20:00"
run 0 musicmap set log
has "$out" '2026-10-01 20:00:00'
printf 'start,duration,artist,song\r\n2026-10-02T20:00:00,8,Ada,Dawn\r\n2026-10-02T20:00:08,8,"No, one",Nothing\r\n' >spins.csv
run 1 musicmap set log spins.csv --json
same "$(json '"\(.added) \(.unknown)"')" "1 1" "one spin is a song of ours"
printf 'start,artist,song\n2026-10-03 20:00,Ada,Da\n2026-10-03 08:00 PM,ADA,Noon\n2026-10-04 20:00,,5\n2026-10-04 20:01,,Bob - Dawn\nsoon,Ada,Dusk\n' >odd.csv
run 1 musicmap set log odd.csv --json
same "$(json '"\(.added) \(.unknown) \(.timeless)"')" "2 2 1" "names are whole, and no numbers; times can be read"
has "$errors" '1 spin has no time that can be read'
run 0 musicmap set log
has "$out" '2026-10-03 20:00:00  #[0-9]+ +odd.csv, day 20729$'
has "$out" '2026-10-04 20:01:00  #[0-9]+ +odd.csv, day 20730$'
for at in "2026-10-01 8pm" "2026-02-30 20:00" "2026-10-01 20:99" 20:00; do
    run 2 musicmap set log a --at "$at"
done
printf '[set]\nminutes = 0.5\n[history]\ndays = 36500\n' >fresh.ini
run 0 musicmap set --rules fresh.ini --json --no-keep
same "$(json '[.songs[].last_played] | add')" 0 "nothing that was played"

# Songs that were joined since are one in the set.
mkdir twins
cp music/Ada/*.mp3 twins
ffmpeg -v error -i "twins/Ada - Dawn.mp3" -c copy twins/copy.mp3 </dev/null
run 0 musicmap explore twins --no-serve --library twinned
printf '[set]\ntolerance = 1 s\n[limit]\nwork = 2\n' >two.ini
run 0 musicmap set --rules two.ini --minutes 0.667 --name t --library twinned -q
run 0 musicmap dedupe --mend --library twinned
run 1 musicmap set show t --json --library twinned # too short now
same "$(json '.songs | length')" 4 "five were four"

# Of a kept set there is what there is: the country it stayed in, the song it began with may be gone.
mkdir going
cp music/Ada/*.mp3 music/Bob/*.mp3 going
run 0 musicmap explore going --no-serve --library going.map
run 0 musicmap set --around tone --minutes 0.4 --name around --library going.map -q
run 0 musicmap set --from "Ada - Dawn" --to "Bob - Dusk" --minutes 0.5 --name path --library going.map -q
for f in going/Bob*.mp3; do
    ffmpeg -v error -i "$f" -c copy -metadata genre=noise x.mp3 </dev/null
    mv x.mp3 "$f"
done
rm going/Ada*.mp3
run 0 musicmap gather folder going --library going.map
run 0 musicmap embed --library going.map
run 0 musicmap map --library going.map
run 3 musicmap set --around tone --library going.map
run 1 musicmap set show path --library going.map
has "$errors" 'not in the library any more, or without a file: Ada - '
has "$out" 'Bob - Dusk'
run 3 musicmap set render path -o path.wav --library going.map
has "$errors" 'not in the library any more, or without a file: Ada - '
musicmap set show around --library going.map >"$out" 2>"$errors"
lacks "$errors" 'no such country'

# A file's name is no order to the terminal.
mkdir orders
escape=$(printf '\033')
cp music/Ada/*Dawn.mp3 "orders/$escape.mp3"
ffmpeg -v error -i music/Ada/*Dawn.mp3 -map_metadata -1 -c copy "orders/$escape$escape.mp3" </dev/null
cp "orders/$escape$escape.mp3" orders/a.mp3
run 0 musicmap explore orders --no-serve --library ordered
printf '[set]\ntolerance = 1 s\n[never]\nplays = 0\n[limit]\nwork = 9\n' >never.ini
for song in 1 2 3; do
    run 1 musicmap set --rules never.ini --from "#$song" --minutes 0.13 --name o --library ordered -o orders.txt
    lacks "$out" "$escape"
    lacks orders.txt "$escape"
    run 0 musicmap similar "#$song" --library ordered
    lacks "$out" "$escape"
done
run 0 musicmap set diff o --library ordered
lacks "$out" "$escape"

# A name may have dots; what a file cannot be is told before anything is asked.
run 0 musicmap set --minutes 0.5 -q -o 01.10.2026.m3u8
run 0 musicmap set --minutes 0.5 -q -o "Mr. X.soundexchange.csv"
run 2 musicmap set show e --paths somewhere -o f.m3u8
run 2 musicmap set show e --format mp3 -o f.m3u8
run 0 musicmap set list
has "$out" '^01\.10\.2026 +version 1 '
has "$out" '^Mr\. X +version 1 '
has "$out" '^a +version 1 .* songs'
run 0 musicmap set show e
run 0 musicmap set refresh a -q
run 0 musicmap set list --json
same "$(json '[.[] | select(.name == "a")] | length')" 2 "a second version"
run 3 musicmap set show nothing
has "$errors" 'there is no set "nothing"'
finish
