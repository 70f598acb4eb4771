package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
)

type configCmd struct {
	Check  configCheckCmd  `cmd:"" help:"Check the purity.toml here."`
	Schema configSchemaCmd `cmd:"" help:"Print the JSON Schema of purity.toml, for editors, or of reports."`
}

// Help is shown below the flags.
func (configCmd) Help() string {
	return `purity.toml, in the project or a directory below, has the keys that exec has as
flags:

  level = "dev"
  read = ["~/.config/tool", "/opt/data/*.csv"]
  network = { connect = [443] }
  presets = ["git"]
  env.keep = ["EDITOR"]

A flag counts before a PURITY_ variable, that before the file; lists add up.`
}

type configCheckCmd struct {
	Path string `arg:"" optional:"" default:"." type:"path" help:"Directory, or a file."`
}

// Run says that the file is right, what it opens, and whether that is allowed.
func (c configCheckCmd) Run(a *app) error {
	file, err := fileAt(c.Path)
	if err != nil {
		return err
	}
	screen.Printf(a.Stdout, "%s is right\n", file.Path)
	flags, err := settingsOfVariables()
	if err != nil {
		return err
	}
	wider := file.Widens(confine.LevelOf(flags))
	for _, what := range wider {
		screen.Printf(a.Stdout, "it opens %s\n", what)
	}
	switch err := a.trusted(file, flags, confine.ProjectAt(filepath.Dir(file.Path))); {
	case len(wider) == 0:
		fmt.Fprintln(a.Stdout, "it opens nothing beyond the default policy")
	case err == nil:
		fmt.Fprintln(a.Stdout, "that is allowed")
	case words.Untrusted(err):
		fmt.Fprintln(a.Stdout, "that is not allowed yet: purity allow")
	default:
		return err
	}
	return nil
}

type configSchemaCmd struct {
	Report bool `help:"That of the reports that --report-format json writes."`
}

// Run prints the schema.
func (c configSchemaCmd) Run(a *app) error {
	if c.Report {
		_, err := io.WriteString(a.Stdout, report.Schema)
		return err
	}
	return config.WriteSchema(a.Stdout)
}
