package launch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/words"
)

// CommandLine returns the given command without the -- before it.
func CommandLine(given []string, of string) ([]string, error) {
	switch {
	case len(given) > 0 && given[0] == "--":
		given = given[1:]
	case len(given) > 0 && strings.HasPrefix(given[0], "-"):
		return nil, words.Hint(fmt.Errorf("read command line: unknown flag %s", given[0]), "purity "+of+" --help")
	}
	if len(given) == 0 || given[0] == "" {
		return nil, words.Hint(errors.New("run command: none is given"), "purity "+of+" -- make")
	}
	return given, nil
}
