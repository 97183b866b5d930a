# SPDX-License-Identifier: BSD-2-Clause
# The packages, from nothing: in a Debian with nothing in it the RUN lines of Containerfile's first stage
# make them, lintian looks at them, and in a second one those of the second stage install them. There the
# program makes a map of songs, as a user who is not root; the library's example is built and run; the
# packages go away again and leave nothing behind.
#
# Wants root and a Debian mirror. MUSICMAP_KEEP=FOLDER keeps the systems, and takes those it finds there.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
[ "$(id -u)" = 0 ] || skip_all "chroot wants root"
for tool in debootstrap lintian; do
    command -v $tool >/dev/null || skip_all "$tool is not installed"
done
mirror=${MUSICMAP_MIRROR:-http://deb.debian.org/debian}
systems=${MUSICMAP_KEEP:-$scratch}
file=$MUSICMAP_ROOT/Containerfile
suite=$(sed -n 's/^FROM debian:\([a-z]*\).*/\1/p' "$file" | head -n 1)

leave() {
    for s in build run; do
        for m in proc dev/pts dev/null dev/urandom dev/random; do
            umount -l "$systems/$s/$m" 2>/dev/null
        done
    done
    rm -rf "$scratch"
}
trap leave EXIT

base() { # name: a fresh system, sound enough for apt and for programs
    mkdir -p "$systems"
    [ -f "$systems/base.tar" ] || {
        debootstrap --variant=minbase "$suite" "$systems/base" "$mirror" >"$out" 2>"$errors" || return 1
        # What a container is given by its host: names, and the certificates this machine trusts.
        cp /etc/resolv.conf "$systems/base/etc/resolv.conf"
        mkdir -p "$systems/base/etc/ssl/certs"
        cp -L /etc/ssl/certs/ca-certificates.crt "$systems/base/etc/ssl/host.crt"
        sed 's/^deb /deb-src /' "$systems/base/etc/apt/sources.list" >"$systems/base/etc/apt/sources.list.d/source.list"
        tar -cf "$systems/base.tar" -C "$systems/base" . && rm -rf "$systems/base"
    }
    rm -rf "${systems:?}/$1" && mkdir "$systems/$1" && tar -xf "$systems/base.tar" -C "$systems/$1" || return 1
    mount -t proc proc "$systems/$1/proc"
    for device in null urandom random; do
        [ -c "$systems/$1/dev/$device" ] || { rm -f "$systems/$1/dev/$device"; touch "$systems/$1/dev/$device"; }
        mount --bind /dev/$device "$systems/$1/dev/$device"
    done
}

inside() { # system, folder, words of a shell
    chroot "$systems/$1" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        LC_ALL=C.UTF-8 NODE_EXTRA_CA_CERTS=/etc/ssl/host.crt ${4:+"$4"} /bin/sh -c "cd $2 && $3"
}

stage() { # number, system, folder: runs the RUN lines of that stage
    awk -v n="$1" '/^FROM/ { s++ } s == n && sub(/^RUN /, "")' "$file" >"$systems/lines$1"
    [ -s "$systems/lines$1" ] || echo "no RUN line" >"$systems/lines$1"
    while read -r line; do
        run 0 inside "$2" "$3" "$line"
    done <"$systems/lines$1"
}

if ! ls "$systems"/build/packages/*.deb >/dev/null 2>&1; then
    base build
    ok $? "a clean $suite"
    mkdir "$systems/build/src"
    (cd "$MUSICMAP_ROOT" && git ls-files -co --exclude-standard | tar -cf - -T - | tar -xf - -C "$systems/build/src")
    stage 1 build /src
fi
packages=$systems/build/packages
ls "$packages" >"$out"
for package in musicmap_ libmusicmap0_ libmusicmap-dev_; do
    has "$out" "^$package.*\.deb$"
done
run 0 lintian --allow-root --fail-on error "$packages"/*.changes
lacks "$out" '^E:'

base run
ok $? "another one"
cp -r "$packages" "$systems/run/packages"
cp -r "$packages" "$systems/run/root/packages"
stage 2 run /
same "$(inside run / "ls -d /packages 2>&1 | grep -c cannot")" 1 "the packages were installed and removed from there"

user() { # words: as the container's user
    inside run /home/music "exec setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/music MUSICMAP_LIBRARY=/library $1"
}
for i in 1 2 3 4; do
    song "$systems/run/music/Kind $((i % 2))/$i.mp3" $((200 * i * i)) -metadata title="Song $i" -metadata artist="A$i"
done
run 0 user 'musicmap explore /music --no-serve'
has "$errors" '4 songs in'
run 0 user 'musicmap draw -o map.png'
run 0 user 'musicmap export map.html'
run 0 user 'grep -c painter map.html'
run 0 user 'musicmap set --minutes 0.5 -o set.m3u8'
user 'musicmap serve --port 0 --quiet' >"$scratch/address" 2>/dev/null &
server=$!
i=0
while [ ! -s "$scratch/address" ] && [ $i -lt 300 ]; do
    sleep 0.1
    i=$((i + 1))
done
run 0 curl -sf "$(head -n 1 "$scratch/address")"
has "$out" '<title>'
kill $(pgrep -P $server) $server 2>/dev/null
wait $server 2>/dev/null
run 0 inside run / 'test -e /usr/share/bash-completion/completions/musicmap && test -e /usr/share/man/man1/musicmap-set.1.gz || ls /etc/dpkg/dpkg.cfg.d'

# The library for programs of others.
run 0 inside run /root 'apt-get update && apt-get install -y --no-install-recommends /root/packages/libmusicmap*0.1*.deb gcc libc6-dev pkg-config' DEBIAN_FRONTEND=noninteractive
run 0 inside run /root 'gcc /usr/share/doc/libmusicmap-dev/examples/map.c -o map $(pkg-config --cflags --libs musicmap) && ./map'
same "$(grep -vc '^#' "$out")" 300 "the example runs"

run 0 inside run / 'apt-get purge -y musicmap libmusicmap0 libmusicmap-dev'
same "$(inside run / "find / -xdev -iname '*musicmap*' -not -path '/root/*' -not -path '/home/*' -not -path '/proc/*' -not -path '/var/log/*' -not -path '/library/*' -not -path '/var/lib/apt/*' -not -path '/var/cache/*'")" "" "nothing is left behind"
[ -s "$systems/run/library/catalog.sqlite" ]
ok $? "but the user's library"
finish
