package cause

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/enforce/observe"
)

// ran is a process and those that it descends from, the nearest first.
func ran(commands ...string) observe.Process {
	var p observe.Process
	for i, command := range commands {
		args := strings.Fields(command)
		if i == 0 {
			p.Program, p.Args, p.Dir = args[0], args, "/project"
		} else {
			p.Above = append(p.Above, observe.Ancestor{Program: args[0], Args: args})
		}
	}
	return p
}

func executed(path string, by ...string) observe.Denial {
	return observe.Denial{Path: path, Real: path, Access: "execute", Kind: "program", Count: 1, By: ran(by...)}
}

func opened(kind, path string, by ...string) observe.Denial {
	return observe.Denial{Path: path, Real: path, Access: "read", Kind: kind, Count: 1, By: ran(by...)}
}

// Programs and files that a compiler of the host uses are one with it; those of its arguments, or a
// shell's, are not.
func TestFold(t *testing.T) {
	const (
		mk, sh   = "/s/00000000000000000000000000000000-make/bin/make", "/bin/sh -c x"
		gcc      = "/usr/bin/gcc-12 -L/opt/typed x.c"
		collect2 = "/usr/lib/gcc/collect2 -L/opt/typed -L/usr/lib/gcc"
		ld       = "/s/00000000000000000000000000000000-ld/bin/ld -L/opt/typed -L/usr/lib/gcc"
		wrapper  = "/s/00000000000000000000000000000000-bash/bin/bash /s/00000000000000000000000000000000-ld/bin/ld -L/opt/typed -L/usr/lib/gcc"
	)
	withOwn := executed("/usr/lib/gcc/cc1", gcc, mk)
	withOwn.Follow, withOwn.Followers = 1, []observe.Denial{opened("header", "/usr/include/stdio.h", "/usr/lib/gcc/cc1", gcc, mk)}
	denials := []observe.Denial{
		withOwn,
		executed("/usr/lib/gcc/collect2", gcc, mk),
		executed("/usr/bin/gcc-12", mk),
		executed("/usr/bin/perl", "/usr/bin/bash -c perl", mk),
		executed("/usr/bin/bash", mk),
		opened("library", "/usr/lib/gcc/crt1.o", ld, wrapper, collect2, gcc, mk),
		opened("library", "/opt/typed/libx.so", ld, wrapper, collect2, gcc, sh, mk),
		opened("library", "/usr/lib/gcc/alone.o", ld, wrapper, sh, mk),
	}
	var got []string
	for _, d := range fold(denials, "/s") {
		text := d.Path
		for _, f := range d.Followers {
			text += " " + f.Path
		}
		if len(d.Followers) != d.Follow {
			t.Errorf("%s has %d followers, and says %d", d.Path, len(d.Followers), d.Follow)
		}
		got = append(got, text)
	}
	want := []string{
		"/usr/bin/gcc-12 /usr/lib/gcc/cc1 /usr/include/stdio.h /usr/lib/gcc/collect2 /usr/lib/gcc/crt1.o",
		"/usr/bin/perl", "/usr/bin/bash", "/opt/typed/libx.so", "/usr/lib/gcc/alone.o",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// Programs that run each other lose nothing.
	a, b := executed("/usr/bin/a", "/usr/bin/b", mk), executed("/usr/bin/b", "/usr/bin/a", mk)
	var left int
	for _, d := range fold([]observe.Denial{a, b}, "/s") {
		left += 1 + len(d.Followers)
	}
	if left != 2 {
		t.Errorf("of two programs that run each other %d are left", left)
	}
}

// Interpreters run their arguments, whatever their version, but for scripts of the
// store.
func TestLaunches(t *testing.T) {
	for command, want := range map[string]bool{
		"/usr/bin/python3.11 x.py": true, "/usr/bin/perl5.36.0": true, "/s/x/bin/.make-wrapped": true, "/usr/bin/env gcc": true,
		"/usr/bin/gcc-12 x.c": false, "/usr/bin/git status": false,
		"/bin/bash -e /s/00000000000000000000000000000000-gcc/bin/gcc x.c": false, "/bin/bash -e ./configure": true,
	} {
		args := strings.Fields(command)
		if got := launches(args[0], args, "/s"); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
}

// Files that one line mends together are one finding, under the first of them.
func TestAlike(t *testing.T) {
	const cat = "/s/00000000000000000000000000000000-coreutils/bin/cat"
	var denials []observe.Denial
	for i := range 20 {
		denials = append(denials, opened("data", fmt.Sprintf("/usr/share/doc/%d/copyright", i), cat))
	}
	for i := range 3 {
		made := opened("data", fmt.Sprintf("/var/tmp/x%d", i), cat)
		made.Access, made.Entry = "write", true
		port := observe.Denial{Address: fmt.Sprintf("192.0.2.%d:443", i), Access: "connect", Kind: "port", Protocol: "tcp", Count: 1}
		denials = append(denials, made, port, opened("data", fmt.Sprintf("/opt/x%d", i), cat), opened("header", fmt.Sprintf("/usr/include/%d.h", i), cat))
	}
	var got []string
	for _, f := range (Run{StoreDir: "/s", Anywhere: true}).Findings(denials) {
		got = append(got, fmt.Sprintf("%s and %d: %s", f.Subject(), len(f.More), f.Hint))
	}
	want := []string{
		"/usr/share/doc/0/copyright and 19: " + report.InPolicy + `read = ["/usr/share/doc"]`,
		"/var/tmp/x0 and 2: " + report.InPolicy + `write = ["/var/tmp"]`,
		"192.0.2.0:443 and 2: if it has to be:  --network connect=443",
		"/opt/x0 and 0: " + report.InPolicy + `read = ["/opt/x0"]`,
		"/usr/include/0.h and 2: add the package with include/0.h to the dev shell",
		"/opt/x1 and 0: " + report.InPolicy + `read = ["/opt/x1"]`,
		"/opt/x2 and 0: " + report.InPolicy + `read = ["/opt/x2"]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
