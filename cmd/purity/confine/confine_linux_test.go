package confine_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/tempdir"
	"github.com/nix-purity/purity/enforce/view"
	"github.com/nix-purity/purity/fixtures"
	"github.com/nix-purity/purity/nixeval"
)

func TestMain(m *testing.M) {
	for _, part := range []func([]string) (int, bool){tempdir.RunSweeper, view.RunPart} {
		if code, ok := part(os.Args); ok {
			os.Exit(code)
		}
	}
	os.Exit(m.Run())
}

// place is a [fixtures.Place] with shorter names for the steps of these tests.
type place struct {
	fixtures.Place
	t   *testing.T
	dir string
}

func newPlace(t *testing.T) place {
	p := fixtures.NewPlace(t)
	return place{p, t, p.Dir}
}

// toml writes purity.toml, in which @ is the directory of the place.
func (p place) toml(text string) {
	p.t.Helper()
	p.Write("project/purity.toml", text)
}

func (p place) allow() {
	p.t.Helper()
	file, err := config.Read(p.dir + "/project/purity.toml")
	if err != nil {
		p.t.Fatal(err)
	}
	list, err := allow.Open()
	if err == nil {
		err = list.Allow(file, confine.LinksOf(p.nix(), p.project(), file))
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p place) nix() nixeval.Nix {
	return nixeval.Nix{Environ: []string{"NIX_STORE_DIR=" + p.dir + "/store"}, Cache: p.dir + "/cache/purity"}
}

func (p place) project() trees.Project {
	return trees.Project{Dir: p.dir + "/project", Cwd: p.dir + "/project"}
}

func (p place) ask(flags config.Settings) (confine.Ask, error) {
	request := nixeval.Request{Dir: p.dir + "/project", Project: p.dir + "/project"}
	return confine.New(screen.NewVoice(false, true, false), p.nix(), p.project(), request, flags, "")
}

// plan returns the plan for an empty environment.
func (p place) plan(flags config.Settings) (confine.Plan, error) {
	ask, err := p.ask(flags)
	if err != nil {
		return confine.Plan{}, err
	}
	return ask.Plan(confine.Found{})
}

// rows returns the grants of file and flags as "access path", with . for the directory of
// the place.
func (p place) rows(plan confine.Plan) []string {
	var rows []string
	for _, g := range plan.Policy.Grants {
		if strings.HasPrefix(g.Reason, "purity.toml:") || strings.HasPrefix(g.Reason, "--") || strings.HasPrefix(g.Reason, "exception at ") {
			rows = append(rows, g.Access.String()+" "+strings.Replace(g.Path, p.dir, ".", 1))
		}
	}
	return rows
}

func TestSettings(t *testing.T) {
	yes := true
	for _, tt := range []struct {
		toml  string
		flags config.Settings
		want  string // an error
		holds func(confine.Settings) bool
	}{
		{"", config.Settings{}, "", func(s confine.Settings) bool {
			return s.Base.Name == "dev" && s.Home == "private" && s.Enforced() && s.Frame().Network.Any && s.Frame().UnixSockets
		}},
		{`level = "nix"`, config.Settings{}, "", func(s confine.Settings) bool {
			return s.Home == "none" && !s.Frame().Network.Any && !s.Frame().UnixSockets
		}},
		{`level = "nix"`, config.Settings{Level: "dev"}, "", func(s confine.Settings) bool { return s.Base.Name == "dev" }}, // a flag counts before the file
		{`mode = "audit"`, config.Settings{}, "", func(s confine.Settings) bool { return !s.Enforced() }},
		{`mode = "audit"`, config.Settings{Mode: "enforce"}, "", func(s confine.Settings) bool { return s.Enforced() }},
		{`network = { connect = [443] }`, config.Settings{}, "", func(s confine.Settings) bool {
			return slices.Equal(s.Frame().Network.Connect, []uint16{443}) && !s.Frame().Network.Any
		}},
		{"", config.Settings{Network: &config.Network{}}, "", func(s confine.Settings) bool { return s.Frame().Network.None() }},
		{`sockets = "none"`, config.Settings{Presets: []string{"ssh-agent"}}, "", func(s confine.Settings) bool { return !s.Frame().UnixSockets }},
		{"", config.Settings{BestEffort: &yes}, "", func(s confine.Settings) bool { return s.Frame().BestEffort }},
		{"", config.Settings{Level: "none"}, `read settings: there is no level "none"`, nil},
		{"", config.Settings{Set: []string{"A"}}, `set variable "A": no value`, nil},
		{"", config.Settings{Set: []string{"A="}}, "", func(s confine.Settings) bool { return slices.Equal(s.Set, []string{"A="}) }},
		{"", config.Settings{Keep: []string{"A=b"}}, `name variable "A=b": not a name`, nil},
		{"", config.Settings{Presets: []string{"x"}}, `read --presets: there is no preset "x"`, nil},
		{"", config.Settings{Capabilities: []string{"x"}}, `read --capabilities: there is no capability "x"`, nil},
		{"", config.Settings{Sockets: config.Sockets{"none", "/x"}}, "read sockets: none stands alone", nil},
	} {
		p := newPlace(t)
		p.toml(tt.toml)
		ask, err := p.ask(tt.flags)
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("%s %+v: %v, want %s", tt.toml, tt.flags, err, tt.want)
		case tt.holds != nil && !tt.holds(ask.Settings):
			t.Errorf("%s %+v: %+v", tt.toml, tt.flags, ask.Settings)
		}
	}
}

// Asks of one identity may share a confinement. So the identity covers every setting that
// grants access, and none about the report of a run.
func TestIdentity(t *testing.T) {
	p := newPlace(t)
	plain, err := p.ask(config.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		flags config.Settings
		same  bool
	}{
		{config.Settings{Explain: "off"}, true}, {config.Settings{Level: "dev"}, true}, {config.Settings{Home: "private"}, true}, {config.Settings{Mode: "enforce"}, true},
		{config.Settings{Level: "nix"}, false}, {config.Settings{Read: []string{"/x"}}, false}, {config.Settings{Home: "none"}, false},
		{config.Settings{Network: &config.Network{Any: true}}, false}, {config.Settings{Keep: []string{"A"}}, false},
	} {
		ask, err := p.ask(tt.flags)
		if same := ask.Identity() == plain.Identity(); err != nil || same != tt.same {
			t.Errorf("%+v: the same is %v, %v", tt.flags, same, err)
		}
	}
}

func TestGrants(t *testing.T) {
	yes := true
	for _, tt := range []struct {
		name  string
		toml  string
		flags config.Settings
		link  [2]string // a link that a command left, and its target
		allow bool
		want  []string
		warns string
		fails string
	}{
		{name: "nothing"},
		{name: "read", toml: `read = ["@/elsewhere"]`, want: []string{"r---- ./elsewhere"}},
		{name: "each key", toml: "write = ['@/elsewhere']\nexec = ['@/elsewhere/sub']\ndevices = ['@/elsewhere/file']\nsockets = ['@/elsewhere/file']",
			want: []string{"rw--- ./elsewhere", "r-x-- ./elsewhere/sub", "rw-i- ./elsewhere/file", "----c ./elsewhere/file"}},
		{name: "a pattern", toml: `read = ["../elsewhere/*"]`, want: []string{"r---- ./elsewhere/file", "r---- ./elsewhere/sub"}},
		{name: "a flag", flags: config.Settings{Read: []string{"../elsewhere"}}, want: []string{"r---- ./elsewhere"}},
		{name: "file and flag", toml: `read = ["@/elsewhere/sub"]`, flags: config.Settings{Read: []string{"../elsewhere"}}, want: []string{"r---- ./elsewhere/sub", "r---- ./elsewhere"}},
		{name: "no sockets", toml: `sockets = "none"`},
		{name: "what is not there", toml: `read = ["@/nowhere"]`, warns: "there is no such path"},
		{name: "what is not there, strictly", toml: `read = ["@/nowhere"]`, flags: config.Settings{StrictPaths: &yes}, fails: "there is no such path"},
		{name: "the cache to be read", toml: `read = ["@/cache"]`, want: []string{"r---- ./cache"}},
		{name: "the cache", toml: `write = ["@/cache"]`, fails: "purity's cache is there"},
		{name: "what is in the cache", flags: config.Settings{Write: []string{"../cache/purity"}}, fails: "purity's cache is there"},
		{name: "what was allowed", toml: `write = ["@/state"]`, fails: "the list of allowed projects is there"},
		{name: "the store", toml: `write = ["@/store"]`, fails: "the store is there"},
		{name: "a link that a command left", toml: `read = ["data/link"]`, link: [2]string{"project/data/link", "elsewhere"}, fails: "which a command can have made"},
		{name: "the same, by a flag", flags: config.Settings{Read: []string{"data/link"}}, link: [2]string{"project/data/link", "elsewhere"}, fails: "which a command can have made"},
		{name: "the same, by a pattern", toml: `read = ["data/*"]`, link: [2]string{"project/data/link", "elsewhere"}, fails: "which a command can have made"},
		{name: "the same, allowed", toml: `read = ["data/link"]`, link: [2]string{"project/data/link", "elsewhere"}, allow: true, want: []string{"r---- ./elsewhere"}},
		{name: "a link within the project", toml: `read = ["link"]`, link: [2]string{"project/link", "project/data"}, want: []string{"r---- ./project/data"}},
		{name: "a link of the user's", toml: `read = ["@/home/link"]`, link: [2]string{"home/link", "elsewhere"}, want: []string{"r---- ./elsewhere"}},
		{name: "a link in what may be written", toml: "write = ['@/elsewhere']\nread = ['@/elsewhere/sub/link']", link: [2]string{"elsewhere/sub/link", "home"}, fails: "which a command can have made"},
		{name: "a home of the user's", toml: `home = "@/elsewhere"`},
		{name: "a home that is the cache", toml: `home = "@/cache/purity/.."`, fails: "it holds purity's cache or the store"},
		{name: "a home by a link that a command left", toml: `home = "data/link"`, link: [2]string{"project/data/link", "elsewhere"}, fails: "which a command can have made"},
		{name: "exceptions", toml: "[[exception]]\npath = '@/elsewhere'\naccess = 'read'\nreason = 'x'\n[[exception]]\npath = '@/home'\nreason = 'x'",
			want: []string{"r---- ./elsewhere", "rwx-c ./home"}},
		{name: "one that is over", toml: "[[exception]]\npath = '@/elsewhere'\nuntil = 2020-01-01\nreason = 'x'"},
		{name: "one for a program alone", toml: "[[exception]]\npath = '@/elsewhere'\nonly = 'make'\nreason = 'x'", warns: "is for make alone"},
		{name: "one that opens the cache for writing", toml: "[[exception]]\npath = '@/cache'\nreason = 'x'", want: []string{"r-x-c ./cache"}},
		{name: "one by a link that a command left", toml: "[[exception]]\npath = 'data/link'\nreason = 'x'", link: [2]string{"project/data/link", "elsewhere"}, fails: "which a command can have made"},
		{name: "one of a path that is not there", toml: "[[exception]]\npath = '@/nowhere/*'\nreason = 'x'"},
		{name: "one where nothing is refused", toml: "mode = 'audit'\n[[exception]]\npath = '@/elsewhere'\nreason = 'x'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			p.toml(tt.toml)
			if tt.link[0] != "" {
				if err := os.Symlink(filepath.Join(p.dir, tt.link[1]), filepath.Join(p.dir, tt.link[0])); err != nil {
					t.Fatal(err)
				}
			}
			if tt.allow {
				p.allow()
			}
			plan, err := p.plan(tt.flags)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("%v, want %s", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, p.rows(plan)); diff != "" {
				t.Error(diff)
			}
			if warned := len(plan.Warnings) > 0; warned != (tt.warns != "") || warned && !strings.Contains(plan.Warnings[0].Text, tt.warns) {
				t.Errorf("warnings: %v", plan.Warnings)
			}
		})
	}
}

// Exceptions for addresses open their ports; the kernel knows no addresses.
func TestExceptionPorts(t *testing.T) {
	for _, tt := range []struct {
		toml          string
		connect, bind []uint16
	}{
		{"network = false\n[[exception]]\npath = '*:443'\naccess = 'connect'\nreason = 'x'", []uint16{443}, nil},
		{"network = { connect = [80] }\n[[exception]]\npath = '127.0.0.1:8080'\naccess = 'listen'\nreason = 'x'", []uint16{80}, []uint16{8080}},
		{"network = false\n[[exception]]\npath = '*:443'\naccess = 'connect'\nonly = 'curl'\nreason = 'x'", nil, nil},
		{"network = false\n[[exception]]\npath = '*:443'\naccess = 'connect'\nuntil = 2020-01-01\nreason = 'x'", nil, nil},
		{"network = false\n[[exception]]\npath = '*:443'\naccess = 'read'\nreason = 'x'", nil, nil},
	} {
		p := newPlace(t)
		p.toml(tt.toml)
		plan, err := p.plan(config.Settings{})
		if n := plan.Policy.Network; err != nil || n.Any || !slices.Equal(n.Connect, tt.connect) || !slices.Equal(n.Bind, tt.bind) {
			t.Errorf("%s: %+v, %v", tt.toml, n, err)
		}
	}
}

// purity finds each fault before all later ones, because each step does more: it never evaluates a
// project that was not allowed, or whose policy the kernel cannot enforce, and writes nothing before
// it has made the policy.
func TestOrder(t *testing.T) {
	p := newPlace(t)
	const evaluated = "evaluated"
	faults := []struct {
		want string
		mend func(*config.Settings)
	}{
		{"name variable", func(s *config.Settings) { s.Keep = nil }},
		{"read " + p.dir + "/project/purity.toml", func(*config.Settings) { p.toml(`read = ["@/nowhere"]`) }},
		{"use " + p.dir + "/project/purity.toml: it opens more", func(*config.Settings) { p.allow() }},
		{"confine: this kernel", func(s *config.Settings) { s.MinABI = nil }},
		{evaluated, nil},
		{"grant read", func(*config.Settings) { p.toml(`read = ["@/elsewhere"]`); p.allow() }},
		{"use shims", nil},
		{"run nothing: it is neither", nil},
	}
	p.toml("nonsense = 1")
	abi, yes := 99, true
	flags := config.Settings{Keep: []string{"="}, MinABI: &abi, StrictPaths: &yes}
	asked, shims := false, p.dir+"/project"
	try := func() error {
		ask, err := p.ask(flags)
		if err != nil {
			return err
		}
		ask.Shims = shims
		if _, err := ask.Check(); err != nil {
			return err
		}
		plan, err := ask.Resolve(context.Background(), func(context.Context, confine.Ask) (confine.Found, error) {
			if !asked {
				asked = true
				return confine.Found{}, errors.New(evaluated)
			}
			return confine.Found{}, nil
		})
		if err != nil {
			return err
		}
		_, err = launch.Place(plan, launch.Typed([]string{"nothing"}))
		return err
	}
	for _, fault := range faults {
		before := p.everything()
		err := try()
		if err == nil || !strings.HasPrefix(err.Error(), fault.want) {
			t.Fatalf("%v, want %s", err, fault.want)
		}
		if diff := cmp.Diff(before, p.everything()); diff != "" && fault.want != "run nothing: it is neither" {
			t.Errorf("%s: files changed\n%s", fault.want, diff)
		}
		if fault.mend != nil {
			fault.mend(&flags)
		}
		if fault.want == "use shims" {
			shims = p.dir + "/elsewhere"
		}
	}
}

// everything returns all files of the place with the times of their last change.
func (p place) everything() map[string]string {
	p.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			files[path] = info.ModTime().String() + info.Mode().String()
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return files
}

// Place makes directories of the command's own, and a job that confines it.
func TestPlace(t *testing.T) {
	p := newPlace(t)
	if err := os.WriteFile(p.dir+"/elsewhere/make", nil, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	for _, tt := range []struct {
		flags config.Settings
		home  string
		has   []string
	}{
		{config.Settings{Set: []string{"A=b"}}, "/home", []string{"A=b"}},
		{config.Settings{Home: "none"}, "/homeless-shelter", nil},
		{config.Settings{Level: "nix"}, "/homeless-shelter", []string{"USER=nixbld"}},
		{config.Settings{Mode: "warn"}, "/home", []string{"PURITY_ONLY_WATCHED=warn"}},
	} {
		plan, err := p.plan(tt.flags)
		if err != nil {
			t.Fatal(err)
		}
		job, err := launch.Place(plan, launch.Typed([]string{p.dir + "/elsewhere/make"}))
		if err != nil {
			t.Fatal(err)
		}
		c := job.Command
		if c.Confined || c.Audit == job.Enforced() || !strings.HasSuffix(job.HomeDir, tt.home) || !slices.Contains(c.Env, "TMPDIR="+job.Temp) {
			t.Errorf("%+v: %+v, HOME %s", tt.flags, c, job.HomeDir)
		}
		if info, err := os.Stat(job.Temp); err != nil || !info.IsDir() || len(job.Policy.Covering(job.Temp, enforce.Write)) == 0 {
			t.Errorf("%+v: TMPDIR %s: %v", tt.flags, job.Temp, err)
		}
		for _, v := range tt.has {
			if !slices.Contains(c.Env, v) {
				t.Errorf("%+v: no %s in %q", tt.flags, v, c.Env)
			}
		}
	}
}
