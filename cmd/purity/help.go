package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/alecthomas/kong"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/manual"
	"github.com/nix-purity/purity/cmd/purity/words"
)

type helpCmd struct {
	Topic []string `arg:"" optional:"" name:"topic" help:"Command, such as exec or config check, or topic (default: list all)."`
}

// Help is shown below the flags.
func (helpCmd) Help() string {
	return `The text is a part of the pages purity(1) and purity.toml(5), which packages install.
"purity help purity" and "purity help purity.toml" show all of them. On a terminal
a pager shows the text: $PAGER, else less.`
}

// Run shows the help.
func (c helpCmd) Run(a *app) error {
	m := theManual(model())
	if len(c.Topic) == 0 {
		return a.show(m.Index())
	}
	name := strings.Join(c.Topic, " ")
	page, ok := m.Help(name)
	if !ok {
		var names []string
		for _, e := range append(m.Commands(), m.Topics()...) {
			names = append(names, e.Name)
		}
		hint := "purity help lists all topics"
		if nearest := config.Nearest(name, names); nearest != "" {
			hint = "did you mean purity help " + nearest + "?"
		}
		return words.Hint(fmt.Errorf("show help: there is none for %q", name), hint)
	}
	return a.show(page)
}

// theManual returns the manual of a command line.
func theManual(of *kong.Application) manual.Manual {
	return manual.New(of,
		manual.Group{Struct: "source", Title: "Which environment"},
		manual.Group{Struct: "Settings", Title: "The policy"},
		manual.Group{Struct: "reporting", Title: "Reports"},
	)
}

// show shows a page; on a terminal through a pager, and no wider than is easy to read.
func (a *app) show(p manual.Page) error {
	const widest = 100
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		_, err := fmt.Fprint(a.Stdout, p.Text(80, false))
		return err
	}
	return a.Paged(p.Text(min(width, widest), a.Style().Bold))
}
