
# zsh alone.

_purity_typed=

_purity_prompt() {
  local code=$?
  _purity_check zsh
  return $code
}

_purity_chpwd() {
  (( ZSH_SUBSHELL )) || _purity_check zsh
}

# History has the line as it was typed.
_purity_history() {
  [[ -n $_purity_typed ]] || return 0
  print -sr -- "$_purity_typed"
  _purity_typed=
  return 1
}

# A line that was typed, before it runs: programs of the project and the store
# that are named by path are confined.
_purity_accept() {
  if [[ -n $_purity_shims && $CONTEXT == start && $BUFFER == */* ]]; then
    local typed=$BUFFER line
    [[ -o banghist && $BUFFER == *['!^']* ]] && zle .expand-history
    if line=$("$_purity_bin" hook-line zsh "$BUFFER" && echo x); then
      BUFFER=${line%$'\n'x}
      _purity_typed=$typed
    else
      BUFFER=$typed
    fi
  fi
  zle _purity_accepted
}

autoload -Uz add-zsh-hook
add-zsh-hook precmd _purity_prompt
add-zsh-hook chpwd _purity_chpwd
add-zsh-hook zshaddhistory _purity_history
if [[ -o zle && ${widgets[accept-line]-} != user:_purity_accept ]]; then
  zle -A accept-line _purity_accepted
  zle -N accept-line _purity_accept
fi
