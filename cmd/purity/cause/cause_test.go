package cause

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/packages"
	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/nixeval"
)

func TestNamed(t *testing.T) {
	for _, tt := range []struct {
		path, kind string
		args       []string
		environ    string
		want       string
	}{
		{"/usr/lib/x/libz.a", "library", []string{"ld", "-L/var/store/00-gcc/usr/lib/x", "/usr/lib/x/libz.a"}, "", "its argument /usr/lib/x/libz.a"},
		{"/usr/lib/x/libz.a", "library", []string{"ld", "-L/var/store/00-gcc/usr/lib/x", "-lz"}, "", ""},
		{"/usr/include/linux/x.h", "header", []string{"cc1", "-I/usr/include"}, "", "its argument -I/usr/include"},
		{"/usr/include/linux/x.h", "header", []string{"cc1", "-I", "/usr/include"}, "", "its arguments -I /usr/include"},
		{"/usr/include/x.h", "header", []string{"cc1", "-isystem", "/usr/include", "-O2"}, "", "its arguments -isystem /usr/include"},
		{"/opt/x/y.h", "header", []string{"cc1", "-I../x"}, "", "its argument -I../x"},
		{"/opt/x/y.h", "header", []string{"cc1", "--sysroot=/opt/x"}, "", "its argument --sysroot=/opt/x"},
		{"/opt/x/liby.so", "library", []string{"ld", "-Wl,-rpath,/opt/x:/b"}, "", "its argument -Wl,-rpath,/opt/x:/b"},
		{"/usr/lib/y.so", "library", []string{"ld", "--prefix=/usr"}, "", ""}, // says nothing
		{"/opt/x/y", "data", []string{"cat", "/opt/x/y"}, "", ""},
		{"/opt/x/y", "data", []string{"x"}, "PWD=/opt/x", ""},
		{"/opt/x/y", "data", []string{"x"}, "PURITY_PROJECT=/opt/x", ""},
		{"/opt/x/y", "data", []string{"x"}, "PYTHONPATH=/a:/opt/x", "its variable PYTHONPATH"},
		{"/opt/x/y.h", "header", []string{"x"}, "CFLAGS=-O2 -I/opt/x", "its variable CFLAGS"},
		{"/opt/x/y", "program", []string{"x", "-I/opt/x"}, "", ""},
	} {
		d := observe.Denial{Path: tt.path, Real: tt.path, Kind: tt.kind, By: observe.Process{Args: tt.args, Dir: "/opt/project", Environ: []string{tt.environ}}}
		if got := named(d, "/s").words; got != tt.want {
			t.Errorf("%s by %q %s: named by %q, want %q", tt.path, tt.args, tt.environ, got, tt.want)
		}
	}
}

// An argument that a wrapper adds is none that somebody can take away.
func TestAdder(t *testing.T) {
	const wrapper = "/s/00000000000000000000000000000000-bash/bin/bash /s/00000000000000000000000000000000-gcc/bin/cc"
	for _, tt := range []struct {
		above []string
		want  string
	}{
		{nil, ""},
		{[]string{"/x/gcc -L/opt/x", "/x/make"}, ""},
		{[]string{"/x/gcc x.c", "/x/make"}, "gcc"},
		{[]string{"/x/collect2 -L/opt/x", "/x/gcc x.c", "/x/make"}, "gcc"},
		{[]string{"/x/gcc -L/opt/x", wrapper + " x.c", "/x/make"}, "cc"},
		{[]string{"/x/gcc -L/opt/x", wrapper + " x.c -L/opt/x", "/x/make"}, ""},
		{[]string{"/x/bash -c ld"}, ""},
	} {
		d := opened("library", "/opt/x/liby.so", append([]string{"/x/ld -L/opt/x"}, tt.above...)...)
		if got := adderOf("-L/opt/x", d.By, "/s"); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.above, got, tt.want)
		}
		glued := opened("header", "/opt/x/y.h", "/x/cc1 -I /opt/x", "/x/gcc -I/opt/x", "/x/make")
		if got := named(glued, "/s").remove; got != "take -I /opt/x away" {
			t.Error(got)
		}
		if n := named(d, "/s"); strings.HasPrefix(n.remove, "take") != (tt.want == "") {
			t.Errorf("%q: %+v", tt.above, n)
		}
	}
}

// A helper that only other programs run is not looked for in a bin directory.
func TestPrivate(t *testing.T) {
	for path, want := range map[string]bool{
		"/usr/lib/gcc/x86_64-linux-gnu/12/cc1": true, "/usr/libexec/x": true, "/usr/bin/gcc": false, "/opt/tool": false, "/usr/lib/jvm/java-17/bin/java": false,
	} {
		f := finder{index: packages.NewIndex(packages.Tools{}), having: newHaving(nixeval.Environment{})}
		hint := f.programHint(executed(path, "/x/make"), filepath.Base(path), "")
		if got := strings.HasPrefix(hint, "it is a part of another program"); got != want {
			t.Errorf("%s: %s", path, hint)
		}
	}
}

// PATH is at fault only where it has the directory before the dev shell's.
func TestByName(t *testing.T) {
	for _, tt := range []struct {
		arg, environ string
		want         bool
	}{
		{"sed x", "", false},
		{"/usr/bin/sed x", "", false},
		{"CC=/usr/bin/sed", "", false},
		{"sed x", "CC=/usr/bin/sed", false},
		{"PATH=/usr/bin:$PATH sed", "", true},
		{"export PATH='/a:/usr/bin'; sed", "", true},
		{"PATH=/usr/bin2:$PATH sed", "", false},
		{"PATH=/own/bin:/usr/bin sed", "", false},
		{"sed x", "PATH=/a:/usr/bin", true},
		{"sed x", "PATH=/usr/bin:/own/bin", true},
		{"sed x", "PATH=/own/bin:/usr/bin", false},
		{"/usr/bin/sed x", "PATH=/a:/usr/bin", false},
	} {
		d := observe.Denial{Path: "/usr/bin/sed", By: observe.Process{Args: []string{"sh", "-c", tt.arg}, Environ: []string{tt.environ}}}
		if got := byName(d, "/own/bin/sed"); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

// Files of the host are looked for where packages have them, not by their last
// name.
func TestPlaces(t *testing.T) {
	for _, tt := range []struct {
		got  []string
		want string
	}{
		{headerFiles("/usr/include/linux/types.h", ""), "include/linux/types.h include/x86_64-linux-gnu/linux/types.h"},
		{headerFiles("/usr/include/x86_64-linux-gnu/sys/types.h", "/usr/include"), "include/sys/types.h include/x86_64-linux-gnu/sys/types.h"},
		{headerFiles("/opt/outside/a/b.h", "/opt/outside"), "include/a/b.h include/x86_64-linux-gnu/a/b.h"},
		{headerFiles("/opt/thing/include/a/b.h", ""), "include/a/b.h include/x86_64-linux-gnu/a/b.h"},
		{headerFiles("/opt/b.h", ""), "include/b.h include/x86_64-linux-gnu/b.h"},
		{libraryFiles("/usr/lib/x86_64-linux-gnu/libz.so.1"), "lib/libz.so.1 lib64/libz.so.1 lib/x86_64-linux-gnu/libz.so.1"},
		{libraryFiles("/lib64/perl5/a.so"), "lib/perl5/a.so lib64/perl5/a.so lib/x86_64-linux-gnu/perl5/a.so"},
		{libraryFiles("/opt/libz.so"), "lib/libz.so lib64/libz.so lib/x86_64-linux-gnu/libz.so"},
	} {
		if got := strings.Join(tt.got, " "); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

// Denials that differ by the number of a process alone are one.
func TestNumberless(t *testing.T) {
	by := func(pid int) observe.Process { return observe.Process{PID: pid} }
	got := numberless([]observe.Denial{
		{Path: "/proc/self/x", Real: "/proc/12/x", Count: 1, By: by(12)},
		{Path: "/proc/self/x", Real: "/proc/13/task/14/x", Count: 2, By: by(13)},
		{Path: "/proc/15/x", Real: "/proc/15/x", Count: 3, By: by(15)},
		{Path: "/proc/1/x", Real: "/proc/1/x", Count: 1, By: by(15)},
	})
	want := []observe.Denial{
		{Path: "/proc/self/x", Real: "/proc/self/x", Count: 6, By: by(12)},
		{Path: "/proc/1/x", Real: "/proc/1/x", Count: 1, By: by(15)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
