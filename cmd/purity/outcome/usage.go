package outcome

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/enforce/observe"
)

// Uses are the store paths of an environment of which a file was opened.
type Uses struct {
	in    confine.Found
	store closure.Store
	used  map[string]bool
}

// NewUses are none yet.
func NewUses(p confine.Plan) *Uses {
	return &Uses{in: p.Found, store: p.Nix.Store(), used: map[string]bool{}}
}

// Note notes the store paths that a call uses: the one it leads to, and
// those that links on the way are in, for a package may have links alone.
func (u *Uses) Note(e observe.Event) {
	real, name := u.in.StorePath(e.Path), u.in.StorePath(filepath.Clean(e.Name))
	if real != "" {
		u.used[real] = true
	}
	if name == "" || name == real || u.used["\x00"+e.Name] {
		return
	}
	u.used["\x00"+e.Name] = true // looked at
	for range 40 {               // as many links as the kernel follows
		u.used[name] = true
		next, rest := firstLink(u.store, e.Name)
		if next == "" {
			return
		}
		e.Name = filepath.Join(next, rest)
		if name = u.in.StorePath(e.Name); name == "" {
			return
		}
	}
}

// firstLink is the target of the first link in a path, and the part of the path
// after it; empty if there is none.
func firstLink(store closure.Store, path string) (target, rest string) {
	for i := 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		if target, err := os.Readlink(store.At(path[:i])); err == nil {
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(path[:i]), target)
			}
			return target, path[i:]
		}
	}
	return "", ""
}

// report says which of the closure was used, if that is known. It takes all files being
// watched.
func (u *Uses) report(r *report.Report) {
	have, err := u.in.Env.Closure()
	if err != nil {
		return
	}
	for _, n := range have.Nodes {
		r.Paths = append(r.Paths, report.Path{Path: string(n.Path), Size: n.NarSize, Used: u.used[string(n.Path)]})
	}
	slices.SortFunc(r.Paths, func(a, b report.Path) int { return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Path, b.Path)) })
	r.Unused = unused(have, u.in.Env.Declared(), u.used)
}

// unused are the packages of a dev shell no file of which was used, those that it
// declares first. Outputs of one derivation are one package.
func unused(have closure.Closure, declared []closure.Path, used map[string]bool) []report.Unused {
	built := map[closure.Path]bool{}
	for _, n := range have.Nodes {
		if used[string(n.Path)] && n.Deriver != "" {
			built[n.Deriver] = true
		}
	}
	var all []report.Unused
	seen := map[closure.Path]bool{}
	for _, root := range have.Roots {
		node, _ := have.Node(root)
		for _, path := range slices.Concat(declared, node.References) {
			n, there := have.Node(path)
			if seen[path] || path == root || !there || used[string(path)] || built[n.Deriver] || strings.HasPrefix(path.Name(), "stdenv") {
				continue
			}
			seen[path] = true
			all = append(all, report.Unused{Path: string(path), Size: have.ClosureSize(path), Declared: len(declared) == 0 || slices.Contains(declared, path)})
		}
	}
	slices.SortFunc(all, func(a, b report.Unused) int {
		return cmp.Or(-compareBool(a.Declared, b.Declared), cmp.Compare(b.Size, a.Size), cmp.Compare(a.Path, b.Path))
	})
	return all
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
