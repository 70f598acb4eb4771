
# bash alone.

_purity_typed= _purity_ran= _purity_more=0

# PS2 is expanded where a line goes on, and nowhere else: there a variable is set
# by way of an index, which prints nothing and takes no process.
_purity_ps2='${_purity_nothing[_purity_more=1,0]-}'

_purity_prompt() {
  local code=$?
  _purity_more=0
  [[ $PS2 == *"$_purity_ps2"* ]] || PS2=$_purity_ps2$PS2
  # History has the line as it was typed.
  if [[ -n $_purity_typed ]]; then
    if [[ "$(HISTTIMEFORMAT='' builtin history 1)" == *"$_purity_ran" ]]; then
      builtin history -d "$((HISTCMD - 1))" 2>/dev/null && builtin history -s -- "$_purity_typed"
    fi
    _purity_typed= _purity_ran=
  fi
  _purity_check bash
  return "$code"
}

# A line that was typed, before it runs: programs of the project and the store
# that are named by path are confined.
_purity_line() {
  if ((_purity_more)); then # a part of the line before, perhaps of a here-document
    _purity_more=0
    return
  fi
  [[ -n $_purity_shims && $READLINE_LINE == */* ]] || return
  local typed=$READLINE_LINE line=$READLINE_LINE
  case $- in
    *H*) line=$(builtin history -p -- "$typed" 2>/dev/null) && line=${line:-$typed} || line=$typed ;;
  esac
  if line=$("$_purity_bin" hook-line bash "$line" && echo x); then
    READLINE_LINE=${line%$'\n'x}
    READLINE_POINT=${#READLINE_LINE}
    _purity_typed=$typed _purity_ran=$READLINE_LINE
  fi
}

case "${PROMPT_COMMAND[*]-}" in
  *_purity_prompt*) ;;
  *) PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND;}_purity_prompt" ;;
esac

if [[ $- == *i* ]]; then
  for _purity_map in emacs vi-insert vi-command; do
    bind -m "$_purity_map" -x '"\C-x\C-_p": _purity_line' 2>/dev/null
    bind -m "$_purity_map" '"\C-x\C-_a": accept-line' 2>/dev/null
    bind -m "$_purity_map" '"\C-m": "\C-x\C-_p\C-x\C-_a"' 2>/dev/null
    bind -m "$_purity_map" '"\C-j": "\C-x\C-_p\C-x\C-_a"' 2>/dev/null
  done
  unset _purity_map
fi
