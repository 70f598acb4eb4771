package main

import (
	"fmt"
	"os"

	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/walls"
)

type gcCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (gcCmd) Help() string {
	return `Garbage collector roots keep cached environments. gc removes the roots and the private
HOME of every project whose directory is gone. The next nix-collect-garbage removes
their store paths. gc removes shims of environments outside the cache 30 days after
they were made. Until then a shell may have them in PATH, where they run nothing;
without them the shell would run the host's programs.`
}

// Run removes files of purity's that belong to no project any more.
func (c gcCmd) Run(a *app) error {
	nix, err := a.nix()
	if err != nil {
		return err
	}
	removed, err := nix.Collect()
	done := gcJSON{Version: form.Version, Removed: []goneJSON{}}
	for _, gone := range removed {
		a.Log.Info().Msgf("removed %s of %s", screen.Plural(gone.Environments, "environment"), gone.Project)
		done.Removed = append(done.Removed, goneJSON(gone))
	}
	if err != nil {
		return err
	}
	if err := os.RemoveAll(walls.Dirs(nix)); err != nil { // purity makes them again when it asks Nix
		return fmt.Errorf("remove directories of git: %w", err)
	}
	shims, err := programs.Collect(nix)
	if shims > 0 {
		a.Log.Info().Msgf("removed the shims of %s", screen.Plural(shims, "environment"))
	}
	if done.Shims = shims; err == nil && c.JSON {
		return screen.PrintJSON(a.Stdout, done)
	}
	if err == nil && len(removed)+shims == 0 {
		a.Log.Info().Msg("nothing to remove: every cached project is still there")
	}
	return err
}
