# SPDX-License-Identifier: BSD-2-Clause
# dedupe: one recording in two files is shown, and with --mend becomes one song, for good.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

tagged() { # file, frequency, artist, title, options...
    file=$1 frequency=$2 artist=$3 title=$4
    shift 4
    song "$file" "$frequency" -metadata artist="$artist" -metadata title="$title" "$@"
}
tagged music/album/01.flac 220 "The Examples" "Harbour"
tagged music/best/07.mp3 221 "Examples, The" "HARBOUR" -b:a 96k
tagged music/live/02.mp3 222 "The Examples" "Harbour (Live)"
tagged music/album/02.mp3 330 "The Examples" "Lanterns"
tagged music/other/01.mp3 440 "Somebody Else" "Harbour"
tagged music/album/long.mp3 223 "The Examples" "Harbour" -af apad=pad_dur=4

run 0 musicmap gather folder music
run 0 musicmap dedupe
has "$out" '^keep .*Harbour'
run 0 musicmap dedupe --json
same "$(json '"\(.mended) \(.duplicates) \(.works) \(.versions)"')" "false 1 1 2" \
    "one copy; the live version is another recording of the work; 4 s more are no copy"
run 0 musicmap status --json
same "$(json .songs)" 6 "nothing was changed"

# The copy was on air, is in a kept set, and a DJ program says something of it.
run 0 musicmap embed -q
run 0 musicmap map -q
sql() {
    /usr/bin/python3 -c 'import os, sqlite3, sys
db = sqlite3.connect(os.environ["MUSICMAP_LIBRARY"] + "/catalog.sqlite", isolation_level=None)
for row in db.execute(sys.argv[1]): print(*row)' "$@"
}
copy=$(sql "SELECT id FROM song WHERE CAST(key AS TEXT) LIKE '%best/07.mp3'")
kept=$(sql "SELECT id FROM song WHERE CAST(key AS TEXT) LIKE '%album/01.flac'")
printf '[songs]\ninclude = #%s\n' "$copy" >with-copy.ini
run 0 musicmap set --minutes 0.2 --rules with-copy.ini --name evening
same "$(sql "SELECT count(*) FROM set_song WHERE song = $copy")" 1 "the copy is in a set"
run 0 musicmap set log evening --at "2026-10-01 20:00"
sql "INSERT INTO fact VALUES ($copy, 'mixxx', 'rating', '5')"
in_set=$(sql 'SELECT count(*) FROM set_song')
plays=$(sql 'SELECT count(*) FROM play')
run 0 musicmap dedupe --mend --json
same "$(json '"\(.mended) \(.duplicates)"')" "true 1" "joined"
same "$(sql 'SELECT count(*) FROM set_song') $(sql 'SELECT count(*) FROM play')" "$in_set $plays" "no play, no place in a set is lost"
same "$(sql "SELECT count(*) FROM set_song WHERE song = $kept") $(sql "SELECT count(*) FROM play WHERE song = $kept")" "1 1" "they are of the song that stays"
same "$(sql "SELECT source, name, value FROM fact WHERE song = $kept")" "mixxx rating 5" "so is what was said of the copy"
run 0 musicmap set log evening --at "2026-10-02 20:00"
same "$(sql "SELECT count(*) FROM play WHERE song = $kept")" 2 "the set can be aired again"
run 0 musicmap status --json
same "$(json '"\(.songs) \(.models[0].songs)"')" "5 5" "one song less"
run 0 musicmap dedupe --json
same "$(json .duplicates)" 0 "nothing is left to join"
run 0 musicmap gather folder music
run 0 musicmap status --json
same "$(json '"\(.songs) \(.missing)"')" "5 0" "a rescan does not bring the copy back"
test -f music/best/07.mp3
ok $? "no file of the user's is touched"
run 0 musicmap map -q

# The file that stayed goes: the song is the other copy, under its id; and back.
rm music/album/01.flac
run 0 musicmap gather folder music --json
same "$(json '"\(.missing) \(.added)"')" "0 0" "the other copy takes its place"
same "$(sql "SELECT state, CAST(key AS TEXT) LIKE '%best/07.mp3' FROM song WHERE id = $kept")" "0 1" "as the same song"
run 0 musicmap embed --json
same "$(json '"\(.embedded) \(.failed)"')" "1 0" "whose sound is another"
run 0 musicmap gather folder music --json
same "$(json '"\(.missing) \(.added) \(.changed)"')" "0 0 0" "once"
tagged music/album/01.flac 220 "The Examples" "Harbour"
run 0 musicmap gather folder music --json
same "$(json '"\(.missing) \(.added) \(.changed)"')" "0 0 0" "the first file is a second copy when it comes back"

# A copy that the user hid is not what stays.
"$MUSICMAP" gather folder music --library veiled >/dev/null 2>&1
export MUSICMAP_LIBRARY="$scratch/veiled"
hidden=$(sql "SELECT id FROM song WHERE CAST(key AS TEXT) LIKE '%album/01.flac'")
run 0 musicmap forget --hide "#$hidden"
run 0 musicmap dedupe --mend
run 0 musicmap status --json
same "$(json '"\(.songs) \(.hidden)"')" "5 0" "the copy that is seen stays"
run 2 musicmap dedupe --bend
finish
