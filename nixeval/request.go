package nixeval

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/nixeval/inputs"
)

// Request says which dev environment is wanted. At most one of File, Roots,
// ClosureFile and FromEnv is set; with none of them Flake is evaluated.
type Request struct {
	// Flake is a flake reference with an optional "#attribute", as
	// `nix develop` takes it. Empty means ".".
	Flake string
	// File is a Nix file that evaluates to a dev shell (no flake), and Attr
	// the attribute of it, empty for the file's own value.
	File, Attr string
	// Roots are store paths, or paths below one or links to one, whose
	// closure is wanted.
	Roots []string
	// ClosureFile lists store paths, one a line, as the store-paths file of
	// nixpkgs' closureInfo does.
	ClosureFile string
	// FromEnv takes the dev shell that is active in Nix.Environ and Dir,
	// without any evaluation.
	FromEnv bool
	// With are files like ClosureFile with store paths that are to be in the
	// closure besides ([Environment.With]).
	With []string

	// Dir is the absolute directory that relative references start from.
	Dir string
	// Project is the absolute directory on whose behalf the environment is
	// resolved; cached entries belong to it.
	Project string
	// Overrides are pairs of flake input and reference, as
	// `nix develop --override-input` takes them.
	Overrides [][2]string
	// Impure lets the evaluation read the environment and any file. It also
	// makes it uncacheable.
	Impure bool
	// Locked has the evaluation fail where flake.lock would have to change
	// ([Nix.Lock]).
	Locked bool
	// Refresh ignores the cache.
	Refresh bool
}

// String names the request in messages: the installable, file or store path.
func (r Request) String() string {
	switch {
	case r.FromEnv:
		return "the active shell"
	case r.ClosureFile != "":
		return r.ClosureFile
	case len(r.Roots) > 0:
		return strings.Join(r.Roots, " ")
	case r.File != "" && r.Attr != "":
		return r.File + "#" + r.Attr
	case r.File != "":
		return r.File
	}
	return cmp.Or(r.Flake, ".")
}

// flakeRef is a flake reference cut into the parts that purity looks at.
type flakeRef struct {
	ref   string // without the attribute
	attr  string
	path  string // absolute directory for a reference to a local tree, else ""
	local string // the same, also where a query asks for more than the tree
	tree  bool   // written path:, so that Nix copies the whole directory, not the tracked files
}

// parseFlakeRef cuts s. Only references whose tree can be looked at without
// Nix have a path; a query (?ref=, ?rev=, ?submodules=) asks for something
// else than the work tree, so it counts as remote.
func parseFlakeRef(s, dir string) flakeRef {
	ref, attr, _ := strings.Cut(cmp.Or(s, "."), "#")
	f := flakeRef{ref: cmp.Or(ref, "."), attr: attr}
	local := f.ref
	switch {
	case strings.HasPrefix(f.ref, "path:"):
		local, f.tree = strings.TrimPrefix(f.ref, "path:"), true
	case strings.HasPrefix(f.ref, "git+file:"):
		local = strings.TrimPrefix(strings.TrimPrefix(f.ref, "git+file:"), "//")
	case !strings.HasPrefix(f.ref, ".") && !strings.HasPrefix(f.ref, "/"):
		return f // a registry name or a URL
	}
	local, query, _ := strings.Cut(local, "?")
	for part := range strings.SplitSeq(query, "&") {
		if below, ok := strings.CutPrefix(part, "dir="); ok {
			local += "/" + below
		}
	}
	if strings.Contains(local, "%") {
		return f
	}
	if !filepath.IsAbs(local) {
		local = filepath.Join(dir, local)
	}
	if f.local = filepath.Clean(local); !strings.Contains(f.ref, "?") {
		f.path = f.local
	}
	return f
}

// installable is the argument for nix: "REF#attr" with the attribute only
// where the user wrote one, so that Nix's own search order applies.
func (f flakeRef) installable() string {
	if f.attr == "" {
		return f.ref
	}
	return fmt.Sprintf("%s#%s", f.ref, f.attr)
}

// Identity is the same for requests that ask for the same environment of the
// same project, wherever in it they are made. Further strings can be joined.
func (r Request) Identity(more ...string) string {
	ref := parseFlakeRef(r.Flake, r.Dir)
	where := ref.ref
	if ref.path != "" {
		where = ref.path
		if dir, _, err := inputs.FindFlake(ref.path); err == nil {
			where = dir
		}
	}
	parts := []string{r.Project, where, ref.attr, r.File, r.Attr, r.ClosureFile, fmt.Sprint(ref.tree, r.FromEnv, r.Impure)}
	parts = append(parts, fmt.Sprint(len(r.Roots)))
	parts = append(parts, r.Roots...)
	parts = append(parts, fmt.Sprint(len(r.With)))
	parts = append(parts, r.With...)
	for _, o := range r.Overrides {
		parts = append(parts, o[0], o[1])
	}
	return hashOf(append(parts, more...)...)
}
