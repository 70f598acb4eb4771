package hook

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce"
)

// Exit codes that tell a hook about a line. With 0 the hook also gets the changed line.
const (
	lineAsTyped    = 1 // nothing in it is to be confined
	lineUnread     = 2 // it runs as it was typed, which was said
	lineUnfinished = 3 // it goes on in the next one
)

// Line confines the programs of a line that are run by path and lie in the project or the
// store. It prints the line with a shim before their words, or for zsh those words, with a
// zero byte between them.
func Line(v screen.Voice, language, line string) int {
	project := os.Getenv(caller.Project)
	asTyped := func(err error) int {
		if project == "" { // where nothing need be confined
			return lineAsTyped
		}
		v.Log.Warn().Msg("the line runs unchanged, unconfined: " + err.Error())
		return lineUnread
	}
	nix, err := confine.Nix(v)
	if err != nil {
		return asTyped(err)
	}
	by := ByPath{project, nix.StoreDir()}
	if language == "zsh" {
		words := shell.Named(line, by.decides)
		if len(words) == 0 {
			return lineAsTyped
		}
		fmt.Fprint(v.Stdout, strings.Join(words, "\x00"))
		return 0
	}
	changed, err := shell.Confine(language, line, shim.ByPath, by.decides)
	switch {
	case errors.Is(err, shell.ErrUnfinished) && language == "bash":
		return lineUnfinished
	case err != nil:
		return asTyped(err)
	case changed == line:
		return lineAsTyped
	}
	fmt.Fprintln(v.Stdout, changed)
	return 0
}

// ByPath decides of programs that are named by path.
type ByPath struct{ Project, Store string }

// decides reports whether it is to be decided when it is run whether a program is
// confined. That is known of an absolute path alone: a line can change the directory,
// by a function, too, and outside of projects can lead into one. Directories are where the
// shell goes, and not run.
func (b ByPath) decides(path string, known bool) bool {
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
