# SPDX-License-Identifier: BSD-2-Clause
# The recipes of doc/guide.md, as written: every ```sh block, one after the other, by one shell in a home of
# its own with a demo library in ~/Music. Around them is only what stands in for the world: services answer
# from tests/http, PostgreSQL is a server of the test's own, what serves is looked at and ended by Ctrl-C,
# services are asked for one song of a genre instead of ten, and a model is found where it was fetched to
# before: in MUSICMAP_TEST_MODELS; without OpenL3 there, pseudo-random weights of its shape take its place.
#
#     MUSICMAP_RECIPES="1 4"    only these     MUSICMAP_TEST_MUSIC=DIR    60 songs of half a minute
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
unset MUSICMAP_LIBRARY
guide=$MUSICMAP_ROOT/doc/guide.md
recipes=$(sed -n 's/^## \([0-9]*\)\..*/\1/p' "$guide" | tr '\n' ' ')
same "$recipes" "1 2 3 4 5 6 7 8 9 10 " "ten recipes"

export HOME="$scratch/home" XDG_DATA_HOME="$scratch/home/.local/share" XDG_CONFIG_HOME="$scratch/home/.config"
mkdir -p "$HOME/Music" "$XDG_DATA_HOME" "$XDG_CONFIG_HOME/musicmap" bin
# The demo library's songs are half a minute long; played four times over they are as long as songs are.
music=${MUSICMAP_TEST_MUSIC:-$MUSICMAP_ROOT/demo/library-60x1-1}
if [ -z "${MUSICMAP_TEST_MUSIC:-}" ]; then
    STYLES=60 SONGS=1 SEED=1 "$MUSICMAP_ROOT/demo/make-library" "$music" >"$out" 2>"$errors"
    ok $? "a demo library"
fi
find "$music" -name '*.mp3' | while read -r file; do
    folder=$HOME/Music/$(basename "$(dirname "$file")")
    mkdir -p "$folder"
    ffmpeg -v error -nostdin -stream_loop 3 -i "$file" -c copy "$folder/${file##*/}"
done
printf '[explore]\nper-genre = 1\nport = 0\n\n[serve]\nport = 0\n' >"$XDG_CONFIG_HOME/musicmap/config"

# The command that the recipes call: what serves or watches is waited for, looked at and ended.
cat >bin/musicmap <<'P'
#!/bin/sh
case " $* " in
" model fetch openl3"*) [ -n "$WEIGHTS" ] && exec echo "# pseudo-random weights in its place" ;;
" explore --preset original "*) [ -n "$WEIGHTS" ] && set -- "$@" --weights "$WEIGHTS" ;;
esac
case " $* " in
" gather deezer "*) exec "$MUSICMAP" "$@" --per-genre 1 ;;
*" worker "*) exec "$MUSICMAP" "$@" ;;
*" --watch "*) limit=20 ;;
" serve "* | " explore "*) limit=1200 ;;
*) exec "$MUSICMAP" "$@" ;;
esac
said=$(mktemp)
"$MUSICMAP" "$@" >"$said" &
server=$!
i=0
while [ ! -s "$said" ] && [ $i -lt $limit ] && kill -0 $server 2>/dev/null; do
    sleep 1
    i=$((i + 1))
done
seen=0
case " $* " in
*" --watch "*) ;;
*) curl -sf "$(head -n 1 "$said")" | grep -q '<title>' && echo "# the page of $*" || seen=9 ;;
esac
kill -INT $server 2>/dev/null
wait $server
status=$?
[ $seen = 0 ] && exit $status
exit $seen
P
chmod +x bin/musicmap
weights=openl3_audio_mel256_music-v0_4_0.h5.gz
export WEIGHTS=
if [ -e "${MUSICMAP_TEST_MODELS:-}/$weights" ]; then
    mkdir -p "$XDG_DATA_HOME/musicmap/models"
    cp "$MUSICMAP_TEST_MODELS/$weights" "$XDG_DATA_HOME/musicmap/models"
else
    export WEIGHTS="$scratch/weights.h5"
    "$(dirname "$MUSICMAP")/tests/make-openl3-weights" "$WEIGHTS"
fi
# Whichever python3 has what the recipes want of it.
python3 -c 'import numpy' 2>/dev/null || ln -s /usr/bin/python3 bin/python3
PATH=$scratch/bin:$PATH

. "$MUSICMAP_ROOT/tests/cli/standin.sh"
start_standin
export XDG_CONFIG_HOME="$HOME/.config"
if [ -n "${MUSICMAP_TEST_POSTGRESQL:-}" ]; then
    export PGHOST="${MUSICMAP_TEST_POSTGRESQL##*host=}" PGUSER=musicmap
fi

recipe() { # number: its blocks, as one script that ends at the first command that fails
    awk -v n="$1" '/^## / { here = $2 == n "." } here && /^```$/ { block = 0 } here && block { print }
        here && /^```sh$/ { block = 1; print "cd ~" }' "$guide"
}

for number in ${MUSICMAP_RECIPES:-$recipes}; do
    title=$(sed -n "s/^## \($number\. .*\)/\1/p" "$guide")
    why=
    [ "$number" = 7 ] && [ -z "${PGHOST:-}" ] && why="no PostgreSQL server: run by tests/postgres"
    if [ -n "$why" ]; then
        tests=$((tests + 1))
        echo "ok $tests - $title # SKIP $why"
        continue
    fi
    recipe "$number" >"recipe$number"
    MUSICMAP="$MUSICMAP" sh -eux "recipe$number" >"$out" 2>"$errors" </dev/null
    status=$?
    if [ $status != 0 ]; then # the end of it tells more than the beginning
        tail -n 20 "$errors" >"$out"
        : >"$errors"
    fi
    ok $status "$title"
done

case " ${MUSICMAP_RECIPES:-$recipes} " in
*" 10 "*)
    same "$(find "$HOME" -name '*musicmap*' | grep -v 'standin')" "" "nothing of musicmap is left"
    [ -n "$(find "$HOME/Music" -name '*.mp3')" ]
    ok $? "the music is"
    ;;
esac
finish
