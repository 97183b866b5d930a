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

run 0 musicmap embed -q
run 0 musicmap dedupe --mend --json
same "$(json '"\(.mended) \(.duplicates)"')" "true 1" "joined"
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
run 2 musicmap dedupe --bend
finish
