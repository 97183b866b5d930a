# SPDX-License-Identifier: BSD-2-Clause
# musicmap radio --mpd with a real MPD, which is restarted meanwhile; ended by Ctrl-C, and begun again.
# (200 songs of virtual time: tests/unit/player/test_radio.c)
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
. "$MUSICMAP_ROOT/tests/cli/mpd.sh"

small_songs music 60 2
mpd_make "$scratch/music" </dev/null
mpd_update
export MPD_HOST="$mpd_home/socket"
run 0 musicmap gather folder music -q
/usr/bin/python3 - <<'P' >songs.txt
import numpy
numpy.save('v.npy', numpy.random.default_rng(1).normal(size=(60, 8)).astype('f4'))
for i in range(60):
    print(f'#{i + 1}')
P
run 0 musicmap embed --import v.npy --songs songs.txt --model made
cat >rules.ini <<'R'
[set]
minutes = 0.5
tolerance = 5 s
[separation]
artist = 10 s, 3 songs
[history]
hours = 1
R
run 2 musicmap radio
has "$errors" 'in which player'
run 3 musicmap radio --mpd "$scratch/nobody" --rules rules.ini
has "$errors" "there is no MPD at"

plays() {
    "$MUSICMAP" set log --json | jq length
}
wait_for_plays() {
    for _ in $(seq 300); do
        [ "$(plays)" -ge "$1" ] && return
        sleep 0.1
    done
    echo "# only $(plays) plays"
}
begin_radio() { # log
    /usr/bin/python3 - "$1" "$MUSICMAP" radio --mpd --lead 0.1 --rules rules.ini <<'P' >radio.pid
import signal, subprocess, sys
p = subprocess.Popen(sys.argv[2:], stderr=open(sys.argv[1], 'w'), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
print(p.pid)
P
}
end_radio() {
    kill -INT "$(cat radio.pid)"
    for _ in $(seq 100); do
        kill -0 "$(cat radio.pid)" 2>/dev/null || return
        sleep 0.1
    done
}

begin_radio log1
wait_for_plays 2
has log1 'on air at'
mpd_stop
for _ in $(seq 100); do
    grep -q 'again in' log1 && break
    sleep 0.1
done
has log1 'again in 1 s'
mpd_start
wait_for_plays 4
has log1 'MPD at .* is back'
end_radio
has log1 'ended: [0-9]+ songs queued, [0-9]+ heard, 0 rules bent'
mpd_queue >queue
[ "$(sort queue | uniq -d | wc -l)" = 0 ] && [ "$(wc -l <queue)" -ge 6 ]
ok $? "the queue stays, no song in it twice"
mpd_say status | grep -q 'state: play'
ok $? "and plays on"
same "$(grep -c '  queued ' log1)" "$(wc -l <queue)" "every song that was chosen is in it"

# A radio that begins again goes on behind what is there, by the log.
before=$(wc -l <queue)
begin_radio log2
wait_for_plays 6
end_radio
mpd_queue >queue2
head -n "$before" queue2 | cmp -s - queue
ok $? "begun again: behind what is queued"
same "$(sort queue2 | uniq -d | wc -l)" 0 "no song twice within an hour"
"$MUSICMAP" set log --json | jq -r 'sort_by(.at) | .[].song' >logged
same "$(sort logged | uniq -d | wc -l)" 0 "nor twice in the log"
# The log says what MPD played, in its order.
/usr/bin/python3 - logged <<'P' >played
import os, sqlite3, sys
keys = dict(sqlite3.connect('library/catalog.sqlite').execute('SELECT id, key FROM song'))
for line in open(sys.argv[1]):
    print(os.fsdecode(keys[int(line)]).split('/music/')[1])
P
same "$(wc -l <played)" "$(wc -l <logged)" "all of the log"
head -n "$(wc -l <played)" queue2 | cmp -s - played
ok $? "the log is what was played, in order"
finish
