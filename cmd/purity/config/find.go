package config

import (
	"os"
	"path/filepath"
)

// Definitions are the files that define an environment, the first counts.
var Definitions = []string{"flake.nix", "shell.nix"}

// Upward looks for anchor or .git in dir and above it; dir itself is the answer where
// there is neither.
func Upward(dir, anchor string) string {
	for at := dir; ; at = filepath.Dir(at) {
		for _, name := range []string{anchor, ".git"} {
			if _, err := os.Lstat(filepath.Join(at, name)); name != "" && err == nil {
				return at
			}
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// ProjectOf is the directory of the project that a shell in dir would enter, the nearest
// with a flake.nix or shell.nix, or empty. As Nix does, it looks no further than the root
// of a repository.
func ProjectOf(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		for _, name := range Definitions {
			if info, err := os.Stat(filepath.Join(at, name)); err == nil && info.Mode().IsRegular() {
				return at
			}
		}
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil || at == filepath.Dir(at) {
			return ""
		}
	}
}

// Defines reports whether a file defines an environment rather than being built in it,
// by its name: files in Nix, their locks, and the manifests that flakes
// read. Name itself does not: it counts as it is.
func Defines(name string) bool {
	switch filepath.Ext(name) {
	case ".nix", ".lock", ".toml":
		return name != Name
	}
	switch name {
	case "nix.conf", "package.json", "package-lock.json", "pnpm-lock.yaml", "requirements.txt":
		return true
	}
	return false
}
