# SPDX-License-Identifier: BSD-2-Clause
# A library that follows a growing folder, while its page is served.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

# Waits until a program says yes, at most two minutes.
until_true() { # name, command...
    name=$1
    shift
    tries=0
    while ! "$@" 2>/dev/null && [ $tries -lt 600 ]; do
        tries=$((tries + 1))
        sleep 0.2
    done
    "$@"
    ok $? "$name"
}
songs_are() {
    musicmap status --json 2>/dev/null | jq -e "(.songs.present // .songs) == $1" >/dev/null
}
event_has() {
    grep -Eq "$1" events
}
said() {
    grep -Eq -- "$2" "$1"
}

for i in 1 2 3 4 5 6; do song "music/A/$i.wav" $((100 * i)); done
run 2 musicmap gather playlist list.m3u8 --watch
has "$errors" 'follows folders only'
run 3 musicmap gather folder nowhere --watch
run 0 musicmap explore music --no-serve

"$MUSICMAP" serve --port 0 >url 2>served &
server=$!
until_true "the server is up" said url '^http'
curl -sN "$(cat url)api/events" >events &
listener=$!
until_true "the stream begins with what there is" event_has '"embedded":6,.*"map_songs":6'

"$MUSICMAP" gather folder music --watch 2>gathered &
gather=$!
"$MUSICMAP" embed --watch 2>embedded &
embed=$!
until_true "the first gathering is done" said gathered '6 songs found, 0 new'
until_true "the first embedding is done" said embedded 'nothing new'
mkdir -p music/New/Deep
song music/New/Deep/7.wav 730
song music/New/8.wav 860
until_true "a song in a new folder is found" said gathered '8 songs found'
until_true "and embedded" event_has '"embedded":8'
until_true "and on the map by itself" event_has '"embedded":8,.*"map_songs":8'
rm music/A/1.wav
until_true "a song that went is told" said gathered '1 missing'
# A folder elsewhere that a link leads to, and one that leads back.
mkdir elsewhere
ln -s ../elsewhere music/Link
ln -s ../elsewhere music/Twice
ln -s .. music/New/Up
sleep 4
song elsewhere/9.wav 990
song elsewhere/10.wav 1000
until_true "songs in a folder that is linked are found" said gathered '9 songs found'

kill -INT $gather
wait $gather
same $? 0 "Ctrl-C ends gather --watch"
kill -INT $embed
wait $embed
same $? 0 "Ctrl-C ends embed --watch"
kill -INT $server
wait $server
same $? 0 "the server ends while somebody listens"
wait $listener
same "$(ls library | grep -c working)" 0 "no note is left behind"
finish
