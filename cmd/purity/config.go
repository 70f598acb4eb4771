package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce/host"
)

type configCmd struct {
	Check  configCheckCmd  `cmd:"" help:"Check purity.toml, and list the grants that it adds."`
	Schema configSchemaCmd `cmd:"" help:"Print the JSON Schema of purity.toml, for editors, or of reports."`
}

// Help is shown below the flags.
func (configCmd) Help() string {
	return `purity.toml, in the project or a directory below, has a key for most flags of exec:

  level = "dev"
  read = ["~/.config/tool", "/opt/data/*.csv"]
  network = { connect = [443] }
  presets = ["git"]
  env.keep = ["EDITOR"]

A flag counts before a PURITY_ variable, a variable before the file. Lists add up.`
}

type configCheckCmd struct {
	Path string `arg:"" optional:"" default:"." type:"path" help:"Directory of the project, or the path of its purity.toml."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run reports that the file is valid, its grants, and whether it is allowed.
func (c configCheckCmd) Run(a *app) error {
	file, err := config.ReadAt(c.Path)
	if err != nil {
		return err
	}
	for _, pattern := range file.Paths() { // each command would warn, and open nothing by it
		if host.Valid(pattern) { // one that is called so is right, too
			continue
		}
		if _, err := host.Here(file.Base).Expand(pattern); errors.Is(err, path.ErrBadPattern) {
			return fmt.Errorf("check %s: %q: %w", file.Path, pattern, err)
		}
	}
	flags, err := settingsOfVariables()
	if err != nil {
		return err
	}
	wider := file.Widens(confine.LevelOf(flags))
	err = a.trusted(file, flags, trees.ProjectAt(filepath.Dir(file.Path)))
	if err != nil && len(wider) > 0 && !words.Untrusted(err) {
		return err
	}
	expired := slices.DeleteFunc(slices.Clone(file.Exceptions), func(e config.Exception) bool { return !e.Expired(time.Now()) })
	if c.JSON {
		checked := checkedJSON{Version: form.Version, File: file.Path, Opens: append([]string{}, wider...), Allowed: len(wider) == 0 || err == nil}
		for _, e := range expired {
			checked.Expired = append(checked.Expired, e.Origin)
		}
		return screen.PrintJSON(a.Stdout, checked)
	}
	screen.Printf(a.Stdout, "%s is right\n", file.Path)
	for _, e := range expired {
		screen.Printf(a.Stdout, "its exception at %s for %s held until %s\n", e.Origin, e.Path, e.Until)
	}
	for _, what := range wider {
		screen.Printf(a.Stdout, "it opens %s\n", what)
	}
	switch {
	case len(wider) == 0:
		fmt.Fprintln(a.Stdout, "it opens nothing beyond the default policy")
	case err == nil:
		fmt.Fprintln(a.Stdout, "that is allowed")
	default:
		fmt.Fprintln(a.Stdout, "that is not allowed yet: purity allow")
	}
	return nil
}

type configSchemaCmd struct {
	Of     string `arg:"" optional:"" name:"of" default:"purity.toml" help:"Document that the schema describes: purity.toml, report, or a command with --json, such as policy or config-check."`
	Report bool   `help:"Print the schema of --report-format json, as the argument report does."`
}

// Run prints the schema.
func (c configSchemaCmd) Run(a *app) error {
	if _, ok := forms[c.Of]; ok && !c.Report {
		return form.WriteSchema(a.Stdout, c.Of, forms[c.Of])
	}
	if c.Report || c.Of == "report" {
		_, err := io.WriteString(a.Stdout, report.Schema)
		return err
	}
	if c.Of != config.Name {
		names := append(slices.Sorted(maps.Keys(forms)), config.Name, "report")
		hint := "there is one of " + strings.Join(names, ", ")
		if nearest := config.Nearest(c.Of, names); nearest != "" {
			hint = "did you mean purity config schema " + nearest + "?"
		}
		return words.Hint(fmt.Errorf("print schema: there is none of %q", c.Of), hint)
	}
	return config.WriteSchema(a.Stdout)
}
