package packages

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// program writes a program that prints its arguments, and then some.
func program(t *testing.T, file, script string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
}

func toolsIn(dir string) Tools {
	return Tools{system: []string{dir}, writable: func(string) bool { return false }}
}

// Each package manager is asked once for all, and understood.
func TestOwners(t *testing.T) {
	files := t.TempDir()
	var paths []string
	for _, name := range []string{"perf", "tool", "nobody's", "glob[x]", "two", "lib.so"} {
		path := filepath.Join(files, name)
		paths = append(paths, path)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	paths = append(paths, files, filepath.Join(files, "absent"))
	for _, tt := range []struct {
		program, script string
		want            map[string]string
	}{
		{"rpm", `shift 3; for f; do case $f in */nobody*) echo "file $f is not owned by any package";; *) echo pkg-of-${f##*/};; esac; done`,
			map[string]string{"perf": "pkg-of-perf (rpm)", "tool": "pkg-of-tool (rpm)", "glob[x]": "pkg-of-glob[x] (rpm)", "two": "pkg-of-two (rpm)", "lib.so": "pkg-of-lib.so (rpm)"}},
		{"rpm", `shift 3; for f; do case $f in */two) echo one; echo other;; *) echo p;; esac; done`, // two packages for one file
			map[string]string{"perf": "p (rpm)", "tool": "p (rpm)", "nobody's": "p (rpm)", "glob[x]": "p (rpm)", "two": "one (rpm)", "lib.so": "p (rpm)"}},
		{"pacman", `echo "D/tool is owned by tools 1.2-3"; echo "error: No package owns D/two" >&2; exit 1`, map[string]string{"tool": "tools (pacman)"}},
		{"apk", `echo "D/tool is owned by py3-tools-1.2-r3"; echo "D/two symlink target is owned by musl-1.2.5-r0"`, map[string]string{"tool": "py3-tools (apk)", "two": "musl (apk)"}},
	} {
		dir := t.TempDir()
		program(t, filepath.Join(dir, tt.program), "echo x >> "+dir+"/asked\n"+strings.ReplaceAll(tt.script, "D/", files+"/"))
		want := map[string]string{}
		for name, owner := range tt.want {
			want[filepath.Join(files, name)] = owner
		}
		tools := toolsIn(dir)
		if diff := cmp.Diff(want, tools.Owners(paths, time.Minute)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.program, diff)
		}
		if tools.unpackaged = []string{files + "/"}; len(tools.Owners(paths, time.Minute)) != 0 {
			t.Errorf("%s is asked where no package has files", tt.program)
		}
	}
}

// Dpkg's lists have files by the names of before /usr had all, and more than files.
func TestLists(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"libc6:amd64.list": "/.\n/usr\n/usr/bin\n/bin/sh\n", "coreutils.list": "/usr/bin/env\n/usr/bin/environ\n",
		"other.list": "/usr/bin/env\n", "coreutils.md5sums": "/usr/bin/true\n", "cut.list": "/usr/bin/tr", "empty.list": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{"/usr/bin/tr": "known"}
	written := func(path string) bool { return path == dir }
	Tools{dpkg: dir, writable: written}.fromLists(t.Context(), []string{"/usr/bin/sh"}, got)
	late, cancel := context.WithCancel(t.Context())
	cancel()
	tools := toolsIn("")
	tools.dpkg = dir
	tools.fromLists(late, []string{"/usr/bin/sh"}, got)
	if len(got) != 1 {
		t.Errorf("believed what the command can write, or went on after the time: %v", got)
	}
	tools.fromLists(t.Context(), []string{"/usr/bin/sh", "/usr/bin/env", "/usr/bin/true", "/usr/bin/tr", "/usr/bin/en"}, got)
	want := map[string]string{"/usr/bin/sh": "libc6 (dpkg)", "/usr/bin/env": "coreutils (dpkg)", "/usr/bin/tr": "known"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	tools.dpkg = filepath.Join(dir, "none") // no Debian
	tools.fromLists(t.Context(), []string{"/usr/bin/sh"}, got)
	if len(got) != 3 {
		t.Errorf("%v", got)
	}
}

// A system of Debian says whose its shell is.
func TestListsHere(t *testing.T) {
	if _, err := os.Stat("/var/lib/dpkg/info/dash.list"); err != nil {
		t.Skipf("no Debian: %v", err)
	}
	if got := NewTools("", func(string) bool { return false }).Owners([]string{"/usr/bin/dash"}, time.Minute); got["/usr/bin/dash"] != "dash (dpkg)" {
		t.Errorf("%v", got)
	}
}

// Thousands of files are asked for in few calls, and not for ever.
func TestManyOwners(t *testing.T) {
	files, dir := t.TempDir(), t.TempDir()
	var paths []string
	for i := range 3000 {
		path := filepath.Join(files, fmt.Sprintf("%0200d", i))
		paths = append(paths, path)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program(t, filepath.Join(dir, "pacman"), "echo x >> "+dir+"/asked")
	toolsIn(dir).Owners(paths, time.Minute)
	if asked, err := os.ReadFile(filepath.Join(dir, "asked")); err != nil || len(asked) > 2*3 || len(asked) < 2*1 {
		t.Errorf("asked %q, %v", asked, err)
	}
	program(t, filepath.Join(dir, "pacman"), "exec /bin/sleep 60")
	start := time.Now()
	toolsIn(dir).Owners(paths[:10], 100*time.Millisecond)
	if time.Since(start) > 10*time.Second {
		t.Errorf("it took %v", time.Since(start))
	}
}

// An answer of an index is an attribute, or is not believed.
func TestIndex(t *testing.T) {
	dir := t.TempDir()
	program(t, filepath.Join(dir, "nix-locate"), `case $5 in /bin/odd) printf 'x;rm\n$(x)\n"a b"\n';; *) printf 'perlPackages.XMLParser.out\nlong.attribute.path\npython3Packages."zope.event"\n';; esac`)
	x := NewIndex(toolsIn(dir))
	if got := x.Attribute("odd"); got != "" {
		t.Errorf("odd is of %q", got)
	}
	if got := x.Attribute("xml"); got != "long.attribute.path" {
		t.Errorf("xml is of %q", got)
	}
}

// purity runs no file that the command can write.
func TestTools(t *testing.T) {
	dir := t.TempDir()
	program(t, filepath.Join(dir, "rpm"), "exit 0")
	tool := Tools{writable: func(path string) bool { return strings.HasPrefix(path, dir) }}
	if got := tool.find("rpm", dir); got != "" {
		t.Errorf("%s would be run", got)
	}
	if got := toolsIn(dir).find("rpm", dir); got == "" {
		t.Error("it is not found")
	}
	t.Setenv("LD_PRELOAD", "/x")
	program(t, filepath.Join(dir, "env"), "exec /usr/bin/env")
	out, _ := toolsIn(dir).ask(t.Context(), filepath.Join(dir, "env"))
	if strings.Contains(out, "LD_PRELOAD") || !strings.Contains(out, "LC_ALL=C") {
		t.Error(out)
	}
}
