package shim

import (
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is how many links a shim may be away, as for the kernel.
const maxLinks = 40

// Called reports whether this process was started by the name of a shim, and
// by which, in which directory. Names that begin with purity are purity's own.
//
// It is the file name that counts that the kernel was given, not the one that the
// caller says is the name (argv[0]), which need not have a directory.
func Called(argv0 string) (dir, name string, ok bool) {
	path := executed(argv0)
	if strings.HasPrefix(strings.TrimPrefix(filepath.Base(path), "."), "purity") {
		return "", "", false
	}
	if dir, name, ok := At(path); ok {
		return dir, name, true
	}
	return filepath.Dir(path), filepath.Base(path), true
}

// At is the shim that a file is, or leads to by links: a link to a shim is as good
// as the shim itself.
func At(file string) (dir, name string, ok bool) {
	at := file
	for range maxLinks {
		if _, err := os.Lstat(filepath.Join(filepath.Dir(at), File)); err == nil {
			dir, err := filepath.Abs(filepath.Dir(at))
			return dir, filepath.Base(at), err == nil
		}
		target, err := os.Readlink(at)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(at), target)
		}
		at = target
	}
	return "", "", false
}
