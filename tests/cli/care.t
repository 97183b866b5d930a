# SPDX-License-Identifier: BSD-2-Clause
# backup, restore, doctor; and what is said when a disk is full, a library locked, newer, damaged or not ours.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

for i in 1 2 3 4 5 6; do song music/$i.mp3 $((200 * i)) -metadata title="Song $i"; done
run 0 musicmap explore music --no-serve
run 1 musicmap set --minutes 1 --name kept
run 0 musicmap doctor
has "$errors" '^the library is sound'

sql() { # library, statement
    /usr/bin/python3 -c 'import sqlite3, sys
for row in sqlite3.connect(sys.argv[1] + "/catalog.sqlite", isolation_level=None).execute(sys.argv[2]): print(*row)' "$@"
}

# Backup, while another writes.
for i in 7 8 9; do song more/$i.mp3 $((150 * i)); done
"$MUSICMAP" gather folder more music --library writing >/dev/null 2>&1
"$MUSICMAP" embed --library writing >/dev/null 2>&1 &
writer=$!
run 0 musicmap backup during.db --library writing
wait $writer
run 0 musicmap restore during.db --library restored0
run 0 musicmap embed --library restored0
run 0 musicmap backup a.db --library restored0 --json
first=$(json .sha256)
run 0 musicmap backup b.db --library writing --json
same "$(json .sha256)" "$first" "a backup taken meanwhile, continued, is the library that went on"

run 0 musicmap backup one.db --json
hash=$(json .sha256)
[ "$(ls | grep -c '^one\.db')" = 1 ]
ok $? "one file"
run 0 musicmap restore one.db --library back --json
same "$(json .sha256)" "$hash" "restored: says the same"
run 1 musicmap set show kept --library back
run 2 musicmap restore one.db --library back
has "$errors" '--replace'
run 0 musicmap forget --library back "Song 1"
run 0 musicmap restore one.db --replace --library back --json
same "$(json .sha256)" "$hash" "restored over another: says the same"
same "$(json .kept)" "back/catalog.sqlite.before-restore" "which is kept"
mkdir before && cp back/catalog.sqlite.before-restore before/catalog.sqlite
run 0 musicmap status --json --library before
same "$(json .songs)" 5 "as it was"
run 3 musicmap backup nowhere/one.db
run 3 musicmap restore nowhere.db --library back
head -c 30000 one.db >short.db
run 3 musicmap restore short.db --library new
[ ! -e new/catalog.sqlite ]
ok $? "a torn backup makes no library"
echo hello >text.db
run 3 musicmap restore text.db --replace --library back
run 0 musicmap backup again.db --library back --json
same "$(json .sha256)" "$hash" "nor does it harm one"
same "$(ls -d back.* one.db.* again.db.* new.* 2>/dev/null | wc -l)" 0 "nothing is left beside"

# What doctor sees.
cp -r back sick
rm music/3.mp3
mkdir -p sick/clips
: >sick/clips/77-0123abcd.clip
: >sick/clips/1-0123abcd.clip.999999999.tmp
run 1 musicmap doctor --library sick
has "$out" 'songs whose file is not there: 1'
has "$out" 'clips of songs that are not in the library: 1'
has "$out" 'files in .* of a run that was interrupted: 1'
run 1 musicmap doctor --rebuild --library sick --json
same "$(json '[.findings[] | select(.mended)] | length')" 2 "two are mended"
same "$(ls sick/clips | wc -l)" 0 "and gone"
song music/3.mp3 600 -metadata title="Song 3"
sql sick 'UPDATE vector SET data = zeroblob(1) WHERE song = 2 AND kind = (SELECT id FROM vector_kind WHERE model = "timbre")'
run 1 musicmap doctor --library sick
has "$out" '1 vectors are of the wrong size'
run 0 musicmap doctor --rebuild --library sick
has "$errors" 'catalog.sqlite.damaged'
run 0 musicmap embed --library sick --json
same "$(json .todo)" 1 "and only that vector is made again"
run 0 musicmap backup sick.db --library sick --json
same "$(json .sha256)" "$hash" "then it says what it said"

# Damaged pages, one by one: saved as far as it goes, and what is derived comes back.
pages=$(($(stat -c %s back/catalog.sqlite) / 8192))
page=2
saved=0
while [ $page -lt "$pages" ]; do
    rm -rf torn
    mkdir torn
    cp back/catalog.sqlite torn/
    dd if=/dev/urandom of=torn/catalog.sqlite bs=8192 seek=$page count=1 conv=notrunc 2>/dev/null
    "$MUSICMAP" doctor --library torn >"$out" 2>"$errors"
    status=$?
    [ $status = 0 ] || [ $status = 1 ] || { ok 1 "page $page: doctor ends with $status"; }
    before=$(sha256sum <torn/catalog.sqlite)
    if [ $status = 1 ] && "$MUSICMAP" doctor --rebuild --library torn >"$out" 2>"$errors"; then
        [ "$before" = "$(sha256sum <torn/catalog.sqlite.damaged)" ] || ok 1 "page $page: the old file was changed"
        same "$(sql torn 'PRAGMA integrity_check')" ok "page $page: sound again"
        saved=$((saved + 1))
    fi
    page=$((page + 10))
done
[ $saved -ge 2 ]
ok $? "$saved torn catalogs were rebuilt"
mkdir gone
head -c 100000 /dev/urandom >gone/catalog.sqlite
run 3 musicmap doctor --rebuild --library gone
run 3 musicmap status --library gone

# A catalog that nothing can be read of is replaced by a backup, and kept as it was.
for harm in 'dd if=/dev/urandom of=worse/catalog.sqlite bs=8192 count=1 conv=notrunc' \
    'truncate -s 20000 worse/catalog.sqlite'; do
    rm -rf worse
    mkdir worse && cp back/catalog.sqlite worse/
    $harm 2>/dev/null
    before=$(sha256sum <worse/catalog.sqlite)
    run 0 musicmap restore one.db --replace --library worse --json
    same "$(json .sha256)" "$hash" "$harm: says what the backup says"
    run 0 musicmap status --library worse
    same "$(sql worse 'PRAGMA integrity_check')" ok "sound"
    same "$(sha256sum <worse/catalog.sqlite.before-restore)" "$before" "what was there is kept"
done
same "$(ls -d worse.* 2>/dev/null | wc -l)" 0 "nothing is left beside"

# A new machine has not even the folder that the library's goes into.
run 0 musicmap restore one.db --library fresh/machine/library --json
same "$(json .sha256)" "$hash" "restored where no folder is"
run 0 musicmap restore one.db --library fresh/other/ --json
same "$(ls fresh | tr '\n' ' ')" "machine other " "a slash at the end is no other folder"

# A newer program's library, and another program's.
cp -r before newer
sql newer 'PRAGMA user_version = 1000'
run 3 musicmap status --library newer
has "$errors" 'newer musicmap.*update musicmap'
run 1 musicmap doctor --library newer
has "$out" 'update musicmap'
run 1 musicmap doctor --rebuild --library newer
same "$(sql newer 'PRAGMA user_version')" 1000 "which is left alone"

# Locked for good by somebody.
cp -r before held
/usr/bin/python3 -c 'import sqlite3, time, sys
db = sqlite3.connect("held/catalog.sqlite", isolation_level=None)
db.execute("UPDATE vector SET data = zeroblob(1) WHERE song = 2")
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(60)' >is-held &
holder=$!
for _ in $(seq 100); do
    [ -s is-held ] && break
    sleep 0.1
done
run 3 musicmap doctor --rebuild --library held
has "$errors" 'another musicmap is writing'
kill $holder
wait $holder 2>/dev/null

# Files that may not grow: as on a full disk or at the end of a quota.
cp -r before full
(
    trap '' XFSZ
    ulimit -f 72
    exec "$MUSICMAP" gather folder more --library full
) >"$out" 2>"$errors"
status=$?
[ $status != 0 ] && [ $status -lt 128 ]
ok $? "full: ends with an error ($status)"
has "$errors" "full/catalog.sqlite: (disk I/O error|.*full|.*too large)"
same "$(sql full 'PRAGMA integrity_check')" ok "full: the library is sound"
same "$(sql full 'SELECT count(*) FROM song')" 5 "full: nothing is lost"
(
    trap '' XFSZ
    ulimit -f 64
    exec "$MUSICMAP" backup full.db --library full
) >"$out" 2>"$errors"
[ $? = 3 ]
ok $? "full: no backup is made"
same "$(ls | grep -c '^full\.db')" 0 "nor half of one"

# Rights that are taken away.
if [ "$(id -u)" != 0 ]; then
    chmod a-w full full/catalog.sqlite
    run 3 musicmap gather folder more --library full
    has "$errors" 'may not write'
    run 1 musicmap doctor --library full
    has "$out" 'chmod'
fi
run 3 musicmap doctor --library nothing
finish
