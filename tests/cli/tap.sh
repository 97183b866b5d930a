# SPDX-License-Identifier: BSD-2-Clause
# tap.sh - what every script of tests/cli sources: TAP, a scratch folder, made audio.
#
#     . "$MUSICMAP_ROOT/tests/cli/tap.sh"
#     run 0 musicmap status          runs; "ok" when it exits 0; output in $out, errors in $errors
#     has "$out" 'songs *3'          "ok" when the file has a line that matches
#     finish

scratch=$(mktemp -d "${TMPDIR:-/tmp}/musicmap-cli-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
out=$scratch/.out
errors=$scratch/.errors
cd "$scratch" || exit 1
tests=0
broken=0
export MUSICMAP_LIBRARY="$scratch/library"

musicmap() {
    "$MUSICMAP" "$@"
}

ok() { # status, name
    tests=$((tests + 1))
    if [ "$1" = 0 ]; then
        echo "ok $tests - $2"
    else
        broken=$((broken + 1))
        echo "not ok $tests - $2"
        sed 's/^/# /' "$out" "$errors" 2>/dev/null | head -n 60
    fi
}

run() { # expected status, command...
    expected=$1
    shift
    "$@" >"$out" 2>"$errors" </dev/null
    status=$?
    [ $status = "$expected" ]
    ok $? "$* (exit $status, expected $expected)"
}

has() { # file, pattern
    grep -Eq -- "$2" "$1"
    ok $? "output has /$2/"
}

lacks() { # file, pattern
    ! grep -Eq -- "$2" "$1"
    ok $? "output lacks /$2/"
}

same() { # text, text, name
    [ "$1" = "$2" ]
    ok $? "$3 (\"$1\", expected \"$2\")"
}

json() { # jq program over $out
    jq -r "$1" "$out" 2>/dev/null
}

# Eight seconds of something that sounds like nothing else: song FILE FREQUENCY [ffmpeg options...]
# Two tests that want the same bytes have them encoded once; what reads other files (-i) is always made.
song() {
    file=$1
    frequency=$2
    shift 2
    mkdir -p "$(dirname "$file")"
    case " $* " in
    *' -i '*) make_song "$file" "$@" || exit 1; return ;;
    esac
    once=${MUSICMAP_TEST_MADE:-$scratch}/song-$(printf '%s\n' "$frequency" "$@" | sha1sum | cut -c1-24).${file##*.}
    [ -f "$once" ] || { make_song "$once.$$.${file##*.}" "$@" && mv "$once.$$.${file##*.}" "$once"; } || exit 1
    cp "$once" "$file" || exit 1
}

make_song() { # file, ffmpeg options...; $frequency
    made=$1
    shift
    # Its filters take half the time of one formula.
    ffmpeg -v error -y -f lavfi -i "sine=f=$frequency:r=44100:d=8,volume=2.4,tremolo=f=2:d=0.8[tone];
        anoisesrc=r=44100:d=8:a=0.02:seed=1[noise];[tone][noise]amix=inputs=2:normalize=0" \
        "$@" "$made" </dev/null
}

finish() {
    echo "1..$tests"
    [ $broken = 0 ]
    exit $?
}

skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}
