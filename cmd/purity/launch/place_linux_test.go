package launch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// The program is the first of that name in the environment's PATH, or the file of a path.
func TestTyped(t *testing.T) {
	dir := enforce.Real(t.TempDir())
	project := trees.Project{Dir: dir + "/project", Cwd: dir + "/project"}
	if err := os.Mkdir(dir+"/elsewhere", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"elsewhere/make", "elsewhere/bash"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	environ := []string{"A=b", "PATH=" + dir + "/elsewhere"}
	dev := nixeval.Environment{Bash: "/bash", ScriptDir: "/scripts", Source: "."}
	hooked := dev
	hooked.Hooked = true
	for _, tt := range []struct {
		env     nixeval.Environment
		command []string
		want    string // path and arguments, @ for the place
		more    string // a variable
		fails   string
	}{
		{nixeval.Environment{}, []string{"make", "-j"}, "@/elsewhere/make make -j", "", ""},
		{dev, []string{"make"}, "@/elsewhere/make make", "", ""},
		{dev, []string{"./configure"}, "@/project/./configure ./configure", "", ""},
		{dev, []string{"/bin/x"}, "/bin/x /bin/x", "", ""},
		{dev, []string{"bash", "-c", ":"}, "@/elsewhere/bash bash -c :", "BASH_ENV=/scripts/" + nixeval.StateFile, ""},
		{nixeval.Environment{}, []string{"bash"}, "@/elsewhere/bash bash", "", ""},
		{dev, []string{"nothing"}, "", "", "run nothing: it is neither in the environment (.) nor on this machine"},
		{hooked, []string{"make"}, "/bash bash --noprofile --norc /scripts/" + nixeval.ExecFile, "", ""},
		{hooked, []string{"nothing"}, "/bash bash --noprofile --norc /scripts/" + nixeval.ExecFile, "", ""}, // its shellHook may bring it
	} {
		plan := confine.Plan{Ask: confine.Ask{Project: project}, Found: confine.Found{Env: tt.env}}
		l, err := Typed(tt.command)(plan, slices.Clone(environ), nixeval.Run{})
		if tt.fails != "" {
			if absent := (*words.AbsentError)(nil); !errors.As(err, &absent) || err.Error() != tt.fails {
				t.Errorf("%q: %v, want %s", tt.command, err, tt.fails)
			}
			continue
		}
		got := filepath.Clean(l.Path) + " " + strings.Join(l.Argv, " ")
		want := strings.ReplaceAll(tt.want, "@", dir)
		if want = strings.Replace(want, "/./", "/", 1); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s, %v, want %s", tt.command, got, err, want)
		}
		if tt.more != "" && !slices.Contains(l.Environ, tt.more) {
			t.Errorf("%q: %q has no %s", tt.command, l.Environ, tt.more)
		}
	}
}
