// Package caller is the call of purity: which variables are the user's word, and
// which the one of the dev shell that is active.
package caller

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
)

// Variables that purity sets for its children. Users set none of them.
const (
	Active      = "PURITY_ACTIVE"       // in a confinement: which one, the policy and the request
	OnlyWatched = "PURITY_ONLY_WATCHED" // in a command that is not confined: by which mode
	WatchedBy   = "PURITY_WATCHED_BY"   // in the child of a watching purity: the parent's process number
	WatchSocket = "PURITY_WATCH_SOCKET" // the descriptor of a socket to it
	WatchKey    = "PURITY_WATCH_KEY"    // the key of its environment in the cache
	Outer       = "PURITY_OUTER"        // in a shell that entered a project: fingerprints of its values before
	Shims       = "PURITY_SHIMS"        // the shims in front of PATH that direnv or the dev shell looks after
	Project     = "PURITY_PROJECT"      // the project that a shell or a command is in
	Exports     = "PURITY_EXPORTS"      // in a shell that entered a project: which variables it exports for that
	was         = "PURITY_WAS_"         // begins the names of their values before
)

// Called is the call of purity.
type Called struct {
	Environ []string // all of it
	Path    string   // PATH, with directories of shims
	Ignored []string // variables that open something and are not the user's
}

// Take is the one place where this process changes its own environment, before anything
// reads it: variables that are not the user's word are taken out, and PATH has no shims,
// for programs that purity itself starts, such as Nix, is no shim's. It changes the umask, too,
// until [Unmask].
func Take() Called {
	mask()
	c := Called{Path: os.Getenv("PATH")}
	c.Environ, c.Ignored = disown()
	os.Setenv("PATH", withoutShims(c.Path))
	return c
}

// withoutShims is a PATH without directories of shims.
func withoutShims(path string) string {
	var kept []string
	for dir := range strings.SplitSeq(path, ":") {
		if _, err := os.Lstat(filepath.Join(dir, shim.File)); err != nil || dir == "" {
			kept = append(kept, dir)
		}
	}
	return strings.Join(kept, ":")
}

// Self is the file of this program, empty if that cannot be told.
func Self() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	return self
}

// CacheDir is the user's cache directory. A relative XDG_CACHE_HOME does not count (XDG
// Base Directory Specification); a relative HOME would have it be in the project, where
// commands write.
func CacheDir() (string, error) {
	home := os.Getenv("HOME")
	if home != "" && !filepath.IsAbs(home) {
		err := fmt.Errorf("find cache directory: HOME=%s is not an absolute path", home)
		if home, absErr := filepath.Abs(home); absErr == nil {
			return "", words.Hint(err, "if that is meant:  export HOME="+shell.Quote(home))
		}
		return "", err
	}
	if cache := os.Getenv("XDG_CACHE_HOME"); cache != "" && !filepath.IsAbs(cache) && home != "" {
		return filepath.Join(home, ".cache"), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", words.Hint(fmt.Errorf("find cache directory: %w", err), `export HOME="$(getent passwd "$(id -u)" | cut -d: -f6)"`)
	}
	return cache, nil
}
