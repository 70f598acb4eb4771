package programs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/fixtures"
	"github.com/nix-purity/purity/nixeval"
)

// place is one with a project that has a shell.nix.
type place struct {
	fixtures.Place
	t *testing.T
}

func newPlace(t *testing.T) place {
	p := place{fixtures.NewPlace(t), t}
	p.Write("project/shell.nix", "{ }")
	return p
}

func (p place) nix() nixeval.Nix {
	return nixeval.Nix{Environ: []string{"NIX_STORE_DIR=" + p.At("store")}, Cache: p.At("cache/purity")}
}

func (p place) project() trees.Project {
	return trees.Project{Dir: p.At("project"), Cwd: p.At("project")}
}

func (p place) request() nixeval.Request {
	return nixeval.Request{File: p.At("project/shell.nix"), Dir: p.At("project"), Project: p.At("project"), Locked: true}
}

func (p place) call() Call {
	return Call{Voice: screen.NewVoice(false, true, false), Called: caller.Called{Environ: []string{"A=b"}}, Variables: func() (config.Settings, error) { return config.Settings{}, nil }}
}

// remember has the cache know an environment by a key.
func (p place) remember(key string, packages, undeclared []string) nixeval.Environment {
	p.t.Helper()
	p.Environment(filepath.Join(p.nix().ProjectDir(p.At("project")), "env", key), packages, undeclared)
	env, ok := p.nix().Recall(p.At("project"), key)
	if !ok {
		p.t.Fatalf("the cache has no %s", key)
	}
	return env
}

// allow allows the project as it is.
func (p place) allow() {
	p.t.Helper()
	list, err := allow.Open()
	if err == nil {
		var sources allow.Sources
		if sources, err = Sources(p.nix(), p.request()); err == nil {
			err = list.AllowProject(p.At("project"), sources)
		}
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// allowFile allows the purity.toml of the project, if there is one that can be read.
func (p place) allowFile() {
	p.t.Helper()
	file, err := config.Read(p.At("project/purity.toml"))
	if err != nil {
		return
	}
	list, err := allow.Open()
	if err == nil {
		err = list.Allow(file, confine.LinksOf(p.nix(), p.project(), file))
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// list are the names in a directory, but for hidden ones.
func (p place) list(dir string) (names []string) {
	p.t.Helper()
	entries, err := os.ReadDir(p.At(dir))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name()[0] != '.' {
			names = append(names, e.Name())
		}
	}
	return names
}
