package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/view"
	"github.com/nix-purity/purity/fixtures"
	"github.com/nix-purity/purity/nixeval"
)

// worst is the worst status of some checks, with the first finding of that status.
func worst(checks []Check) (status, finding string) {
	for _, status := range []string{Error, warning, ok} {
		for _, c := range checks {
			if c.Status == status {
				return status, c.Finding
			}
		}
	}
	return "", ""
}

// A kernel that cannot uphold the default policy is an error, one that lacks more a warning, and
// each has a remedy.
func TestKernel(t *testing.T) {
	newest := 0
	for _, f := range enforce.Features() {
		newest = max(newest, f.ABI)
	}
	for _, tt := range []struct {
		kernel enforce.Kernel
		status string
		finds  string
	}{
		{enforce.Kernel{ABI: newest}, ok, "Landlock ABI"},
		{enforce.Kernel{ABI: enforce.DefaultABI}, warning, "cannot deny"},
		{enforce.Kernel{ABI: enforce.DefaultABI - 1}, Error, "cannot deny"},
		{enforce.Kernel{ABI: newest, Filter: errors.New("no filter")}, Error, "no filter"},
		{enforce.Kernel{Err: enforce.ErrLandlockOff}, Error, "switched off"},
		{enforce.Kernel{Err: enforce.ErrNotLinux}, Error, "on Linux only"},
		{enforce.Kernel{Err: enforce.ErrNoLandlock}, Error, ""},
	} {
		checks := checkKernel(tt.kernel)
		if status, finding := worst(checks); status != tt.status || !strings.Contains(finding, tt.finds) {
			t.Errorf("%+v: %s, %s", tt.kernel, status, finding)
		}
		for _, c := range checks {
			if (c.Status == ok) != (c.Fix == "") {
				t.Errorf("%+v: %+v", tt.kernel, c)
			}
		}
	}
}

// That there is no view has the remedy if one is known.
func TestNoView(t *testing.T) {
	refused := &view.RefusedError{What: "x", Err: os.ErrPermission, Fix: "mend it"}
	if c := noView(warning, refused, "; so"); c.Status != warning || c.Fix != "mend it" || !strings.HasSuffix(c.Finding, "; so") {
		t.Errorf("%+v", c)
	}
	if c := noView(Error, errors.New("x"), "; so"); c.Status != Error || c.Fix != "" || c.Finding != "x" {
		t.Errorf("%+v", c)
	}
}

// A purity.toml is fine, or the finding says why it is not.
func TestSettings(t *testing.T) {
	for _, tt := range []struct {
		name, toml string
		variables  error
		status     string
		finds      string
	}{
		{"none", "", nil, "", ""},
		{"one that narrows", "level = 'nix'", nil, ok, "project/purity.toml"},
		{"one that opens", "read = ['/x']", nil, Error, "it opens more than the default policy and was not allowed"},
		{"one that denies nothing", "mode = 'audit'", nil, Error, "mode audit"},
		{"one with a slip", "raed = []", nil, Error, "raed"},
		{"variables with a slip", "level = 'nix'", errors.New("PURITY_LEVEL is wrong"), Error, "PURITY_LEVEL is wrong"},
	} {
		p := fixtures.NewPlace(t)
		if tt.toml != "" {
			p.Write("project/purity.toml", tt.toml)
		}
		d := Doctor{Voice: screen.NewVoice(false, true, false), Variables: func() (config.Settings, error) { return config.Settings{}, tt.variables }}
		status, finding := worst(d.checkSettings(p.At("project"), p.At("project")))
		if status != tt.status || !strings.Contains(finding, tt.finds) {
			t.Errorf("%s: %s, %s", tt.name, status, finding)
		}
	}
}

// Shims in PATH are named, and those that cannot be used are an error.
func TestShims(t *testing.T) {
	p := fixtures.NewPlace(t)
	if err := (shim.Set{Request: nixeval.Request{Project: "/the/project"}}).Write(p.At("shims"), "/purity", nil); err != nil {
		t.Fatal(err)
	}
	p.Write("broken/"+shim.File, "{")
	for path, want := range map[string]string{"": "", "host": "", "host:shims": ok, "broken": Error, "shims:broken": Error} {
		var dirs []string
		for name := range strings.SplitSeq(path, ":") {
			dirs = append(dirs, p.At(name))
		}
		status, finding := worst(checkShims(strings.Join(dirs, ":")))
		if status != want || want == ok && !strings.Contains(finding, "/the/project") {
			t.Errorf("%s: %s, %s", path, status, finding)
		}
	}
}

// A directory that is not there can be written if the one above it can.
func TestWritable(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"": true, "new": true, "new/deep": true, "file": false, "file/new": false} {
		if err := writable(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := writable("/proc/new"); os.Getuid() != 0 && err == nil {
		t.Error("/proc can be written")
	}
}
