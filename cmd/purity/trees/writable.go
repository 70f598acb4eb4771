package trees

import (
	"errors"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// Always are the directories that commands of a project write whatever the
// settings say: the project, the private HOME, where TMPDIRs are, and the shared
// directories of level dev, which a run at another level may have had.
func Always(nix nixeval.Nix, p Project) []string {
	shared := Shared(nix)
	trees := append(p.Trees(), shared...)
	for _, dir := range append(TempParents(nix, shared), PrivateHome(nix, p)) {
		trees = append(trees, enforce.Real(dir))
	}
	return trees
}

// Under are the directories that commands of a project may write with some
// settings, which file, if there is one, is a part of.
func Under(nix nixeval.Nix, p Project, s config.Effective, file *config.File) []string {
	trees := Always(nix, p)
	add := func(dir, pattern string) {
		paths, err := host.Here(dir).Expand(pattern)
		if err != nil {
			return // which is said where it is granted
		}
		for _, path := range paths {
			if to, err := enforce.Resolve(path, trees); err == nil {
				trees = append(trees, to)
			}
		}
	}
	if s.Opens() != "" {
		for _, e := range s.Entries("home") {
			add(e.Dir, e.Value)
		}
	}
	for _, key := range config.PathKeys {
		if key.Access&enforce.Write != 0 {
			for _, e := range s.Paths(key) {
				add(e.Dir, e.Value)
			}
		}
	}
	if file != nil {
		for _, e := range file.Exceptions {
			if _, port := e.Port(); !port && e.Grants()&enforce.Write != 0 {
				add(e.Dir, e.Path)
			}
		}
	}
	for _, name := range s.Presets {
		if preset, _ := host.FindPreset(name); preset.GitWrite && !p.None {
			for _, g := range host.GitDirs(p.Dir, true) {
				trees = append(trees, g.Path)
			}
		}
	}
	return trees
}

// Outside is the file of a report, or another that purity writes, without symbolic links on
// the way. A command can have made one in the directories that it may write.
func Outside(trees []string, name string) (string, error) {
	if name == "-" {
		return name, nil
	}
	dir, err := enforce.Resolve(filepath.Dir(name), trees)
	if link := (*enforce.LinkError)(nil); errors.As(err, &link) {
		err = words.Hint(err, "if that is meant, name "+filepath.Join(link.Target, filepath.Base(name))+" itself")
	}
	return filepath.Join(dir, filepath.Base(name)), err
}
