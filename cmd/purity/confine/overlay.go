package confine

import (
	"errors"
	"fmt"

	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/view"
)

// Overlay is the setting that shows the project as an overlay.
const Overlay = "overlay"

// Overlaid reports whether the settings show the project as an overlay.
func (s Settings) Overlaid() bool { return s.ProjectAs == Overlay }

// WithoutOverlay returns what to change for a command without an overlay of the project.
func WithoutOverlay(a Ask) string {
	switch {
	case a.Keeping.Dir != "":
		return "leave --keep-changes out"
	case a.Keeping.Asked:
		return "leave --discard out"
	case a.Shims != "" && a.Flags.ProjectAs == "": // purity.toml says so, and a shim takes no flags of purity
		return "use PURITY_PROJECT_AS=write"
	}
	return "use --project-as write"
}

// withoutView is what to change for a command without a view.
func withoutView(a Ask) string {
	if a.Overlaid() {
		return WithoutOverlay(a)
	}
	return "use --view=false"
}

// overlayable returns an error if the settings ask for an overlay and also rule it out:
// a command never writes the project itself instead.
func overlayable(a Ask) error {
	why, fix := "", ""
	switch {
	case !a.Overlaid():
		return nil
	case a.Project.None:
		why, fix = "there is no project", "remove --no-project, or "
	case !a.Enforced(): // audit and learn have no other mode
		why = "mode " + a.Mode + " confines nothing"
	case a.View == "false":
		why, fix = "it needs a view, and view is false", "--view, or "
	case Inside():
		why, fix = "this process is confined already", "run it outside, or "
	default:
		return nil
	}
	return words.Hint(errors.New("show the project as an overlay: "+why), fix+WithoutOverlay(a))
}

// overAll returns an error if a row allows writing a directory above the project.
func overAll(a Ask, policy enforce.Policy) error {
	g, above := view.Layers{Dir: a.Project.Dir}.Above(policy)
	if !above {
		return nil
	}
	return words.Hint(fmt.Errorf("show the project as an overlay: %s above it can be written (%s)", g.Path, g.Reason), "grant a directory beside the project, or "+WithoutOverlay(a))
}

// projectRow grants the project. Its reason names an overlay.
func projectRow(a Ask, dir string) enforce.Grant {
	reason := projectReason
	if a.Overlaid() {
		reason = projectReason + ": overlay"
	}
	return enforce.Grant{Path: dir, Access: enforce.All, Reason: reason, Resolved: true, Named: a.Project.Named}
}

const projectReason = "project"

// isProject reports whether a grant is that of the project.
func isProject(g enforce.Grant) bool {
	return g.Reason == projectReason || g.Reason == projectReason+": overlay"
}

// Keeping is the use of a command's changes in an overlay of the project.
type Keeping struct {
	Asked bool   // a flag asked, so that purity also reports that nothing changed
	Dir   string // the directory for the changes, empty to drop them
}
