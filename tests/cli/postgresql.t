# SPDX-License-Identifier: BSD-2-Clause
# A library in PostgreSQL: the same commands, the same results.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
. "$MUSICMAP_ROOT/tests/cli/postgresql.sh"
database

for n in 1 2 3 4; do
    song music/low/$n.mp3 $((100 + 7 * n)) -metadata title=L$n -metadata artist=Low
    song music/high/$n.ogg $((2000 + 90 * n)) -metadata title=H$n -metadata artist=High
done
echo "not a song" >music/fake.mp3

run 3 musicmap status --library "$uri"
has "$errors" 'holds no library'
run 1 musicmap explore music --no-serve --library folder
run 1 musicmap explore music --no-serve --library "$uri"
run 0 musicmap status --json --library "$uri"
same "$(json '"\(.songs) \(.measured) \(.models[0].songs) \(.on_map) \(.failed)"')" "8 8 8 8 1" "all is known"
same "$(json .library)" "postgresql:///$database" "the library is named without its particulars"

# What both say of the songs is the same to the last digit.
run 0 musicmap export --data folder.jsonl --library folder
run 0 musicmap export --data server.jsonl --library "$uri"
diff folder.jsonl server.jsonl >"$out"
ok $? "songs, measures and map are those of a library in a folder"
run 0 musicmap export --data folder.npz --library folder
run 0 musicmap export --data server.npz --library "$uri"
cmp folder.npz server.npz
ok $? "vectors are those of a library in a folder"

run 0 musicmap similar L1 --library "$uri"
has "$out" 'Low'
run 0 musicmap set -o set.m3u8 --minutes 1 --library "$uri"
run 0 musicmap draw -o map.svg --library "$uri"
xmllint --noout map.svg
ok $? "the picture is well-formed"
run 0 musicmap forget L4 --library "$uri"
run 0 musicmap embed --json --library "$uri"
same "$(json .todo)" 0 "nothing is done twice"

# Two servers of one library agree on every byte that a cache may keep.
serve() { # log
    "$MUSICMAP" serve --library "$uri" --port 0 >"$1" 2>&1 </dev/null &
    pids="$pids $!"
}
address() { # log
    for _ in $(seq 100); do
        sed -n 's|.*\(http://[0-9.:]*/\).*|\1|p' "$1" | head -n 1 | grep . && return
        sleep 0.1
    done
}
pids=""
serve one.log
serve two.log
one=$(address one.log)
two=$(address two.log)
curl -fsS -D one.head -o one.body "${one}api/map"
ok $? "one serves its map"
curl -fsS -D two.head -o two.body "${two}api/map"
cmp one.body two.body
ok $? "two servers give the same map"
same "$(grep -i ^etag one.head)" "$(grep -i ^etag two.head)" "and the same ETag"
kill $pids
wait $pids

# Clips are made where they are asked for, also where the disk that keeps them is full.
mkdir full
if mount -t tmpfs -o size=64k none full 2>/dev/null; then
    MUSICMAP_FILES=full serve full.log
    curl -fsS -o clip "$(address full.log)clip/$(psql -qAtX "$uri" -c 'SELECT min(song) FROM musicmap.vector')"
    same $? 0 "a clip sounds"
    [ "$(wc -c <clip)" -gt 65536 ]
    ok $? "and is larger than the disk"
    same "$(find full -type f -path '*clips*' | wc -l)" 0 "nothing half-written is left there"
    kill $!
    wait $!
    umount full
fi

# A library moves there and back, and is the same.
run 2 musicmap copy --from folder
run 2 musicmap copy --from folder --to "$uri"
has "$errors" 'not empty'
psql -qX "$uri" -c 'SET client_min_messages = warning' -c 'DROP SCHEMA musicmap CASCADE'
run 0 musicmap copy --from folder --to "$uri" --json
there=$(json .sha256)
run 0 musicmap copy --from "$uri" --to back --json
same "$(json .sha256)" "$there" "there and back, all says the same"
run 0 musicmap export --data back.jsonl --library back
cmp folder.jsonl back.jsonl
ok $? "and exports the same"

# A backup is one file, whatever it was taken of, and becomes either kind of library.
export TMPDIR="$scratch/tmp"
mkdir tmp
run 0 musicmap backup one.db --library "$uri" --json
same "$(json .sha256)" "$there" "a backup of it says the same"
run 0 musicmap restore one.db --library restored --json
same "$(json .sha256)" "$there" "restored into a folder: the same"
run 2 musicmap restore one.db --library "$uri"
has "$errors" 'not empty'
run 2 musicmap restore one.db --replace --library "$uri"
has "$errors" '--replace.*DROP SCHEMA'
psql -qX "$uri" -c 'SET client_min_messages = warning' -c 'DROP SCHEMA musicmap CASCADE'
head -c 30000 one.db >short.db
run 3 musicmap restore short.db --library "$uri"
run 3 musicmap status --library "$uri"
has "$errors" 'holds no library'
run 0 musicmap restore one.db --library "$uri" --json
same "$(json .sha256)" "$there" "restored into PostgreSQL: the same"

# Taken while another works: what there was at one moment.
for n in 5 6 7; do song music/low/$n.mp3 $((100 + 7 * n)) -metadata title=L$n; done
run 1 musicmap gather folder music --library "$uri"
"$MUSICMAP" embed --library "$uri" >writer.log 2>&1 &
writer=$!
run 0 musicmap backup during.db --library "$uri"
wait $writer
run 0 musicmap restore during.db --library during
run 0 musicmap embed --library during
run 0 musicmap backup a.db --library during --json
continued=$(json .sha256)
run 0 musicmap backup b.db --library "$uri" --json
same "$(json .sha256)" "$continued" "continued, it is the library that went on"
same "$(ls -A tmp)$(ls -d ./*.db.* 2>/dev/null)" "" "nothing is left beside"
finish
