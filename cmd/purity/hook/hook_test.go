package hook

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
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
	t.Chdir(p.At("project"))
	return p
}

func (p place) nix() nixeval.Nix {
	return nixeval.Nix{Environ: os.Environ(), Cache: p.At("cache/purity")}
}

func (p place) request() nixeval.Request {
	return nixeval.Request{File: p.At("project/shell.nix"), Dir: p.At("project"), Project: p.At("project"), Locked: true}
}

func (p place) call() programs.Call {
	return programs.Call{
		Voice: screen.NewVoice(false, true, false), Called: caller.Called{Environ: []string{"A=b"}, Path: os.Getenv("PATH")},
		Variables: func() (config.Settings, error) { return config.Settings{}, nil },
	}
}

func (p place) allow() {
	p.t.Helper()
	list, err := allow.Open()
	if err == nil {
		err = list.AllowProject(p.At("project"), allow.Sources{Files: []string{p.At("project/shell.nix")}})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// shims makes those of the project in a directory, with an environment in the cache. They start
// this program.
func (p place) shims(dir string, set shim.Set, names ...string) {
	p.t.Helper()
	set.Request, set.Entry, set.Renewed = p.request(), "key", true
	p.Environment(filepath.Join(p.nix().ProjectDir(p.At("project")), "env/key"), []string{p.Package("hello", "hello", "make")}, nil, "GREETING=hi")
	self, err := os.Executable()
	if err == nil {
		err = set.Write(dir, self, names)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// A prompt enters a project that was allowed, with the environment of then, and leaves any other.
func TestPrompt(t *testing.T) {
	const leave, enter = "_purity_leave", "_purity_enter"
	for _, tt := range []struct {
		name  string
		place func(p place)
		told  bool
		calls string // functions that the shell is to call
		mark  string // for its prompt
		again string // whether it is to ask again
		says  string
	}{
		{"no project", func(p place) { os.Remove(p.At("project/shell.nix")) }, false, leave, "", "", ""},
		{"never allowed", func(place) {}, false, leave + " _purity_tell", "", "1", "was never allowed, and nothing is confined"},
		{"never allowed, which was told", func(place) {}, true, leave, "", "1", ""},
		{"settings that were never allowed", func(p place) { p.Write("project/purity.toml", "") }, false, leave, "(not confined) ", "1", "was not allowed, and nothing is confined"},
		{"allowed, with shims", func(p place) { p.allow(); p.shims(hookShims(p.nix(), p.At("project")), shim.Set{}) }, false, enter + " _purity_export", "(purity) ", "", "confined; purity which lists them"},
		{"changed, with shims", func(p place) {
			p.allow()
			p.shims(hookShims(p.nix(), p.At("project")), shim.Set{})
			p.Write("project/shell.nix", "changed")
		}, false, enter + " _purity_export", "(purity!) ", "1", "shell.nix changed since it was allowed, and the environment from before is in use"},
		{"changed, without shims", func(p place) { p.allow(); p.Write("project/shell.nix", "changed") }, false, leave, "(not confined) ", "1", "shell.nix changed since it was allowed"},
		{"allowed, where it failed", func(p place) {
			p.allow()
			state := programs.StateOf(p.nix(), p.request())
			programs.RememberFailure(p.call().Voice, hookShims(p.nix(), p.At("project")), state, errors.New("evaluate: a fault"))
		}, false, leave, "(not confined) ", "1", "nothing is confined: evaluate: a fault"},
		{"shims that direnv looks after", func(p place) {
			p.allow()
			p.t.Setenv(caller.Shims, "/direnv")
			p.t.Setenv("PATH", "/direnv:"+os.Getenv("PATH"))
		}, false, "_purity_yield", "", "", ""},
		{"a project that holds HOME", func(p place) { p.allow(); p.t.Setenv("HOME", p.At("project/home")) }, false, leave, "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			tt.place(p)
			h := Prompt{Call: p.call(), Shell: "nu"}
			if tt.told {
				h.Told = "/other\n" + p.At("project")
			}
			var calls []string
			var last []string
			for line := range strings.Lines(h.Here()) {
				var words []string
				if err := json.Unmarshal([]byte(line), &words); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				if calls = append(calls, words[0]); words[0] == leave || words[0] == enter {
					last = words
				}
			}
			if got := strings.Join(calls, " "); got != tt.calls {
				t.Errorf("%s, want %s", got, tt.calls)
			}
			at := map[string]int{leave: 2, enter: 5}
			if len(last) == 0 {
				return
			}
			at0 := at[last[0]] // the flag; the mark and the message follow
			if again, mark, says := last[at0], last[at0+1], last[at0+2]; again != tt.again || mark != tt.mark || !strings.Contains(says, tt.says) || (says == "") != (tt.says == "") {
				t.Errorf("again %q, mark %q, says %q; want %q, %q, %q", again, mark, says, tt.again, tt.mark, tt.says)
			}
			if last[0] == enter && (last[1] != hookShims(p.nix(), p.At("project")) || last[2] != p.At("project")) {
				t.Errorf("it enters %q", last)
			}
		})
	}
}

// Which program a name runs, and whether confined.
func TestWhich(t *testing.T) {
	p := newPlace(t)
	p.Program("host/vi", "")
	p.Program("host/nix", "")
	p.Program("project/run", "")
	dir := p.At("shims")
	p.shims(dir, shim.Set{Own: []string{"vi"}, Starters: []string{"make"}, Outside: []string{"nix"}}, "hello", "make", "nix", "gone")
	host := os.Getenv("PATH")
	for _, tt := range []struct {
		typed, project string
		file           string
		confined       bool
		why            string
	}{
		{"hello", "", "store/00000000000000000000000000000000-hello/bin/hello", true, "confined"},
		{"make", "", "store/00000000000000000000000000000000-hello/bin/make", true, "confined where it starts something of the project"},
		{"gone", "", "", false, "not in the environment; its shim runs nothing"},
		{"nix", "", "host/nix", false, "not confined: it drives Nix"},
		{"vi", "", "host/vi", false, "not confined: your own; the dev shell has one"},
		{"absent", "", "", false, notInPath},
		{"./run", "", "./run", false, "not confined"},
		{"./run", "project", "./run", true, "confined if run by path"},
	} {
		t.Setenv("PATH", host) // as purity has it, without shims
		t.Setenv(caller.Project, "")
		if tt.project != "" {
			t.Setenv(caller.Project, p.At(tt.project))
		}
		call := p.call()
		call.Path = dir + ":" + host
		got, err := Which(call, tt.typed)
		want := tt.file
		if want != "" && want[0] != '.' {
			want = p.At(want)
		}
		if err != nil || got.File != want || got.Confined != tt.confined || !strings.HasPrefix(got.Why, tt.why) {
			t.Errorf("%s: %+v, %v; want %+v", tt.typed, got, err, tt)
		}
	}
}

// An interactive shell becomes a confined one with the flags that were given, wherever they
// stood; those about shims are for shells that have some.
func TestBecomeShell(t *testing.T) {
	for flags, want := range map[string][2]string{
		"":                          {"shell --from-env", "hook enter-shell"},
		"--enter=shell":             {"shell --from-env", "hook enter-shell"},
		"--enter shell":             {"shell --from-env", "hook enter-shell"},
		"-q --enter=shell":          {"shell --from-env -q", "hook enter-shell -q"},
		"--enter shell --level nix": {"shell --from-env --level nix", "hook enter-shell --level nix"},
		"--outside=devenv --level=nix --outside nix": {"shell --from-env '--level=nix'", "hook enter-shell '--level=nix' '--outside=devenv' --outside nix"},
		"--read a;b": {"shell --from-env --read 'a;b'", "hook enter-shell --read 'a;b'"},
	} {
		var out bytes.Buffer
		if err := BecomeShell(&out, strings.Fields(flags)); err != nil {
			t.Fatal(err)
		}
		self := caller.Self()
		if text := out.String(); !strings.Contains(text, "*i*) exec "+self+" "+want[0]+" || exit 125 ;;") || strings.Count(text, `eval "$(`+self+" "+want[1]+`)"`) != 2 {
			t.Errorf("%s:\n%s", flags, text)
		}
	}
}
