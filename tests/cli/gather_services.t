# SPDX-License-Identifier: BSD-2-Clause
# Services, against the stand-in: a sample of genres from each. tests/full/services.t has them all.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
. "$MUSICMAP_ROOT/tests/cli/standin.sh"
start_standin --short rainy-day=4

genres=acoustic,rock,rainy-day,world-music
for service in deezer itunes jamendo; do
    control reset
    run 0 musicmap gather $service --genres $genres --library $service --json -v
    same "$(json '"\(.complete) \(.added) \(.fetched)"')" "true 33 33" "$service: songs"
    same "$(json '[.units[] | "\(.songs)/\(.sounding)"] | join(" ")')" "10/10 10/10 3/3 10/10" "$service: genres"
    lacks "$errors" 'jamendo-client'
    same "$(state '[.exceeded[]] | add')" 0 "$service: within its quota"
    same "$(count '[.[] | select(.path | startswith("/cdn"))] | length')" 33 "$service: each sound fetched once"
    before=$(library_hash $service)
    run 0 musicmap gather $service --genres $genres --library $service --json
    same "$(json '"\(.added) \(.fetched)"')" "0 0" "$service: nothing twice"
    same "$(library_hash $service)" "$before" "$service: the same library"
done
run 0 musicmap gather deezer --genres rainy-day --library deezer
has "$errors" 'came up short: rainy-day 3'

# What was gathered can be embedded and mapped: the previews are its sound.
run 0 musicmap embed --library deezer --json
same "$(json '"\(.embedded) \(.failed)"')" "33 0" "previews are embedded"
run 0 musicmap map --library deezer --json
same "$(json .songs)" 33 "and mapped"
mv deezer moved
run 0 musicmap features moved/previews/*/*/1000000.mp3 -o x.npy
run 0 musicmap embed --excerpt 20 --library moved --json
same "$(json '"\(.embedded) \(.failed)"')" "33 0" "a library can be moved"
run 0 musicmap copy --from moved --to copied --json
same "$(json '"\(.sounds) \(.absent)"')" "33 0" "and copied"
diff -r moved/previews copied/previews >"$out"
ok $? "with its sounds"
rm "$(find copied/previews -name '*.mp3' | sort | head -n 1)"
run 0 musicmap copy --from copied --to again
has "$errors" 'and 32 sounds to '
has "$errors" '^1 sound were? not there any more'

# Spotify, in its three ages. Secrets are in no output.
for profile in dev2026 legacy extended; do
    control reset
    export SPOTIFY_CLIENT_ID=$profile SPOTIFY_CLIENT_SECRET=secret-$profile
    run 0 musicmap gather spotify --genres acoustic,rock --library spotify-$profile --json -v
    case $profile in extended) sounding=18 ;; *) sounding=0 ;; esac
    same "$(json '"\(.added) \(.fetched)"')" "20 $sounding" "spotify $profile"
    lacks "$errors" 'secret|Bearer|(AQ|AR|BQ)[0-9]{20}'
    lacks "$out" 'secret|Bearer|(AQ|AR|BQ)[0-9]{20}'
done
export MUSICMAP_MODELS="$scratch/models" SPOTIFY_CLIENT_ID=dev2026 SPOTIFY_CLIENT_SECRET=secret-dev2026
run 0 musicmap gather spotify --genres club --library club
has "$errors" 'Spotify gave no sound for 10 songs'

# --resolve: the same recordings elsewhere; each remembers both.
run 0 musicmap gather spotify --genres acoustic,rock --library spotify-dev2026 --resolve --json
same "$(json '"\(.resolved) \(.fetched)"')" "18 18" "sounds found at Deezer"
same "$(json '.added')" 0 "no new songs"
# A refusal there is one song's, not the run's.
control faults '{"rules":[{"route":"^/deezer","kind":"code300"},{"route":"^/itunes","kind":"status404"}]}'
run 0 musicmap gather spotify --genres club --library refused --resolve --json
same "$(json '"\(.complete) \(.added) \(.failed) \(.resolved)"')" "true 10 10 0" "it goes on where all are refused"
control reset
run 0 musicmap gather spotify --genres club --library refused --resolve --json
same "$(json '"\(.added) \(.failed)"')" "0 0" "and looks again"
[ "$(json .resolved)" -ge 8 ]
ok $? "with more luck"
run 0 musicmap forget --source deezer --library spotify-dev2026 --json
same "$(json '"\(.songs) \(.kept) \(.files)"')" "0 18 18" "what came from Deezer goes, the songs stay"
run 0 musicmap forget --source spotify --library spotify-dev2026 --json
same "$(json '"\(.songs) \(.kept)"')" "20 0" "all of Spotify's goes"

# The same recording from two services is one song.
run 0 musicmap gather jamendo --genres acoustic --library moved --json
same "$(json '"\(.added) \(.joined) \(.fetched)"')" "0 10 0" "one song with two origins"
run 0 musicmap forget --source deezer --library moved --json
same "$(json '"\(.songs) \(.kept)"')" "23 10" "what Jamendo has, too, stays"

# Your own account: consent in a "browser", a playlist, liked songs.
cat >browser <<'B'
#!/bin/sh
exec /usr/bin/python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()' "$1" >/dev/null 2>&1
B
chmod +x browser
export BROWSER="$scratch/browser"
run 0 musicmap gather spotify --liked --library user --json
same "$(json .added)" 120 "liked songs"
same "$(stat -c %a config/musicmap/spotify-token)" 600 "nobody else reads the token"
run 0 musicmap gather spotify --liked --library user --json
same "$(json '"\(.added) \(.known)"')" "0 120" "liked songs, again"
same "$(count '[.[] | select(.path == "/accounts/authorize")] | length')" 1 "consent is asked for once"
run 0 musicmap gather spotify --playlist 'https://open.spotify.com/playlist/37ownplaylist000000000?si=x' --library list --json
same "$(json .added)" 60 "a playlist, with an episode, a local file and a gap in it"
run 3 musicmap gather spotify --playlist 37foreignplaylist00000 --library list
has "$errors" 'Spotify refuses \(403\): .*[.] Of playlists, an app of 2026 reads those that its user owns'
control accounts '{"premium":false}'
for what in "--playlist 37ownplaylist000000000" "--genres acoustic"; do
    run 3 musicmap gather spotify $what --library list
    has "$errors" 'Spotify refuses \(403\): Active premium subscription required'
done
control accounts '{"premium":true}'
# Two runs at once renew one consent, whose token is good for one use.
control accounts '{"life":1}'
for i in 1 2 3; do
    "$MUSICMAP" gather spotify --liked --library "user$i" >"log$i" 2>&1 </dev/null &
    eval "run$i=\$!"
done
for run in $run1 $run2 $run3; do
    wait "$run"
    ok $? "a run beside others"
done
same "$(count '[.[] | select(.path == "/accounts/authorize")] | length')" 1 "no new consent is asked for"
control accounts '{"life":3600,"kill":"refresh"}'
run 0 musicmap gather spotify --liked --library user --json
same "$(count '[.[] | select(.path == "/accounts/authorize")] | length')" 2 "a dead consent is asked for anew"
control accounts '{"refuse":true,"kill":"refresh"}'
run 3 musicmap gather spotify --liked --library user
has "$errors" 'did not consent'
[ ! -e config/musicmap/spotify-token ]
ok $? "a dead token is thrown away"

# A storm of faults, and SIGKILL in the middle: the same library in the end.
control reset
run 0 musicmap gather deezer --genres $genres --library calm
control reset
control faults '{"seed":5,"rate":0.35}'
tries=0
until "$MUSICMAP" gather deezer --genres $genres --library stormy -v >>storm.log 2>&1 </dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 40 ] || break
done
[ "$(state .injected)" -ge 20 ]
ok $? "faults were injected ($(state .injected))"
same "$(library_hash stormy)" "$(library_hash calm)" "through a storm: the same library"
cp storm.log "$out"
lacks "$out" 'hdnea|client_id'
control reset
for ms in 30 90 160 240; do
    "$MUSICMAP" gather deezer --genres $genres --library killed >/dev/null 2>&1 </dev/null &
    victim=$!
    /usr/bin/python3 -c "import time; time.sleep($ms / 1000)"
    kill -9 $victim 2>/dev/null
    wait $victim 2>/dev/null
done
run 0 musicmap gather deezer --genres $genres --library killed
same "$(library_hash killed)" "$(library_hash calm)" "killed four times: the same library"

# What is no sound: songs without one are dropped and noted, until they are asked for again. A refusal
# that has no end is told in the service's words; Deezer's list of an address; keys that are missing.
control reset
control faults '{"rules":[{"route":"^/cdn/deezer/100000[01][.]","kind":"hello"}]}'
run 0 musicmap gather deezer --playlist 'https://www.deezer.com/en/playlist/9001000000?utm=x' --library noise --json
same "$(json '"\(.added) \(.failed)"')" "10 2" "a list, less what is no sound"
run 0 musicmap status --library noise --json
same "$(json '[.failures[] | select(.reason == "not an audio file")] | map(.path) | join(" ")')" "deezer:1000000 deezer:1000001" "which is told"
control faults '{"rules":[{"route":"^/cdn/deezer/1000001[.]","kind":"html"}]}'
run 0 musicmap gather deezer --playlist 9001000000 --library noise --json
same "$(json '"\(.added) \(.failed)"')" "1 1" "a page in place of a sound stops no other"
run 0 musicmap status --library noise --json
same "$(json '.failures | map(.path + " " + .reason) | join(" ")')" "deezer:1000001 Deezer refuses (200): what it sends is no sound" "and is told"
control reset
run 0 musicmap gather deezer --playlist 9001000000 --library noise --json
same "$(json '"\(.added) \(.failed)"')" "1 0" "and comes later"
control reset
control faults '{"rules":[{"route":"^/cdn/deezer/1000000[.]","nth":1,"last":2,"kind":"status503"},{"route":"^/cdn/deezer/1000000[.]","nth":1,"kind":"html"}]}'
run 0 musicmap gather deezer --playlist 9001000000 --library broken --json
same "$(json '"\(.added) \(.failed)"')" "12 0" "a net that breaks off is not the song's fault"
control reset
control faults '{"rules":[{"route":"^/deezer","nth":1,"last":3,"kind":"code4"}]}'
run 0 musicmap gather deezer --genres acoustic --limit 3 --library quota --json
same "$(json .added)" 3 "a quota is waited for"
control reset
control faults '{"rules":[{"route":"^/deezer","kind":"code300"}]}'
run 3 musicmap gather deezer --genres acoustic --limit 3 --library quota2
has "$errors" 'Invalid OAuth access token'
control reset
run 2 env -u JAMENDO_CLIENT_ID "$MUSICMAP" gather jamendo --genres acoustic --library keyless
has "$errors" 'Jamendo wants a client id'
mkdir -p config/musicmap
printf '# mine\n\t JAMENDO_CLIENT_ID = %s\n' "$JAMENDO_CLIENT_ID" >config/musicmap/credentials
chmod 600 config/musicmap/credentials
run 0 env -u JAMENDO_CLIENT_ID "$MUSICMAP" gather jamendo --genres acoustic --library keyless
rm config/musicmap/credentials

# A day to wait: told, and the same command goes on.
control reset
control faults '{"rules":[{"route":"^/spotify","nth":2,"kind":"s429day"}]}'
run 1 musicmap gather spotify --genres acoustic,rock --library wait
has "$errors" 'left alone for 24 hours.*the same command after [0-9-]+ [0-9:]+ goes on'
run 0 musicmap gather spotify --genres acoustic,rock --library wait --json
same "$(json '"\(.added) \(.known)"')" "10 10" "goes on where it was"
control reset
control faults '{"rules":[{"route":"^/spotify/v1","kind":"status500","nth":1,"last":2},{"route":"^/spotify/v1","kind":"s429quota"}]}'
run 1 musicmap gather spotify --genres acoustic --library wait2
has "$errors" 'left alone for 24 hours.*the same command after [0-9-]+ [0-9:]+ goes on'
same "$(count '[.[] | select(.fault == "s429quota")] | length')" 1 "a quota that is used up is not asked for again"

# Nothing is asked without being told to.
control reset
run 0 musicmap gather deezer --dry-run
same "$(grep -c . "$out")" 126 "a line for each genre"
run 0 musicmap gather deezer --offline --library moved
same "$(state .requests)" 0 "no request was sent"
run 0 musicmap gather deezer --genres acoustic --limit 3 --library few --json
same "$(json .added)" 3 "a limit"
# A genre that the limit cut short is not done.
run 0 musicmap gather deezer --genres acoustic,rock --limit 3 --library cut --json
run 0 musicmap gather deezer --genres acoustic,rock --library cut --json
same "$(json '[.units[] | "\(.songs)/\(.wanted)"] | join(" ")')" "10/10 10/10" "without it, all"
# A disk that takes no sound ends the run; it is no way of asking that leads nowhere.
mkdir full
: >full/previews
run 3 musicmap gather deezer --genres acoustic,rock --library full
has "$errors" 'full/previews is there, but is no folder'
rm full/previews
run 0 musicmap gather deezer --genres acoustic,rock --library full --json
same "$(json '"\(.added) \(.fetched)"')" "20 20" "nothing was kept without its sound"
run 3 musicmap gather deezer --playlist 999 --library full
has "$errors" 'Deezer has no such playlist'
run 0 musicmap gather deezer --query "Live" --library few --json
run 2 musicmap gather deezer --genres acoustic,polka
has "$errors" 'no genre "polka"'
run 2 musicmap explore --preset nothing
run 2 musicmap explore --preset original music
run 3 musicmap explore --preset original --no-serve
has "$errors" 'model fetch openl3-music-mel256-512'
run 2 musicmap gather deezer --liked
run 2 musicmap gather itunes --market USA
run 2 musicmap gather deezer --market US
unset SPOTIFY_CLIENT_ID
run 2 musicmap gather spotify --genres acoustic
has "$errors" 'SPOTIFY_CLIENT_ID is not set'
finish
