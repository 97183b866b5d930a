# SPDX-License-Identifier: BSD-2-Clause
# standin.sh - sourced behind tap.sh: starts the stand-in for the services, and points musicmap at it.
#
#     start_standin [options of tests/http/standin.py...]
#     control reset | faults '{"seed":1,"rate":0.2}' | clock '{"add":3600}' ...   state into $out
#     count QUERY     jq over the log of requests

start_standin() {
    rm -f "$scratch/clock"
    /usr/bin/python3 "$MUSICMAP_ROOT/tests/http/standin.py" --clock "$scratch/clock" "$@" \
        >"$scratch/standin.json" 2>"$scratch/standin.err" &
    standin=$!
    trap 'kill $standin 2>/dev/null; rm -rf "$scratch"' EXIT
    i=0
    while [ ! -s "$scratch/standin.json" ] && [ $i -lt 1200 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    base=$(jq -r .base "$scratch/standin.json")
    eval "$(jq -r '.environment | to_entries[] | "export \(.key)=\(.value)"' "$scratch/standin.json")"
    export MUSICMAP_HTTP_TIMEOUTS=5,1,60
    export XDG_CONFIG_HOME="$scratch/config"
}

control() {
    [ $# -gt 1 ] || set -- "$1" '{}'
    curl -sS --data "$2" "$base/_standin/$1" >"$out"
}

state() { # jq program over the stand-in's state
    control state
    jq -r "$1" "$out"
}

count() { # jq program over its log
    control log
    jq -r "$1" "$out"
}

# Everything a library holds but the running numbers of maps, as one hash, sounds included.
library_hash() {
    /usr/bin/python3 - "$1" <<'P'
import hashlib, os, sqlite3, sys
db = sqlite3.connect(f'file:{sys.argv[1]}/catalog.sqlite?mode=ro', uri=True)
assert db.execute('PRAGMA integrity_check').fetchone() == ('ok',)
h = hashlib.sha256()
for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").fetchall():
    h.update(repr((table, sorted(map(repr, db.execute(f'SELECT * FROM "{table}"'))))).encode())
for folder, folders, files in sorted(os.walk(f'{sys.argv[1]}/previews')):
    folders.sort()
    for name in sorted(files):
        path = os.path.join(folder, name)
        h.update(os.path.relpath(path, sys.argv[1]).encode() + open(path, 'rb').read())
print(h.hexdigest())
P
}
