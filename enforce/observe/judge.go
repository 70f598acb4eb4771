package observe

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/enforce"
)

// judge knows what a policy allows with a path, quickly.
type judge struct {
	grants  map[string]enforce.Access // by path without links
	network enforce.Network
	// controlled is what counts as refused where it is not granted.
	controlled enforce.Access
	// fixed are directories that nobody may write, so that what is known of
	// them stays true: store paths.
	fixed map[string]bool
}

func newJudge(p enforce.Policy, controlled enforce.Access) judge {
	j := judge{grants: make(map[string]enforce.Access, len(p.Grants)), network: p.Network, controlled: controlled, fixed: map[string]bool{}}
	for _, g := range p.Grants {
		if g.NoFollow {
			if info, err := os.Lstat(g.Path); err == nil && info.Mode()&os.ModeSymlink != 0 {
				continue // it gets no rule
			}
		}
		if real, err := filepath.EvalSymlinks(g.Path); err == nil {
			j.grants[real] |= g.Access
			if g.NoFollow && g.Access&enforce.Write == 0 {
				j.fixed[g.Path] = true
			}
		}
	}
	return j
}

// allowed is what may be done with a path that has no links in it: rules of
// all directories above it add up.
func (j judge) allowed(path string) enforce.Access {
	allowed := j.grants[path]
	for path != "/" && path != "." {
		path = filepath.Dir(path)
		allowed |= j.grants[path]
	}
	return allowed
}

// isFixed reports whether a path lies in a fixed directory, by its name.
func (j judge) isFixed(path string) bool {
	for path != "/" && path != "." {
		if j.fixed[path] {
			return true
		}
		path = filepath.Dir(path)
	}
	return false
}

// port reports whether a port may be connected to, or listened at.
func (j judge) port(port uint16, bind bool) bool {
	ports := j.network.Connect
	if bind {
		ports = j.network.Bind
	}
	for _, p := range ports {
		if p == port {
			return true
		}
	}
	return j.network.Any
}

// kind says what a path is, as far as its name does.
func kind(path string, access enforce.Access) string {
	base := filepath.Base(path)
	switch {
	case access&enforce.Execute != 0:
		return "program"
	case access&enforce.Connect != 0:
		return "socket"
	case strings.HasSuffix(base, ".so") || strings.Contains(base, ".so.") || strings.HasSuffix(base, ".a"):
		return "library"
	case strings.HasSuffix(base, ".h") || strings.HasSuffix(base, ".hpp") || strings.HasSuffix(base, ".hh"):
		return "header"
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "directory"
	}
	return "data"
}
