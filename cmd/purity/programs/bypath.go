package programs

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// ByPath decides of programs that are named by path.
type ByPath struct{ Project, Store string }

// Decides reports whether it is to be decided when it is run whether a program is
// confined. That is known of an absolute path alone: a line can change the directory,
// by a function, too, and outside of projects can lead into one. Directories are where the
// shell goes, and not run.
func (b ByPath) Decides(path string, known bool) bool {
	if !known {
		return true
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return false
	}
	return b.Project == "" || !filepath.IsAbs(path) || b.Confines(path)
}

// Confines reports whether a program is one of the project or the store: its path
// passes through either, by its name or after any link. A link that a command left in
// the project does not make the host's programs the user's own. One that is not there
// yet counts.
//
// Links on the way count as the kernel follows them: after one, ".." is not where the
// name says. So nothing is cleaned, and $PWD, which has such names, not asked.
func (b ByPath) Confines(path string) bool {
	cwd, err := unix.Getwd() // the kernel's, without links
	if err != nil {
		return true
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return false
	}
	return enforce.Passes(cwd, path, b.Project, b.Store, enforce.Real(b.Project), enforce.Real(b.Store))
}
