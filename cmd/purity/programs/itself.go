package programs

import (
	"fmt"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// Call and shims start purity later, unconfined. So purity must not be a file that a
// command could replace.

// projectAround is the project that a path is in, so that commands may write it; empty if
// there is none.
func projectAround(nix nixeval.Nix, path string) string {
	for at := path; at != "/" && at != "."; at = filepath.Dir(at) {
		for _, mark := range append([]string{".git"}, config.Definitions...) {
			if exists(filepath.Join(at, mark)) && (trees.Project{Dir: at}).Check(nix) == nil {
				return at
			}
		}
	}
	return ""
}

// SelfClosed is an error if this program is in a project: a command could replace it, and
// a hook or a shim would start the replacement.
func SelfClosed(nix nixeval.Nix) error {
	self := caller.Self()
	if at := projectAround(nix, self); at != "" {
		return words.Hint(fmt.Errorf("use %s in hooks and shims: it is in the project %s, whose commands may replace it", self, at), selfHint)
	}
	return nil
}

const selfHint = "install purity outside of projects: nix profile install, or copy it to ~/.local/bin"
