# SPDX-License-Identifier: BSD-2-Clause
# Pictures whose cells show a figure of their songs.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

i=0
while [ $i -lt 5 ]; do
    song "music/$i.mp3" $((100 + 170 * i)) -metadata date=$((1980 + 5 * i))
    i=$((i + 1))
done
run 0 musicmap gather folder music
run 0 musicmap embed
run 0 musicmap map
for shade in honesty intensity year; do
    run 0 musicmap draw --shade $shade -o $shade.svg
    xmllint --noout $shade.svg
    ok $? "$shade: the SVG is well-formed"
done
grep -q 'distance to the middle: rank correlation -\{0,1\}[01].[0-9]* (95 %: .* 5 songs)' "$errors"
ok $? "how the figure goes with the distance to the middle is told"
cmp -s honesty.svg year.svg
[ $? = 1 ]
ok $? "pictures differ"
run 2 musicmap draw --shade mood -o mood.svg
has "$errors" 'honesty, intensity, tempo, key, year, rating or plays'
run 2 musicmap draw --shade year --cells clusters -o year.svg
finish
