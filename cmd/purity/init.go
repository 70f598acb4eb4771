package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/starter"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
)

type initCmd struct {
	CI     string `name:"ci" enum:"github,gitlab," default:"" placeholder:"github|gitlab" help:"Write a CI job that audits each change, in place of purity.toml."`
	DryRun bool   `help:"Print the files and lines, and write nothing."`
}

// Help is shown below the flags.
func (initCmd) Help() string {
	return `Writes purity.toml with every key explained and commented out, adds "use purity" to
an existing .envrc, and prints the lines that confine your shell and the dev shells that
it finds (mkShell, devenv, devshell), each with its place.

init changes no other existing file and writes nothing outside of the project. You can
run it again without harm.`
}

// Run writes the files that are missing, and prints the next steps.
func (c *initCmd) Run(a *app) error {
	found, err := trees.FindProject("", config.Definitions[0])
	if err != nil {
		return err
	}
	nix, err := a.nix()
	if err != nil {
		return err
	}
	if err := found.Check(nix); err != nil {
		return err
	}
	root, err := os.OpenRoot(found.Dir)
	if err != nil {
		return fmt.Errorf("open project: %w", err)
	}
	defer root.Close()
	project := starter.Project{Root: root}
	plan, err := c.plan(project)
	if err != nil {
		return err
	}
	for _, file := range plan.Files {
		if err := c.write(a.Stdout, project, file); err != nil {
			return err
		}
	}
	for _, note := range plan.Notes {
		fmt.Fprintf(a.Stdout, "\n%s:\n\n%s", note.Where, indented(note.Lines))
	}
	c.next(a.Stdout, project)
	return nil
}

func (c *initCmd) plan(project starter.Project) (starter.Plan, error) {
	if _, evaluated := project.Source(); c.CI != "" && !evaluated {
		command, _ := project.Build()
		return starter.Plan{}, words.Hint(errors.New("write job: there is none for devenv yet"), "in one of yours:  devenv shell -- purity audit --from-env --fail -- "+command)
	}
	if c.CI != "" {
		return project.CI(c.CI), nil
	}
	home, _ := os.UserHomeDir() // without a home there is no start-up file
	return project.Begin(os.Getenv("SHELL"), home)
}

// write writes a file if it is missing, and prints the outcome.
func (c *initCmd) write(out io.Writer, project starter.Project, file starter.File) error {
	switch {
	case file.Done && file.Append:
		fmt.Fprintf(out, "%s has the line already\n", file.Name)
	case file.Done:
		fmt.Fprintf(out, "%s is there already, and left as it is\n", file.Name)
	case c.DryRun && file.Append:
		fmt.Fprintf(out, "%s would get:\n\n%s\n", file.Name, indented(file.Text))
	case c.DryRun:
		fmt.Fprintf(out, "%s would be:\n\n%s\n", file.Name, indented(file.Text))
	default:
		err := file.Write(project)
		if err != nil {
			return words.Hint(err, "with --dry-run the text is shown, to be put there by hand")
		}
		done := "wrote " + file.Name
		if file.Append {
			done = "added to " + file.Name + ": " + strings.TrimSpace(file.Text)
		}
		fmt.Fprintln(out, done)
	}
	return nil
}

// next prints the commands to run afterwards.
func (c *initCmd) next(out io.Writer, project starter.Project) {
	command, known := project.Build()
	flags, evaluated := project.Source()
	switch {
	case c.CI == "" && !evaluated:
		fmt.Fprintf(out, "\nThen: devenv shell -- %s\n", command)
	case c.CI == "":
		fmt.Fprintf(out, "\nThen purity allow, for hooks to be in force, and: purity exec%s -- %s\n", flags, command)
	case known:
		fmt.Fprintf(out, "\nThe job audits: %s\n", command)
	default:
		fmt.Fprintf(out, "\nNothing here says how it is built, so the job audits: %s\n", command)
	}
}

// indented indents lines below a sentence about them.
func indented(lines string) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		b.WriteString(strings.TrimRight("    "+line, " \n") + "\n")
	}
	return b.String()
}
