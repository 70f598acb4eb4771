package programs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
)

// A failure is remembered with its state and its hint, until a person allows the project; that
// of another project stays.
func TestFailures(t *testing.T) {
	p := newPlace(t)
	mine, other := filepath.Join(p.nix().ProjectDir(p.At("project")), "shims"), filepath.Join(p.nix().ProjectDir(p.At("elsewhere")), "shims")
	if key, why := FailedRenewal(mine); key != "" || why != "" {
		t.Errorf("%s failed before: %s", key, why)
	}
	for _, dir := range []string{mine, other} {
		RememberFailure(p.call().Voice, dir, "state", words.Hint(errors.New("evaluate: fault\nin line 2"), "mend it"))
	}
	if key, why := FailedRenewal(mine); key != "state" || why != "evaluate: fault\nin line 2; mend it" {
		t.Errorf("%q failed: %q", key, why)
	}
	if err := ForgetFailures(p.nix(), p.At("project")); err != nil {
		t.Fatal(err)
	}
	if key, _ := FailedRenewal(mine); key != "" {
		t.Errorf("%s failed still", key)
	}
	if key, _ := FailedRenewal(other); key != "state" {
		t.Error("another project's failure is forgotten, too")
	}
}

// Shims are collected that run nothing any more, and not soon.
func TestCollect(t *testing.T) {
	p := newPlace(t)
	p.remember("there", []string{p.Package("hello", "hello")}, nil)
	long := time.Now().Add(-shimsLifetime - time.Hour)
	for _, tt := range []struct {
		name  string
		entry string
		made  time.Time
		gone  bool
	}{
		{"shims-gone", "gone", long, true}, {"shims-recent", "gone", time.Now(), false}, {"shims-there", "there", long, false}, {"shims-uncached", "", long, false},
	} {
		dir := filepath.Join(p.nix().ProjectDir(p.At("project")), tt.name)
		if err := (shim.Set{Request: p.request(), Entry: tt.entry}).Write(dir, "/purity", []string{"hello"}); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, shim.File), tt.made, tt.made); err != nil {
			t.Fatal(err)
		}
		removed, err := Collect(p.nix())
		if _, statErr := os.Stat(dir); err != nil || (removed == 1) != tt.gone || os.IsNotExist(statErr) != tt.gone {
			t.Errorf("%s: %d removed, %v, %v", tt.name, removed, err, statErr)
		}
	}
}

// Shims that another purity made start this one, where nobody else can replace it; their
// programs and their environment stay.
func TestTakeOver(t *testing.T) {
	p := newPlace(t)
	env := p.remember("key", []string{p.Package("hello", "hello")}, nil)
	p.Program("host/purity", "")
	for _, tt := range []struct {
		name  string
		other string
		mark  bool // this program is in a project
		taken bool
		fails bool
	}{
		{"this one", "", true, false, false},
		{"one that is there", "host/purity", false, true, false},
		{"one that is gone", "host/gone", false, true, false},
		{"one that is there, and this one is in a project", "host/purity", true, false, false},
		{"one that is gone, and this one is in a project", "host/gone", true, false, true},
	} {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		other := self
		if tt.other != "" {
			other = p.At(tt.other)
		}
		dir := p.At("cache/" + tt.name)
		set, err := rewrite(dir, shim.Set{Request: p.request()}, env, other)
		if err != nil {
			t.Fatal(err)
		}
		mark := filepath.Join(filepath.Dir(self), "shell.nix") // go test has it in a directory of its own
		if tt.mark {
			if err := os.WriteFile(mark, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err = TakeOver(p.nix(), dir, set, env)
		os.Remove(mark)
		want := other
		if tt.taken {
			want = self
		}
		if (err != nil) != tt.fails || shim.Of(dir) != want {
			t.Errorf("%s: %v, they start %s", tt.name, err, shim.Of(dir))
		}
		if names := strings.Join(p.list("cache/"+tt.name), " "); names != "by-path hello" {
			t.Errorf("%s: the shims are %s", tt.name, names)
		}
	}
}
