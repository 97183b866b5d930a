# SPDX-License-Identifier: BSD-2-Clause
# 0, 1 and 2 songs, identical songs, silence: a correct small map or a clear message.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

explore() { # expected, folder, library
    run "$1" musicmap explore "$2" --no-serve --library "$3"
}
mkdir none
explore 3 none l0
has "$errors" 'no song'
run 3 musicmap explore nowhere --no-serve --library l0
has "$errors" 'nowhere'

song one/a.mp3 300
explore 0 one l1
run 0 musicmap map --json --library l1
same "$(json '"\(.songs) \(.clusters)"')" "1 1" "one song, one country"
run 0 musicmap draw -o one.png --library l1
run 0 musicmap eval --json --library l1

song two/a.mp3 300
song two/b.mp3 3000
explore 0 two l2
run 0 musicmap draw -o two.svg --library l2
run 0 musicmap eval --json --library l2

# A file that was replaced sounds otherwise: the map is made anew, once.
explore 0 two l2
lacks "$errors" 'mapped'
song two/b.mp3 700
run 0 musicmap gather folder two --library l2
run 0 musicmap embed --library l2
explore 0 two l2
has "$errors" 'mapped: 2 songs'
explore 0 two l2
lacks "$errors" 'mapped'

song same/a.wav 440
for n in b c d e; do cp same/a.wav same/$n.wav; done
explore 0 same l5
run 0 musicmap map --json --library l5
same "$(json .songs)" 5 "identical songs are all there"
run 0 musicmap draw -o same.png --library l5

for n in a b c; do
    mkdir -p silent
    ffmpeg -v error -f lavfi -i anullsrc=r=44100:cl=stereo -t 5 silent/$n.flac </dev/null
done
explore 0 silent l3
run 0 musicmap draw -o silent.png --library l3

mkdir bad
echo x >bad/a.mp3
explore 3 bad lbad
has "$errors" 'no song was found in bad .*MP3'

# What could not be read makes it half a success, the second time, too.
cp one/a.mp3 bad/b.mp3
explore 1 bad lbad
explore 1 bad lbad

# A page without a map says so.
"$MUSICMAP" serve --port 0 --library l0 >"$out" 2>"$errors" &
server=$!
while [ ! -s "$out" ] && kill -0 $server; do
    sleep 0.1
done
kill -INT $server
wait $server
ok $? "served and ended"
has "$errors" 'no map yet'

# A file that could not be read is forgotten when it is gone.
rm bad/a.mp3
explore 0 bad lbad
run 0 musicmap status --library lbad
has "$out" '^failed +0$'

# More clusters than songs.
run 0 musicmap map --clusters 50 --json --library l2
same "$(json '.clusters <= 2')" true "never more countries than songs"

# In a terminal progress is a bar, which is drawn over and over and ends its line.
on_terminal() {
    /usr/bin/python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@"
}
run 0 on_terminal "$MUSICMAP" explore two --no-serve --library lbar
has "$out" "^$(printf '\r\033')\[Kreading tags: 2"
has "$out" '\[#+\] 2/2'
# Nobody said where the library is: where such things are.
unset MUSICMAP_LIBRARY
run 3 env XDG_DATA_HOME="$scratch/data" "$MUSICMAP" status
has "$errors" "$scratch/data/musicmap"
run 3 env -u XDG_DATA_HOME HOME="$scratch/home" "$MUSICMAP" status
has "$errors" "$scratch/home/.local/share/musicmap"
finish
