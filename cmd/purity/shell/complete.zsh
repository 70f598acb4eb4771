#compdef purity
# purity's completions for zsh. What purity answers is never evaluated here: zsh
# quotes what it inserts.
_purity() {
  local ret=1
  local -a answer values
  answer=("${(@0)$(@purity@ __purity-complete zsh "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  compset -p "${answer[2]:-0}"
  values=("${(@)answer[3,-1]}")
  (( $#values )) && _describe -t values value values && ret=0
  case ${answer[1]:-files} in
    files) _files && ret=0 ;;
    directories) _files -/ && ret=0 ;;
  esac
  return ret
}
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
  _purity "$@"
else # evaluated by a start-up file
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
  compdef _purity purity
fi
