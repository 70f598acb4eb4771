# purity's hook for fish.

set -g _purity_bin @purity@
set -g _purity_shims    # the directory in front of PATH, while inside a project
set -g _purity_watch    # files by which the environment could have changed
set -g _purity_cwd      # where the shell was when purity was asked last
set -g _purity_again ''
set -g _purity_others ''
set -g _purity_key ''
set -g _purity_said ''
set -g _purity_told      # projects that were never allowed, of which that was said
set -g _purity_off ''
set -g _purity_asking '' # purity was asked, and has not answered yet
set -g _purity_typing '' # a prompt is there, and its line is not yet
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
    functions -e by-path
end

# VERSION NAME VALUE...: exports variables of the environment. What they were is kept in the
# environment, too, for shells that are started inside.
function _purity_export
    _purity_unexport
    set -l names $argv[1]
    set -e argv[1]
    while set -q argv[2]
        set -qg $argv[1]; and set -gx PURITY_WAS_$argv[1] $$argv[1]
        set -gx $argv[1] $argv[2]
        set -a names $argv[1]
        set -e argv[1..2]
    end
    set -gx PURITY_EXPORTS "$names"
end

# Puts variables back that _purity_export has exported.
function _purity_unexport
    set -l names (string split ' ' -- "$PURITY_EXPORTS")
    set -e PURITY_EXPORTS
    for name in $names[2..-1]
        string match -qr '^[A-Z_][A-Z0-9_]*$' -- $name; or continue
        set -l was PURITY_WAS_$name
        if set -q $was
            set -gx $name $$was
            set -e $was
        else
            set -eg $name
        end
    end
end

# SHIMS AGAIN PROMPT SAID
function _purity_leave
    _purity_unexport
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
    _purity_outside
end

# Without shims there is none of this name, but lines that go on there, history, and
# functions that were typed inside, have the word. Shims that somebody put in PATH by hand
# have it, too.
function _purity_outside
    function by-path
        if command -q by-path
            command by-path $argv
        else
            $argv
        end
    end
end
_purity_outside

# PROJECT, which was never allowed
function _purity_tell -a project
    set -ga _purity_told $project
end

# Somebody else has put shims in front of PATH.
function _purity_yield
    _purity_unexport
    test -n "$_purity_shims"; and _purity_strip $_purity_shims
    set -g _purity_shims
    set -g _purity_key ''
    set -g _purity_again ''
    set -g _purity_said ''
    set -g purity_prompt '(purity) '
    set -g _purity_watch
    functions -e by-path
end

# Whether purity has to be asked. It takes no process to find out.
function _purity_changed
    test "$PWD" != "$_purity_cwd" -o -n "$_purity_again" -o "$PURITY_SHIMS" != "$_purity_others"; and return 0
    test -z "$_purity_shims"; and return 1
    test "$PATH[1]" = "$_purity_shims" -a -x "$_purity_shims/by-path" -a -e "$_purity_shims/.purity"; or return 0
    for file in $_purity_watch
        test -e $file; or return 0
        test $file -nt $_purity_shims/.purity; and return 0
    end
    return 1
end

function _purity_check --on-event fish_prompt --on-variable PWD
    test -n "$_purity_off"; and return
    status is-command-substitution; and return
    if test -n "$_purity_asking"
        # ^C, which ends this function, too. Who wanted that is not asked again here.
        _purity_without 'purity was interrupted; to try again: purity on'
        return
    end
    _purity_changed; or return
    set -g _purity_cwd "$PWD"
    set -g _purity_others "$PURITY_SHIMS"
    if not test -x $_purity_bin
        _purity_without "$_purity_bin is gone; start this shell anew"
        return
    end
    set -g _purity_asking 1
    set -g purity_prompt '(not confined) '
    set -l sign '' # the prompt says it
    functions fish_prompt fish_right_prompt 2>/dev/null | string match -q '*purity_prompt*'; and set sign 1
    set -l answer ($_purity_bin __hook-env fish "$_purity_key" "$_purity_said" $sign (string join \n -- $_purity_told | string collect) | string collect)
    set -g _purity_asking ''
    if test -n "$answer"
        echo $answer | source
    else
        _purity_without "$_purity_bin does not answer"
    end
end

function _purity_without -a why
    test "$_purity_said" = "$why"; or echo "purity: nothing is confined: $why" >&2
    _purity_leave '' '' '(not confined) ' "$why"
    set -g _purity_asking ''
end

# One command as if there were no purity.
function nopurity
    if not set -q argv[1]
        echo 'purity: nopurity: name a command' >&2
        return 2
    end
    set -lx PATH $PATH
    for shims in $_purity_shims $PURITY_SHIMS
        while set -l at (contains -i -- "$shims" $PATH)
            set -e PATH[$at]
        end
    end
    if functions -q -- $argv[1]; or builtin -q -- $argv[1]
        # Functions see of these variables only those that are exported.
        set -lx PURITY_PROJECT
        set -lx PURITY_SHIMS
        functions -q by-path; or set -l inside
        _purity_outside
        $argv
        set -l code $status
        set -q inside; and functions -e by-path
        return $code
    else
        set -l without
        set -l with
        for name in (string split ' ' -- "$PURITY_EXPORTS")[2..-1]
            set -l was PURITY_WAS_$name
            set -a without -u $was
            set -q $was; and set -a with $name=$$was; or set -a without -u $name
        end
        env -u PURITY_PROJECT -u PURITY_OUTER -u PURITY_SHIMS -u PURITY_EXPORTS $without $with $argv
    end
end

function purity
    switch "$argv[1]"
        case off
            set -g _purity_off 1
            if test -n "$PURITY_SHIMS"; and contains -- "$PURITY_SHIMS" $PATH
                echo 'purity: the shims of direnv or of the dev shell stay; one command without them: nopurity CMD' >&2
                return 1
            end
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

# Keys are bound for what commands read, too, where nothing typed is a command line.
function _purity_prompts --on-event fish_prompt
    set -g _purity_typing 1
end
function _purity_runs --on-event fish_preexec
    set -g _purity_typing ''
end

# A line that was typed, before it runs: programs that are named by path get the word
# by-path before them, the shim that runs those of the project and the store confined.
# fish's history has the line as it ran.
function _purity_accept
    # After these the rest of the line can be in another project.
    set -l moves ''
    if test -z "$_purity_off" -a -x "$_purity_bin"; and commandline | string match -rq '(^|\W)(cd|pushd|popd)(\W|$)'
        set moves 1
    end
    if test -n "$_purity_typing" -a -n "$_purity_shims$moves"
        if test -n "$_purity_shims"; and not test -x $_purity_shims/by-path
            echo # what is said begins a line
            _purity_check
        end
        _purity_abbreviation
        set -l line (commandline | string collect)
        if test -n "$_purity_shims$moves"; and string match -q '*/*' -- "$line"; and commandline --is-valid
            set -l new ($_purity_bin __hook-line fish "$line" | string collect)
            set -l code $pipestatus[1]
            test $code -le 2; or echo "purity: the line runs unchanged, unconfined: $_purity_bin does not answer" >&2
            test $code -eq 0; and commandline -r -- $new
        end
    end
    commandline -f execute
end

# An abbreviation before the cursor, which fish would expand only later. Those that are
# more than a text, or for other places than commands, are not.
function _purity_abbreviation
    set -l word (commandline -t)
    test -n "$word"; and abbr -q -- $word 2>/dev/null; or return
    test "$word" = (commandline -pc | string trim | string collect); or return
    set -l text (abbr -s | string replace -rf -- '^abbr -a -- '(string escape --style=regex -- (string escape -- $word))' (.*)$' '$1')
    test (count $text) -eq 1; or return
    eval set text $text
    commandline -tr -- $text
end

if status is-interactive
    complete -c nopurity -x -a '(__fish_complete_subcommand)'
    for mode in default insert visual
        bind -M $mode \r _purity_accept 2>/dev/null
        bind -M $mode \n _purity_accept 2>/dev/null
    end
end
