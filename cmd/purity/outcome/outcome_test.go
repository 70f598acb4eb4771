package outcome

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/enforce/observe"
)

func denial(program, access, path string) observe.Denial {
	d := observe.Denial{Path: path, Real: path, Access: access, Count: 1}
	if strings.Contains(path, ":") {
		d.Path, d.Real, d.Address = "", "", path
	}
	d.By.Program = program
	return d
}

func paths(findings []report.Finding) (all []string) {
	for _, f := range findings {
		all = append(all, f.Access+" "+f.Path+f.Address)
	}
	return all
}

// An exception is for a path and all below it, an access with those that it includes, and one
// program if it names one; one that is over, or that the kernel cannot tell, holds nobody
// back from being told.
func TestExceptions(t *testing.T) {
	const exceptions = `
[[exception]]
path = "/usr/bin"
access = "execute"
reason = "x"
[[exception]]
path = "/opt/data"
only = "cat"
reason = "x"
[[exception]]
path = "/old"
until = 2020-01-01
reason = "x"
[[exception]]
path = "*:443"
access = "connect"
reason = "x"
[[exception]]
path = "/unused"
reason = "x"
[[exception]]
path = "/folded"
reason = "x"
`
	file, err := config.Parse("/project/purity.toml", []byte(exceptions))
	if err != nil {
		t.Fatal(err)
	}
	denials := []observe.Denial{
		denial("/bin/make", "execute", "/usr/bin/gcc"), denial("/bin/make", "read", "/usr/bin/gcc"), denial("/bin/make", "write", "/usr/bin/gcc"),
		denial("/bin/cat", "read", "/opt/data/x"), denial("/bin/tac", "read", "/opt/data/x"), denial("/bin/.cat-wrapped", "write", "/opt/data"),
		denial("/bin/cat", "read", "/old/x"), denial("/bin/curl", "connect", "10.0.0.1:443"), denial("/bin/curl", "connect", "10.0.0.1:80"),
	}
	denials[2].Followers = []observe.Denial{denial("/usr/bin/gcc", "read", "/folded/x")} // needed, although not listed
	for _, tt := range []struct {
		mode             string
		listed, excepted []string
		unused           int
	}{
		{"audit", []string{"write /usr/bin/gcc", "read /opt/data/x", "read /old/x", "connect 10.0.0.1:80"},
			[]string{"execute /usr/bin/gcc", "read /usr/bin/gcc", "read /opt/data/x", "write /opt/data", "connect 10.0.0.1:443"}, 1},
		{"enforce", []string{"write /usr/bin/gcc", "read /opt/data/x", "read /opt/data/x", "write /opt/data", "read /old/x", "connect 10.0.0.1:80"},
			[]string{"execute /usr/bin/gcc", "read /usr/bin/gcc", "connect 10.0.0.1:443"}, 0},
	} {
		settings, err := confine.NewSettings(file, config.Settings{Mode: tt.mode}, "/project")
		if err != nil {
			t.Fatal(err)
		}
		run := Run{Plan: confine.Plan{Ask: confine.Ask{File: file, Settings: settings}}, Bare: true}
		r := run.Report(watch.Outcome{Watched: true, Denials: denials})
		if diff := cmp.Diff(tt.listed, paths(r.Findings)); diff != "" {
			t.Errorf("%s, found: %s", tt.mode, diff)
		}
		if diff := cmp.Diff(tt.excepted, paths(r.Excepted)); diff != "" {
			t.Errorf("%s, excepted: %s", tt.mode, diff)
		}
		if len(r.UnusedExceptions) != tt.unused || len(r.ExpiredExceptions) != 1 {
			t.Errorf("%s: unused are %v, over are %v", tt.mode, r.UnusedExceptions, r.ExpiredExceptions)
		}
		if apart := Apart(run.Ask); apart != (tt.mode == "audit") {
			t.Errorf("%s: told apart: %v", tt.mode, apart)
		}
	}
}
