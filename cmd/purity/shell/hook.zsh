
# zsh alone.

: ${_purity_reads=}  # lines are read before zsh reads them
_purity_aliases=() # those for the line that was typed
_purity_seen=      # that line, without blanks
_purity_notes=     # what to say before it runs
_purity_running=   # a line runs

_purity_prompt() {
  local code=$?
  _purity_running=
  [[ -n $_purity_reads ]] || _purity_read # now that start-up files are done
  _purity_check zsh
  return $code
}

# Subshells of a line that runs count, and those of prompts and completions do not.
_purity_chpwd() {
  (( ZSH_SUBSHELL )) && [[ -z $_purity_running ]] || _purity_check zsh
}

# zsh calls two widgets before and after a line is edited, however it is accepted. Who
# was called before us is called still.
_purity_read() {
  emulate -L zsh
  local when
  _purity_reads=1
  if (( $+functions[compdef] )); then compdef _precommand nopurity; fi
  [[ -o zle ]] && zmodload zsh/zle || return 0 # which may not have been needed yet
  for when in init finish; do
    [[ ${widgets[zle-line-$when]-} != user:_purity_line_$when ]] || continue
    zle -A zle-line-$when _purity_before_$when 2>/dev/null
    zle -N zle-line-$when _purity_line_$when
  done
}

_purity_line_init() { _purity_line init _purity_forget "$@" }
_purity_line_finish() { _purity_line finish _purity_typed "$@" }

# WHEN FUNCTION ARGUMENTS...
_purity_line() {
  [[ -z ${_purity_called-} ]] || return 0 # by those whom we call
  local _purity_called=1 when=$1
  $2
  shift 2
  if [[ -n ${widgets[_purity_before_$when]-} ]]; then zle _purity_before_$when "$@"; fi
}

# A line that was typed, before zsh reads it: words that can name programs by path
# become aliases, for themselves after the word by-path, the shim that runs those of the
# project and the store confined. zsh expands them where a command begins and nowhere
# else, and shows and remembers the line as it was typed.
_purity_typed() {
  [[ $CONTEXT == start || $CONTEXT == cont ]] || return 0
  _purity_leads "$PREBUFFER$BUFFER" || return 0
  local bang= without=
  [[ -o banghist ]] && bang=$histchars
  [[ -o aliases ]] || without=1
  emulate -L zsh
  if [[ -n $_purity_shims && ! -x $_purity_shims/by-path ]]; then
    zle -I
    _purity_check zsh
    [[ -n $_purity_shims ]] || return 0
  fi
  local line=$BUFFER typed=$BUFFER cursor=$CURSOR
  if [[ -n $bang && ( $line == *"$bang[1]"* || $line == "$bang[2]"* ) ]]; then
    zle .expand-history
    line=$BUFFER BUFFER=$typed CURSOR=$cursor
  fi
  [[ $CONTEXT == cont ]] || _purity_seen=
  _purity_seen+=${line//[[:space:]]/}
  _purity_words
  return 0
}

# Makes the aliases.
_purity_words() {
  local -a words=(${(z)line}) names others
  local word answer text=$line
  local -i i code=0
  for word in $words; do # what aliases stand for
    [[ ${aliases[$word]-} == */* ]] && text+=$'\n'$aliases[$word]
  done
  [[ $text == */* ]] || return 0
  answer=$("$_purity_bin" __hook-line zsh "$PREBUFFER$text") || code=$?
  (( code <= 2 )) || _purity_note "$_purity_bin does not answer"
  (( code == 0 )) || return 0
  names=("${(@0)answer}")
  # zsh expands the word after an alias that ends in a blank, too, as many have one for
  # sudo; and command -v shows aliases.
  for (( i = 1; i < $#words; i++ )); do
    [[ ${aliases[$words[i]]-} == *[[:blank:]] ]] && others+=("$words[i+1]")
    [[ $words[i] == command && $words[i+1] == -[vV] ]] && others+=("${words[i+2]-}")
  done
  for word in $others; do # unless it is there as a command, too
    (( ${#${(@M)words:#$word}} > ${#${(@M)others:#$word}} )) || names=("${(@)names:#$word}")
  done
  [[ -z $without ]] || _purity_note 'the option aliases is off'
  for word in $names; do
    _purity_alias "$word" "by-path $word"
  done
  for (( i = 1; i < $#words; i++ )); do
    [[ $words[i] == (exec|command|noglob|-) ]] && (( $names[(Ie)$words[i+1]] )) && _purity_alias "$words[i]" "$words[i] "
  done
}

# WORD TEXT. The user's own stay.
_purity_alias() {
  [[ -z ${aliases[$1]-} && -z ${saliases[${1:e}]-} ]] || return 0
  aliases[$1]=$2
  _purity_aliases+=("$1")
}

_purity_note() {
  _purity_notes="purity: the line runs unchanged, unconfined: $1"
}

# Several lines can have been typed at once: the aliases are there for all.
_purity_forget() {
  [[ $CONTEXT == start ]] || return 0
  emulate -L zsh
  local word
  for word in $_purity_aliases; do
    [[ ${aliases[$word]-} == ("by-path $word"|"$word ") ]] && unalias -- "$word"
  done
  _purity_aliases=()
}

_purity_preexec() {
  emulate -L zsh
  _purity_running=1
  if [[ -n $_purity_shims && $1 == */* && $_purity_seen != *"${1//[[:space:]]/}"* ]]; then
    _purity_note 'it was not seen'
    _purity_read # something else may have taken its place
  fi
  [[ -z $_purity_notes ]] || print -ru2 -- "$_purity_notes"
  _purity_notes=
}

autoload -Uz add-zsh-hook
add-zsh-hook precmd _purity_prompt
add-zsh-hook chpwd _purity_chpwd
add-zsh-hook preexec _purity_preexec
