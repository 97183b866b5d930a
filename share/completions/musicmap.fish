# SPDX-License-Identifier: BSD-2-Clause
# fish completion for musicmap: the program itself says what may follow (src/cmd/complete.c).
function __musicmap_candidates
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c musicmap -f -a '(__musicmap_candidates)'
