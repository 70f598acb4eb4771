# What an interactive bash in the dev environment does before its first prompt.
unset PROMPT_COMMAND PURITY_RC
[[ -r $HOME/.bashrc ]] && source "$HOME/.bashrc"
source "${BASH_SOURCE[0]%/*}/enter.bash"
[[ $PS1 == *purity* ]] || PS1='(purity) \w \$ '
unset purity_scripts
