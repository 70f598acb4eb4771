# Says what the shellHook leaves exported, a zero byte after each variable, on
# standard output. What the hook prints goes to standard error.
purity_bash=$BASH
exec {purity_out}>&1 >&2
source "${BASH_SOURCE[0]%/*}/enter.bash"
# A fresh process, whose environment is what a command would get.
exec -- "$purity_bash" --noprofile --norc -c \
  'while IFS= read -r -d "" v; do printf "%s\0" "$v"; done </proc/self/environ' >&"$purity_out"
