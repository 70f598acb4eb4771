package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/walls"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/overlay"
	"github.com/nix-purity/purity/enforce/view"
)

// layersOf makes the layers of the project's overlay, in a directory where no command can
// write. purity removes it as it removes the TMPDIR of a run.
func layersOf(p confine.Plan) (view.Layers, error) {
	errs := []error{errors.New("show the project as an overlay: no directory can take the changes")}
	for _, parent := range slices.Backward(trees.TempParents(p.Nix, trees.Shared(p.Nix))) { // on a disk, rather than in memory
		if enforce.Inside(enforce.Real(parent), p.Project.Dir) || p.Closed(parent) != nil {
			continue
		}
		dir, err := walls.MakeTemp(parent)
		if err == nil {
			err = overlay.CanHold(dir)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		upper, work, err := overlay.Make(p.Project.Dir, dir)
		return view.Layers{Dir: p.Project.Dir, Upper: upper, Work: work}, err
	}
	return view.Layers{}, words.Hint(errors.Join(errs...), "set XDG_CACHE_HOME to a directory on a disk")
}

// makeOverlay makes the layers of the overlay, if the settings ask for one, and opens the
// directory for its changes, nil for none.
func makeOverlay(p *confine.Plan) (*overlay.Directory, error) {
	if !p.Overlaid() || !p.InView() {
		return nil, nil
	}
	layers, err := layersOf(*p)
	if err != nil {
		return nil, err
	}
	shown := *p.Sees.View
	shown.Overlay = layers
	p.Sees.View = &shown
	return openKept(*p)
}

// openKept opens the directory for changes before anything runs; nil for none.
func openKept(a confine.Plan) (*overlay.Directory, error) {
	if a.Keeping.Dir == "" {
		return nil, nil
	}
	dir, err := filepath.Abs(a.Keeping.Dir)
	if err == nil {
		dir, err = a.Outside(dir)
	}
	if err == nil {
		err = trees.Writable(a.Nix, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("keep changes: %w", err)
	}
	if info, err := os.Lstat(dir); err == nil && info.Mode()&os.ModeSymlink != 0 { // the directory's own name may be a link, unless a command can have made it
		if dir, err = enforce.Resolve(dir, a.WritableTrees()); err != nil {
			return nil, fmt.Errorf("keep changes: %w", err)
		}
	}
	if err := giving(dir, a.Sees.Obeyed); err != nil {
		return nil, err
	}
	d, err := overlay.OpenDirectory(dir, a.Project.Dir)
	switch {
	case errors.Is(err, overlay.ErrNotEmpty):
		err = words.Hint(err, "name a new directory, or the project: --keep-changes "+shell.Quote(a.Project.Dir))
	case errors.Is(err, os.ErrNotExist):
		err = words.Hint(err, "mkdir -p "+shell.Quote(filepath.Dir(dir)))
	}
	return d, err
}

// giving returns an error if programs outside obey files in a directory: in a git directory
// every new file could be a hook or a configuration.
func giving(dir string, obeyed []string) error {
	here := func(name string) bool {
		_, err := os.Lstat(filepath.Join(dir, name))
		return err == nil
	}
	inGit := slices.ContainsFunc(strings.Split(dir, "/"), func(name string) bool { return strings.EqualFold(name, ".git") })
	if inGit || here("HEAD") && (here("objects") || here("commondir")) || slices.ContainsFunc(obeyed, func(o string) bool { return enforce.Inside(dir, o) }) {
		return words.Hint(fmt.Errorf("keep changes in %s: programs outside obey what is in it", dir), "name a new directory beside it")
	}
	return nil
}
