package packages

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
)

// fromLists finds the packages of files in Debian and the like. Dpkg keeps a list of each
// package's files, as NAME.list or NAME:ARCHITECTURE.list. To ask dpkg-query takes twenty times
// as long: it reads all that dpkg knows about every package. Lists that a command can write are
// not believed.
func (t Tools) fromLists(ctx context.Context, paths []string, found map[string]string) {
	if len(paths) == 0 || t.writable(t.dpkg) {
		return
	}
	by := map[string]string{}
	for _, path := range paths {
		by[path] = path
		if old, ok := strings.CutPrefix(path, "/usr/"); ok { // a directory that was merged into /usr
			by["/"+old] = path
		}
	}
	entries, _ := hostile.List(t.dpkg, maxLists)
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".list")
		if !ok {
			continue
		}
		if ctx.Err() != nil {
			return
		}
		list, _ := hostile.ReadFile(filepath.Join(t.dpkg, e.Name()), maxList)
		for line := range bytes.Lines(list) {
			if path := by[string(bytes.TrimSuffix(line, []byte("\n")))]; path != "" && found[path] == "" {
				name, _, _ = strings.Cut(name, ":")
				found[path] = name + " (dpkg)"
			}
		}
	}
}

// Far more than a system has: of all files about packages, and bytes of a list.
const (
	maxLists = 1 << 20
	maxList  = 64 << 20
)
