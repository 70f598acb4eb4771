package caller

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// A dev shell exports the variables of its flake, into the shell in which purity is then
// called. Such a variable is the flake's word, not the user's: it opens nothing, and
// does not reach programs that purity itself starts. Confined commands have it all the same, from
// the environment.

// disown takes the variables that the active environment has set, and by which purity
// or a program that it starts would be led, out of this process. It returns the calling
// environment as it was, and names the variables that it left out.
//
// Where no environment tells its variables, as in nix-shell, variables that widen a
// policy are taken for its own, but for those that the shell outside has as they are.
// Those that name only store paths are left out without a name.
func disown() (calling, left []string) {
	calling = os.Environ()
	if !slices.ContainsFunc(calling, inDevShell) || !slices.ContainsFunc(calling, leads) {
		return calling, nil
	}
	theirs, known := environmentsOf(calling)
	outside, store := sync.OnceValue(outsideVariables), nixeval.Nix{Environ: calling}.StoreDir()
	for _, v := range calling {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case !leads(v) || narrows(name, value):
		case theirs.Set(v), !known && opens(name) && !outside()[v]:
			os.Unsetenv(name)
			if opens(name) && !ofStore(value, store) {
				left = append(left, name)
			}
		}
	}
	return calling, left
}

// ofStore reports whether a value is paths of the store alone. As the environment's it has
// them in the closure, so that nothing is lost by leaving it out: most dev shells name
// certificates and locales so.
func ofStore(value, store string) bool {
	for path := range strings.SplitSeq(value, ":") {
		if !strings.HasPrefix(filepath.Clean(path), store+"/") {
			return false
		}
	}
	return true
}

// inDevShell reports whether a variable is one by which a dev shell is known to be
// active. An environment can have emptied it.
func inDevShell(v string) bool {
	name, _, _ := strings.Cut(v, "=")
	switch name {
	case "IN_NIX_SHELL", "NIX_GCROOT", "DEVENV_ROOT", "DEVSHELL_DIR", Shims:
		return true
	}
	return false
}

// opens reports whether a variable adds grants to a policy.
func opens(name string) bool {
	return slices.Contains(host.DataVariables, name) || strings.HasPrefix(name, "PURITY_") && !ofPurity(name)
}

// ofPurity reports whether purity itself sets a variable, for its children.
func ofPurity(name string) bool {
	switch name {
	case Active, WatchedBy, WatchSocket, WatchKey, Outer, Shims, OnlyWatched, Project, Exports, "PURITY_FIXTURES":
		return true
	}
	return strings.HasPrefix(name, was)
}

// leading are variables that lead purity, or a program that it starts outside, beside
// those that open and those of Nix, git and ssh.
var leading = []string{
	"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
	"PAGER", "MANPAGER", "LESS", "LESSOPEN", "LESSCLOSE", "GITHUB_STEP_SUMMARY", OnlyWatched, "MAKEFLAGS",
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
	}
	return slices.Contains(leading, name) || strings.HasPrefix(name, "NIX_") || strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "SSH_")
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

// environmentsOf are the environments that could be the active one, and whether they
// tell all that it has set.
//
// Links in the project name some of them, and a command can have made those. So a name
// found there can say that a variable is an environment's, and never that it is not.
func environmentsOf(calling []string) (theirs nixeval.Owned, known bool) {
	nix := nixeval.Nix{Environ: calling}
	if cwd, err := os.Getwd(); err == nil {
		theirs, known = nix.Owned(config.Upward(cwd, config.Definitions[0]))
	}
	if cache, err := CacheDir(); err == nil {
		nix.Cache = filepath.Join(cache, "purity")
	}
	set, err := shim.Read(os.Getenv(Shims))
	if err != nil {
		return theirs, known
	}
	env, ok := nix.Recall(set.Request.Project, set.Entry)
	if !ok {
		return theirs, known
	}
	theirs.Add(env)
	if set.Hooked != nil {
		theirs.Add(env.After(*set.Hooked))
	}
	// direnv has no more of the environment than purity exported.
	return theirs, known || set.Renewed && !slices.ContainsFunc(calling, ofNix)
}

// ofNix reports whether a variable is one by which a dev shell is known that Nix, devenv
// or devshell made, and not purity.
func ofNix(v string) bool {
	return inDevShell(v) && !strings.HasPrefix(v, Shims+"=")
}
