
# bash alone, from 4.3 on.

_purity_typing=  # a prompt is there, and its line is not yet
_purity_held=    # the last Enter did not accept the line
_purity_ignore=  # HISTIGNORE, while what runs is kept out of the history
_purity_ignored= # "set" or "unset", as it was
_purity_bang=    # history expansion is off for a line that had it
_purity_moving=  # cd, pushd and popd ask purity, too

# Lines that can go on in the next one.
_purity_open=$'[\'"\\\\`({|&]|<<|\\[\\[|for|while|until|select|if|case|function|coproc'

_purity_prompt() {
  local code=$?
  _purity_typing=1
  _purity_unhide
  [[ -n $_purity_moving ]] || _purity_moves # now that start-up files are done
  _purity_check bash
  # "command -p make" and "hash -p" have bash remember the host's, without looking in PATH.
  [[ -z $_purity_shims ]] || hash -r 2>/dev/null || :
  return "$code"
}

# bash tells nobody that the directory changed. So that what comes next in the line is
# confined in a project, these three do. A function of the user's of that name goes on.
_purity_moves() {
  local name
  _purity_moving=1
  for name in cd pushd popd; do
    if ! declare -F "$name" >/dev/null; then
      eval "function $name { builtin $name \"\$@\" && _purity_moved; }"
    elif [[ $(declare -f "$name") != *_purity_moved* ]]; then
      eval "function _purity_own_$(declare -f "$name")"
      eval "function $name { _purity_own_$name \"\$@\" && _purity_moved; }"
    fi
  done
}

# While a line is typed it is completions and prompts that move, in a shell of their own.
_purity_moved() {
  [[ -n $_purity_typing ]] || _purity_check bash
  return 0
}

# Enter is two keys: one that nobody types, for _purity_line, and another one, which
# accepts the line or does not.
_purity_second() {
  local map
  for map in emacs vi-insert vi-command; do
    bind -m "$map" "\"\\C-x\\C-_a\": $1"
  done
}

# A line that was typed, before it runs: programs that are named by path get the word
# by-path before them, the shim that runs those of the project and the store confined.
# It is called at PS2, and by read -e, too, where no line of ours is typed.
_purity_line() {
  if [[ -n $_purity_held ]]; then
    _purity_held=
    _purity_second accept-line
  fi
  [[ -n $_purity_typing ]] || return 0
  _purity_typing=
  _purity_unhide
  [[ -z $_purity_shims || -x $_purity_shims/by-path ]] || _purity_check bash
  _purity_leads "$READLINE_LINE" || return 0
  local typed=$READLINE_LINE line answer code=0
  _purity_expand || return 0
  [[ $line == */* || $line =~ $_purity_open ]] || return 0
  answer=$("$_purity_bin" __hook-line bash "$line" && echo x) || code=$?
  case $code in
    0)
      if [[ $line != "$typed" ]] && shopt -q histverify; then
        _purity_hold "$line"
      else
        _purity_hide "$line"
        READLINE_LINE=${answer%$'\n'x}
      fi
      ;;
    1 | 2) ;;
    3)
      if [[ $typed == *$'\n\n' ]]; then # two empty lines: bash may go on with it
        _purity_note 'it goes on'
      else
        _purity_hold "$typed"$'\n'
      fi
      ;;
    *) _purity_note "$_purity_bin does not answer" ;;
  esac
}

_purity_note() {
  echo "purity: the line runs unchanged, unconfined: $1" >&2
}

# Keeps a line in the editor.
_purity_hold() {
  _purity_held=1 _purity_typing=1
  _purity_second redraw-current-line
  READLINE_LINE=$1
  READLINE_POINT=$((4 * ${#1})) # the end, in bytes or characters
}

# line is what typed is after history expansion. That is done by bash, once and for all,
# unless purity changes what it comes to.
_purity_expand() {
  line=$typed
  [[ $- == *H* && -o history ]] || return 0
  local special=${histchars:-'!^'}
  [[ $typed == *"${special:0:1}"* || $typed == "${special:1:1}"* ]] || return 0
  if _purity_fixed; then
    _purity_note 'HISTIGNORE is readonly'
    return 1
  fi
  # history -p drops the last line, taking it for its own, unless one was pushed.
  line=$(HISTIGNORE='*' && builtin history -s x && builtin history -p -- "$typed" 2>/dev/null && echo x) || return 1
  line=${line%$'\n'x}
}

_purity_fixed() { [[ $(declare -p HISTIGNORE 2>/dev/null) == 'declare -'*r*' HISTIGNORE'* ]]; }

# History gets a line as it was typed; what runs is kept out of it, and not expanded
# once more. With "set +o history" for that, bash would not save it if it ended now.
_purity_hide() {
  if [[ $- == *H* ]]; then
    set +H
    _purity_bang=1
  fi
  # fc is looking for the line before the one that it is in.
  [[ -o history && ! $1 =~ (^|[^[:alnum:]])fc([^[:alnum:]]|$) ]] && ! _purity_fixed || return 0
  builtin history -s -- "$1"
  _purity_ignore=${HISTIGNORE-} _purity_ignored=unset
  [[ -z ${HISTIGNORE+set} ]] || _purity_ignored=set
  HISTIGNORE='*'
}

_purity_unhide() {
  if [[ -n $_purity_bang ]]; then
    set -H
    _purity_bang=
  fi
  if [[ -n $_purity_ignored && ${HISTIGNORE-} == '*' ]]; then
    if [[ $_purity_ignored == set ]]; then HISTIGNORE=$_purity_ignore; else unset HISTIGNORE; fi
  fi
  _purity_ignored=
}

if [[ "${PROMPT_COMMAND[*]-}" != *_purity_prompt* ]]; then
  if [[ $(declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* && ${BASH_VERSINFO[0]}${BASH_VERSINFO[1]} -ge 51 ]]; then
    PROMPT_COMMAND+=(_purity_prompt)
  else # what is there can end with a semicolon, or a comment
    PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}_purity_prompt
  fi
fi

# What comes after nopurity is a command, with what completes it.
_purity_complete() {
  local own
  for own in _comp_command _command; do # of bash-completion, by its age
    if declare -F "$own" >/dev/null; then
      "$own" "$@"
      return
    fi
  done
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -c -- "$2")
  fi
}
complete -o bashdefault -o default -F _purity_complete nopurity 2>/dev/null || :

if ((BASH_VERSINFO[0] < 4 || BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] < 3)); then
  echo 'purity: before bash 4.3, programs that are named by path are not confined' >&2
elif [[ $- == *i* ]]; then
  for _purity_map in emacs vi-insert vi-command; do
    bind -m "$_purity_map" -x '"\C-x\C-_p": _purity_line "$_"' 2>/dev/null # $_ stays what it is
    bind -m "$_purity_map" '"\C-m": "\C-x\C-_p\C-x\C-_a"' 2>/dev/null
    bind -m "$_purity_map" '"\C-j": "\C-x\C-_p\C-x\C-_a"' 2>/dev/null
  done
  unset _purity_map
  _purity_second accept-line 2>/dev/null
fi
