# SPDX-License-Identifier: BSD-2-Clause
# mpd.sh - a Music Player Daemon of a test's own, sourced behind tap.sh: in the scratch folder, with a
# null output, on a socket there (and, with a port, on loopback). Gone when the test ends.

command -v mpd >/dev/null || skip_all "no mpd: the program is not installed"
unset MPD_HOST MPD_PORT MPD_PASSWORD MPD_TIMEOUT
mpd_home=$scratch/mpd
mpd_pid=
trap 'mpd_stop; rm -rf "$scratch"' EXIT

# music folder; further lines of its configuration on standard input
mpd_make() {
    mkdir -p "$mpd_home/playlists"
    {
        cat <<C
music_directory "$1"
playlist_directory "$mpd_home/playlists"
db_file "$mpd_home/database"
state_file "$mpd_home/state"
log_file "$mpd_home/log"
bind_to_address "$mpd_home/socket"
auto_update "no"
zeroconf_enabled "no"
audio_output {
    type "null"
    name "nothing"
    mixer_type "none"
}
C
        cat
    } >"$mpd_home/conf"
    mpd_start
}

mpd_start() {
    mpd --no-daemon "$mpd_home/conf" >"$mpd_home/out" 2>&1 </dev/null &
    mpd_pid=$!
    for _ in $(seq 200); do
        mpd_say ping >/dev/null 2>&1 && return
        kill -0 $mpd_pid 2>/dev/null || break
        sleep 0.05
    done
    cat "$mpd_home/out" "$mpd_home/log" >&2
    echo "Bail out! mpd does not start"
    exit 1
}

mpd_stop() {
    [ -n "$mpd_pid" ] && kill "$mpd_pid" 2>/dev/null && wait "$mpd_pid" 2>/dev/null
    mpd_pid=
}

# Commands, one an argument; prints the replies. With $mpd_secret as the password.
mpd_say() {
    /usr/bin/python3 - "$mpd_home/socket" "$@" <<'P'
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
f = s.makefile('rwb')
f.readline()
secret = os.environ.get('mpd_secret')
for command in ([f'password {secret}'] if secret else []) + sys.argv[2:]:
    f.write(command.encode() + b'\n')
    f.flush()
    while True:
        line = f.readline().decode()
        if line.startswith('ACK') or not line:
            print(line, end='', file=sys.stderr)
            sys.exit(1)
        if line == 'OK\n':
            break
        print(line, end='')
P
}

mpd_update() { # waits until the database is up to date
    mpd_say update >/dev/null
    while mpd_say status | grep -q updating_db; do sleep 0.05; done
}

mpd_queue() { # the queue's files
    mpd_say playlistinfo | sed -n 's/^file: //p'
}

# Many small songs with tags, quickly: small_songs FOLDER COUNT [SECONDS]
small_songs() {
    ffmpeg -v error -y -f lavfi -i "aevalsrc=0.2*sin(2*PI*440*t)*sin(2*PI*3*t):d=${3:-1}:s=22050" \
        -id3v2_version 0 -write_id3v1 0 -b:a 32k "$scratch/.small.mp3" </dev/null || exit 1
    /usr/bin/python3 - "$1" "$2" "$scratch/.small.mp3" <<'P'
import os, struct, sys
folder, count, sound = sys.argv[1], int(sys.argv[2]), open(sys.argv[3], 'rb').read()
def frame(name, text):
    body = b'\x03' + text.encode()
    return name + struct.pack('>IH', len(body), 0) + body
def synchsafe(n):
    return bytes((n >> s) & 127 for s in (21, 14, 7, 0))
for i in range(count):
    artist, album = f'Artist {i % 25:02d}', f'Album {i % 50:02d}'
    frames = b''.join([frame(b'TIT2', f'Title {i:03d}'), frame(b'TPE1', artist), frame(b'TALB', album),
                       frame(b'TCON', ['Rock', 'Jazz', 'Folk'][i % 3]), frame(b'TRCK', f'{i % 9 + 1}/9'),
                       frame(b'TDRC', str(1970 + i % 50))])
    where = f'{folder}/{artist}/{album} é {"x" if i % 2 else "X"}'
    os.makedirs(where, exist_ok=True)
    with open(f'{where}/{i:03d} #1 "%41".mp3', 'wb') as f:
        f.write(b'ID3\x04\0\0' + synchsafe(len(frames)) + frames + sound)
P
}
