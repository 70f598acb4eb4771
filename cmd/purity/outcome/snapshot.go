package outcome

import (
	"path/filepath"

	"github.com/nix-purity/purity/enforce/inspect"
)

// Snapshot is the state of files that programs outside run or obey later. Its directories in
// the caller's PATH are among that.
func Snapshot(path, project string) inspect.Snapshot {
	var programs []string
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		if dir, err := filepath.Abs(dir); err == nil {
			programs = append(programs, dir)
		}
	}
	return inspect.Take(project, programs)
}
