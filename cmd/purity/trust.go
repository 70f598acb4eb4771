package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
)

type allowCmd struct {
	Dir string `arg:"" optional:"" default:"." type:"path" help:"Directory of the project, or the file."`
}

// Help is shown below the flags.
func (allowCmd) Help() string {
	return `A purity.toml that opens more than the default policy does is applied only after
this, and an edit revokes it: whoever sends you a project could else open your
files. Where nobody can be asked, set PURITY_TRUST to the hash that is printed,
which is the one of sha256sum.`
}

// Run shows what the file opens and remembers that it may.
func (c allowCmd) Run(a *app) error {
	file, err := fileAt(c.Dir)
	if err != nil {
		return err
	}
	trust, err := config.OpenTrust()
	if err != nil {
		return err
	}
	wider := file.Widens()
	if len(wider) == 0 {
		fmt.Fprintf(a.stdout, "%s opens nothing beyond the default policy; it need not be allowed\n", file.Path)
		return nil
	}
	if err := trust.Allow(file); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "allowed %s, sha256 %s:\n", file.Path, file.Hash())
	for _, what := range wider {
		fmt.Fprintln(a.stdout, "  "+what)
	}
	return nil
}

type denyCmd struct {
	Dir string `arg:"" optional:"" default:"." type:"path" help:"Directory of the project, or the file."`
}

// Run forgets what was allowed of the file, whatever is in it.
func (c denyCmd) Run(a *app) error {
	trust, err := config.OpenTrust()
	if err != nil {
		return err
	}
	path := real(c.Dir)
	if filepath.Base(path) != config.Name {
		path = filepath.Join(upward(path, config.Name), config.Name)
	}
	forgotten, err := trust.Deny(path)
	if err == nil && forgotten == 0 {
		fmt.Fprintln(a.stdout, "nothing was allowed of "+path)
	} else if err == nil {
		fmt.Fprintln(a.stdout, "denied "+path)
	}
	return err
}

// fileAt reads the purity.toml of a directory, or one that is named.
func fileAt(path string) (*config.File, error) {
	path = real(path)
	root := "/"
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	} else if !info.IsDir() {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read settings: %w", err)
		}
		return config.Parse(path, data)
	}
	file, err := config.Find(path, root)
	if err == nil && file == nil {
		err = fmt.Errorf("read settings: there is no %s in %s or above", config.Name, path)
	}
	return file, err
}

// trusted is the error for a file that opens more than the default and was
// not allowed, nil for any other.
func trusted(file *config.File) error {
	if file == nil {
		return nil
	}
	trust, err := config.OpenTrust()
	if err != nil {
		return err
	}
	if trust.Allows(file, os.Getenv("PURITY_TRUST")) {
		return nil
	}
	return &hintedError{
		fmt.Errorf("use %s: it opens more than the default policy and was not allowed: %s", file.Path, strings.Join(file.Widens(), "; ")),
		"look at it, then: purity allow",
	}
}

// untrusted reports whether err is that of trusted.
func untrusted(err error) bool {
	var hinted *hintedError
	return errors.As(err, &hinted)
}
