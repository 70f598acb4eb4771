package shim

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/config"
)

// Stamp tells whether a file changed.
type Stamp struct {
	Path string
	Time int64  // modification, in ns; 0 if there is no file
	Size int64  // in bytes
	Sum  string // SHA-256 of the content, in hexadecimal
}

// Definition are the stamps of those files that define an environment rather
// than being built in it: files in Nix, their locks, and the manifests
// that flakes read.
func Definition(files []string) []Stamp {
	var stamps []Stamp
	budget := hostile.Budget{Bytes: largestAll}
	for _, file := range files {
		if config.Defines(filepath.Base(file)) {
			stamps = append(stamps, stamp(file, &budget))
		}
	}
	slices.SortFunc(stamps, func(a, b Stamp) int { return len(a.Path) - len(b.Path) }) // the flake's own first
	return stamps
}

func stamp(path string, budget *hostile.Budget) Stamp {
	s := Stamp{Path: path}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return s
	}
	s.Time, s.Size, s.Sum = info.ModTime().UnixNano(), info.Size(), sum(path, info.Size(), budget)
	return s
}

// How many bytes are compared of one file and of all together; of others time and size.
const (
	largest    = 64 << 20
	largestAll = 256 << 20
)

// sum is the hash of a file, empty where it is not compared.
func sum(path string, size int64, budget *hostile.Budget) string {
	if size > largest {
		return ""
	}
	sum, err := budget.Sum(path)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(sum[:])
}

// Changed is the first file of the definition that changed, empty
// if there is none.
func (s Set) Changed() string {
	for _, was := range s.Definition {
		info, err := os.Stat(was.Path)
		switch {
		case err != nil && was.Time == 0:
		case err != nil:
			return was.Path
		case info.ModTime().UnixNano() == was.Time && info.Size() == was.Size:
		case info.Size() != was.Size || was.Sum == "" || sum(was.Path, was.Size, &hostile.Budget{Bytes: largest}) != was.Sum:
			return was.Path
		}
	}
	return ""
}
