# Runs a command in the dev environment: exec.bash MISSING COMMAND [ARGUMENT...]
# MISSING is said when there is no COMMAND.
purity_missing=$1
shift
purity_command=("$@")
set --
source "${BASH_SOURCE[0]%/*}/enter.bash"

case ${purity_command[0]} in
  */*) ;;
  *) type -P -- "${purity_command[0]}" >/dev/null || {
    printf '%s\n' "$purity_missing" >&2
    exit 127
  } ;;
esac
# A bash finds the functions of the environment; no other program looks there.
case ${purity_command[0]##*/} in
  bash) export BASH_ENV=$purity_scripts/state.bash ;;
esac
exec -- "${purity_command[@]}"
