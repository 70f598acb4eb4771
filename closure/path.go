package closure

import (
	"fmt"
	"path"
	"strings"
)

// Path is a store path: a store directory, a slash, 32 digits of Nix's
// base 32, a dash and a name. Paths are comparable.
type Path string

const (
	hashLen = 32
	maxName = 211 // MaxPathLen, src/libstore/path.hh
)

// Dir returns the store directory.
func (p Path) Dir() string { return string(p)[:strings.LastIndexByte(string(p), '/')] }

// Base returns the hash and the name.
func (p Path) Base() string { return string(p)[strings.LastIndexByte(string(p), '/')+1:] }

// Hash returns the 32 digits.
func (p Path) Hash() string { return p.Base()[:hashLen] }

// Name returns the name: the part after the hash and its dash.
func (p Path) Name() string { return p.Base()[hashLen+1:] }

// Parse returns s as a store path of storeDir, an absolute directory. A path
// below a store path is an error.
func Parse(storeDir, s string) (Path, error) {
	p, sub, err := Within(storeDir, s)
	if err == nil && (sub != "" || len(s) != len(p)) {
		return "", fmt.Errorf("parse store path %q: it lies below one", s)
	}
	return p, err
}

// Within returns the store path of storeDir that s is or lies below, and the
// rest of s without a leading slash. An s that is not clean is an error: ".."
// could lead out of the store path again.
func Within(storeDir, s string) (p Path, sub string, err error) {
	if len(s) <= len(storeDir)+1 || s[:len(storeDir)] != storeDir || s[len(storeDir)] != '/' || !path.IsAbs(storeDir) {
		return "", "", fmt.Errorf("parse store path %q: outside %s", s, storeDir)
	}
	base, sub, below := strings.Cut(s[len(storeDir)+1:], "/")
	if err := checkBase(base); err != nil {
		return "", "", fmt.Errorf("parse store path %q: %w", s, err)
	}
	if below && path.Clean("/"+sub) != "/"+sub {
		return "", "", fmt.Errorf("parse store path %q: not a clean path", s)
	}
	return Path(s[:len(storeDir)+1+len(base)]), sub, nil
}

// join makes a Path of a base name, as newer formats list them.
func join(storeDir, base string) (Path, error) {
	if err := checkBase(base); err != nil {
		return "", fmt.Errorf("parse store path %q: %w", base, err)
	}
	return Path(storeDir + "/" + base), nil
}

// checkBase holds base to the syntax of Nix (src/libstore/path.cc, checkName),
// by which "." and ".." and names that begin with them and a dash are no names.
//
// go-nix has this check too, but allocates; a warm start does it thousands of
// times. A test holds the two to the same verdict.
func checkBase(base string) error {
	if len(base) <= hashLen || base[hashLen] != '-' {
		return fmt.Errorf("no hash and name")
	}
	for i := range hashLen {
		if !isDigit[base[i]] {
			return fmt.Errorf("%q is no digit of a hash", base[i])
		}
	}
	name := base[hashLen+1:]
	if name == "" || len(name) > maxName {
		return fmt.Errorf("a name has 1 to %d characters, not %d", maxName, len(name))
	}
	for i := range len(name) {
		if !isNameByte[name[i]] {
			return fmt.Errorf("%q cannot be in a name", name[i])
		}
	}
	if first, _, _ := strings.Cut(name, "-"); first == "." || first == ".." {
		return fmt.Errorf("a name cannot be or begin like %q", name)
	}
	return nil
}

var (
	isDigit    = table("0123456789abcdfghijklmnpqrsvwxyz")
	isNameByte = table("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-._?=")
)

func table(chars string) (t [256]bool) {
	for _, c := range []byte(chars) {
		t[c] = true
	}
	return t
}
