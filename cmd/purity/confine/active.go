package confine

import (
	"os"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/overlay"
)

// Mark names the confinement of a plan: its policy, and its request.
func (p Plan) Mark() string { return p.Policy.Hash() + "-" + p.Identity() }

// Active reports whether this process runs in a confinement made for the same request.
// Inside, Nix and purity's cache are out of reach, so Active uses neither. The variable
// alone is only a claim, so Active also asks the kernel, and looks for the overlay of the
// project if a wants one.
func (a Ask) Active() bool {
	_, asked, ok := strings.Cut(os.Getenv(caller.Active), "-")
	return ok && asked == a.Identity() && enforce.Confined() && (!a.Overlaid() || overlay.Mounted(a.Project.Dir))
}

// Inside reports whether this process runs in any confinement of purity's.
func Inside() bool { return os.Getenv(caller.Active) != "" && enforce.Confined() }
