package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// What a command may write, the next run does not believe: a symbolic link that lies
// there, on the way of a path that purity.toml or a flag names, could have been planted
// to open what it leads to. It is followed only if a person allowed the file with the
// link and the target that it has.

// writableAlways are the directories that commands of a project write whatever the
// settings say: the project, the private HOME, and where TMPDIRs are.
func writableAlways(nix nixeval.Nix, p project) []string {
	trees := p.trees()
	for _, dir := range append(tempParents(nix), privateHome(nix, p)) {
		trees = append(trees, enforce.Real(dir))
	}
	return trees
}

// writableTrees are all directories that commands may write, with those that the
// settings let be written. One that is reached by a planted link is not among them.
func (p *plan) writableTrees() []string {
	return writableUnder(p.nix, p.project, p.settings, p.file)
}

// writableUnder are the directories that commands of a project may write with some
// settings, which file, if there is one, is a part of.
func writableUnder(nix nixeval.Nix, p project, s settings, file *config.File) []string {
	trees := writableAlways(nix, p)
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
		if preset, _ := host.FindPreset(name); preset.GitWrite && !p.none {
			for _, g := range host.GitDirs(p.dir, true) {
				trees = append(trees, g.Path)
			}
		}
	}
	return trees
}

// follow is path without symbolic links. Of links that a command can have made it
// follows those that were allowed with the file.
func (p *plan) follow(path string, trees []string) (string, error) {
	to, err := enforce.Resolve(path, trees)
	var link *enforce.LinkError
	if errors.As(err, &link) {
		if slices.Contains(p.allowedLinks(), linkLine(link)) {
			return to, nil
		}
		return "", words.Hint(err, "name "+link.Target+" itself, or where purity.toml names it: purity allow")
	}
	return to, err
}

// allowedLinks are the links of the file that a person allowed as they are now.
func (p *plan) allowedLinks() []string {
	if p.file == nil || p.file.Given {
		return nil
	}
	trust, err := config.OpenTrust()
	if err != nil {
		return nil
	}
	links := linksOf(p.nix, p.project, p.file)
	if !trust.AllowsLinks(p.file, links) {
		return nil
	}
	return links
}

func linkLine(e *enforce.LinkError) string { return fmt.Sprintf("%s -> %s", e.Link, e.Target) }

// linksOf are the symbolic links that a command can have made on the way of the paths
// that a file names, with where these lead.
func linksOf(nix nixeval.Nix, p project, file *config.File) []string {
	var links []string
	s, err := newSettings(file, config.Settings{}, p.cwd)
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

// projectAt is the project of a directory, for commands that evaluate nothing.
func projectAt(dir string) project {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		dir = filepath.Dir(dir)
	}
	return project{dir: upward(dir, definitions[0]), cwd: dir}
}

// strict are grants of paths that neither purity.toml nor a flag names, but a table, a
// variable or a preset. One that leads out of what commands write by a link there is
// left out; one that passes through it is opened without links.
func (p *plan) strict(grants []enforce.Grant, trees []string) []enforce.Grant {
	kept := make([]enforce.Grant, 0, len(grants))
	for _, g := range grants {
		if g.NoFollow || !enforce.Passes("/", g.Path, trees...) {
			kept = append(kept, g)
			continue
		}
		path, err := enforce.Resolve(g.Path, trees)
		if err != nil {
			p.remark(fmt.Sprintf("grant %s (%s): %v; it is left out", g.Path, g.Reason, err))
			continue
		}
		g.Path, g.Resolved = path, true
		kept = append(kept, g)
	}
	return kept
}

// outside is the file of a report, or another that purity writes, without symbolic
// links on the way. A command can have made one, to have purity write elsewhere.
func (p *plan) outside(name string) (string, error) { return outsideOf(p.writableTrees(), name) }

// outsideOf is outside where commands may write some directories.
func outsideOf(trees []string, name string) (string, error) {
	if name == "-" {
		return name, nil
	}
	dir, err := enforce.Resolve(filepath.Dir(name), trees)
	if link := (*enforce.LinkError)(nil); errors.As(err, &link) {
		err = words.Hint(err, "if that is meant, name "+filepath.Join(link.Target, filepath.Base(name))+" itself")
	}
	return filepath.Join(dir, filepath.Base(name)), err
}
