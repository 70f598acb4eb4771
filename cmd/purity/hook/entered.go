package hook

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/nixeval"
)

// requestOf is the environment of a project that shells enter.
func requestOf(p trees.Project) nixeval.Request {
	request := nixeval.Request{Flake: ".", Dir: p.Dir, Project: p.Dir, Locked: true}
	if !exists(filepath.Join(p.Dir, config.Definitions[0])) {
		request.Flake, request.File = "", filepath.Join(p.Dir, config.Definitions[1])
	}
	return request
}

// entered is the project that a shell in dir is in: the nearest upward that was
// allowed. One inside it that was not allowed by itself is a part of it: a command
// that runs confined there can make one. Where none was allowed it is the one that
// Nix would take.
func entered(dir string) (project string, permission allow.Permission, changed string, err error) {
	list, err := allow.Open()
	if err != nil {
		return "", allow.Unknown, "", err
	}
	var first error
	for at := dir; ; at = filepath.Dir(at) {
		if slices.ContainsFunc(config.Definitions, func(name string) bool { return exists(filepath.Join(at, name)) }) {
			permission, changed, err := list.Project(at)
			if err == nil && permission != allow.Unknown {
				return at, permission, changed, nil
			}
			if first == nil {
				first = err
			}
		}
		if at == filepath.Dir(at) {
			return config.ProjectOf(dir), allow.Unknown, "", first
		}
	}
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}
