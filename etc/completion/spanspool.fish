# SPDX-License-Identifier: Apache-2.0
# Completes spanspool and jaeger-agent in fish; printed by `spanspool completion fish`.
function __spanspool_complete
    set -l before (commandline -opc)
    set -l word (commandline -ct)
    for line in ($before[1] completion words $before "$word" 2>/dev/null)
        switch $line
            case :file :directory
                set -l name (string match -r -- '^.*=' $word; or echo)
                set -l path (string replace -r -- '^.*=' '' $word)
                if test $line = :file
                    printf '%s\n' $name(__fish_complete_path $path)
                else
                    printf '%s\n' $name(__fish_complete_directories $path '')
                end
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c spanspool -c jaeger-agent -f -a '(__spanspool_complete)'
