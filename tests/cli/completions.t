# SPDX-License-Identifier: BSD-2-Clause
# What shells offer: the program's own answer, and that of each shell there is, asked for real.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"
scripts=$MUSICMAP_ROOT/share/completions
mkdir bin && ln -s "$MUSICMAP" bin/musicmap
PATH=$scratch/bin:$PATH
tab=$(printf '\t')

run 0 musicmap complete ''
musicmap help | awk '/^  [a-z]/ && $1 != "musicmap" { print $1 }' >commands
cut -f 1 "$out" | cmp -s - commands
ok $? "every command of the help is offered, and no other"
for command in $(cat commands); do
    musicmap $command --help | grep -oE -- '^  (-., )?--[a-z-]+|^  -h, --help' | sed 's/.*--/--/' | sort >wanted
    musicmap complete $command -- | cut -f 1 | sort | cmp -s - wanted || echo $command
done >"$out"
[ ! -s "$out" ]
ok $? "every option of every command is offered"
run 0 musicmap complete map --layout u
has "$out" "^umap$tab"
run 0 musicmap complete export --clips ''
same "$(cut -f 1 "$out" | tr '\n' ' ')" "none short full " "the values of an option"
run 0 musicmap complete set show --cross
lacks "$out" .
run 0 musicmap complete set render --cross
has "$out" '^--crossfade'
run 0 musicmap complete draw -o ''
has "$out" '^:files$'
run 0 musicmap complete frobnicate ''
lacks "$out" .

touch song.mp3
if command -v bash >/dev/null; then
    ask() { # words... the last one unfinished
        bash -c '. "$1"; shift; COMP_WORDS=(musicmap "$@"); COMP_CWORD=$#; _musicmap; printf "%s\n" "${COMPREPLY[@]}"' \
            bash "$scripts/musicmap.bash" "$@" >"$out" 2>"$errors"
    }
    ask dr
    same "$(cat "$out")" draw "bash: a command"
    ask draw --sh
    same "$(cat "$out")" --shade "bash: an option"
    ask features so
    same "$(cat "$out")" song.mp3 "bash: a file"
fi
if command -v fish >/dev/null; then
    ask() { # line
        HOME=$scratch fish --no-config -c "source $scripts/musicmap.fish; complete -C '$1'" >"$out" 2>"$errors"
    }
    ask 'musicmap dr'
    same "$(cut -f 1 "$out")" draw "fish: a command"
    ask 'musicmap draw --sh'
    same "$(cut -f 1 "$out")" --shade "fish: an option"
    ask 'musicmap features so'
    same "$(cut -f 1 "$out")" song.mp3 "fish: a file"
fi
if command -v zsh >/dev/null; then
    # A terminal in which Tab is pressed, and Enter: what was typed is printed instead of run.
    mkdir fpath && cp "$scripts/_musicmap" fpath
    cat >ask.zsh <<'Z'
zmodload zsh/zpty
zpty shell "PS1= zsh -f -i"
zpty -w shell "PATH=$PATH; cd $PWD; fpath=($PWD/fpath \$fpath); autoload -U compinit; compinit -u -D"
zpty -w shell "function done-typing() { print -r -- \"line<\$BUFFER>\"; exit }; zle -N done-typing; bindkey '^X' done-typing"
zpty -w shell "print rea''dy"
zpty -r -m shell _ '*ready*'
zpty -n -w shell "$1"$'\t'
zpty -n -w shell $'\x18'
zpty -r -m shell got '*line<*>*'
print -r -- "${${got##*line<}%%>*}"
Z
    ask() {
        timeout 60 zsh -f ask.zsh "$1" >"$out" 2>"$errors"
    }
    ask 'musicmap dr'
    same "$(cat "$out")" 'musicmap draw ' "zsh: a command"
    ask 'musicmap draw --sh'
    same "$(cat "$out")" 'musicmap draw --shade ' "zsh: an option"
    ask 'musicmap features so'
    same "$(cat "$out")" 'musicmap features song.mp3 ' "zsh: a file"
fi
finish
