# SPDX-License-Identifier: BSD-2-Clause
# What desktops and systemd are given is what they understand, by their own checkers where there are any.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
build=$(dirname "$MUSICMAP")
[ -f "$build/build.ninja" ] || { echo "1..0 # SKIP the program is another processor's: nothing of it is installed here"; exit 0; }
run 0 env DESTDIR="$scratch/root" meson install -C "$build" --no-rebuild --quiet
prefix=$(meson introspect "$build" --buildoptions | jq -r '.[] | select(.name == "prefix").value')
here=$scratch/root$prefix

checked() { # tool, name, command...
    tool=$1
    name=$2
    shift 2
    if command -v "$tool" >/dev/null; then
        "$@" >"$out" 2>"$errors" </dev/null
        ok $? "$name"
    else
        tests=$((tests + 1))
        echo "ok $tests - $name # SKIP $tool is not installed"
    fi
}
checked desktop-file-validate "the desktop entry" desktop-file-validate "$here/share/applications/musicmap.desktop"
# One remark is passed over: that the name is no address on the net, of which the project has none.
checked appstreamcli "what software centres show" appstreamcli validate --no-net \
    --override=cid-desktopapp-is-not-rdns=info "$here/share/metainfo/musicmap.metainfo.xml"
checked xmllint "the icon" xmllint --noout "$here/share/icons/hicolor/scalable/apps/musicmap.svg"
sed -i "s|$prefix/bin|$here/bin|" "$here"/lib/systemd/user/*.service
export XDG_RUNTIME_DIR="$scratch"
checked systemd-analyze "the units" systemd-analyze verify --user --man=no "$here"/lib/systemd/user/*.service
for unit in serve worker; do
    words=$(sed -n 's/^ExecStart=//p' "$here/lib/systemd/user/musicmap-$unit.service")
    run 0 $words --help
done

# The version is the same wherever it stands.
version=$(musicmap --version | sed 's/.* //')
same "$(sed -n 's/.*<release version="\([^"]*\)".*/\1/p' "$here/share/metainfo/musicmap.metainfo.xml" | head -n 1)" \
    "$version" "version in the metainfo"
same "$(jq -r .version "$MUSICMAP_ROOT/web/package.json")" "$version" "version of the page"

# The entry of the menu: a folder is explored, and the page shown.
mkdir bin music
cat >bin/musicmap <<'P'
#!/bin/sh
echo "$@" >asked
echo http://127.0.0.1:8765/
P
printf '#!/bin/sh\necho "$1" >shown\n' >bin/xdg-open
printf '#!/bin/sh\necho "%s/music"\n' "$scratch" >bin/xdg-user-dir
chmod +x bin/*
entry=$(sed -n 's/^Exec=\([^ ]*\) %f$/\1/p' "$here/share/applications/musicmap.desktop")
run 0 env PATH="$scratch/bin:$PATH" "$scratch/root$entry"
same "$(cat asked shown | tr '\n' ' ')" "explore $scratch/music http://127.0.0.1:8765/ " "the user's music is explored and shown"
run 3 env PATH="$scratch/bin:$PATH" "$scratch/root$entry" "$scratch/nowhere"
has "$errors" 'no folder'
finish
