package cause

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/packages"
	"github.com/nix-purity/purity/nixeval"
)

// having finds the store paths of a closure that have a file, by where in a package it is.
type having struct {
	env   nixeval.Environment
	dirs  map[string][]closure.Path // by a first directory: who has it
	known map[string]closure.Path
	names map[closure.Path]string // of packages, by their derivations
	looks int
	// packages are the paths by the names of their packages.
	packages map[string][]closure.Path
}

// manyLooks are more than are made at files: seconds.
const manyLooks = 1_000_000

func newHaving(env nixeval.Environment) *having {
	return &having{env: env, dirs: map[string][]closure.Path{}, known: map[string]closure.Path{}}
}

// file is the first path of the closure that has one of some files; where several
// have it one that the dev shell names.
func (h *having) file(candidates ...string) (file string, in closure.Path) {
	for _, candidate := range candidates {
		in, ok := h.known[candidate]
		if !ok {
			in = h.look(candidate)
			h.known[candidate] = in
		}
		if in != "" {
			return filepath.Join(string(in), candidate), in
		}
	}
	return "", ""
}

func (h *having) look(file string) (found closure.Path) {
	first, _, _ := strings.Cut(file, "/")
	for _, path := range h.with(first) {
		if h.looks++; h.looks > manyLooks {
			break
		}
		if _, err := os.Stat(filepath.Join(string(path), file)); err != nil {
			continue
		}
		if h.inShell(path) {
			return path
		}
		if found == "" {
			found = path
		}
	}
	return found
}

// with are the paths of the closure that have a directory.
func (h *having) with(dir string) []closure.Path {
	paths, ok := h.dirs[dir]
	if !ok {
		for _, path := range h.env.Paths {
			if _, err := os.Stat(filepath.Join(string(path), dir)); err == nil {
				paths = append(paths, path)
			}
		}
		h.dirs[dir] = paths
	}
	return paths
}

// inShell reports whether programs of the dev shell find the files of a path: a
// variable names it, or the compiler does.
func (h *having) inShell(path closure.Path) bool {
	return h.env.Mentions(path) || strings.Contains(h.compiler(), string(path))
}

// compiler is the paths that the wrapper of the compiler names: the C library.
func (h *having) compiler() string {
	if all, ok := h.known[""]; ok {
		return string(all)
	}
	var b strings.Builder
	for _, wrapper := range h.with("nix-support") {
		for _, name := range []string{"orig-cc", "orig-libc", "orig-libc-dev"} {
			if data, err := os.ReadFile(filepath.Join(string(wrapper), "nix-support", name)); err == nil && h.env.Mentions(wrapper) {
				b.Write(data)
			}
		}
	}
	h.known[""] = closure.Path(b.String())
	return b.String()
}

// attribute is the likely attribute of the package that a store path is of: by
// the derivation where it is known, for outputs have names of their own.
func (h *having) attribute(path closure.Path) string {
	if h.names == nil {
		h.names = map[closure.Path]string{}
		if c, err := h.env.Closure(); err == nil { // else the names of the paths do
			for _, n := range c.Nodes {
				if n.Deriver != "" {
					h.names[n.Path] = packages.Name(n.Deriver.Name())
				}
			}
		}
	}
	if name := h.names[path]; name != "" {
		return packages.Attribute(name)
	}
	return packages.Attribute(packages.Name(path.Name()))
}

// namesake is a path of the closure with the package name of another path.
func (h *having) namesake(of closure.Path) closure.Path {
	if h.packages == nil {
		h.packages = map[string][]closure.Path{}
		for _, path := range h.env.Paths {
			name := packages.Name(path.Name())
			h.packages[name] = append(h.packages[name], path)
		}
	}
	for _, path := range h.packages[packages.Name(of.Name())] {
		if path != of {
			return path
		}
	}
	return ""
}

// multiarch is the directory that Debian has for the libraries of a machine.
var multiarch = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9_]+-linux-[a-z0-9]+/`)
})

// libraryFiles are where a package has a library of the host.
func libraryFiles(path string) []string {
	rest, ok := below(path, "/usr/lib/", "/usr/lib64/", "/usr/lib32/", "/usr/local/lib/", "/lib/", "/lib64/", "/lib32/")
	if !ok {
		rest = filepath.Base(path)
	}
	machine := multiarch().FindString(rest)
	rest = rest[len(machine):]
	return []string{"lib/" + rest, "lib64/" + rest, "lib/" + debian(machine) + rest}
}

// debian is the directory of this machine where a path does not say.
func debian(machine string) string {
	if machine == "" {
		return "x86_64-linux-gnu/"
	}
	return machine
}

// headerFiles are where a package has a header of the host: as it would be
// included, from the directory that a flag named or from the usual ones.
func headerFiles(path, dir string) []string {
	rest, ok := below(path, "/usr/include/", "/usr/local/include/")
	if dir != "" && !ok {
		rest, ok = below(path, strings.TrimSuffix(dir, "/")+"/")
	}
	if !ok {
		if _, after, found := strings.Cut(path, "/include/"); found {
			rest = after
		} else {
			rest = filepath.Base(path)
		}
	}
	machine := multiarch().FindString(rest)
	rest = rest[len(machine):]
	return []string{"include/" + rest, "include/" + debian(machine) + rest}
}

// below is the rest of a path after the first of some directories that it is in.
func below(path string, dirs ...string) (string, bool) {
	for _, dir := range dirs {
		if rest, ok := strings.CutPrefix(path, dir); ok {
			return rest, true
		}
	}
	return "", false
}
