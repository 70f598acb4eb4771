package trees

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/fixtures"
	"github.com/nix-purity/purity/nixeval"
)

func nixOf(p fixtures.Place) nixeval.Nix {
	return nixeval.Nix{Environ: []string{"NIX_STORE_DIR=" + p.At("store")}, Cache: p.At("cache/purity")}
}

// No project holds what decides its own policy; a directory beside it is one.
func TestCheck(t *testing.T) {
	p := fixtures.NewPlace(t)
	nix := nixOf(p)
	for dir, want := range map[string]string{
		"/":                     "it is the whole file system",
		p.Dir:                   "your home directory is in it",
		p.At("home"):            "your home directory is in it",
		"/usr":                  "the host's programs are in it",
		p.At("store"):           "it is in the store",
		p.At("store/x"):         "it is in the store",
		p.At("state"):           "the list of allowed projects is in it",
		p.At("state/purity"):    "the list of allowed projects is in it",
		p.At("cache"):           "purity's cache is in it",
		p.At("cache/purity"):    "purity's cache is in it",
		p.At("project"):         "",
		p.At("home/project"):    "",
		p.At("cache/other"):     "",
		p.At("storehouse"):      "",
		p.At("state/elsewhere"): "",
	} {
		err := Project{Dir: dir}.Check(nix)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", dir, err, want)
		}
	}
	nix.Environ = []string{"NIX_STORE_DIR=" + p.At("depot/store")}
	if err := (Project{Dir: p.At("depot")}).Check(nix); err == nil || !strings.Contains(err.Error(), "the store is in it") {
		t.Errorf("above the store: %v", err)
	}
	t.Setenv("HOME", "")
	if err := (Project{Dir: p.At("home")}).Check(nix); err != nil {
		t.Errorf("without HOME: %v", err)
	}
}

// The project is the directory that a flag names, or the nearest upward with the definition or a
// repository; a link in it does not lead a flag out of it.
func TestFindProject(t *testing.T) {
	p := fixtures.NewPlace(t)
	for _, name := range []string{"project/flake.nix", "project/sub/deep/x", "project/inner/.git/x", "project/shell/shell.nix", "elsewhere/flake.nix"} {
		p.Write(name, "")
	}
	p.Link("project/out", "elsewhere")
	p.Link("home/in", "project")
	for _, tt := range []struct {
		cwd, flag, anchor string
		dir, named, in    string // the project, its name by a link, and where the command starts
		fails             string
	}{
		{"project/sub/deep", "", "flake.nix", "project", "", "project/sub/deep", ""},
		{"project/inner", "", "flake.nix", "project/inner", "", "project/inner", ""},
		{"project/shell", "", "flake.nix", "project", "", "project/shell", ""},
		{"project/shell", "", "shell.nix", "project/shell", "", "project/shell", ""},
		{"home/in/sub", "", "flake.nix", "project", "home/in", "project/sub", ""},
		{"host", "", "flake.nix", "host", "", "host", ""},
		{"project/sub", "@/project/sub", "flake.nix", "project/sub", "", "project/sub", ""},
		{"project/sub", "@/elsewhere", "flake.nix", "elsewhere", "", "elsewhere", ""},
		{"project/sub", "@/home/in", "flake.nix", "project", "home/in", "project/sub", ""},
		{"project/sub", "@/project/out", "flake.nix", "", "", "", "a link leads out of"},
		{"project", "@/nowhere", "flake.nix", "", "", "", "no such file"},
		{"project", "@/project/flake.nix", "flake.nix", "", "", "", "not a directory"},
	} {
		t.Chdir(p.At(tt.cwd))
		got, err := FindProject(strings.Replace(tt.flag, "@", p.Dir, 1), tt.anchor)
		if tt.fails != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("%+v: %+v, %v", tt, got, err)
			}
			continue
		}
		guessed := tt.flag == "" && tt.dir == "host" // nothing there says that it is a project
		want := Project{Dir: p.At(tt.dir), Cwd: p.At(tt.in), Guessed: guessed}
		if tt.named != "" {
			want.Named = p.At(tt.named)
		}
		if err != nil || got != want {
			t.Errorf("%+v: %+v, %v", tt, got, err)
		}
	}
}

// Settings that somebody names are trusted, unless a command can write them.
func TestGiven(t *testing.T) {
	p := fixtures.NewPlace(t)
	project := Project{Dir: p.At("project"), Cwd: p.At("project/data")}
	for _, name := range []string{"project/other.toml", "elsewhere/given.toml", "elsewhere/sub/given.toml"} {
		p.Write(name, "level = 'nix'")
	}
	p.Link("elsewhere/link.toml", "project/other.toml")
	p.Link("project/link.toml", "elsewhere/given.toml")
	written := []string{p.At("project"), p.At("elsewhere/sub")}
	for name, want := range map[string]bool{
		"elsewhere/given.toml": true, "elsewhere/sub/given.toml": false, "project/other.toml": false, "elsewhere/link.toml": false, "project/link.toml": false,
	} {
		file, err := project.Settings(p.At(name), written)
		if err != nil || file.Given != want {
			t.Errorf("%s: %+v, %v", name, file, err)
		}
	}
	if file, err := project.Settings("", written); file != nil || err != nil {
		t.Errorf("%+v, %v", file, err)
	}
	p.Write("project/purity.toml", "level = 'nix'")
	for _, cwd := range []string{"project/data", "elsewhere"} { // a shim can be called anywhere
		project.Cwd = p.At(cwd)
		if file, err := project.Settings("", written); err != nil || file == nil || file.Given {
			t.Errorf("in %s: %+v, %v", cwd, file, err)
		}
	}
}

// Commands may write what settings, exceptions and presets open, and no link that a command made
// widens that.
func TestUnder(t *testing.T) {
	for _, tt := range []struct {
		name, toml string
		has, not   string
	}{
		{"the project", "", "project", "elsewhere"},
		{"to read", "read = ['@/elsewhere']", "project", "elsewhere"},
		{"to write", "write = ['@/elsewhere']", "elsewhere", "home"},
		{"a device", "devices = ['@/elsewhere/file']", "elsewhere/file", "elsewhere"},
		{"a socket", "sockets = ['@/elsewhere/file']", "project", "elsewhere"},
		{"a home", "home = '@/elsewhere'", "elsewhere", "home"},
		{"the private home", "home = 'private'", "HOME", "home"},
		{"an exception", "[[exception]]\npath = '@/elsewhere'\nreason = 'x'", "elsewhere", "home"},
		{"an exception to read", "[[exception]]\npath = '@/elsewhere'\naccess = 'read'\nreason = 'x'", "project", "elsewhere"},
		{"by a link that a command made", "write = ['data/link']", "project", "elsewhere"},
		{"by a link of the user's", "write = ['@/home/link']", "elsewhere", "home"},
	} {
		p := fixtures.NewPlace(t)
		p.Link("project/data/link", "elsewhere")
		p.Link("home/link", "elsewhere")
		p.Write("project/purity.toml", tt.toml)
		file, err := config.Read(p.At("project/purity.toml"))
		if err != nil {
			t.Fatal(err)
		}
		project := Project{Dir: p.At("project"), Cwd: p.At("project")}
		written := Under(nixOf(p), project, config.Merge(file, config.Settings{}, project.Cwd), file)
		in := func(name string) bool {
			return slices.ContainsFunc(written, func(dir string) bool { return enforce.Inside(p.At(name), dir) })
		}
		has := strings.Replace(tt.has, "HOME", strings.TrimPrefix(PrivateHome(nixOf(p), project), p.Dir), 1)
		if !in(has) || in(tt.not) {
			t.Errorf("%s: %q", tt.name, written)
		}
	}
}

// A report goes where its name says, but not by a link that a command can have made.
func TestOutside(t *testing.T) {
	p := fixtures.NewPlace(t)
	p.Link("project/out", "elsewhere")
	p.Link("home/out", "elsewhere")
	written := []string{p.At("project")}
	for name, want := range map[string]string{
		"-": "-", p.At("project/r.json"): p.At("project/r.json"), p.At("home/out/r.json"): p.At("elsewhere/r.json"), p.At("project/out/r.json"): "", p.At("project/out"): p.At("project/out"),
	} {
		got, err := Outside(written, name)
		if (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
}

// TMPDIR is never in a directory that commands of other projects may write.
func TestTempParents(t *testing.T) {
	p := fixtures.NewPlace(t)
	user := fmt.Sprintf("purity-%d", os.Getuid())
	for _, tt := range []struct {
		runtime, temp string
		shared        []string
		want          string
	}{
		{p.At("run"), p.At("tmp"), nil, "@/run/purity @/tmp/USER /var/tmp/USER @/cache/purity/tmp"},
		{"relative", p.At("tmp"), nil, "@/tmp/USER /var/tmp/USER @/cache/purity/tmp"},
		{p.At("run"), p.At("tmp"), []string{"/var/tmp", p.At("tmp")}, "@/run/purity @/cache/purity/tmp"},
		{p.At("tmp/run"), p.At("tmp"), []string{p.At("tmp")}, "/var/tmp/USER @/cache/purity/tmp"},
	} {
		t.Setenv("XDG_RUNTIME_DIR", tt.runtime)
		t.Setenv("TMPDIR", tt.temp)
		want := strings.NewReplacer("@", p.Dir, "USER", user).Replace(tt.want)
		if got := strings.Join(TempParents(nixOf(p), tt.shared), " "); got != want {
			t.Errorf("%+v: %s, want %s", tt, got, want)
		}
	}
}
