# Enters the dev environment: its state, its shellHook, and a PATH that holds
# nothing which the confinement denies.
purity_scripts=${BASH_SOURCE[0]%/*}
source "$purity_scripts/state.bash"
# A hook that asks purity to confine its shell has what it asks for already.
purity_temp=${TMPDIR-}
type -P purity >/dev/null || purity() { [[ ${1-} == hook ]]; }
eval "${shellHook:-}"
unset -f purity

# The hook may have named a directory of the host for temporary files, as devenv's from
# 1.4 to 2.0 does, where none can be made.
for purity_entry in TMPDIR TMP TEMP TEMPDIR; do
  case ${!purity_entry-} in
    "$purity_temp" | "$purity_temp"/* | "$PURITY_PROJECT"/* | "$HOME"/*) ;;
    *) export "$purity_entry=$purity_temp" ;;
  esac
done
unset purity_temp

# The hook may have added directories of the host. bash stops at the first
# match that is denied instead of trying the next one, so they have to go.
purity_path=
while [[ ${PATH-} ]]; do
  purity_entry=${PATH%%:*}
  case $purity_entry in
    "$purity_store"/* | "$PURITY_PROJECT" | "$PURITY_PROJECT"/* | "$HOME"/*)
      purity_path+=${purity_path:+:}$purity_entry ;;
  esac
  case $PATH in *:*) PATH=${PATH#*:} ;; *) PATH= ;; esac
done
export PATH=$purity_path
unset purity_path purity_entry purity_store
