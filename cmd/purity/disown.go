package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// A dev shell exports what its flake says, into the shell in which purity is then
// called. Such a variable is the flake's word, not the user's: it opens nothing, and
// does not reach what purity itself starts. Confined commands have it all the same, from
// the environment.

// disown takes the variables that the active environment has set, and by which purity
// or a program that it starts would be led, out of this process. It returns the calling
// environment as it was, and names what it left out.
//
// Where no environment tells what it has set, as in nix-shell, variables that widen a
// policy are taken for its own.
func disown() (calling, left []string) {
	calling = os.Environ()
	if !slices.ContainsFunc(calling, inDevShell) || !slices.ContainsFunc(calling, leads) {
		return calling, nil
	}
	theirs, known := environmentsOf(calling)
	for _, v := range calling {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case !leads(v) || narrows(name, value):
		case slices.Contains(theirs, v), !known && opens(name):
			os.Unsetenv(name)
			if opens(name) {
				left = append(left, name)
			}
		}
	}
	return calling, left
}

// inDevShell reports whether a variable is one by which a dev shell is known to be
// active.
func inDevShell(v string) bool {
	name, value, _ := strings.Cut(v, "=")
	switch name {
	case "IN_NIX_SHELL", "NIX_GCROOT", "DEVENV_ROOT", "DEVSHELL_DIR", shimsVariable:
		return value != ""
	}
	return false
}

// opens reports whether a variable says what a policy opens.
func opens(name string) bool {
	return slices.Contains(host.DataVariables, name) || strings.HasPrefix(name, "PURITY_") && !ofPurity(name)
}

// ofPurity reports whether purity itself sets a variable, for what it starts.
func ofPurity(name string) bool {
	switch name {
	case activeVariable, watchedVariable, socketVariable, keyVariable, outerVariable, shimsVariable, onlyWatchedVariable, "PURITY_PROJECT", "PURITY_FIXTURES":
		return true
	}
	return false
}

// leads reports whether purity, or a program that it starts outside, obeys a variable.
func leads(v string) bool {
	name, _, _ := strings.Cut(v, "=")
	if opens(name) {
		return true
	}
	switch name {
	case "NIX_GCROOT", "NIX_STORE_DIR", "NIX_STORE": // by which the environment is known
		return false
	case "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "PAGER", "MANPAGER", "LESS", "LESSOPEN", "LESSCLOSE", "GITHUB_STEP_SUMMARY", flagsVariable:
		return true
	}
	return strings.HasPrefix(name, "NIX_") || strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "SSH_")
}

// narrows reports whether a variable takes something from a policy and can add nothing:
// whoever set it, it counts.
func narrows(name, value string) bool {
	switch name {
	case "PURITY_LEVEL":
		return value == "nix"
	case "PURITY_NETWORK":
		return value == "false"
	case "PURITY_SOCKETS", "PURITY_HOME":
		return value == "none"
	case "PURITY_MODE":
		return value == "enforce"
	case "PURITY_STRICT_PATHS", "PURITY_SECCOMP", "PURITY_REPORT_CHANGES":
		return value == "true"
	case "PURITY_BEST_EFFORT", "PURITY_ALLOW_UNENFORCED", "PURITY_USER_NAMESPACES":
		return value == "false"
	case "PURITY_EXPLAIN":
		return true
	}
	return false
}

// environmentsOf are the variables of the environments that could be the active one, and
// whether there is any: those that Nix made, and that of the shims in PATH.
func environmentsOf(calling []string) (environ []string, known bool) {
	nix := nixeval.Nix{Environ: calling}
	if cwd, err := os.Getwd(); err == nil {
		environ = nix.ActiveVariables(upward(cwd, definitions[0]))
	}
	if cache, err := cacheDir(); err == nil {
		nix.Cache = filepath.Join(cache, "purity")
	}
	if set, err := shim.Read(os.Getenv(shimsVariable)); err == nil {
		if env, ok := nix.Recall(set.Request.Project, set.Entry); ok {
			environ = append(environ, env.Exports()...)
			if set.Hooked != nil {
				environ = append(environ, env.After(*set.Hooked).Exports()...)
			}
		}
	}
	return environ, len(environ) > 0
}
