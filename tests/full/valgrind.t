# SPDX-License-Identifier: BSD-2-Clause
# What a user does on a first day, helpers included, under valgrind's memcheck: no error, and nothing
# definitely lost, in any process. A few minutes.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
command -v valgrind >/dev/null || skip_all "valgrind is not installed"

for f in 200 450 1100; do song music/low/$f.mp3 $f -metadata title="S$f" -metadata artist="Low"; done
for f in 300 700; do song music/high/$f.flac $f -metadata title="S$f" -metadata artist="High"; done
song music/high/last.ogg 3100 -metadata title=Last
echo "no song" >music/broken.mp3
head -c 20000 music/low/450.mp3 >music/torn.mp3

# A helper may write to no file: all tell what they find through a pipe.
mkfifo told
cat told >found &
reader=$!
exec 8>told
plain=$MUSICMAP
cat >under <<V
#!/bin/sh
exec 9>"$scratch/told" valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \\
    --num-callers=25 --vgdb=no --log-fd=9 --suppressions="$MUSICMAP_ROOT/tests/valgrind.supp" "$plain" "\$@"
V
chmod +x under
MUSICMAP=$scratch/under
export MUSICMAP_HELPER=$MUSICMAP

run 1 musicmap explore music --no-serve --jobs 2 # one of them is no song
run 0 musicmap status
has "$out" 'broken.mp3'
run 0 musicmap draw -o map.svg
run 0 musicmap draw -o map.png
run 1 musicmap set --minutes 1 --name kept -o set.xspf
run 0 musicmap similar S450
run 0 musicmap export --clips short site
run 0 musicmap export --data songs.csv
run 0 musicmap features music/low/200.mp3 --model mm1 -o one.npz
run 0 musicmap backup one.db --json
hash=$(json .sha256)
run 0 musicmap restore one.db --library back --json
same "$(json .sha256)" "$hash" "restored: says the same"
run 0 musicmap doctor
run 0 musicmap forget S300
run 0 musicmap map --update

"$MUSICMAP" serve --port 0 --no-open >url 2>log </dev/null &
server=$!
for _ in $(seq 600); do
    url=$(head -n 1 url)
    [ -n "$url" ] && break
    sleep 0.1
done
for path in "" api/status api/map api/overview api/tile/0 api/column/tempo api/songs api/words api/song/1 clip/1 cover/1 song/1 api/similar/1 nothing; do
    curl -sS -o answer "$url$path" 2>>log
    ok $? "answers /$path"
done
curl -sS -o answer -H "Origin: ${url%/}" -H 'Content-Type: application/json' -d '{"minutes":1}' "${url}api/set"
ok $? "makes a set"
kill -INT $server
wait $server
ok $? "the server ends"

exec 8>&-
wait $reader
# What it says of itself: it does not know seccomp (317), so that helpers are not filtered here.
grep -v '^--[0-9]*-- ' found >"$out"
: >"$errors"
[ ! -s "$out" ]
ok $? "valgrind has found nothing"
finish
