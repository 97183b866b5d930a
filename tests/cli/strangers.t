# SPDX-License-Identifier: BSD-2-Clause
# Titles, artists, genres and file names are data: not markup, not formulas, not orders to a terminal.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

esc=$(printf '\033')
evil="${esc}]0;owned$(printf '\007')${esc}[2J$(printf '\302\233')31m</script><script>alert(1)</script>&\"'<img src=x onerror=alert(2)>"
mkdir -p "music/=1+2" "music/${esc}[31m"
for i in 1 2 3; do
    song "music/=1+2/$i.mp3" $((200 * i)) -metadata title="$evil $i" -metadata artist="=HYPERLINK(\"http://x\")$i" \
        -metadata album="$evil" -metadata genre="$evil"
    song "music/${esc}[31m/</script>$i.mp3" $((1500 + 300 * i)) -metadata title="@SUM(1) $i" -metadata artist="$evil" \
        -metadata genre="+cmd|calc"
done
echo 'not a song' >"music/${esc}[31m/broken.mp3"
printf '#EXTM3U\n%s\n' "music/=1+2/1.mp3" >"${esc}[5mlist.m3u"
mkdir p2

clean() { # files...: no byte that a terminal would obey
    ! LC_ALL=C grep -q "$(printf '[\001-\010\013\014\016-\037\177]')\|$(printf '\302[\200-\237]')" "$@"
    ok $? "no control character in $*"
}
say() { # expected status, arguments...
    run "$@"
    clean "$out" "$errors"
}
say 1 musicmap gather folder music
say 0 musicmap embed -v
say 0 musicmap map --clusters 2 -v
say 0 musicmap status
say 0 musicmap status -v
say 0 musicmap similar 1
say 0 musicmap similar "$evil 1"
say 3 musicmap similar "$evil 9"
say 1 musicmap set --from 1 --minutes 1
for format in m3u8 xspf jspf csv json txt; do
    say 1 musicmap set --minutes 1 -o s.$format
    case $format in xspf | csv | txt) clean s.$format ;; esac # a playlist must name files as they are
done
say 1 musicmap set --minutes 1 --name "$evil"
say 0 musicmap set list
say 1 musicmap set show "$evil"
say 0 musicmap dedupe
say 0 musicmap eval --label folder
say 0 musicmap eval --label genre
say 3 musicmap gather folder "$evil"
say 3 musicmap gather playlist "$evil"
say 3 musicmap gather playlist "${esc}[5mlist.m3u" music/=1+2/none.m3u
say 3 musicmap serve --library "$evil"
say 3 musicmap model install "$evil"
say 2 musicmap "$evil"
say 2 musicmap map --clusters "$evil"
say 2 musicmap map "--$evil"
say 0 musicmap forget --hide "music/=1+2/3.mp3"

# Pictures and pages.
say 0 musicmap draw -o map.svg --title "$evil"
xmllint --noout map.svg
ok $? "the SVG is well-formed"
lacks map.svg '<script|onerror'
say 0 musicmap export page.html
say 0 musicmap export site
cat >scripts.py <<'P'
import html.parser, re, sys
class Scripts(html.parser.HTMLParser):
    tags = []
    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert not any(name.startswith('on') for name, _ in attributes), attributes
text = open(sys.argv[1], encoding='utf-8').read()
p = Scripts()
p.feed(text)
assert 'img' not in [t for t in p.tags if t == 'img' and 'onerror' in text.split('<img')[0][-1:]]
assert text.count('<script>alert') == 0, 'a script of a title'
assert text.lower().count('</script') == p.tags.count('script'), 'scripts end where they should'
print(p.tags.count('script'))
P
/usr/bin/python3 scripts.py page.html >"$out" 2>"$errors"
ok $? "titles in the page's one file are data"

# Spreadsheets.
say 0 musicmap export --data t.csv
/usr/bin/python3 - >"$out" 2>"$errors" <<'P'
import csv
for name in ('t.csv', 's.csv'):
    for row in csv.reader(open(name, newline='', encoding='utf-8')):
        for cell in row:
            try:
                float(cell)
            except ValueError:
                assert cell[:1] not in ('=', '+', '-', '@', '\t', '\r'), (name, cell)
P
ok $? "no formula in a CSV"

# Names that are no text: JSON holds what can be said of them, and is not empty.
odd=$(printf 'l\351')
mkdir "$odd"
song "$(printf 'music/\350.mp3')" 900
run 1 musicmap gather folder music --library "$odd"
run 0 musicmap embed --library "$odd"
rm "$(printf 'music/\350.mp3')"
run 0 musicmap status --json --library "$odd"
same "$(json '.library | endswith("/l\uFFFD")')" true "the library is named"
run 0 musicmap similar 1 -n 99 --json --library "$odd"
same "$(json '[.songs[].path | select(. == null)] | length')" 0 "every song has its path"
run 0 musicmap export --data "$odd.csv" --json
same "$(json .file)" "$(printf 'l\357\277\275.csv')" "the file is named"
run 1 musicmap doctor --json --library "$odd"
has "$out" 'the first is .*music/'

# A result that nobody could read was not given.
musicmap status --json >/dev/full 2>"$errors"
same $? 3 "output to a full disk"
has "$errors" 'result could not be written'
finish
