package programs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
)

// Shim is a program that was called by the name of a shim.
type Shim struct {
	confine.Ask
	Command []string
	From    confine.Source
}

// Shim returns the shim called name in dir, with the program it runs with args. Where that
// program runs unconfined, purity becomes it and Shim does not return.
func (h Call) Shim(dir, name string, args []string) (Shim, error) {
	set, err := shim.Read(dir)
	if errors.Is(err, os.ErrNotExist) {
		return Shim{}, words.Hint(fmt.Errorf("run %s: there are no shims in %s, and purity does not go by that name", name, dir), "purity exec -- "+name)
	} else if err != nil {
		err = fmt.Errorf("run %s: %w", name, err)
		if owner := (*shim.OwnerError)(nil); errors.As(err, &owner) {
			err = words.Hint(err, "start a shell with a PATH of your own (su -, sudo -i), or take "+dir+" out of PATH")
		}
		return Shim{}, err
	}
	if name == "bash" && loadsEnvrc(args) {
		return Shim{}, runOutside(h.Environ, name, args)
	}
	if slices.Contains(set.Outside, name) {
		return Shim{}, h.drive(set, dir, name, args)
	}
	command := append([]string{name}, args...)
	if name == shim.ByPath {
		if command, err = launch.CommandLine(args, "exec"); err != nil {
			return Shim{}, err
		}
	}
	nix, err := NixOf(h.Voice, set)
	if err != nil {
		return Shim{}, err
	}
	by := ByPath{set.Request.Project, nix.StoreDir()}
	switch {
	case name == shim.ByPath && !by.Confines(command[0]):
		return Shim{}, launch.Become(command[0], command, h.Environ, "/bin/sh")
	case ownStart(set, name, args, by):
		return Shim{}, runOutside(h.Environ, name, args)
	}
	cwd, err := os.Getwd()
	if err == nil {
		cwd, err = filepath.EvalSymlinks(cwd)
	}
	if err != nil {
		return Shim{}, fmt.Errorf("find working directory: %w", err)
	}
	ask, err := h.Ask(nix, set, dir, cwd)
	return Shim{ask, command, h.from(set, dir)}, err
}
