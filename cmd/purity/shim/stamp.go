package shim

import (
	"crypto/sha256"
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
// than being built in it: what is written in Nix, what pins it, and the manifests
// that flakes read.
func Definition(files []string) []Stamp {
	var stamps []Stamp
	for _, file := range files {
		if config.Defines(filepath.Base(file)) {
			stamps = append(stamps, stamp(file))
		}
	}
	slices.SortFunc(stamps, func(a, b Stamp) int { return len(a.Path) - len(b.Path) }) // the flake's own first
	return stamps
}

func stamp(path string) Stamp {
	s := Stamp{Path: path}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return s
	}
	s.Time, s.Size, s.Sum = info.ModTime().UnixNano(), info.Size(), sum(path)
	return s
}

// largest is how many bytes of a file are compared; of a longer one only time and size.
const largest = 64 << 20

func sum(path string) string {
	data, err := hostile.ReadFile(path, largest)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Changed is the first file of the definition that is not what it was, empty
// if there is none.
func (s Set) Changed() string {
	for _, was := range s.Definition {
		info, err := os.Stat(was.Path)
		switch {
		case err != nil && was.Time == 0:
		case err != nil:
			return was.Path
		case info.ModTime().UnixNano() == was.Time && info.Size() == was.Size:
		case info.Size() != was.Size || sum(was.Path) != was.Sum:
			return was.Path
		}
	}
	return ""
}
