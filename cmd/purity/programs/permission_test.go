package programs

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/shim"
)

// A project is evaluated only as it was allowed, and what came of an evaluation during which it
// changed is not used.
func TestAllowed(t *testing.T) {
	for _, tt := range []struct {
		name           string
		allow          bool
		before, during string // a file that a command writes
		evaluated      bool
		fails          string
	}{
		{"as it was allowed", true, "", "", true, ""},
		{"never allowed", false, "", "", false, "it was not allowed"},
		{"changed since", true, "shell.nix", "", false, "shell.nix changed since it was allowed"},
		{"with a file that is new", true, "lib.nix", "", false, "lib.nix changed since it was allowed"},
		{"changed meanwhile", true, "", "shell.nix", true, "shell.nix changed since it was allowed"},
		{"with a file that is new meanwhile", true, "", "src/x.nix", true, "src/x.nix changed since it was allowed"},
		{"with a file in git's directory", true, ".git/x.nix", "", true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			if tt.allow {
				p.allow()
			}
			if tt.before != "" {
				p.Write("project/"+tt.before, "changed")
			}
			evaluated := false
			source := Allowed(func(context.Context, confine.Ask) (confine.Found, error) {
				evaluated = true
				if tt.during != "" {
					p.Write("project/"+tt.during, "changed")
				}
				return confine.Found{}, nil
			}, p.At("project"))
			_, err := source(t.Context(), confine.Ask{Nix: p.nix(), Request: p.request(), Project: p.project()})
			if evaluated != tt.evaluated || (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("evaluated: %v, %v; want %v, %q", evaluated, err, tt.evaluated, tt.fails)
			}
		})
	}
}

// A command that removes a line of purity.toml which narrows does not widen the rights of the
// programs that shims run; a person who allows it does.
func TestKeepAllowed(t *testing.T) {
	const narrow = "level = \"nix\"\n"
	for _, tt := range []struct {
		name    string
		set     shim.Set
		toml    string
		allowed bool
		want    string // the level
	}{
		{"unchanged", shim.Set{Renewed: true, Text: narrow}, narrow, false, "nix"},
		{"a line less", shim.Set{Renewed: true, Text: narrow}, "", false, "nix"},
		{"a line less, allowed", shim.Set{Renewed: true, Text: narrow}, "", true, "dev"},
		{"a line more", shim.Set{Renewed: true, Text: ""}, narrow, false, "dev"},
		{"shims that nobody renews", shim.Set{Text: narrow}, "", false, "dev"},
		{"a file that was given", shim.Set{Renewed: true, Text: narrow, Config: "@/elsewhere/given.toml"}, "", false, "dev"},
		{"a flag counts all the same", shim.Set{Renewed: true, Text: narrow, Settings: config.Settings{Level: "open"}}, "", false, "open"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			p.Write("project/purity.toml", tt.toml)
			p.Write("elsewhere/given.toml", "")
			if tt.allowed {
				p.allow()
			}
			set := tt.set
			set.Request, set.File = p.request(), p.At("project/purity.toml")
			set.Config = strings.ReplaceAll(set.Config, "@", p.Dir)
			ask, err := p.call().Ask(p.nix(), set, "", p.At("project"))
			if err != nil || ask.Base.Name != tt.want {
				t.Errorf("level %s, %v; want %s", ask.Base.Name, err, tt.want)
			}
		})
	}
}

// Where there was no purity.toml, one that a command writes counts for nothing.
func TestKeepNone(t *testing.T) {
	p := newPlace(t)
	set := shim.Set{Renewed: true, Request: p.request()}
	p.Write("project/purity.toml", `network = false`)
	ask, err := p.call().Ask(p.nix(), set, "", p.At("project"))
	if err != nil || ask.File != nil || ask.Network != nil {
		t.Errorf("%+v, %v", ask.File, err)
	}
	if err := os.Remove(p.At("project/purity.toml")); err != nil {
		t.Fatal(err)
	}
	if ask, err = p.call().Ask(p.nix(), set, "", p.At("project")); err != nil || ask.File != nil {
		t.Errorf("%+v, %v", ask.File, err)
	}
}
