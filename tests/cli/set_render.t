# SPDX-License-Identifier: BSD-2-Clause
# set render: songs mixed into one file. Every song is a steady chord of its own, so that level, loudness
# and place of each can be measured in what comes out.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

chord() { # file, frequency, seconds, amplitude, ffmpeg options...
    file=$1
    sound="$4*(sin(2*PI*$2*t)+sin(2*PI*$2*2.6*t)+sin(2*PI*$2*5.3*t))/3"
    seconds=$3
    shift 4
    ffmpeg -v error -y -f lavfi -i "aevalsrc='$sound':d=$seconds:s=44100" "$@" "$file" </dev/null || exit 1
}
mkdir music
chord music/210.flac 210 12 0.9 -metadata title=One -metadata artist=Ada   # loud
chord music/260.mp3 260 12 0.09 -metadata title=Two -metadata artist=Bob   # 20 dB less
chord music/330.flac 330 10 0.4 -af 'adelay=2000:all=1,apad=pad_dur=3' -metadata title='Three "3"' -metadata artist=Cleo
chord music/400.wav 400 14 0.3 -ac 1 -ar 22050 -metadata title=Four -metadata artist=Dora
chord music/500.ogg 500 12 0.5 -ac 2 -metadata title=Five -metadata artist=Elo
ls -d "$PWD"/music/* >all.m3u
run 0 musicmap explore music --no-serve
run 0 musicmap set --fill all.m3u --minutes 1.1 --name show -q

# 60 s of songs without the silence around the third, four overlaps of 3 s.
for f in show.wav show.mp3; do
    run 0 musicmap set render show -o $f --lufs -18 --json
    cp "$out" report.json
    /usr/bin/python3 "$MUSICMAP_ROOT/tests/render-checker.py" $f report.json 48 >"$out" 2>"$errors"
    ok $? "$f is what it is told to be"
done
grep -q "TITLE \"Three '3'\"" show.cue
ok $? "no quote within quotes in the CUE sheet"
run 0 musicmap set render show -o show.flac --lufs -18
has "$errors" 'mixed: show.flac, 5 songs, 0:48'
same "$(ffmpeg -v error -i show.flac -f md5 -)" "$(ffmpeg -v error -i show.wav -f md5 -)" "the same samples as FLAC"

# Ogg Opus: a stream a song, one behind the other, each with its names.
run 0 musicmap set render show -o show.opus --lufs -18
same "$(grep -c -a OpusHead show.opus)" 5 "five streams"
for title in One Two Three Four Five; do
    grep -q -a "title=$title" show.opus
    ok $? "$title is told"
done
ffmpeg -v error -i show.opus -f s16le -ac 2 -ar 44100 opus.raw
same "$(($(wc -c <opus.raw) / 176400))" 48 "as long as the others"

# Hard cuts, and as loud as the next program.
run 0 musicmap set render show -o cut.wav --crossfade 0 --lufs -18 --json
same "$(json '(.length_s - 60) | fabs < 0.3')" true "without overlaps"

# A file that is gone or no sound: told by its name; what was there stays, nothing half is left.
cp show.wav before.wav
mv music/400.wav kept.wav
run 3 musicmap set render show -o show.wav
has "$errors" 'music/400\.wav'
cmp -s show.wav before.wav
ok $? "the earlier file is as it was"
head -c 20000 /dev/urandom >music/400.wav
run 3 musicmap set render show -o new.flac
has "$errors" 'music/400\.wav'
head -c 308800 kept.wav >music/400.wav
run 1 musicmap set render show -o short.flac --json
has "$errors" 'music/400\.wav ends after 7 of 14 seconds'
same "$(json '.songs | length')" 5 "a song cut short is told, the others are mixed"
same "$(ls | grep -E '^new|part' || true)" "" "nothing is left behind"
run 2 musicmap set render show -o show.ogg
has "$errors" 'show.mp3, .flac, .wav or .opus'
run 2 musicmap set render show
run 3 musicmap set render nothing -o x.wav
mv kept.wav music/400.wav
run 0 musicmap set render show -o again.wav --lufs -18
cmp -s show.wav again.wav
ok $? "the same songs, the same bytes"
run 3 musicmap set render show -o nowhere/x.wav
has "$errors" 'nowhere/x.wav'

# A jingle is shorter than the crossfade: it is heard between its songs.
mkdir jingle
for n in 1 2 3; do
    ffmpeg -v error -f lavfi -i "sine=frequency=${n}00:duration=$((n == 2 ? 4 : 20))" jingle/$n.wav </dev/null
done
ls -d "$PWD"/jingle/*.wav >jingle.m3u
export MUSICMAP_LIBRARY="$scratch/jingles"
run 0 musicmap explore jingle --no-serve
printf '[set]\nminutes = 0.7\ncrossfade = 10 s\n' >jingle.ini
run 0 musicmap set --fill jingle.m3u --rules jingle.ini --name jingle --json
same "$(json '[.songs[].start_s * 100 | round] | join(" ")')" "0 1867 2133" "it begins before the next"
run 0 musicmap set render jingle -o jingle.wav --json
same "$(json '[.songs[].start_s * 10 | round] | join(" ")')" "0 187 213" "in the mix, too"
finish
