package observe

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// Unenforced is the Landlock version to judge by where nothing is refused, and
// all counts that a policy does not grant.
const Unenforced = math.MaxInt

// judge knows the accesses that a policy grants to a path, quickly.
type judge struct {
	grants  map[string]enforce.Access // by path without links
	network enforce.Network
	abi     int
	// controlled are the accesses that count as denied where no grant has them.
	controlled enforce.Access
	// fixed are directories that nobody may write, so that facts about
	// them stay true: store paths.
	fixed map[string]bool
	// absent are grants of missing paths. They give no rule.
	absent map[string]enforce.Access
	dirs   map[string]string // directories without links, by their names
}

func newJudge(p enforce.Policy, abi int) judge {
	j := judge{grants: make(map[string]enforce.Access, len(p.Grants)), network: p.Network, abi: abi, fixed: map[string]bool{}, absent: map[string]enforce.Access{}, dirs: map[string]string{}}
	if p.Apart && p.Network.None() { // alone in a network
		j.network.Any = true
	}
	if abi > 0 {
		j.controlled = enforce.All | enforce.List
	}
	if !enforce.Upholds(abi, enforce.Connect) {
		j.controlled &^= enforce.Connect
	}
	for _, g := range p.Grants {
		if g.Access != enforce.List || g.Path != "/" { // of a view, which has some directories alone
			j.grant(g)
		}
	}
	return j
}

// grant adds a grant.
func (j *judge) grant(g enforce.Grant) {
	real, link := j.real(g.Path)
	if real == "" {
		j.grantAbsent(g)
	}
	if real == "" || link && g.NoFollow { // it gets no rule
		return
	}
	j.grants[real] |= g.Access
	if g.NoFollow && g.Access&enforce.Write == 0 && real == g.Path {
		j.fixed[g.Path] = true
	}
}

// real is a path without links, empty if nothing is there, and whether the path
// itself is a link. Many grants are for entries of one directory, the store.
func (j *judge) real(path string) (real string, link bool) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", false
	}
	if link = info.Mode()&os.ModeSymlink != 0; link || path == "/" || filepath.Clean(path) != path {
		real, _ = filepath.EvalSymlinks(path)
		return real, link
	}
	dir := above(path)
	within, ok := j.dirs[dir]
	if !ok {
		if within, err = filepath.EvalSymlinks(dir); err != nil {
			return "", false
		}
		j.dirs[dir] = within
	}
	return filepath.Join(within, filepath.Base(path)), false
}

// missing is the denied part of an access to a path without links in it: rules
// of all directories above it add up.
func (j judge) missing(path string, access enforce.Access) enforce.Access {
	access &= j.controlled &^ j.grants[path]
	for access != 0 && path != "/" && path != "." {
		path = above(path)
		access &^= j.grants[path]
	}
	return access
}

// denied is the denied part of an access to a place: reading a directory is listing it.
func (j judge) denied(path string, access enforce.Access, p place) enforce.Access {
	if access == enforce.Read && p.kind() == unix.S_IFDIR && j.missing(path, enforce.List) == 0 {
		return 0
	}
	return j.missing(path, access)
}

// above is the directory of a path that is clean, which is quicker than
// [filepath.Dir].
func above(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

// inside reports whether a path is one of some directories or lies in one, by its name.
func inside(path string, dirs map[string]bool) bool {
	for path != "/" && filepath.IsAbs(path) {
		if dirs[path] {
			return true
		}
		path = above(path)
	}
	return false
}

// port reports whether an address of a network may be used so. Before Landlock's
// ABI 4 and, for UDP, 10 all uses of sockets are open.
func (j judge) port(a address) bool {
	ports := j.network.Connect
	if a.listen {
		ports = j.network.Bind
	}
	listed := slices.Contains(ports, a.port)
	switch {
	case j.network.Any:
		return true
	case strings.HasPrefix(a.protocol, "TCP"):
		return listed || j.abi < 4
	case !strings.HasPrefix(a.protocol, "UDP"):
		return j.abi != Unenforced
	case !a.listen && !a.sends && (listed || a.port == 0):
		return true // getaddrinfo(3) connects to sort addresses, and sends nothing
	}
	return listed && j.network.UDP || j.abi < 10
}

// kind tells the kind of a file by its name.
func kind(path string) string {
	base := filepath.Base(path)
	name, numbers, _ := strings.Cut(base, ".so.")
	switch ext := filepath.Ext(base); {
	case ext == ".so", ext == ".a", name != base && strings.Trim(numbers, "0123456789.") == "":
		return "library"
	case slices.Contains([]string{".h", ".hh", ".hpp", ".hxx", ".h++"}, ext), ext == "" && strings.Contains(path, "/include/"):
		return "header"
	}
	return "data"
}
