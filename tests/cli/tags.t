# SPDX-License-Identifier: BSD-2-Clause
# Tags back into files: shown first, written when asked for, and the library knows the files again.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

song music/a.mp3 300 -metadata title=Ay -metadata artist=One -b:a 96k
song music/b.flac 400 -metadata title=Bee -metadata BPM=174
song music/c.ogg 500 -c:a libvorbis -metadata title=Cee
song music/d.opus 600 -c:a libopus -metadata title=Dee
song music/e.m4a 700 -c:a aac -metadata title=Ee
song music/f.wav 800
ln -s ../linked.mp3 music/g.mp3
song linked.mp3 900 -b:a 96k
cp -a music before
chmod 640 music/a.mp3
run 0 musicmap explore music --no-serve

sums() {
    for f in music/*.*; do
        ffmpeg -v error -i "$f" -map 0:a -c copy -f md5 - </dev/null
    done
}
tag() { # file, name
    ffprobe -v error -show_entries format_tags:stream_tags -of json "$1" |
        jq -r "[(.format.tags // {}), (.streams[]?.tags // {})] | add | .\"$2\""
}
sums >sums.before
run 0 musicmap tags
has "$out" 'music/a.mp3: .*cluster '
lacks "$out" 'f.wav'
has "$errors" 'would write [0-9]+ tags into 6 of 7 files; 1 of kinds .*; nothing was written: --write does'
cmp -s music/a.mp3 before/a.mp3
ok $? "nothing was written"
run 2 musicmap tags --fields bpm,colour
has "$errors" 'no field "colour"'
run 3 musicmap tags nowhere
run 0 musicmap tags --write --json --fields cluster,key music/a.mp3
same "$(json '"\(.written) \(.files) \(.change)"')" "true 1 1" "one file was asked for"

run 0 musicmap tags --write
has "$errors" 'wrote [0-9]+ tags into 5 of 7 files'
sums >sums.after
cmp -s sums.before sums.after
ok $? "the sound is bit-identical"
cluster=$(tag music/a.mp3 CLUSTER)
[ -n "$cluster" ] && [ "$cluster" != null ]
ok $? "the country's name is in the file"
same "$(tag music/a.mp3 title)" Ay "other tags stay"
same "$(stat -c %a music/a.mp3)" 640 "the file's mode stays"
same "$(tag music/b.flac BPM)" 174 "what the file said stays"
same "$(tag linked.mp3 CLUSTER)" "$(tag music/g.mp3 CLUSTER)" "a link stays a link to the file"
[ -h music/g.mp3 ]
ok $? "and is still one"
for f in music/c.ogg music/d.opus music/e.m4a; do
    [ "$(tag $f CLUSTER)" != null ]
    ok $? "$f says where it lies"
done
same "$(find music -name '.*' -type f | wc -l)" 0 "nothing is left behind"

run 0 musicmap tags --write
has "$errors" 'wrote 0 tags'
run 0 musicmap gather folder music --json
same "$(json '"\(.changed) \(.added)"')" "0 0" "the library knows its files again"
run 0 musicmap embed --json
same "$(json .embedded)" 0 "and measures none anew"

# The mood that a model heard most of, where it is sure. (MusiCNN says such; here it is put into its mouth.)
/usr/bin/python3 - <<'P'
import sqlite3, struct
db = sqlite3.connect('library/catalog.sqlite')
db.execute("UPDATE vector_kind SET tag_names = 'rock' || char(10) || 'mood_sad' || char(10) || 'mood_happy'")
for title, values in (('Ay', (1, 0.8, 0.9)), ('Cee', (1, 0.2, 0.1))):
    db.execute('UPDATE vector SET tags = ? WHERE song = (SELECT id FROM song WHERE title = ?)',
               (struct.pack('<3f', *values), title))
db.commit()
P
run 0 musicmap tags --write --fields mood
has "$errors" 'wrote 1 tags? into 1 of 7 files'
same "$(tag music/a.mp3 TMOO) $(tag music/c.ogg MOOD)" "happy null" "a mood is written where it is sure"
mv music/e.m4a away.m4a
run 1 musicmap tags music
has "$errors" 'e.m4a: .*cannot find the file'
mv away.m4a music/e.m4a

# A library that cannot be told is no fault of the file: it is written, and nothing says otherwise. (An
# index over sizes, which fails at one that is new.)
sql() {
    /usr/bin/python3 -c 'import sqlite3, sys
db = sqlite3.connect("library/catalog.sqlite")
sizes = ",".join(str(row[0]) for row in db.execute("SELECT size FROM song"))
db.execute(sys.argv[1].replace("SIZES", sizes))
db.commit()' "$1"
}
song music/h.flac 1000
song shared/i.flac 1100
run 0 musicmap gather folder music shared
run 0 musicmap embed
run 0 musicmap map
sql "CREATE INDEX deaf ON song (abs(CASE WHEN size IN (SIZES) THEN 0 ELSE -9223372036854775807 - 1 END))"
run 3 musicmap tags --write --fields cluster music/h.flac
has "$errors" 'tags are written, but the library could not be told .* of .*/h.flac: '
lacks "$errors" 'left as it is|as they were'
[ "$(tag music/h.flac CLUSTER)" != null ]
ok $? "they are"
sql "DROP INDEX deaf"
run 0 musicmap gather folder music --json
same "$(json '"\(.changed) \(.added)"')" "1 0" "the next look sees the change"

# The group is how others reach a file: kept, or the file is left alone. The owner may become who writes.
as='setpriv --reuid=nobody --regid=nogroup'
if [ "$(id -u)" = 0 ] && chmod 755 "$scratch" &&
    $as --clear-groups test -r shared/i.flac -a -x "$MUSICMAP" 2>/dev/null; then
    chown -R nobody library
    chgrp -R users shared
    chmod 777 shared
    chmod 664 shared/i.flac
    run 1 $as --clear-groups "$MUSICMAP" tags --write --fields cluster shared/i.flac
    has "$errors" 'i.flac: left as it is: cannot keep the group of the file'
    same "$(stat -c '%U %G %a' shared/i.flac) $(find shared -type f | wc -l)" "root users 664 1" "it is as it was"
    run 0 $as --groups=users "$MUSICMAP" tags --write --fields cluster shared/i.flac
    same "$(stat -c '%U %G %a' shared/i.flac)" "nobody users 664" "a member of the group may"
    chown -R root library
fi

# What cannot be written is told, and stays as it was.
cp music/b.flac kept.flac
printf 'fLaC\004\377\377\377' >music/b.flac
head -c 4000 /dev/zero >>music/b.flac
cp music/b.flac broken.flac
run 1 musicmap tags --write --replace music/b.flac
has "$errors" 'b.flac: left as it is: '
cmp -s music/b.flac broken.flac
ok $? "a broken file is as it was"
finish
