package main

import (
	"fmt"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/words"
)

// keeping are the flags for changes in an overlay of the project. Each asks for the overlay.
type keeping struct {
	Discard     bool   `help:"Show the project as an overlay; list the command's changes, and drop them." xor:"changes"`
	KeepChanges string `placeholder:"DIR" type:"directory" help:"Show the project as an overlay; list the command's changes, and write them to a new directory or the project." xor:"changes"`
}

// settings returns s with the overlay, if a flag asks for it.
func (k keeping) settings(s config.Settings) (config.Settings, error) {
	switch {
	case !k.Discard && k.KeepChanges == "":
		return s, nil
	case s.ProjectAs != "" && s.ProjectAs != confine.Overlay:
		return s, words.Hint(fmt.Errorf("show the project as an overlay: --project-as is %s", s.ProjectAs), "remove --project-as")
	}
	s.ProjectAs = confine.Overlay
	return s, nil
}

func (k keeping) keeping() confine.Keeping {
	return confine.Keeping{Asked: k.Discard || k.KeepChanges != "", Dir: k.KeepChanges}
}

// stored is the flag of commands that use a chroot store.
type stored struct {
	Store string `placeholder:"DIR" type:"directory" help:"Use the chroot store in this directory, as nix --store does; needs --view."`
}
