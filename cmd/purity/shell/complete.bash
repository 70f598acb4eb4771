# purity's completions for bash. What purity answers is quoted for where the cursor
# is, and never evaluated here.
_purity() {
  local answer
  mapfile -d '' -t answer < <(@purity@ __purity-complete bash "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  COMPREPLY=("${answer[@]:1}")
  case ${answer[0]-files} in
    files) compopt -o default ;;
    directories) compopt -o dirnames ;;
  esac
}
complete -F _purity purity
