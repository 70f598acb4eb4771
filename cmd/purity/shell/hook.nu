# purity's hook for nushell. It is a file of nushell's autoload directory.

const _purity_bin = @purity@

# Where the shims are, what purity said, and the files by which the environment could have
# changed. nushell exports no records.
$env._purity = {
    shims: "", watch: [], cwd: "", others: "", again: false, key: "", said: "", told: [], off: false
}
$env.purity_prompt = "" # for PROMPT_COMMAND

# What is to become of the environment is a record: the state above, PATH, the sign for
# prompts, variables to hide and to set. Functions make one from another, and
# _purity_apply alone changes the environment: what a function hides after another one
# has changed it stays visible for who called them.
def _purity_now []: nothing -> record {
    {state: $env._purity, path: ($env.PATH | split row (char esep)), prompt: $env.purity_prompt, hide: [], set: {}}
}

def --env _purity_apply [now: record] {
    for name in $now.hide {
        if $name in $env { hide-env $name }
    }
    load-env ($now.set | merge {PATH: $now.path, purity_prompt: $now.prompt, _purity: $now.state})
}

# What purity answers are calls, lists of words; nothing of it is evaluated.
def _purity_call [now: record, call: list<string>]: nothing -> record {
    let args = ($call | skip 1)
    match $call.0 {
        "_purity_enter" => { _purity_enter $now $args }
        "_purity_export" => { _purity_export $now $args }
        "_purity_leave" => { _purity_leave $now $args }
        "_purity_tell" => { $now | update state.told {|it| $it.state.told | append $args.0 } }
        "_purity_yield" => { _purity_leave $now ["" "" "(purity) " ""] }
        _ => $now
    }
}

# SHIMS PROJECT OUTER KEY AGAIN PROMPT SAID WATCHED...
def _purity_enter [now: record, args: list<string>]: nothing -> record {
    $now | merge {
        path: ($now.path | where {|dir| $dir not-in [$now.state.shims $args.0] } | prepend $args.0)
        prompt: $args.5
        set: ($now.set | merge {PURITY_PROJECT: $args.1, PURITY_OUTER: $args.2})
        state: ($now.state | merge {
            shims: $args.0, key: $args.3, again: ($args.4 != ""), said: $args.6, watch: ($args | skip 7)
        })
    }
}

# VERSION NAME VALUE...: exports variables of the environment. What they were is kept in
# the environment, too, for shells that are started inside; they get what is text.
def _purity_export [now: record, args: list<string>]: nothing -> record {
    let back = (_purity_unexport $now)
    let pairs = ($args | skip 1 | chunks 2)
    let set = ($pairs | reduce --fold $back.set {|pair, set|
        let was = if $pair.0 in $back.hide { $back.set | get --optional $pair.0 } else { $env | get --optional $pair.0 }
        let kept = if ($was | describe) == "nothing" { {} } else { {($"PURITY_WAS_($pair.0)"): $was} }
        $set | merge $kept | merge {($pair.0): $pair.1}
    })
    $back | merge {set: ($set | merge {PURITY_EXPORTS: ($pairs | each {|pair| $pair.0 } | prepend $args.0 | str join " ")})}
}

# Puts variables back that _purity_export has exported.
def _purity_unexport [now: record]: nothing -> record {
    let names = ($env.PURITY_EXPORTS? | default "" | split row " " | skip 1 | where {|name| $name =~ '^[A-Z_][A-Z0-9_]*$' })
    let set = ($names | reduce --fold $now.set {|name, set|
        let was = ($env | get --optional $"PURITY_WAS_($name)")
        if ($was | describe) == "nothing" { $set } else { $set | merge {($name): $was} }
    })
    let hide = ($names | append ($names | each {|name| $"PURITY_WAS_($name)" }) | append PURITY_EXPORTS)
    $now | merge {hide: ($now.hide | append $hide), set: $set}
}

# SHIMS AGAIN PROMPT SAID
def _purity_leave [now: record, args: list<string>]: nothing -> record {
    let back = (_purity_unexport $now)
    $back | merge {
        path: ($now.path | where {|dir| $dir not-in [$now.state.shims $args.0] })
        prompt: $args.2
        hide: ($back.hide | append [PURITY_PROJECT PURITY_OUTER])
        state: ($now.state | merge {shims: "", key: "", again: ($args.1 != ""), said: $args.3, watch: []})
    }
}

def _purity_modified [file: string] { ls --all --directory $file | get 0.modified }

# Whether purity has to be asked. It takes no process to find out.
def _purity_changed []: nothing -> bool {
    let p = $env._purity
    if $env.PWD != $p.cwd or $p.again or ($env.PURITY_SHIMS? | default "") != $p.others { return true }
    if $p.shims == "" { return false }
    if ($env.PATH | split row (char esep) | get --optional 0) != $p.shims { return true }
    try {
        let made = (_purity_modified ($p.shims | path join ".purity"))
        $p.watch | any {|file| (_purity_modified $file) > $made }
    } catch { true }
}

# Where purity is interrupted nothing is changed, and the next prompt asks again.
def --env _purity_check [] {
    if $env._purity.off or not (_purity_changed) { return }
    let p = $env._purity
    let sign = if (_purity_signed) { "1" } else { "" }
    let answer = (try { ^$_purity_bin __hook-env nu $p.key $p.said $sign ($p.told | str join "\n") } catch { "" })
    let calls = (try { $answer | lines | each {|line| $line | from json } } catch { [] })
    if ($calls | is-empty) or ($calls | any {|call| ($call | describe) != "list<string>" }) {
        let why = $"($_purity_bin) does not answer"
        if $p.said != $why { print --stderr $"purity: nothing is confined: ($why)" }
        _purity_apply (_purity_leave (_purity_now) ["" "" "(not confined) " $why])
        return
    }
    let asked = (_purity_now | merge {state: ($p | merge {cwd: $env.PWD, others: ($env.PURITY_SHIMS? | default "")})})
    _purity_apply ($calls | reduce --fold $asked {|call, now| _purity_call $now $call })
}

# Whether the prompt shows that it is in a project.
def _purity_signed []: nothing -> bool {
    let prompt = $env.PROMPT_COMMAND?
    if ($prompt | describe) != "closure" { return false }
    view source $prompt | str contains "purity_prompt"
}

# A line can go on in the project that it has changed to.
alias _purity_cd = cd
def --env cd [path: path = "~", --physical (-P)] {
    if $physical { _purity_cd --physical $path } else { _purity_cd $path }
    _purity_check
}

# One command as if there were no purity.
def --wrapped nopurity [command: string, ...args] {
    _purity_apply (_purity_leave (_purity_now) [($env.PURITY_SHIMS? | default "") "" "" ""] | update hide { append PURITY_SHIMS })
    ^$command ...$args
}

def --env --wrapped purity [...args] {
    match ($args | get --optional 0) {
        "off" => {
            if ($env.PURITY_SHIMS? | default "-") in $env.PATH {
                error make {msg: "purity: the shims of direnv or of the dev shell stay; one command without them: nopurity CMD"}
            }
            _purity_apply (_purity_leave (_purity_now) ["" "" "" ""] | update state.off true)
        }
        "on" => { $env._purity = ($env._purity | merge {off: false, cwd: ""}) }
        _ => {
            $env._purity.cwd = "" # what was allowed counts at the next prompt
            ^$_purity_bin ...$args
        }
    }
}

$env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append {|| _purity_check })
