package doctor

import (
	"errors"
	"os"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
)

// checkShims names the gaps of shims in PATH.
func checkShims(path string) []Check {
	var checks []Check
	for dir := range strings.SplitSeq(path, ":") {
		set, err := shim.Read(dir)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			checks = append(checks, Check{"shims", Error, err.Error(), "leave the project and enter it again"})
		default:
			checks = append(checks, Check{"shims", ok, "programs by name run confined in " + set.Request.Project + "; those of the host that are named by their file do not", "purity shell confines the whole shell"})
		}
	}
	return checks
}

// checkSelf says if commands could replace this program.
func (d Doctor) checkSelf() []Check {
	nix, err := confine.Nix(d.Voice)
	if err != nil {
		return nil // which checkNix says
	}
	if err := programs.SelfClosed(nix); err != nil {
		_, fix, _ := words.Explain(err)
		return []Check{{"purity", warning, err.Error(), fix}}
	}
	return nil
}
