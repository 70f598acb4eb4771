package inspect

import (
	"crypto/sha256"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/closure/hostile"
)

// later are files of a project that programs outside run, or that say what they
// run: git, direnv, Nix, editors, make, purity itself.
var later = []string{
	".git/hooks", ".git/config", ".git/modules", ".gitmodules", ".husky", ".pre-commit-config.yaml",
	".envrc", "flake.nix", "flake.lock", "shell.nix", "default.nix", "devenv.nix", "devenv.yaml", "purity.toml",
	".vscode", ".idea", ".nvim.lua", ".exrc", ".vimrc", ".dir-locals.el",
	"Makefile", "makefile", "GNUmakefile", "justfile", "package.json",
}

// Snapshot is what those files were at a time: path to a hash of the content.
type Snapshot map[string][sha256.Size]byte

// Take makes a snapshot of the project.
func Take(dir string) Snapshot {
	s := Snapshot{}
	for _, name := range later {
		filepath.WalkDir(filepath.Join(dir, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil // it is not there
			}
			if rel, err := filepath.Rel(dir, path); err == nil {
				s[rel] = content(path, d)
			}
			return nil
		})
	}
	return s
}

// content is the hash of a file, its mode and, for a link, its target.
func content(path string, d fs.DirEntry) [sha256.Size]byte {
	hash := sha256.New()
	if info, err := d.Info(); err == nil {
		hash.Write([]byte(info.Mode().String()))
	}
	if d.Type()&fs.ModeSymlink != 0 {
		target, _ := os.Readlink(path) // whether it can be read is a difference too
		hash.Write([]byte(target))
	} else if d.Type().IsRegular() {
		if file, err := hostile.Open(path); err == nil { // whether it can be read is a difference, too
			io.Copy(hash, file)
			file.Close()
		}
	}
	return [sha256.Size]byte(hash.Sum(nil))
}

// Change is a file that differs between two snapshots.
type Change struct {
	Path string // relative to the project
	What string // "new", "changed" or "removed"
}

// Changes are what is different now, sorted by path.
func (s Snapshot) Changes(now Snapshot) []Change {
	var changes []Change
	for path, hash := range now {
		if before, ok := s[path]; !ok {
			changes = append(changes, Change{path, "new"})
		} else if before != hash {
			changes = append(changes, Change{path, "changed"})
		}
	}
	for path := range maps.Keys(s) {
		if _, ok := now[path]; !ok {
			changes = append(changes, Change{path, "removed"})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int {
		if a.Path < b.Path {
			return -1
		}
		return 1
	})
	return changes
}
