# SPDX-License-Identifier: BSD-2-Clause
# What "make install" puts where; libmusicmap as a stranger meets it: its headers, its symbols, its
# pkg-config file, and the examples, compiled and run with nothing but what was installed.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
build=$(dirname "$MUSICMAP")
[ -f "$build/build.ninja" ] || { echo "1..0 # SKIP the program is another processor's: nothing here can be linked to its library"; exit 0; }

run 0 env DESTDIR="$scratch/root" meson install -C "$build" --no-rebuild --quiet
meson introspect "$build" --buildoptions >options
prefix=$(jq -r '.[] | select(.name == "prefix").value' options)
libdir=$prefix/$(jq -r '.[] | select(.name == "libdir").value' options)
here=$scratch/root$prefix
lib=$scratch/root$libdir
[ -x "$here/bin/musicmap" ] && [ "$(readlink "$lib/libmusicmap.so")" = libmusicmap.so.0 ]
ok $? "program and library are there"
same "$(readelf -d "$lib/libmusicmap.so" | sed -n 's/.*SONAME.*\[\(.*\)\].*/\1/p')" libmusicmap.so.0 soname
lacks "$lib/pkgconfig/musicmap.pc" "$scratch"
run 0 "$here/bin/musicmap" --version

# Every public header is installed, and compiles alone, as C17 without extensions.
(cd "$MUSICMAP_ROOT/include/musicmap" && ls) >"$scratch/mine"
(cd "$here/include/musicmap" && ls) | diff "$scratch/mine" - >"$out"
ok $? "installed headers are those of include/musicmap (else: public_headers in meson.build)"
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    for header in "$here"/include/musicmap/*.h; do
        echo "#include <musicmap/${header##*/}>" >one.c
        $compiler -std=c17 -pedantic -Wall -Wextra -Werror -I"$here/include" -fsyntax-only one.c
    done >"$out" 2>&1 && [ ! -s "$out" ]
    ok $? "headers compile alone ($compiler)"
done

# The library shows what the headers declare, as the compiler sees it, and nothing else.
for header in "$here"/include/musicmap/*.h; do
    echo "#include <musicmap/${header##*/}>"
done >all.c
gcc -std=c17 -I"$here/include" -fsyntax-only -aux-info declared all.c
sed -n 's:^/\*.*/musicmap/[a-z]*\.h.*\*/ [^(]*[ *]\(mm_[a-z0-9_]*\) (.*:\1:p' declared | sort -u >wanted
nm -D --defined-only "$lib/libmusicmap.so" | sed -n 's/.* T \([^@]*\).*/\1/p' | sort >shown
nm -D --defined-only "$lib/libmusicmap.so" | grep -Ev ' (T [^@]*|A LIBMUSICMAP_0)(@@LIBMUSICMAP_0)?$' >other
[ "$(wc -l <wanted)" -gt 200 ] && diff wanted shown >"$out" && [ ! -s other ]
ok $? "$(wc -l <wanted) functions of the headers are what the library shows (diff: < declared, > shown)"

# The examples with what pkg-config says.
export PKG_CONFIG_PATH="$lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$scratch/root" LD_LIBRARY_PATH="$lib"
for source in "$MUSICMAP_ROOT"/examples/*.c; do
    gcc -std=c17 -Wall -Wextra -Werror -fsyntax-only $(pkg-config --cflags musicmap) "$source"
done >"$out" 2>&1
[ ! -s "$out" ]
ok $? "examples compile with pkg-config's flags"
# (What a sanitizer watches wants a program that was linked with it.)
gcc -std=c17 ${MUSICMAP_TEST_LINK:-} "$MUSICMAP_ROOT/examples/map.c" -o map $(pkg-config --cflags --libs musicmap) &&
    ldd map | grep -q "$lib/libmusicmap.so.0"
ok $? "one of them is linked with the installed library"
run 0 ./map
same "$(grep -vc '^#' "$out")" 300 "300 points are placed"

# They run; the build has linked them all (half a second each).
mkdir bin
for program in "$build"/examples/example-*; do
    [ -f "$program" ] && ln -s "$program" "bin/${program##*/example-}"
done
song music/Low/a.mp3 200 -metadata title=One -metadata artist=A
song music/Low/b.mp3 230 -metadata title=Two -metadata artist=B
song music/High/c.mp3 3000 -metadata title=Three -metadata artist=C
song music/High/d.mp3 3300 -metadata title=Four -metadata artist=D
run 0 bin/audio music/Low/a.mp3
has "$out" '^mp3, 8\.0 s, 44100 Hz'
run 0 bin/spectrum
has "$out" '^band [0-9]+ of 40$'
run 0 bin/embed music/Low/a.mp3 music/Low/b.mp3
near=$(sed 's/.*cosine //' "$out")
run 0 bin/embed music/Low/a.mp3 music/High/c.mp3
same "$(sed 's/.*cosine //' "$out" | jq "$near > .")" true "a low tone is nearer to a low one than to a high one"
run 0 bin/models
has "$out" '^timbre .* built in$'
run 0 bin/source music
same "$(wc -l <"$out")" 4 "four files are listed"
run 0 bin/work music library
has "$out" '^4 songs, '
run 0 bin/catalog library
has "$out" 'Three$'
run 0 bin/set library
has "$out" '^#EXTM3U'
run 0 bin/lab library
has "$out" '^ward '
run 0 bin/view library map.png
run 0 bin/player
has "$out" '^mpd '
run 2 bin/player nowhere
run 3 bin/queue library
has "$errors" '.'
run 2 bin/service nowhere words
. "$MUSICMAP_ROOT/tests/cli/standin.sh"
start_standin
run 0 bin/service deezer rock
has "$out" ' s, can be heard'
finish
