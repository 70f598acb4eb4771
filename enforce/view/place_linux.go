package view

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// place is the outside file that a path of the view shows.
type place struct {
	path   string // without links
	access enforce.Access
	grant  enforce.Grant // by which it is opened
}

// places returns the files of the policy's grants, directories before their entries, and
// the links on the way there. A closure has thousands of paths, whose names are without
// links; bind alone opens them.
func (j Job) places() (places []place, links []enforce.Link, err error) {
	at := map[string]int{} // in places
	for _, g := range j.Policy.Grants {
		if g.Own || enforce.Inside(g.Path, "/proc") {
			continue
		}
		path := g.Path
		if !closurePath(g) {
			fd, real, stat, err := g.Place()
			switch {
			case err == nil:
				unix.Close(fd)
			case g.Optional && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)):
				continue
			case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR):
				return nil, nil, &enforce.MissingError{Path: g.Path}
			default:
				return nil, nil, fmt.Errorf("show %s: %w", g.Path, err)
			}
			if real == "/" { // a grant of its names; the view has a root directory of its own
				continue
			}
			if real != g.Path || stat.Mode&unix.S_IFMT == unix.S_IFLNK {
				links = append(links, enforce.Links(g.Path)...)
			}
			if stat.Mode&unix.S_IFMT == unix.S_IFLNK || enforce.Inside(real, "/proc") {
				continue
			}
			path = real
			if g.Named != "" && g.Named != path {
				links = append(links, enforce.Links(g.Named)...)
			}
		}
		if n, ok := at[path]; ok {
			places[n].access |= g.Access
			continue
		}
		at[path] = len(places)
		g.Path, g.Resolved = path, true
		places = append(places, place{path, g.Access, g})
	}
	links = slices.DeleteFunc(links, func(l enforce.Link) bool {
		return l.Path == "/bin" || enforce.Inside(l.Path, "/proc") // the view's own, with its sh, and with its processes
	})
	for _, name := range merged {
		target, err := os.Readlink(name)
		dir := filepath.Join("/", target)
		if err == nil && slices.ContainsFunc(places, func(p place) bool { return enforce.Inside(p.path, dir) || enforce.Inside(dir, p.path) }) {
			links = append(links, enforce.Link{Path: name, Target: target})
		}
	}
	slices.SortFunc(places, func(a, b place) int { return strings.Compare(a.path, b.path) })
	return places, links, nil
}

// merged are directories that distributions have merged into /usr. Programs use them to
// name files (the loader, libraries) whose grants have paths below /usr.
var merged = []string{"/lib", "/lib32", "/lib64", "/libx32", "/sbin"}

// binLinks returns links of the view's own /bin, where a distribution has merged it into another
// directory: to the places there, and the links.
func binLinks(places []place, there []enforce.Link) (links []enforce.Link) {
	target, err := os.Readlink("/bin")
	if err != nil {
		return nil
	}
	target = filepath.Join("/", target)
	add := func(name string) {
		links = append(links, enforce.Link{Path: filepath.Join("/bin", name), Target: filepath.Join(target, name)})
	}
	for _, p := range places {
		switch {
		case enforce.Inside(target, p.path):
			entries, err := os.ReadDir(target)
			if err != nil {
				continue // it has none that the command could list
			}
			for _, e := range entries {
				add(e.Name())
			}
		case filepath.Dir(p.path) == target:
			add(filepath.Base(p.path))
		}
	}
	for _, l := range there {
		if filepath.Dir(l.Path) == target {
			add(filepath.Base(l.Path))
		}
	}
	return links
}
