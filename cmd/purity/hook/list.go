package hook

import (
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
)

// List prints the programs that the shims in PATH confine, and reports whether anything is
// confined.
func List(h programs.Call) (confined bool, err error) {
	if confine.Inside() {
		screen.Printf(h.Stdout, "all programs are confined here\n")
		return true, nil
	}
	dir := programs.ShimsIn(h.Path)
	if dir == "" {
		screen.Printf(h.Stdout, "there are no shims in PATH: nothing is confined\n")
		return false, nil
	}
	set, err := shim.Read(dir)
	if err != nil {
		return false, err
	}
	always := slices.DeleteFunc(shim.Programs(dir), func(name string) bool {
		return slices.Contains(set.Outside, name) || slices.Contains(set.Starters, name)
	})
	for _, part := range []struct {
		what  string
		names []string
	}{
		{"confined in " + set.Request.Project, always},
		{"confined where they start something of the project", set.Starters},
		{"your own when you type them", set.Own},
	} {
		if len(part.names) > 0 {
			screen.Printf(h.Stdout, "%s, %d:\n  %s\n", part.what, len(part.names), strings.Join(part.names, " "))
		}
	}
	return true, nil
}
