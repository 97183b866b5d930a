# SPDX-License-Identifier: BSD-2-Clause
# export --data: the same table in four formats, read back by programs that are not ours. export: the page
# without a server, as files (tests/web/export.test.mjs opens them).
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

for i in 1 2 3 4 5; do
    song "music/$i.mp3" $((200 + 150 * i)) -metadata title="Song $i" -metadata artist=Ada -metadata date=$((1970 + i))
done
song music/6.mp3 1200 -metadata title='=cmd|"x", y' -metadata artist='-Bob	tab' -metadata genre='ska'
song music/7.mp3 1500 -metadata title="two
lines" -metadata artist='שלום'
run 3 musicmap export --data x.csv --library empty
run 0 musicmap explore music --no-serve
for ending in csv jsonl npz tsv; do
    run 0 musicmap export --data t.$ending
    has "$errors" "written: t.$ending, 7 songs, .* vectors of [0-9]+ values"
done
/usr/bin/python3 - >"$out" 2>"$errors" <<'P'
import csv, json, numpy as np
rows = list(csv.DictReader(open('t.csv', newline='', encoding='utf-8')))
lines = [json.loads(line) for line in open('t.jsonl', encoding='utf-8')]
z = np.load('t.npz')
vectors = np.loadtxt('t.tsv', delimiter='\t', dtype='f4')
words = [line.rstrip('\n').split('\t') for line in open('t-metadata.tsv', encoding='utf-8')]
n, dim = z['vectors'].shape
assert len(rows) == len(lines) == n == len(vectors) == len(words) - 1 == 7, 'a row a song'
assert len({len(w) for w in words}) == 1, 'no tab in a cell'
assert (vectors == z['vectors']).all() and vectors.dtype == z['vectors'].dtype, 'tsv and npz to the bit'
assert (np.array([l['vector'] for l in lines], 'f4') == z['vectors']).all(), 'jsonl to the bit'
assert (np.array([[r[f'v{d}'] for d in range(dim)] for r in rows], 'f4') == z['vectors']).all(), 'csv to the bit'
for k in ('x', 'y', 'duration_s', 'intensity', 'cluster', 'id'):
    a = np.array([float(r[k]) for r in rows])
    assert np.allclose(a, z[k], rtol=1e-8) and np.allclose(a, [l[k] for l in lines]), k
assert not any(v[:1] in list('=+-@') for r in rows for k, v in r.items() if not v.lstrip('-').replace('.', '').replace('e-', '').isdigit()), 'no formula'
assert rows[5]['title'] == "'=cmd|\"x\", y" and lines[5]['title'] == '=cmd|"x", y' == str(z['title'][5]), 'hostile'
assert lines[6]['title'] == 'two lines' and lines[6]['artist'] == 'שלום' == str(z['artist'][6]) == rows[6]['artist'], 'other scripts'
assert [l['year'] for l in lines[:5]] == [1971, 1972, 1973, 1974, 1975] and 'year' not in lines[5] and rows[5]['year'] == '', 'not known'
assert all(l['country'] for l in lines) and all(l['path'].startswith('/') for l in lines), 'countries, paths'
print('as it should be')
P
has "$out" '^as it should be'
run 0 musicmap export --data again.npz --json
same "$(json '"\(.songs) \(.model)"')" "7 $(jq -rn 'input | .model' <"$out")" "told as JSON"
cmp -s t.npz again.npz
ok $? "the same library, the same file"
/usr/bin/python3 - <<'P'
import os, sqlite3
with sqlite3.connect(os.environ['MUSICMAP_LIBRARY'] + '/catalog.sqlite') as library:
    library.execute('UPDATE song SET duration_s = 0 WHERE id = 2')
P
run 0 musicmap export --data short.jsonl
same "$(jq -r 'select(has("duration_s") | not) | .id' short.jsonl)" 2 "a length that is not known is missing"
rm short.jsonl
run 3 musicmap export --data nowhere/t.csv
run 2 musicmap export --data t.doc
has "$errors" 'csv, .jsonl, .npz or .tsv'
run 3 musicmap export --data t.csv --model nothing
# The page. Sizes are told before anything is written.
run 0 musicmap export site --dry-run --json
same "$(json '"\(.dry_run) \(.songs) \(.bytes) \(.estimate > 100000)"')" "true 7 0 true" "a dry run"
[ ! -e site ]
ok $? "writes nothing"
run 0 musicmap export site
has "$errors" '^7 songs, about [0-9.]+ MB'
has "$errors" 'written: site, 7 songs, 7 of them to be heard'
same "$(jq -s 'map(length) | add' site/data/songs-*.json)" 7 "songs"
same "$(jq -r .songs site/data/map.json)" 7 "map"
lacks site/data/songs-0.json '[0-9]\.[0-9]{10}'
same "$(for f in site/clips/*; do ffprobe -v error -show_entries format=format_name -of csv=p=0 "$f"; done | wc -l)" 7 "clips are sound"
run 0 musicmap export site --clips short
same "$(for f in site/clips/*; do ffprobe -v error -show_entries stream=codec_name,channels:format=duration -of csv=p=0 "$f"; done |
    tr '\n' ' ' | grep -oE 'mp3,1 [2-8]\.' | wc -l)" 7 "short clips are at most eight seconds, of one channel"
same "$(find site/clips -size +64k | wc -l)" 0 "of less than 64 kB"
run 0 musicmap export site --clips none
same "$(ls site/clips | wc -l)" 0 "no clips: those of the copy before are gone"
# A song that is not on the map any more is not in the copy either, nor is anything else of an older one.
mv music/3.mp3 away.mp3
run 0 musicmap gather folder music
run 0 musicmap map
echo old >site/data/tile-9.bin
echo old >site/data/songs-9000.json
echo old >site/data/column-mood_old.bin
echo mine >site/data/notes.txt
echo mine >site/clips/7.bak
run 0 musicmap export site
same "$(ls site/clips | tr '\n' ' ')" "1 2 4 5 6 7 7.bak " "the clip of a song that left is gone"
same "$(ls site/data | grep -cE 'tile-9|songs-9000|column-mood_old')" 0 "and data of an older copy"
same "$(ls site/data | grep -cE 'tile-0.bin|songs-0.json|column-intensity.bin|notes.txt')" 4 "nothing else is"
mv away.mp3 music/3.mp3
run 0 musicmap gather folder music
run 0 musicmap map
run 0 musicmap export map.html --json
same "$(grep -c 'id="mm:clips/' map.html)" 7 "one file has all clips"
same "$(grep -oE '(src|href)="[^"]+"' map.html | grep -vc 'data:')" 0 "and names no other file"
run 0 musicmap export silent.html --clips none --json
same "$(json .clips)" 0 "no clips"
lacks silent.html 'mm:clips/'
mkdir mine
echo mine >mine/file
run 3 musicmap export mine
has "$errors" 'mine is not empty, and no copy of a map'
mkdir -p begun/data
: >begun/data/map.json.1.tmp
run 0 musicmap export begun --clips none
rm -r begun
mkdir -p mine/data
mv mine/file mine/data
run 3 musicmap export mine
run 3 musicmap export nowhere/map.html
run 2 musicmap export site --clips some
run 2 musicmap export site --data t.csv
run 2 musicmap export --data dry.csv --dry-run
has "$errors" 'dry-run'
run 2 musicmap export --data dry.csv --clips none
run 2 musicmap export site --model timbre
run 2 musicmap export
rm -r site mine map.html silent.html
same "$(ls | grep -cv -E '^(t\.(csv|jsonl|npz|tsv)|t-metadata.tsv|again.npz|music|library|empty)$')" 0 "nothing else is left"
finish
