# SPDX-License-Identifier: BSD-2-Clause
# supysonic.sh - sourced behind tap.sh: a private Supysonic, and musicmap's account on it.
#
#     supysonic_start MUSIC [PORT]    skips all where it is not installed
#     supysonic_stop
#     api CALL [PARAMETERS]           one call as the user; JSON into $out

supysonic_user=anna
supysonic_password='p:ss wörd&=' # such passwords exist
export XDG_CONFIG_HOME="$scratch/config"

supysonic_start() {
    rm -f "$scratch/.port"
    /usr/bin/python3 "$MUSICMAP_ROOT/tests/supysonic-server.py" "$scratch/supysonic" "$1" \
        "$supysonic_user" "$supysonic_password" ${2:-0} >"$scratch/.port" 2>"$scratch/.supysonic" &
    supysonic=$!
    trap 'kill $supysonic 2>/dev/null; rm -rf "$scratch"' EXIT
    i=0
    while [ ! -s "$scratch/.port" ] && kill -0 $supysonic 2>/dev/null && [ $i -lt 1200 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    if [ ! -s "$scratch/.port" ]; then
        wait $supysonic
        [ $? = 77 ] && skip_all "supysonic is not installed"
        cat "$scratch/.supysonic" >&2
        exit 1
    fi
    supysonic_port=$(cat "$scratch/.port")
    supysonic_url=http://127.0.0.1:$supysonic_port
    mkdir -p "$XDG_CONFIG_HOME/musicmap"
    (umask 077 && printf 'SUBSONIC_URL = %s\nSUBSONIC_USER = %s\nSUBSONIC_PASSWORD = %s\n' \
        "$supysonic_url" "$supysonic_user" "$supysonic_password" >"$XDG_CONFIG_HOME/musicmap/credentials")
}

supysonic_stop() {
    kill $supysonic
    wait $supysonic 2>/dev/null
}

api() {
    curl -sf -G -u "$supysonic_user:$supysonic_password" --data "c=test&v=1.8.0&f=json&${2:-}" \
        "$supysonic_url/rest/$1.view" >"$out"
}
