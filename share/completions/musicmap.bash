# SPDX-License-Identifier: BSD-2-Clause
# bash completion for musicmap: the program itself says what may follow (src/cmd/complete.c).
_musicmap()
{
    local line word=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
    COMPREPLY=()
    while read -r line; do
        case $line in
        :files) COMPREPLY+=($(compgen -f -- "$word")) && compopt -o filenames 2>/dev/null ;;
        *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]}" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _musicmap musicmap
