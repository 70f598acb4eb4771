package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

type whichCmd struct {
	Program string `arg:"" name:"prog" help:"Name of a program, or its file."`
}

// Help is shown below the flags.
func (whichCmd) Help() string {
	return `Says what the first program of that name in PATH is: a shim, and then which
program of the environment it runs confined, or else that it is not confined.
The exit code is 0 if it is confined, 1 if it is not, 127 if there is none.`
}

// Run says it.
func (c whichCmd) Run(a *app) error {
	file := c.Program
	if !strings.Contains(file, "/") {
		file = nixeval.Find(file, a.path)
	}
	if os.Getenv(activeVariable) != "" && enforce.Confined() && file != "" {
		printf(a.stdout, "%s: %s, confined, as all is here\n", c.Program, file)
		return nil
	}
	if file == "" {
		printf(a.stdout, "%s: not in PATH\n", c.Program)
		return codeError(exitNotFound)
	}
	dir, name := filepath.Dir(file), filepath.Base(file)
	set, err := shim.Read(dir)
	if err != nil {
		printf(a.stdout, "%s: %s, not confined\n", c.Program, file)
		return codeError(1)
	}
	if name == shim.Confined {
		printf(a.stdout, "%s: runs what its arguments say, confined in %s\n", name, set.Request.Project)
		return nil
	}
	nix, err := a.nix()
	if err != nil {
		return err
	}
	env, ok := nix.Recall(set.Request.Project, set.Entry)
	if set.Entry == "" {
		env, err = nix.Resolve(context.Background(), set.Request) // a file that lists store paths
		ok = err == nil
	}
	if !ok {
		return &hintedError{fmt.Errorf("use shims of %s: the environment of %s is cached no more", dir, set.Request), set.Renew}
	}
	printf(a.stdout, "%s: %s, confined\n", name, nixeval.Find(name, env.Path()))
	printf(a.stdout, "  environment  %s, %d store paths\n", env.Source, len(env.Paths))
	printf(a.stdout, "  project      %s\n", set.Request.Project)
	printf(a.stdout, "  shim         %s\n", file)
	return nil
}
