package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// drive replaces purity by a program that drives Nix, unconfined. The programs that
// it starts by name are confined by their shims. Nix alone finds the user's own: what
// it starts comes from the hook of the shell that it enters.
func (a *app) drive(set shim.Set, dir, name string, args []string) error {
	files, err := driver(name)
	if err != nil {
		return err
	}
	nix, err := a.nix()
	if err != nil {
		return err
	}
	p, err := a.planOf(nix, set, dir, set.Request.Project)
	if err == nil {
		err = p.recall()
	}
	if err == nil {
		err = p.confine()
	}
	for _, file := range files {
		if err == nil {
			err = p.unwritten(file)
		}
	}
	if err != nil {
		return fmt.Errorf("run %s unconfined: %w", name, err)
	}
	environ := a.calling
	if name == "nix" || strings.HasPrefix(name, "nix-") {
		environ = append(without(slices.Clone(environ), "PATH"), "PATH="+os.Getenv("PATH")) // which has no shims
	}
	return become(files[0], append(append([]string{name}, files[1:]...), args...), environ, "/bin/sh")
}

// unwritten is an error where a confined command could have written a file or a link
// to it.
func (p *plan) unwritten(file string) error {
	for _, path := range []string{file, enforce.Real(file)} {
		if err := p.shimsClosed(path); err != nil {
			return err
		}
	}
	return nil
}

// driver is the file of a program outside of shims. Before it stands the interpreter
// that its first line has env look up, which else would be a shim.
func driver(name string) ([]string, error) {
	path := os.Getenv("PATH")
	file := nixeval.Find(name, path)
	if file == "" {
		return nil, &words.AbsentError{Name: name, Source: "this machine"}
	}
	line := strings.Fields(firstLine(file))
	if len(line) != 2 || line[0] != "#!/usr/bin/env" {
		return []string{file}, nil
	}
	interpreter := nixeval.Find(line[1], path)
	if interpreter == "" {
		return nil, &words.AbsentError{Name: line[1], Source: "this machine"}
	}
	return []string{interpreter, file}, nil
}

// firstLine is the first line of a file, as far as the kernel reads it, empty if it
// cannot be read.
func firstLine(name string) string {
	file, err := hostile.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close()
	line, _ := bufio.NewReaderSize(file, 256).ReadSlice('\n')
	return string(line)
}

// whichDriver says where a program runs that has a shim but is not confined.
func (a *app) whichDriver(name string) error {
	files, err := driver(name)
	if err != nil {
		screen.Printf(a.Stdout, "%s: not in PATH\n", name)
		return codeError(words.NotFound)
	}
	screen.Printf(a.Stdout, "%s: %s, not confined: it drives Nix\n", name, files[len(files)-1])
	return codeError(1)
}

// withDrivers are the names of shims, those of the programs that drive Nix included.
func withDrivers(programs, outside []string) []string {
	all := slices.Concat(programs, outside)
	slices.Sort(all)
	return slices.Compact(all)
}
