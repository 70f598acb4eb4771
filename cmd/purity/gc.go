package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/walls"
	"github.com/nix-purity/purity/nixeval"
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

// Run removes what belongs to no project any more.
func (c gcCmd) Run(a *app) error {
	nix, err := a.nix()
	if err != nil {
		return err
	}
	removed, err := nix.Collect()
	done := gcJSON{Version: formVersion, Removed: []goneJSON{}}
	for _, gone := range removed {
		a.Log.Info().Msgf("removed %d environments of %s", gone.Environments, gone.Project)
		done.Removed = append(done.Removed, goneJSON(gone))
	}
	if err != nil {
		return err
	}
	if err := os.RemoveAll(walls.Dirs(nix)); err != nil { // which are made again when Nix is asked
		return fmt.Errorf("remove directories of git: %w", err)
	}
	shims, err := collectShims(nix)
	if shims > 0 {
		a.Log.Info().Msgf("removed %d directories of shims", shims)
	}
	if done.Shims = shims; err == nil && c.JSON {
		return screen.PrintJSON(a.Stdout, done)
	}
	if err == nil && len(removed)+shims == 0 {
		a.Log.Info().Msg("nothing to remove: every cached project is still there")
	}
	return err
}

// shimsLifetime is how long shims are kept that run nothing any more.
const shimsLifetime = 30 * 24 * time.Hour

// collectShims removes the shims of environments that are cached no more.
func collectShims(nix nixeval.Nix) (removed int, err error) {
	files, err := filepath.Glob(filepath.Join(nix.Cache, "projects", "*", "*-*", shim.File))
	if err != nil {
		return 0, fmt.Errorf("list shims: %w", err)
	}
	for _, file := range files {
		info, err := os.Lstat(file)
		if err != nil || time.Since(info.ModTime()) < shimsLifetime {
			continue
		}
		dir := filepath.Dir(file)
		if set, err := shim.Read(dir); err == nil {
			if _, ok := nix.Recall(set.Request.Project, set.Entry); ok || set.Entry == "" {
				continue
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			return removed, fmt.Errorf("remove shims: %w", err)
		}
		removed++
	}
	return removed, nil
}
