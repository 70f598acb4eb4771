package confine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/walls"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/overlay"
	"github.com/nix-purity/purity/enforce/view"
)

// Overlay is the word for a project that is shown as an overlay.
const Overlay = "overlay"

// overlaid reports whether the project is to be shown as an overlay.
func (s Settings) overlaid() bool { return s.ProjectAs == Overlay }

// overlayable is an error where the settings ask for an overlay and rule it out. The project
// itself is never written instead.
func overlayable(a Ask) error {
	switch {
	case !a.overlaid():
		return nil
	case a.Project.None:
		return words.Hint(errors.New("show the project as an overlay: there is no project"), "remove --no-project, or use --project-as write")
	case !a.Enforced():
		return words.Hint(fmt.Errorf("show the project as an overlay: mode %s confines nothing", a.Mode), "--mode enforce, or use --project-as write")
	case a.View == "false":
		return words.Hint(errors.New("show the project as an overlay: it needs a view, and view is false"), "--view, or use --project-as write")
	case Inside():
		return words.Hint(errors.New("show the project as an overlay: this process is confined already"), "run it outside, or use --project-as write")
	}
	return nil
}

// overAll is an error where a row lets the project be written from above it.
func overAll(project string, policy enforce.Policy) error {
	g, above := view.Layers{Dir: project}.Above(policy)
	if !above {
		return nil
	}
	return words.Hint(fmt.Errorf("show the project as an overlay: %s above it can be written (%s)", g.Path, g.Reason), "grant a directory beside the project, or use --project-as write")
}

// layersOf makes the layers of the project's overlay, in a directory where no command can
// write. purity removes it as it removes the TMPDIR of a run.
func layersOf(p Plan) (view.Layers, error) {
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

// makeOverlay makes the layers of the overlay, if the project is to be one, and opens the
// directory for its changes, nil for none.
func makeOverlay(p *Plan) (*overlay.Directory, error) {
	if !p.overlaid() || !p.inView() {
		return nil, nil
	}
	layers, err := layersOf(*p)
	if err != nil {
		return nil, err
	}
	shown := *p.Sees.View
	shown.Overlay = layers
	p.Sees.View = &shown
	return p.Keeping.open(*p)
}

// projectRow grants the project. Its reason names an overlay.
func projectRow(a Ask, dir string) enforce.Grant {
	reason := projectReason
	if a.overlaid() {
		reason = projectReason + ": overlay"
	}
	return enforce.Grant{Path: dir, Access: enforce.All, Reason: reason, Resolved: true}
}

const projectReason = "project"

// isProject reports whether a grant is that of the project.
func isProject(g enforce.Grant) bool {
	return g.Reason == projectReason || g.Reason == projectReason+": overlay"
}

// Keeping is the use of a command's changes in an overlay of the project.
type Keeping struct {
	Asked bool   // whether a flag asked; then purity reports that nothing changed, too
	Dir   string // the directory that takes the changes, empty to drop them
}

// open opens the directory that takes changes, before anything runs; nil for none.
func (k Keeping) open(a Plan) (*overlay.Directory, error) {
	if k.Dir == "" {
		return nil, nil
	}
	dir, err := filepath.Abs(k.Dir)
	if err == nil {
		dir, err = a.Outside(dir)
	}
	if err == nil {
		err = trees.Writable(a.Nix, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("keep changes: %w", err)
	}
	if info, err := os.Lstat(dir); err == nil && info.Mode()&os.ModeSymlink != 0 { // its own name is followed only where no command made it
		if dir, err = enforce.Resolve(dir, a.WritableTrees()); err != nil {
			return nil, fmt.Errorf("keep changes: %w", err)
		}
	}
	if err := giving(dir, a.Sees.obeyed); err != nil {
		return nil, err
	}
	return overlay.OpenDirectory(filepath.Clean(dir))
}

// giving is an error where programs outside would obey what a directory is given: in a git
// directory every file could be a hook or a configuration.
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
