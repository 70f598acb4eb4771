# The builder of what is made of a dev shell: build.sh inputs, or build.sh check.
# First all variables become what they are in a build, as get-env.sh of Nix has it.
if [ -e "${NIX_ATTRS_SH_FILE:-}" ]; then
  source "$NIX_ATTRS_SH_FILE"
elif [ -e .attrs.sh ]; then
  source .attrs.sh
fi
if [ -n "${stdenv:-}" ]; then
  source "$stdenv/setup"
fi
if [ -z "${out:-}" ]; then # structured attributes, and nothing of stdenv
  out=${outputs[out]}
fi
set -eu

# All that the environment mentions, so that references are found in it.
if [ "$1" = inputs ]; then
  declare -p >"$out"
  declare -f >>"$out"
  exit
fi

# The check: a copy of the sources is the project, and the command runs in it with
# the environment that there is, but for what says how to check.
export -n purityExec purityArguments purityCommand puritySource purityTools purityOut=$out
export XDG_CACHE_HOME=$NIX_BUILD_TOP/.purity-cache XDG_RUNTIME_DIR=$NIX_BUILD_TOP/.purity-run
"$purityTools/mkdir" -m 700 "$XDG_CACHE_HOME" "$XDG_RUNTIME_DIR"
"$purityTools/cp" -r "$puritySource" "$NIX_BUILD_TOP/project"
"$purityTools/chmod" -R u+w "$NIX_BUILD_TOP/project"
cd "$NIX_BUILD_TOP/project"
if [ -e purity.toml ] && [[ $purityArguments != *--config=* ]]; then
  purityArguments+=" --config=purity.toml" # it is part of what is checked, and nobody is there to allow it
fi
export shellHook=${shellHook-} out=$PWD/outputs/out
eval "words=($purityExec --project=. --fail --report=\"\$NIX_BUILD_TOP/report.json\" $purityArguments)"
# By a pipe: the terminal that Nix gives builders is in none of their directories,
# where programs that ask for its name go through all of /dev.
set -o pipefail
"${words[@]}" -- "$builder" -c 'eval "$shellHook"
'"$purityCommand" 2>&1 | "$purityTools/cat"
"$purityTools/mkdir" -p "$purityOut"
"$purityTools/cp" "$NIX_BUILD_TOP/report.json" "$purityOut/"
