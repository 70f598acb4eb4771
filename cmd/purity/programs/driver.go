package programs

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// drive replaces purity by a program that drives Nix, unconfined. The programs that
// it starts by name are confined by their shims. Nix alone finds the user's own programs:
// the hook of the shell that Nix enters makes its shims.
func (h Call) drive(set shim.Set, dir, name string, args []string) error {
	files, err := Driver(name)
	if err != nil {
		return err
	}
	nix, err := NixOf(h.Voice, set)
	if err != nil {
		return err
	}
	if err := h.unwritten(nix, set, dir, files); err != nil {
		return fmt.Errorf("run %s unconfined: %w", name, err)
	}
	environ := h.Environ
	if name == "nix" || strings.HasPrefix(name, "nix-") {
		environ = append(launch.Without(slices.Clone(environ), "PATH"), "PATH="+os.Getenv("PATH")) // which has no shims
	}
	return launch.Become(files[0], append(append([]string{name}, files[1:]...), args...), environ, "/bin/sh")
}

// unwritten is an error where a command that shims run could have written one of some files
// or a link to it.
func (h Call) unwritten(nix nixeval.Nix, set shim.Set, dir string, files []string) error {
	ask, err := h.Ask(nix, set, dir, set.Request.Project)
	if err != nil {
		return err
	}
	plan, err := ask.Resolve(context.Background(), h.FromShims(set, dir))
	h.Warn(plan.Warnings...)
	if err != nil {
		return err
	}
	for _, file := range files {
		for _, path := range []string{file, enforce.Real(file)} {
			if err := plan.Closed(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// NixOf is Nix with the store of a set of shims.
func NixOf(v screen.Voice, set shim.Set) (nixeval.Nix, error) {
	if set.Store != "" {
		return confine.NixOf(v, set.Store)
	}
	return confine.Nix(v)
}

// Driver is the file of a program outside of shims. Before it stands the interpreter
// that its first line has env look up, which else would be a shim.
func Driver(name string) ([]string, error) {
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

// withDrivers are the names of shims, those of the programs that drive Nix included.
func withDrivers(programs, outside []string) []string {
	all := slices.Concat(programs, outside)
	slices.Sort(all)
	return slices.Compact(all)
}
