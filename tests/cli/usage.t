# SPDX-License-Identifier: BSD-2-Clause
# Options, help and exit statuses.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

run 2 musicmap
has "$errors" '^usage: musicmap COMMAND'
run 0 musicmap --version
has "$out" '^musicmap [0-9]+\.[0-9]+\.[0-9]+$'
run 0 musicmap help
lacks "$out" 'helper'
run 2 musicmap frobnicate
has "$errors" 'no command "frobnicate"'

for command in explore gather embed map draw serve status forget tags dedupe features eval lab model export; do
    run 0 musicmap $command --help
    has "$out" "^usage: musicmap $command"
    has "$out" '--library PATH'
    run 2 musicmap $command --no-such-option
    has "$errors" "^usage: musicmap $command"
done

for command in explore serve; do
    run 0 musicmap $command --help
    has "$out" '--no-open'
done

run 2 musicmap gather
run 2 musicmap gather folder
run 2 musicmap gather folder x --genres rock
run 2 musicmap gather deezer x
run 2 musicmap exlpore x
has "$errors" 'is it "explore"\?'
run 2 musicmap explore --no-srve x
has "$errors" 'is it --no-serve\?'
run 2 musicmap xyz
lacks "$errors" 'is it'
run 2 musicmap gather nowhere x
has "$errors" 'no source "nowhere"'
run 2 musicmap explore
run 2 musicmap explore x --no-serve --genres rock
has "$errors" 'genres.* for a service'
run 2 musicmap explore x --no-serve --per-genre 5
run 2 musicmap explore x --no-serve --pool none
has "$errors" 'mean, max or meanmax'
run 2 musicmap map --clusters many
has "$errors" 'clusters cannot be "many"'
run 2 musicmap map --clusters 0
run 2 musicmap map --clusters 65536
for size in lots 2X -1 0 1GG 1e99G; do
    run 2 musicmap map --memory $size
    has "$errors" "memory cannot be \"$size\""
done
run 2 musicmap map --update --memory 2G
has "$errors" 'takes no --memory'
run 2 musicmap map --clusterer tea-leaves
has "$errors" 'no clusterer "tea-leaves"'
run 2 musicmap map --seed -1
run 2 musicmap map --seed
has "$errors" '--seed wants a value'
run 2 musicmap embed --excerpt 0
run 2 musicmap embed --model nothing
has "$errors" 'no model "nothing"'
run 2 musicmap draw
run 2 musicmap serve --port 70000
run 2 musicmap status extra
run 2 musicmap backup
run 2 musicmap restore
run 2 musicmap doctor extra
run 2 musicmap eval --label x
run 2 musicmap lab --label x
run 2 musicmap lab --clusterers kmeans,tea-leaves
has "$errors" 'there is no "tea-leaves"'
run 2 musicmap lab --clusters 2,many
run 2 musicmap lab --layouts ,
run 2 musicmap features x.mp3 -o x.txt
run 2 musicmap status --json=yes
has "$errors" 'takes no value'
run 2 musicmap forget --hide --show x

# No library yet: told so, and none is made by looking.
run 3 musicmap status
has "$errors" 'library'
[ ! -e "$MUSICMAP_LIBRARY" ]
ok $? "no library was made by looking"

# Defaults from the configuration file; the command line wins.
export XDG_CONFIG_HOME="$scratch/config"
mkdir -p config/musicmap
printf '[map]\nclusters = many\n' >config/musicmap/config
run 2 musicmap map
has "$errors" 'clusters'
run 3 musicmap map --clusters 3
# What a command cannot use this time does no harm there.
printf '[map]\nlayout = pca\nmemory = 1G\n[gather]\nper-genre = 3\ndry-run = yes\n' >config/musicmap/config
run 3 musicmap map --update
run 3 musicmap gather folder nowhere --library "$scratch/other"
has "$errors" 'nowhere'
run 2 musicmap gather folder nowhere --per-genre 3
run 0 musicmap gather deezer --genres rock --json
same "$(json .songs)" 3 "songs that would be asked for"
printf '[musicmap]\nnonsense = 1\n' >config/musicmap/config
run 2 musicmap map
has "$errors" 'line 2: there is no option "nonsense"'
printf '[musicmap\n' >config/musicmap/config
run 2 musicmap status
has "$errors" 'line 1'
# What musicmap starts by itself is nothing for people.
for descriptor in '' 2 4x 99999999; do
    run 2 musicmap helper $descriptor
    has "$errors" 'run by musicmap itself'
done
finish
