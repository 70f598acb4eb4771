# purity's hook for fish.

set -g _purity_bin @purity@
set -g _purity_shims    # the directory in front of PATH, while inside a project
set -g _purity_watch    # files by which the environment could have changed
set -g _purity_cwd      # where the shell was when purity was asked last
set -g _purity_again ''
set -g _purity_others ''
set -g _purity_key ''
set -g _purity_said ''
set -g _purity_off ''
set -g purity_prompt '' # for fish_prompt

function _purity_strip -a shims
    while set -l at (contains -i -- "$shims" $PATH)
        set -e PATH[$at]
    end
end

# SHIMS PROJECT OUTER KEY AGAIN PROMPT SAID WATCHED...
function _purity_enter
    test -n "$_purity_shims"; and _purity_strip $_purity_shims
    _purity_strip $argv[1]
    set -g _purity_shims $argv[1]
    set -gx PATH $argv[1] $PATH
    set -gx PURITY_PROJECT $argv[2]
    set -gx PURITY_OUTER $argv[3]
    set -g _purity_key $argv[4]
    set -g _purity_again $argv[5]
    set -g purity_prompt $argv[6]
    set -g _purity_said $argv[7]
    set -g _purity_watch $argv[8..-1]
end

# SHIMS AGAIN PROMPT SAID
function _purity_leave
    test -n "$_purity_shims"; and _purity_strip $_purity_shims
    test -n "$argv[1]"; and _purity_strip $argv[1]
    set -e PURITY_PROJECT
    set -e PURITY_OUTER
    set -g _purity_shims
    set -g _purity_key ''
    set -g _purity_again $argv[2]
    set -g purity_prompt $argv[3]
    set -g _purity_said $argv[4]
    set -g _purity_watch
end

# Somebody else has put shims in front of PATH.
function _purity_yield
    test -n "$_purity_shims"; and _purity_strip $_purity_shims
    set -g _purity_shims
    set -g _purity_key ''
    set -g _purity_again ''
    set -g _purity_said ''
    set -g purity_prompt '(purity) '
    set -g _purity_watch
end

# Whether purity has to be asked. It takes no process to find out.
function _purity_changed
    test "$PWD" != "$_purity_cwd" -o -n "$_purity_again" -o "$PURITY_SHIMS" != "$_purity_others"; and return 0
    test -z "$_purity_shims"; and return 1
    test "$PATH[1]" = "$_purity_shims"; or return 0
    for file in $_purity_watch
        test -e $file; or return 0
        test $file -nt $_purity_shims/.purity; and return 0
    end
    return 1
end

function _purity_check --on-event fish_prompt --on-variable PWD
    test -n "$_purity_off"; and return
    status is-command-substitution; and return
    _purity_changed; or return
    set -g _purity_cwd "$PWD"
    set -g _purity_others "$PURITY_SHIMS"
    $_purity_bin hook-env fish "$_purity_key" "$_purity_said" | source
end

# One program as if there were no purity.
function nopurity
    set -lx PATH $PATH
    for shims in $_purity_shims $PURITY_SHIMS
        while set -l at (contains -i -- "$shims" $PATH)
            set -e PATH[$at]
        end
    end
    env -u PURITY_PROJECT -u PURITY_OUTER -u PURITY_SHIMS $argv
end

function purity
    switch "$argv[1]"
        case off
            set -g _purity_off 1
            _purity_leave '' '' '' ''
        case on
            set -g _purity_off ''
            set -g _purity_cwd
        case '*'
            # What was allowed counts at the next prompt.
            set -g _purity_cwd
            $_purity_bin $argv
    end
end

# A line that was typed, before it runs: programs of the project and the store
# that are named by path are confined.
function _purity_accept
    set -l line (commandline | string collect)
    if test -n "$_purity_shims"; and string match -q '*/*' -- "$line"; and commandline --is-valid
        if set -l new ($_purity_bin hook-line fish "$line" | string collect)
            test -n "$new"; and commandline -r -- $new
        end
    end
    commandline -f execute
end

if status is-interactive
    for mode in default insert visual
        bind -M $mode \r _purity_accept 2>/dev/null
        bind -M $mode \n _purity_accept 2>/dev/null
    end
end
