package launch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/enforce/overlay"
	"github.com/nix-purity/purity/fixtures"
	"github.com/nix-purity/purity/nixeval"
)

// A command follows --, or begins with a word that is no flag.
func TestCommandLine(t *testing.T) {
	for _, tt := range []struct{ given, want, fails string }{
		{"make -j", "make -j", ""}, {"-- make -j", "make -j", ""}, {"-- -x", "-x", ""}, {"-- --", "--", ""},
		{"--mkae make", "", "unknown flag --mkae"}, {"", "", "none is given"}, {"--", "", "none is given"},
	} {
		got, err := CommandLine(strings.Fields(tt.given), "exec")
		if strings.Join(got, " ") != tt.want || (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%s: %q, %v", tt.given, got, err)
		}
	}
	if _, err := CommandLine([]string{""}, "exec"); err == nil {
		t.Error("an empty word is a command")
	}
}

// A command inherits the calling make's pipe if its MAKEFLAGS name that, and no other descriptor,
// whatever a file or a flag says.
func TestJobserver(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	plain, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	auth := func(a, b *os.File) string {
		return " -j --jobserver-auth=" + strconv.Itoa(int(a.Fd())) + "," + strconv.Itoa(int(b.Fd()))
	}
	both := []int{int(r.Fd()), int(w.Fd())}
	for _, tt := range []struct {
		name, calling, command string
		want                   []int
	}{
		{"make's own", auth(r, w), auth(r, w), both},
		{"that the command is not told", auth(r, w), "", nil},
		{"of no make", "", auth(r, w), nil},
		{"of another number", auth(r, r), auth(r, w), both[:1]},
		{"that is no pipe", auth(plain, plain), auth(plain, plain), nil},
	} {
		t.Setenv(confine.MakeFlags, tt.calling)
		environ := []string{"A=b"}
		if tt.command != "" {
			environ = append(environ, confine.MakeFlags+"="+tt.command)
		}
		if got := jobserver(environ); !slices.Equal(got, tt.want) {
			t.Errorf("a jobserver %s: %v, want %v", tt.name, got, tt.want)
		}
	}
	name := "/dev/fd/" + strconv.Itoa(int(r.Fd()))
	for arg, want := range map[string]bool{name: true, "--file=" + name: true, "/proc/self/fd/" + strconv.Itoa(int(w.Fd())): true, "/dev/fd/" + strconv.Itoa(int(plain.Fd())): false, "/dev/fd/999": false, "/dev/fd/x": false} {
		if got := len(pipes([]string{"diff", arg})) == 1; got != want {
			t.Errorf("%s is a pipe for the command: %v", arg, got)
		}
	}
}

// purity writes the changes of an overlay to no directory that programs outside obey.
func TestGiving(t *testing.T) {
	p := fixtures.NewPlace(t)
	for _, name := range []string{"elsewhere/repo/.git/HEAD", "elsewhere/repo/.git/objects/x", "elsewhere/bare.git/HEAD", "elsewhere/bare.git/objects/x", "elsewhere/tree/HEAD", "elsewhere/tree/commondir", "elsewhere/only/HEAD"} {
		p.Write(name, "")
	}
	obeyed := []string{p.At("project/.git/hooks"), p.At("project/flake.nix")}
	for name, want := range map[string]bool{
		"elsewhere": true, "elsewhere/new": true, "elsewhere/only": true, "project/data": true, "project": true,
		"elsewhere/repo/.git": false, "elsewhere/repo/.GIT/x": false, "elsewhere/bare.git": false, "elsewhere/tree": false, "project/.git/hooks/x": false, "project/flake.nix": false,
	} {
		if err := giving(p.At(name), obeyed); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	plan := confine.Plan{Ask: confine.Ask{Nix: nixeval.Nix{Environ: []string{"NIX_STORE_DIR=" + p.At("store")}, Cache: p.At("cache/purity")}, Project: trees.Project{Dir: p.At("project"), Cwd: p.At("project")}}}
	p.Link("project/data/link", "elsewhere")
	for name, want := range map[string]bool{"elsewhere/new": true, "project/data/link/x": false, "project/data/link": false, "cache/purity/x": false, "state/purity/allow/x": false} {
		plan.Keeping.Dir = p.At(name)
		dir, err := openKept(plan)
		if (err == nil) != want {
			t.Errorf("changes kept in %s: %v", name, err)
		}
		if dir != nil {
			dir.Close()
		}
	}
	plan.Keeping.Dir = ""
	if dir, err := openKept(plan); dir != nil || err != nil {
		t.Errorf("changes kept nowhere: %v, %v", dir, err)
	}
}

// A change that purity cannot keep is an error, one that it leaves out on purpose a warning. No
// name breaks a line.
func TestUnkept(t *testing.T) {
	v := screen.NewVoice(false, true, false)
	left, fault := overlay.Unkept{Path: "flake.nix", Why: "programs outside obey it"}, overlay.Unkept{Path: "a\nb", Why: "no space", Fault: true}
	if err := sayUnkept(v, overlay.Kept{Done: 1, Not: []overlay.Unkept{left}}, "/d"); err != nil {
		t.Error(err)
	}
	err := sayUnkept(v, overlay.Kept{Done: 1, Not: []overlay.Unkept{left, fault}}, "/d")
	if err == nil || err.Error() != "keep changes in /d: 1 kept, 2 not:\n  a\\nb: no space" {
		t.Error(err)
	}
	many := slices.Repeat([]string{"\n  x"}, maxNamed+2)
	if got := few(many); strings.Count(got, "\n  x") != maxNamed || !strings.HasSuffix(got, "\n  and 2 more") {
		t.Error(got)
	}
	if got := few(many[:maxNamed]); strings.Contains(got, "more") {
		t.Error(got)
	}
	if got := below("/p/", []string{"/p/.git/hooks", "/p", "/pp/x", "/q/x", "/p/a"}); !slices.Equal(got, []string{".git/hooks", "a"}) {
		t.Errorf("%q", got)
	}
}

// A file is a script if its beginning is text.
func TestScript(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		text string
		want bool
	}{"text": {"echo x\n", true}, "binary": {"\x7fELF\x02\x00\x00", false}, "late": {strings.Repeat("x", 100) + "\x00", true}, "empty": {"", false}} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(tt.text), 0o700); err != nil {
			t.Fatal(err)
		}
		if got := script(file); got != tt.want {
			t.Errorf("%s is a script: %v", name, got)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if script(filepath.Join(dir, "pipe")) || script(filepath.Join(dir, "absent")) || script(dir) {
		t.Error("what is no file is a script")
	}
}

// purity ends as its command ended.
func TestEnded(t *testing.T) {
	for _, code := range []int{0, 1, 42, 255} {
		var ended *EndedError
		if err := error(&EndedError{syscall.WaitStatus(code << 8)}); !errors.As(err, &ended) || ended.Exit() != code {
			t.Errorf("%d: %v", code, ended.Exit())
		}
	}
	environ := []string{"A=1", "AB=2", "A=3"}
	if got := Without(slices.Clone(environ), "A"); !slices.Equal(got, []string{"AB=2"}) {
		t.Errorf("%q", got)
	}
}
