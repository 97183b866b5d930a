# SPDX-License-Identifier: BSD-2-Clause
# What becomes of a song that is replaced or forgotten while it is measured and embedded.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

vector() { # library
    /usr/bin/python3 -c 'import hashlib, sqlite3, sys
for row in sqlite3.connect(sys.argv[1] + "/catalog.sqlite").execute("SELECT data FROM vector ORDER BY kind"):
    print(hashlib.sha256(row[0]).hexdigest())' "$1"
}

# Starts a command and stops it while its helper has FILE open: what it sends waits to be stored.
stopped_at() { # file, command...
    file=$1
    shift
    "$MUSICMAP" "$@" -j 1 --json --excerpt 600 >embed.json 2>embed.err </dev/null &
    embedding=$!
    while kill -0 $embedding 2>/dev/null; do
        for helper in $(pgrep -P $embedding); do
            ls -l "/proc/$helper/fd" 2>/dev/null | grep -q "/$file\$" && break 2
        done
        sleep 0.02
    done
    kill -STOP $embedding
}

ffmpeg -v error -f lavfi -i sine=f=300:d=600 -b:a 64k long.mp3 </dev/null
song other.mp3 700
mkdir music
cp long.mp3 music/a.mp3
run 0 musicmap gather folder music
stopped_at a.mp3 embed
same "$(vector library)" "" "stopped in the middle"
mv other.mp3 music/a.mp3
run 0 musicmap gather folder music --json
same "$(json .changed)" 1 "another file is there by now"
kill -CONT $embedding
wait $embedding
same "$? $(jq -c '[.embedded, .failed]' embed.json)" "0 [1,0]" "the song was tried once more"
run 0 musicmap gather folder music --library fresh
run 0 musicmap embed --excerpt 600 --library fresh
same "$(vector library)" "$(vector fresh)" "the vectors are those of what the file is now"

# Forgotten: the one in hand, and one that is to come.
rm -r library music
mkdir music
cp long.mp3 music/a.mp3
for i in 1 2 3; do song music/b$i.mp3 $((400 * i)); done
run 0 musicmap gather folder music
stopped_at a.mp3 embed
run 0 musicmap forget '#1'
run 0 musicmap forget '#3'
kill -CONT $embedding
wait $embedding
same "$? $(jq -c '[.embedded, .failed]' embed.json)" "0 [2,0]" "the others are embedded, and nothing failed"
run 0 musicmap status --json
same "$(json '"\(.songs) \(.measured) \(.failures|length)"')" "2 2 0" "nothing is left of those that are gone"

# The same to a worker of a shared library: it gives the song back, and does it anew.
if [ -n "${MUSICMAP_TEST_POSTGRESQL:-}" ]; then
    . "$MUSICMAP_ROOT/tests/cli/postgresql.sh"
    database
    song other.mp3 700
    rm -r music
    mkdir music
    cp long.mp3 music/a.mp3
    run 0 musicmap gather folder music --library "$uri"
    stopped_at a.mp3 worker --library "$uri" --until-done
    same "$(ask 'SELECT count(*) FROM vector')" 0 "the worker is in the middle"
    mv other.mp3 music/a.mp3
    run 0 musicmap gather folder music --library "$uri"
    kill -CONT $embedding
    wait $embedding
    same "$? $(jq -c '[.done, .failed, .given_back]' embed.json)" "0 [1,0,1]" "done once, of the new file"
    run 0 musicmap copy --from "$uri" --to copied
    same "$(vector copied)" "$(vector fresh)" "with its vectors"
fi
finish
