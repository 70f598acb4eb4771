package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// What a command may write, the next run does not believe: a symbolic link that lies
// there, on the way of a path that purity.toml or a flag names, could have been planted
// to open what it leads to. It is followed only if a person allowed the file with the
// link and the target that it has.

// writable are the directories that commands of a project write whatever the settings
// say: the project, the private HOME, and where TMPDIRs are.
func writableAlways(nix nixeval.Nix, p project) []string {
	trees := p.trees()
	for _, dir := range append(tempParents(nix), privateHome(nix, p)) {
		trees = append(trees, real(dir))
	}
	return trees
}

// writableTrees are all directories that commands may write, with those that the
// settings let be written. One that is reached by a planted link is not among them.
func (p *plan) writableTrees() []string {
	trees := writableAlways(p.nix, p.project)
	if home, granted, err := p.homeOf(); err == nil && granted {
		trees = append(trees, real(home))
	}
	for _, e := range p.Entries("write") {
		paths, err := host.Here(e.Dir).Expand(e.Value)
		if err != nil {
			continue // which is said where it is granted
		}
		for _, path := range paths {
			if dir, err := enforce.Resolve(path, trees); err == nil {
				trees = append(trees, dir)
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
		return "", &hintedError{err, "name " + link.Target + " itself, or where purity.toml names it: purity allow"}
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
	trees := writableAlways(nix, p)
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

// outside is the file of a report, or another that purity writes, without symbolic
// links on the way. A command can have made one, to have purity write elsewhere.
func (p *plan) outside(name string) (string, error) {
	if name == "-" {
		return name, nil
	}
	dir, err := enforce.Resolve(filepath.Dir(name), p.writableTrees())
	if link := (*enforce.LinkError)(nil); errors.As(err, &link) {
		err = &hintedError{err, "name a file below " + link.Target + " itself"}
	}
	return filepath.Join(dir, filepath.Base(name)), err
}
