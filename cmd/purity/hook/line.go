package hook

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
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
	by := programs.ByPath{Project: project, Store: nix.StoreDir()}
	if language == "zsh" {
		words := shell.Named(line, by.Decides)
		if len(words) == 0 {
			return lineAsTyped
		}
		fmt.Fprint(v.Stdout, strings.Join(words, "\x00"))
		return 0
	}
	changed, err := shell.Confine(language, line, shim.ByPath, by.Decides)
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
