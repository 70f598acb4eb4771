package confine

import (
	"os"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/overlay"
)

// Mark names the confinement of a plan: its policy, and the request that it was made for.
func (p Plan) Mark() string { return p.Policy.Hash() + "-" + p.Identity() }

// Active reports whether this process runs in a confinement made for the very same
// request. Inside, Nix and purity's cache are out of reach, so this has to be known
// without them. The variable alone is only a claim; the kernel is asked too, and whether
// the project is the overlay that is asked for.
func (a Ask) Active() bool {
	_, asked, ok := strings.Cut(os.Getenv(caller.Active), "-")
	return ok && asked == a.Identity() && enforce.Confined() && (!a.Overlaid() || overlay.Mounted(a.Project.Dir))
}

// Inside reports whether this process runs in any confinement of purity's.
func Inside() bool { return os.Getenv(caller.Active) != "" && enforce.Confined() }
