package confine

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// The next run does not believe files that a command may write: a symbolic link that lies
// there, on the way of a path that purity.toml or a flag names, could have been planted
// to open its target. It is followed only if a person allowed the file with the
// link and the target that it has.

// WritableAlways are the directories that commands of a project write whatever the
// settings say: the project, the private HOME, where TMPDIRs are, and the shared
// directories of level dev, which a run at another level may have had.
func WritableAlways(nix nixeval.Nix, p Project) []string {
	shared := sharedDirs(nix)
	trees := append(p.Trees(), shared...)
	for _, dir := range append(tempParents(nix, shared), privateHome(nix, p)) {
		trees = append(trees, enforce.Real(dir))
	}
	return trees
}

// writableUnder are the directories that commands of a project may write with some
// settings, which file, if there is one, is a part of.
func writableUnder(nix nixeval.Nix, p Project, s Settings, file *config.File) []string {
	trees := WritableAlways(nix, p)
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

func linkLine(e *enforce.LinkError) string { return fmt.Sprintf("%s -> %s", e.Link, e.Target) }

// LinksOf are the symbolic links that a command can have made on the way of the paths
// that a file names, with where these lead.
func LinksOf(nix nixeval.Nix, p Project, file *config.File) []string {
	var links []string
	s, err := NewSettings(file, config.Settings{}, p.Cwd)
	if err != nil {
		return nil // with which nothing runs
	}
	trees := writableUnder(nix, p, s, file)
	for _, path := range file.Paths() {
		found, err := host.Here(file.Base).Expand(path)
		if err != nil {
			continue
		}
		for _, path := range found {
			_, err := enforce.Resolve(path, trees)
			if link := (*enforce.LinkError)(nil); errors.As(err, &link) {
				links = append(links, linkLine(link))
			}
		}
	}
	slices.Sort(links)
	return slices.Compact(links)
}

// Outside is [Ask.Outside] where commands may write some directories.
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
