package main

import (
	"errors"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/words"
)

// keeping are the flags of what becomes of changes in an overlay of the project, which
// they have be one.
type keeping struct {
	Discard     bool   `help:"Show the project as an overlay, and drop what the command changed in it: purity lists that, and the project stays as it is." xor:"changes"`
	KeepChanges string `placeholder:"DIR" type:"path" help:"Show the project as an overlay, and afterwards write what the command changed in it to a directory: a new one, or the project." xor:"changes"`
}

// settings are s with the overlay.
func (k keeping) settings(s config.Settings) (config.Settings, error) {
	switch {
	case !k.Discard && k.KeepChanges == "":
		return s, nil
	case s.ProjectAs != "" && s.ProjectAs != confine.Overlay:
		return s, words.Hint(errors.New("show the project as an overlay: --project-as says otherwise"), "leave --project-as out")
	}
	s.ProjectAs = confine.Overlay
	return s, nil
}

func (k keeping) keeping() confine.Keeping {
	return confine.Keeping{Asked: k.Discard || k.KeepChanges != "", Dir: k.KeepChanges}
}

// stored is the flag of commands that use a chroot store.
type stored struct {
	Store string `placeholder:"DIR" type:"path" help:"Use the chroot store in this directory, as nix --store does; it takes a view."`
}
