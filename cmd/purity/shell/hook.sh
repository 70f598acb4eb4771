# purity's hook: what bash and zsh have in common.

_purity_bin=@purity@
_purity_shims=     # the directory in front of PATH, while inside a project
_purity_watch=()   # files by which the environment could have changed
_purity_cwd=       # where the shell was when purity was asked last
_purity_again=     # ask again, whatever happens
_purity_others=    # shims that somebody else looks after
_purity_key=       # which environment it is
_purity_said=      # the last message, said once
_purity_told=      # projects that were never allowed, of which that was said
_purity_off=       # purity off
_purity_asking=    # purity was asked, and has not answered yet
purity_prompt=     # for PS1

# REPLY is PATH without the shims.
_purity_strip() {
  local rest=":$PATH:"
  [[ -n $_purity_shims ]] && rest=${rest//":$_purity_shims:"/:}
  rest=${rest#:}
  REPLY=${rest%:}
}

# SHIMS PROJECT OUTER KEY AGAIN PROMPT SAID WATCHED...
_purity_enter() {
  local REPLY
  _purity_strip
  PATH=$REPLY
  _purity_shims=$1 # a shell that was started inside has them already
  _purity_strip
  export PATH="$1:$REPLY" PURITY_PROJECT="$2" PURITY_OUTER="$3"
  _purity_key=$4 _purity_again=$5 purity_prompt=$6 _purity_said=$7
  shift 7
  _purity_watch=("$@")
  unset -f by-path 2>/dev/null || :
  hash -r
}

# VERSION NAME VALUE...: exports variables of the environment. What they were is kept in the
# environment, too, for shells that are started inside.
_purity_export() {
  local names=$1
  _purity_unexport
  shift
  while (($# > 1)); do
    if eval "[[ -n \${$1+x} ]]"; then eval "export PURITY_WAS_$1=\"\$$1\""; fi
    export "$1=$2"
    names+=" $1"
    shift 2
  done
  export PURITY_EXPORTS=$names
}

# Puts variables back that _purity_export has exported.
_purity_unexport() {
  local name names="${PURITY_EXPORTS-} "
  unset PURITY_EXPORTS
  while [[ $names == *' '* ]]; do
    names=${names#* }
    name=${names%% *}
    [[ -n $name && $name != *[!ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_]* && $name != [0123456789]* ]] || continue
    if eval "[[ -n \${PURITY_WAS_$name+x} ]]"; then
      eval "export $name=\"\$PURITY_WAS_$name\""
      unset "PURITY_WAS_$name"
    else
      unset "$name"
    fi
  done
}

# SHIMS AGAIN PROMPT SAID
_purity_leave() {
  local REPLY
  _purity_unexport
  _purity_strip
  PATH=$REPLY
  if [[ -n $1 ]]; then
    _purity_shims=$1
    _purity_strip
    PATH=$REPLY
  fi
  unset PURITY_PROJECT PURITY_OUTER
  _purity_shims= _purity_key= _purity_again=$2 purity_prompt=$3 _purity_said=$4
  _purity_watch=()
  _purity_outside
}

# Without shims there is none of this name, but lines that go on there, and functions
# that were typed inside, have the word. Shims that somebody put in PATH by hand have it,
# too. bash's posix mode allows no such name.
_purity_outside() {
  [[ :${SHELLOPTS-}: == *:posix:* ]] || by-path() {
    if (unset -f by-path && command -v by-path) >/dev/null 2>&1; then command by-path "$@"; else "$@"; fi
  }
}
_purity_outside

# PROJECT, which was never allowed
_purity_tell() { _purity_told+=$1$'\n'; }

# Somebody else has put shims in front of PATH.
_purity_yield() {
  local REPLY
  _purity_unexport
  _purity_strip
  PATH=$REPLY
  _purity_shims= _purity_key= _purity_again= _purity_said= purity_prompt='(purity) '
  _purity_watch=()
  unset -f by-path 2>/dev/null || :
}

# Whether purity has to be asked. It takes no process to find out.
_purity_changed() {
  [[ $PWD != "$_purity_cwd" || -n $_purity_again || ${PURITY_SHIMS-} != "$_purity_others" ]] && return 0
  [[ -z $_purity_shims ]] && return 1
  [[ $PATH == "$_purity_shims":* && -x $_purity_shims/by-path && -e $_purity_shims/.purity ]] || return 0
  local file
  for file in "${_purity_watch[@]}"; do
    [[ -e $file && ! $file -nt $_purity_shims/.purity ]] || return 0
  done
  return 1
}

# SHELL
_purity_check() {
  [[ -n $_purity_off ]] && return 0
  if [[ -n $_purity_asking ]]; then
    # ^C, which ends this function, too. Who wanted that is not asked again here.
    _purity_without 'purity was interrupted; to try again: purity on'
    return 0
  fi
  _purity_changed || return 0
  _purity_cwd=$PWD _purity_others=${PURITY_SHIMS-}
  if [[ ! -x $_purity_bin ]]; then
    _purity_without "$_purity_bin is gone; start this shell anew"
    return 0
  fi
  local answer sign=
  [[ "${PS1-}${PROMPT-}${RPROMPT-}${RPS1-}" != *purity_prompt* ]] || sign=1 # the prompt says it
  _purity_asking=1 purity_prompt='(not confined) '
  answer=$("$_purity_bin" __hook-env "$1" "$_purity_key" "$_purity_said" "$sign" "$_purity_told") || :
  _purity_asking=
  if [[ -n $answer ]]; then
    eval "$answer"
  else
    _purity_without "$_purity_bin does not answer"
  fi
}

# LINE: whether programs that it names by path can be of a project: inside, and where it
# leads into one.
_purity_leads() {
  [[ -n $_purity_shims ]] && return 0
  [[ -z $_purity_off && -x $_purity_bin && ( $1 == *cd* || $1 == *pushd* || $1 == *popd* ) ]]
}

# WHY
_purity_without() {
  [[ $_purity_said == "$1" ]] || echo "purity: nothing is confined: $1" >&2
  _purity_leave '' '' '(not confined) ' "$1"
  _purity_asking=
}

# One command as if there were no purity.
nopurity() {
  if (($# == 0)); then
    echo 'purity: nopurity: name a command' >&2
    return 2
  fi
  local REPLY
  (
    _purity_strip
    PATH=$REPLY _purity_shims=${PURITY_SHIMS-}
    _purity_strip
    PATH=$REPLY
    _purity_unexport
    unset PURITY_PROJECT PURITY_OUTER PURITY_SHIMS
    _purity_outside
    hash -r
    "$@"
  )
}

purity() {
  case ${1-} in
    off)
      _purity_off=1
      if [[ -n ${PURITY_SHIMS-} && :$PATH: == *":$PURITY_SHIMS:"* ]]; then
        echo 'purity: the shims of direnv or of the dev shell stay; one command without them: nopurity CMD' >&2
        return 1
      fi
      _purity_leave '' '' '' ''
      ;;
    on)
      _purity_off= _purity_cwd=
      ;;
    *)
      # What was allowed counts at the next prompt.
      _purity_cwd=
      "$_purity_bin" "$@"
      ;;
  esac
}
