# SPDX-License-Identifier: BSD-2-Clause
# set play --icecast: a show on air at a real Icecast, which is restarted meanwhile; MP3 and Ogg Opus,
# the names of songs, a wrong password, nobody there; the dry run.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
command -v icecast2 >/dev/null || skip_all "no icecast2: the program is not installed"

# ---- a server of our own ----
icecast_pid=
trap 'icecast_stop; rm -rf "$scratch"' EXIT
port=$((20000 + $$ % 20000))
mkdir ice
cat >ice/conf.xml <<C
<icecast>
  <limits><clients>10</clients><sources>3</sources><queue-size>524288</queue-size><burst-size>0</burst-size></limits>
  <authentication><source-password>hackmenot</source-password><admin-user>admin</admin-user><admin-password>a-$$</admin-password></authentication>
  <listen-socket><port>$port</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <hostname>localhost</hostname><fileserve>0</fileserve>
  <paths><basedir>/usr/share/icecast2</basedir><logdir>$scratch/ice</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
  <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>3</loglevel></logging>
</icecast>
C
chmod 755 "$scratch" # the server refuses to run as root
[ "$(id -u)" = 0 ] && chown -R nobody ice
icecast_start() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=nobody --regid=nogroup --clear-groups icecast2 -c "$scratch/ice/conf.xml" >ice.out 2>&1 </dev/null &
    else
        icecast2 -c "$scratch/ice/conf.xml" >ice.out 2>&1 </dev/null &
    fi
    icecast_pid=$!
    for _ in $(seq 100); do
        status_of /status-json.xsl >/dev/null 2>&1 && return
        sleep 0.05
    done
    cat ice.out ice/error.log >&2
    echo "Bail out! icecast2 does not start"
    exit 1
}
icecast_stop() {
    [ -n "$icecast_pid" ] && kill -KILL "$icecast_pid" 2>/dev/null && wait "$icecast_pid" 2>/dev/null
    icecast_pid=
}
status_of() { # path
    /usr/bin/python3 -c "import sys, urllib.request; sys.stdout.write(urllib.request.urlopen('http://127.0.0.1:$port$1', timeout=5).read().decode())"
}
icecast_start

# Three songs of four seconds: steady chords, the second 20 dB less loud, with silence around it.
for song in 1:300:0.6: 2:400:0.06:-af@adelay=1000:all=1,apad=pad_dur=1 3:500:0.3:; do
    IFS=: read -r n frequency loud rest <<S
$song
S
    song_filter=$(echo "${song#*:*:*:}" | tr @ ' ')
    mkdir -p music
    # shellcheck disable=SC2086
    ffmpeg -v error -y -f lavfi -i "aevalsrc='$loud*(sin(2*PI*$frequency*t)+sin(2*PI*$frequency*2.6*t))/2':d=4:s=44100" \
        $song_filter -metadata title="Song é $n" -metadata artist="Ada & Co" "music/$n.flac" </dev/null || exit 1
done
ls -d "$PWD"/music/* >all.m3u
run 0 musicmap explore music --no-serve
run 0 musicmap set --fill all.m3u --minutes 0.2 --name show -q

# ---- the dry run ----
run 0 musicmap set play show --dry-run --crossfade 1 --lufs -18
has "$out" '^   2 +0:0[0-9].* Ada & Co - Song'
run 0 musicmap set play show --dry-run --crossfade 1 --lufs -18 --json
same "$(json '.joins | length')" 2 "two joins"
same "$(json '[.joins[] | (.silence_s < 0.2) and ((.before_db - .behind_db) | fabs < 1.5) and ((.in_db - .before_db) | fabs < 1.5)] | all')" true \
    "no silence and one level across"
run 0 musicmap set play show --dry-run --crossfade 0 --lufs -18 --json
same "$(json '.length_s > 11.5')" true "hard cuts: longer"

# ---- wrong usage, wrong password, nobody ----
url=http://127.0.0.1:$port
run 2 musicmap set play show
run 2 musicmap set play show --icecast nowhere
has "$errors" 'is no place at an Icecast server'
run 2 musicmap set play show --icecast http://source:hackmenot@127.0.0.1/x.mp3
has "$errors" 'does not belong into a command line'
lacks "$errors" hackmenot
run 2 musicmap set play show --icecast $url/show.mp3
has "$errors" 'ICECAST_PASSWORD is not set'
run 2 env ICECAST_PASSWORD=wrong "$MUSICMAP" set play show --icecast $url/show.mp3
has "$errors" 'does not take this password'
lacks "$errors" wrong
export ICECAST_PASSWORD=hackmenot
run 3 musicmap set play show --icecast http://127.0.0.1:1/show.mp3
has "$errors" 'there is no Icecast at 127.0.0.1:1'

# ---- on air, both kinds at once ----
listen() { # mount, file, tries: from when it is there until it ends, and what it says is on
    /usr/bin/python3 - "$url$1" "$2" <<'P'
import re, sys, time, urllib.request, urllib.error
names, sound = [], b''
for _ in range(400):
    try:
        r = urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers={'Icy-MetaData': '1'}), timeout=10)
        break
    except urllib.error.HTTPError:
        time.sleep(0.05)
else:
    sys.exit('nothing is on air')
gap = int(r.headers.get('icy-metaint', 0))
while True:
    part = r.read(gap or 4096)
    sound += part
    if len(part) < (gap or 1):
        break
    if gap:
        n = r.read(1)
        if not n:
            break
        text = r.read(16 * n[0]).rstrip(b'\0').decode('latin-1')
        found = re.search("StreamTitle='(.*?)';", text)
        if found and found.group(1) and found.group(1) not in names: # MP3's names are in Latin-1 by Icecast's default
            names.append(found.group(1))
open(sys.argv[2], 'wb').write(sound)
open(sys.argv[2] + '.names', 'w', encoding='utf-8').write('\n'.join(names) + '\n')
P
}
listen /show.mp3 heard.mp3 2>listen.log &
mp3_listener=$!
listen /show.opus heard.opus 2>>listen.log &
opus_listener=$!
"$MUSICMAP" set play show --icecast "http://source@127.0.0.1:$port/show.opus" --crossfade 1 --lufs -18 --json >opus.json 2>opus.log &
opus_player=$!
begun=$(date +%s)
run 0 musicmap set play show --icecast $url/show.mp3 --crossfade 1 --lufs -18 --json
took=$(($(date +%s) - begun))
cp "$out" mp3.json
wait $opus_player
same $? 0 "Opus: to its end"
wait $mp3_listener $opus_listener
same "$(jq '(.sent_s - .length_s) | fabs < 0.2' mp3.json) $(jq '.lost_s == 0' mp3.json) $(jq .connections mp3.json)" "true true 1" "all of it was sent"
same "$(jq '(.sent_s - .length_s) | fabs < 0.3' opus.json)" true "Opus: all of it"
[ $took -ge "$(jq '.length_s | floor' mp3.json)" ]
ok $? "in real time ($took s), not faster"
seconds() {
    ffmpeg -v error -i "$1" -f s16le -ac 1 -ar 1000 - | wc -c | awk '{print int($1 / 2000)}'
}
length=$(jq '.length_s | floor' mp3.json)
for f in heard.mp3 heard.opus; do
    [ "$(seconds $f)" -ge $((length - 4)) ]
    ok $? "$f: $(seconds $f) of $length s were heard"
done
same "$(tail -n 2 heard.mp3.names | tr '\n' ';')" "Ada & Co - Song é 2;Ada & Co - Song é 3;" "the names of songs change"
grep -q -a 'title=Song é 3' heard.opus
ok $? "Opus: the names are in the stream"

# ---- the server is restarted ----
"$MUSICMAP" set play show --icecast $url/again.mp3 --crossfade 1 --json >again.json 2>again.log &
player=$!
for _ in $(seq 200); do
    status_of /status-json.xsl 2>/dev/null | grep -q again.mp3 && break
    sleep 0.05
done
icecast_stop
for _ in $(seq 200); do
    grep -q 'again in' again.log && break
    sleep 0.05
done
icecast_start
wait $player
same $? 1 "it was told that some was not heard"
same "$(jq '.connections == 2 and .lost_s > 0 and .lost_s < 15 and ((.sent_s + .lost_s - .length_s) | fabs < 0.5)' again.json)" true "it came back, and time went on"
has again.log 'the connection to the Icecast broke; again in 1 s'
has again.log 's of the show were not heard'
lacks again.log hackmenot
finish
