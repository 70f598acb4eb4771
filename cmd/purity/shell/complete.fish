# purity's completions for fish. What purity answers is never evaluated here: fish
# quotes what it inserts.
function __purity_answers
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l answer (@purity@ __purity-complete fish $words "$word" 2>/dev/null | string split0)
    set -g __purity_values $answer[3..]
    test "$answer[1]" = none # else it is for fish, which knows files
end
complete -c purity -e
complete -c purity -n __purity_answers -f -a '$__purity_values'
