package outcome

import (
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/screen"
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

// maxChanges is how many changes are named for people. Machines get all.
const maxChanges = 40

// SayChanges names files that programs outside run or obey later.
func SayChanges(v screen.Voice, changes []inspect.Change) {
	if len(changes) == 0 {
		return
	}
	v.Log.Warn().Msg("changed files that run or are obeyed later, outside the confinement:")
	for i, c := range changes {
		if i == maxChanges && !v.JSON {
			v.Log.Warn().Msgf("  and %d more; --log-format=json names all", len(changes)-i)
			break
		}
		v.Log.Warn().Msgf("  %s (%s): %s", screen.Printable(c.Path), c.What, c.By)
	}
}
