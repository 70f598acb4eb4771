# The builder of what is made of a dev shell: build.sh inputs, or build.sh report.
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

# The report: a copy of the sources is the project, and the command runs in it with
# the environment that there is, but for what says how to check.
export -n purityExec purityArguments purityCommand puritySource purityTools purityOut=$out
own=() # purity's directories are not the command's
for name in XDG_CACHE_HOME XDG_RUNTIME_DIR; do
  if [ -n "${!name-}" ]; then own+=("--set=$name=${!name}"); else own+=("--unset=$name"); fi
done
export XDG_CACHE_HOME=$NIX_BUILD_TOP/.purity-cache XDG_RUNTIME_DIR=$NIX_BUILD_TOP/.purity-run
reports=$NIX_BUILD_TOP/.purity-reports
hostPath=${PATH-}
PATH=$purityTools
mkdir -m 700 "$XDG_CACHE_HOME" "$XDG_RUNTIME_DIR" "$reports"
mkdir "$NIX_BUILD_TOP/project"
if [ -d "$puritySource" ]; then
  cp -r --no-preserve=ownership "$puritySource/." "$NIX_BUILD_TOP/project"
else # one file, by the name that it had before it was in the store
  name=${puritySource##*/}
  cp "$puritySource" "$NIX_BUILD_TOP/project/${name#*-}"
fi
chmod -R u+w "$NIX_BUILD_TOP/project"
cd "$NIX_BUILD_TOP/project"
if [ -e purity.toml ] && [[ $purityArguments != *--config=* ]]; then
  purityArguments+=" --config=purity.toml" # it is part of what is checked, and nobody is there to allow it
fi
export shellHook=${shellHook-} out=$PWD/outputs/out
# As nix develop does, SHELL is the bash; without it a bash asks the host for one. The project
# is a copy, so that an overlay of it, which Nix's system call filter forbids, adds nothing.
eval "words=($purityExec --project=. --project-as=write \"\${own[@]}\" --set=SHELL=\"\$builder\" --report=\"\$reports/report.json\" --report=\"\$reports/report.sarif\" --report=\"\$reports/report.html\" $purityArguments)"

# The command runs as Nix's phases do: its first failure is its end. By a pipe: the
# terminal that Nix gives builders is in none of their directories, where programs that
# ask for its name go through all of /dev.
set -o pipefail
PATH=$hostPath "${words[@]}" -- "$builder" -c 'eval "$shellHook"
set -e -o pipefail
'"$purityCommand" 2>&1 | tee "$reports/log" || true # the report says it
if [ ! -s "$reports/report.json" ]; then
  echo "purity could not run the command on this builder, so there is no report" >&2
  exit 125
fi

# The same of every build: what differs between two runs says nothing of the command.
sed -E -i "s|$NIX_BUILD_TOP|/build|g; s|/tmp/purity-[0-9]+/run-[0-9-]+|/build/tmp|g; s|(/projects/project)-[0-9a-f]{16}|\1|g; s|(\"pid\": )[0-9]+|\10|g; s|\(pid [0-9]+, |(|g" "$reports"/*
read -r mode code unclean < <(jq -r '[.mode, .exitCode, (.watched | not) or .unjudged > 0 or (.findings | length) > 0] | join(" ")' "$reports/report.json")
verdict=pure
if [ "$unclean" = true ]; then verdict=impure; fi
if [ "$verdict" = impure ] && [ "$mode" != enforce ]; then verdict=reported; fi
if [ "$code" != 0 ]; then verdict=failed; fi
mkdir -p "$purityOut"
cp "$reports"/* "$purityOut/"
echo "$verdict" >"$purityOut/verdict"
echo "$code" >"$purityOut/exit-code"
