# SPDX-License-Identifier: BSD-2-Clause
# Folder -> library -> map -> picture, again, and after changes.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

song "music/Hum/Low - First.mp3" 110 -metadata title=First -metadata artist=Low \
    -metadata genre='Hum; Drone' -metadata date=1999
song "music/Hum/Low - Second.flac" 117 -metadata title=Second -metadata artist=Low -metadata genre=Hum
song "music/Hum/03 - Third.ogg" 123 -metadata genre=Hum
song "music/Whistle/High - One.wav" 2100
song "music/Whistle/High - Two.m4a" 2200 -metadata title=Two -metadata artist=High -metadata genre=Whistle
song "music/Whistle/High - Three.opus" 2300 -metadata genre=Whistle
echo "shopping list" >music/list.txt
echo "not a song" >music/fake.mp3
: >music/empty.flac
head -c 20000 "music/Hum/Low - First.mp3" >music/short.mp3
ln -s .. music/Hum/loop
name=$(printf 'music/caf\351.mp3')
cp "music/Hum/Low - First.mp3" "$name"

run 1 musicmap gather folder music --json
same "$(json .found)" 9 "files that look like songs"
same "$(json .added)" 8 "songs added"
same "$(json '.failed')" 2 "fake and empty failed"
same "$(json '.skipped["not audio"]')" 1 "the list was passed over"
run 0 musicmap status --json
same "$(json .songs)" 8 "songs in the library"
same "$(json '[.failures[].path | split("/") | last] | sort | join(" ")')" "empty.flac fake.mp3" \
    "the failures are listed"

run 0 musicmap embed --json
same "$(json .embedded)" 8 "all embedded"
run 2 musicmap embed --vectors float8
run 0 musicmap embed --vectors float16 --json
same "$(json .todo)" 0 "nothing is done twice"
run 0 musicmap status --json
same "$(json .vectors)" float16 "the library keeps vectors in two bytes a value from now on"
run 0 musicmap embed --vectors float32
run 0 musicmap map --clusters 2 --memory 1.5G --json
same "$(json .songs)" 8 "songs on the map"
same "$(json .laid_out)" 8 "songs laid out: few enough for any memory"
same "$(json '[.countries[].songs] | add')" 8 "every song lives in a country"
for clusterer in kmeans minibatch gmm gmm-full ward hdbscan spectral; do
    run 0 musicmap map --clusterer $clusterer --json
    same "$(json '[.countries[].songs] | add')" 8 "$clusterer leaves no song out"
done
run 2 musicmap map --clusterer ward --curve curve.gif
has "$errors" 'svg'
lacks "$errors" 'mapped'
run 2 musicmap map --clusters 2 --curve curve.svg
has "$errors" 'no curve'
run 0 musicmap map --clusters auto --curve curve.svg
xmllint --noout curve.svg
ok $? "the curve's picture is well-formed"

# The lab compares; one of its rows becomes the map.
run 0 musicmap lab --clusterers kmeans,ward --clusters 2,auto --layouts pca --resamples 1 -o lab
has "$out" '^\| 4 \| .* \| ward \| auto \| pca \|'
for format in md csv json png svg; do
    [ -s lab/lab.$format ]
    ok $? "the lab writes lab.$format"
done
xmllint --noout lab/lab.svg
ok $? "the sheet of maps is well-formed"
same "$(jq '.rows | length' lab/lab.json)" 12 "a row for each combination"
same "$(wc -l <lab/lab.csv)" 13 "and as many lines in the CSV"
run 0 musicmap map --like 3 --json
same "$(json .clusters)" 2 "row 3 is Ward with two countries"
run 2 musicmap map --like 13
has "$errors" 'row'
run 2 musicmap map --like 3 --clusters 4
has "$errors" '--like'
run 0 musicmap map --clusters 2 --json
json '.countries[].name' | grep -Eq 'Hum|Drone'
ok $? "a country is named after its genre"
run 0 musicmap eval --label folder --json
has "$out" '"p_at_5_high": [0-9.]+'
has "$out" '"trust_at_10": [0-9.]+'
for format in svg png pdf; do
    run 0 musicmap draw -o map.$format
done
xmllint --noout map.svg
ok $? "the SVG is well-formed"
head -c 8 map.png | od -An -tx1 | grep -q '89 50 4e 47'
ok $? "the PNG is one"
pdfinfo map.pdf >"$out" 2>&1
ok $? "the PDF opens"
run 0 musicmap draw --cells clusters -o clusters.svg
run 3 musicmap draw -o nowhere/map.png
run 2 musicmap draw -o map.gif
has "$errors" 'svg'

# A second look finds nothing new; a moved song keeps its data; a vanished one is marked.
run 1 musicmap gather folder music --json
same "$(json .unchanged)" 8 "all unchanged"
mkdir music/Elsewhere
mv "music/Hum/Low - Second.flac" music/Elsewhere/
rm "music/Whistle/High - One.wav"
run 1 musicmap gather folder music --json
same "$(json '"\(.moved) \(.missing) \(.added)"')" "1 1 0" "one moved, one missing, none new"
run 0 musicmap embed --json
same "$(json .todo)" 0 "a moved song is not embedded again"
mv music moved
run 1 musicmap gather folder moved --json
same "$(json '"\(.moved) \(.added)"')" "7 0" "a moved library keeps its data"

# Changed content is measured anew.
song "moved/Whistle/High - Two.m4a" 500 -metadata title=Two -metadata artist=High
run 1 musicmap gather folder moved --json
same "$(json .changed)" 1 "changed"
run 0 musicmap embed --json
same "$(json .embedded)" 1 "the changed song is embedded again"

# Hidden songs stay hidden; forgotten ones come back with the next look.
run 0 musicmap forget --hide "moved/Whistle/High - Two.m4a"
run 1 musicmap gather folder moved --json
same "$(json .hidden)" 1 "hidden after a rescan"
run 0 musicmap map --clusters 2 --json
same "$(json .songs)" 6 "not on the map"
run 0 musicmap forget --show "moved/Whistle/High - Two.m4a"
run 0 musicmap forget moved/Hum
run 1 musicmap gather folder moved --json
same "$(json .added)" 2 "forgotten songs are new"
run 3 musicmap forget "no such song"

# One file's vector for scripts.
run 0 musicmap features "moved/Elsewhere/Low - Second.flac" -o one.npy
/usr/bin/python3 - <<'P' >"$out" 2>&1
import numpy
v = numpy.load('one.npy')
assert v.ndim == 1 and v.dtype == numpy.float32 and len(v) > 50 and numpy.isfinite(v).all()
P
ok $? "NumPy reads the vector"
run 3 musicmap features moved/fake.mp3 -o none.npy
[ ! -e none.npy ]
ok $? "nothing is written for a bad file"

# Poolings of one model are compared like models.
run 0 musicmap embed --pool max
run 0 musicmap lab --clusterers ward --clusters 2 --layouts pca --resamples 0 --json
same "$(json '.rows[].model' | sort | paste -sd ' ' -)" "mm1+timbre mm1:max mm1:mean timbre:max timbre:mean" "a row for each pooling"
run 0 musicmap map --model timbre:max --clusters 2
run 2 musicmap embed --model timbre:max
has "$errors" '--pool max'
finish
