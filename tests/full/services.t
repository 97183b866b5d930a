# SPDX-License-Identifier: BSD-2-Clause
# All 126 genres from every service against the stand-in: whole, in a storm of faults, and killed
# again and again. tests/cli/gather_services.t is the sample of this that "make check" runs.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
. "$MUSICMAP_ROOT/tests/cli/standin.sh"
start_standin

whole() { # service, library, songs with sound
    control reset
    begin=$(date +%s)
    run 0 musicmap gather "$1" --library "$2" --json -v
    echo "# $2: $(($(date +%s) - begin)) s, $(state .requests) requests"
    run 0 musicmap gather "$1" --library "$2" --json
    same "$(json '"\(.added) \([.units[] | select(.songs == 10)] | length)"')" "0 126" "$2: 10 songs in each of 126 genres"
    same "$(json '[.units[].sounding] | add')" "$3" "$2: sounds as in the fixture"
    same "$(find "$2/previews" -type f 2>/dev/null | wc -l)" "$3" "$2: stored once"
    same "$(state '[.exceeded[]] | add')" 0 "$2: within every quota"
}
for service in deezer itunes jamendo; do
    whole $service $service 1260
done
for profile in dev2026 legacy extended; do
    export SPOTIFY_CLIENT_ID=$profile SPOTIFY_CLIENT_SECRET=secret-$profile
    case $profile in extended) sounding=1134 ;; *) sounding=0 ;; esac
    whole spotify spotify-$profile $sounding
done

# Gathers until it is done, however often it has to stop.
insist() { # log, arguments...
    log=$1
    shift
    tries=0
    until "$MUSICMAP" "$@" -v >>"$log" 2>&1 </dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 60 ] || return 1
    done
}

storm() { # service, library, seed, rate
    control reset
    control faults "{\"seed\":$3,\"rate\":$4}"
    insist storm.log gather "$1" --library "stormy-$2"
    ok $? "$2: comes through a storm"
    injected=$(state .injected)
    echo "# $2: $injected faults of $(state '.faults | length') kinds, stopped $tries times"
    total=$((total + injected))
    same "$(library_hash "stormy-$2")" "$(library_hash "$2")" "$2: the same library as without"
    rm -rf "stormy-$2"
}
total=0
storm deezer deezer 1 0.35
storm deezer deezer 2 0.35
storm spotify spotify-extended 3 0.35
storm spotify spotify-extended 4 0.35
[ $total -ge 2000 ]
ok $? "$total faults, 2,000 or more"
cp storm.log "$out"
lacks "$out" 'secret-|Bearer|BQ[0-9]{5}|hdnea|client_id'

# SIGKILL at 20 random points of one run: each after so many more requests.
killed() { # service, library, seed
    control reset
    python3 - "$base" "$MUSICMAP" "$1" "killed-$2" "$3" >"$out" 2>"$errors" <<'P'
import json, os, random, signal, subprocess, sys, time, urllib.request
base, program, service, library, seed = sys.argv[1:]
random = random.Random(int(seed))
def requests():
    return json.load(urllib.request.urlopen(f'{base}/_standin/state'))['requests']
kills = 0
while kills < 20:
    until = requests() + random.randint(1, 60)
    run = subprocess.Popen([program, 'gather', service, '--library', library], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while run.poll() is None and requests() < until:
        time.sleep(0.002)
    assert run.poll() is None, f'ended by itself after {kills} kills'
    run.send_signal(signal.SIGKILL)
    run.wait()
    kills += 1
print(kills, 'kills')
P
    ok $? "$2: killed at 20 points"
    run 0 musicmap gather "$1" --library "killed-$2"
    same "$(library_hash "killed-$2")" "$(library_hash "$2")" "$2: the same library as without"
    same "$(state '[.exceeded[]] | add')" 0 "$2: within every quota, kills and all"
    rm -rf "killed-$2"
}
killed deezer deezer 1
killed spotify spotify-extended 2

# A token that dies in mid-run; rotation is tried in tests/cli/gather_services.t.
control reset
control accounts '{"life":40}'
run 0 musicmap gather spotify --library short --json
same "$(library_hash short)" "$(library_hash spotify-extended)" "tokens of 40 s: the same library"
[ "$(count '[.[] | select(.path == "/accounts/api/token")] | length')" -ge 3 ]
ok $? "tokens were renewed"
finish
