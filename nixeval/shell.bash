# The rc file of an interactive bash in the dev environment.
[[ -r $HOME/.bashrc ]] && source "$HOME/.bashrc"
source "${BASH_SOURCE[0]%/*}/enter.bash"
[[ $PS1 == *purity* ]] || PS1='(purity) \w \$ '
unset purity_scripts
