package inspect

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/closure/hostile"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMountsBelow(t *testing.T) {
	const mountinfo = `22 1 0:20 / /proc rw,nosuid - proc proc rw
23 1 254:0 / /home/me/project rw - ext4 /dev/vda rw
24 23 254:0 /x /home/me/project/with\040blank rw shared:1 - ext4 /dev/vda rw
25 23 254:0 /x /home/me/project/back\134slash rw - ext4 /dev/vda rw
26 23 254:0 /x /home/me/projectile rw - ext4 /dev/vda rw
short line
`
	want := []string{"/home/me/project/with blank", `/home/me/project/back\slash`}
	if diff := cmp.Diff(want, mountsBelow("/home/me/project", mountinfo)); diff != "" {
		t.Error(diff)
	}
	if got := mountsBelow("/", mountinfo); len(got) != 5 {
		t.Errorf("below / are %v", got)
	}
}

func FuzzMountinfo(f *testing.F) {
	f.Add("24 23 254:0 /x /p/with\\040blank rw shared:1 - ext4 /dev/vda rw\n", "/p")
	f.Add("a b c d /p\\1 f\n", "")
	f.Add("a b c d /p\\777 f", "/p/")
	f.Fuzz(func(t *testing.T, mountinfo, dir string) {
		for _, at := range mountsBelow(dir, mountinfo) {
			if !strings.HasPrefix(at, strings.TrimSuffix(dir, "/")+"/") {
				t.Errorf("%q is not below %q", at, dir)
			}
		}
	})
}

// A path that leads outside is found, and its twin that does not is not.
func TestHazards(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	must(t, os.WriteFile(outside, nil, 0o644))
	must(t, os.Link(outside, dir+"/link"))
	must(t, os.Mkdir(dir+"/sub", 0o755))
	must(t, os.WriteFile(dir+"/one", nil, 0o644))
	must(t, os.Link(dir+"/one", dir+"/sub/two"))
	must(t, os.Symlink(outside, dir+"/symbolic"))
	must(t, os.WriteFile(dir+"/plain", nil, 0o755))
	must(t, os.WriteFile(dir+"/setuid", nil, 0o755))
	must(t, os.Chmod(dir+"/setuid", 0o755|os.ModeSetuid))
	must(t, os.WriteFile(dir+"/setgid", nil, 0o755))
	must(t, os.Chmod(dir+"/setgid", 0o755|os.ModeSetgid))
	want := []Hazard{{Path: dir + "/setgid", More: 1, What: setuid}, {Path: dir + "/link", What: hardLink}}
	if os.Getuid() == 0 {
		must(t, unix.Mknod(dir+"/device", unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))))
		want = slices.Insert(want, 0, Hazard{Path: dir + "/device", What: device})
	}
	if diff := cmp.Diff(want, Hazards(dir, false)); diff != "" {
		t.Error(diff)
	}
	want[len(want)-1].What = readable
	if diff := cmp.Diff(want, Hazards(dir, true)); diff != "" {
		t.Error(diff)
	}
}

// Files that take no room take no time, and files beyond the budget still count where
// it was written.
func TestBudget(t *testing.T) {
	dir := t.TempDir()
	for i := range 600 {
		sub := fmt.Sprint(dir, "/", i)
		must(t, os.Mkdir(sub, 0o755))
		must(t, os.WriteFile(sub+"/Makefile", nil, 0o644))
		must(t, os.Truncate(sub+"/Makefile", maxContent))
	}
	began := time.Now()
	before := Take(dir, nil)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	must(t, os.WriteFile(dir+"/7/Makefile", []byte("x"), 0o644))
	must(t, os.Truncate(dir+"/7/Makefile", maxContent))
	must(t, os.Chtimes(dir+"/8/Makefile", began, began)) // nothing that counts
	want := []Change{{"7/Makefile", "changed", "make and others that run tasks"}}
	if diff := cmp.Diff(want, before.Changes(Take(dir, nil))); diff != "" {
		t.Error(diff)
	}
	file := dir + "/9/Makefile"
	for _, tt := range []struct {
		name        string
		first, then int64 // budgets
		write       bool
		want        bool
	}{
		{"read both times", 1 << 20, 1 << 20, false, false}, {"never read", 0, 0, false, false}, {"read before", 1 << 20, 0, false, false},
		{"read after", 0, 1 << 20, false, false}, {"read both times, written", 1 << 20, 1 << 20, true, true}, {"never read, written", 0, 0, true, true},
		{"read before, written", 1 << 20, 0, true, true},
	} {
		must(t, os.WriteFile(file, []byte(tt.name), 0o644))
		at := func(budget int64) Snapshot {
			s := taker{root: dir + "/9", found: Snapshot{}, budget: &hostile.Budget{Bytes: budget}}
			s.walk("", "")
			return s.found
		}
		was := at(tt.first)
		if tt.write {
			time.Sleep(50 * time.Millisecond) // for the clock of the file system
			must(t, os.WriteFile(file, []byte(strings.ToUpper(tt.name)), 0o644))
		}
		if changes := was.Changes(at(tt.then)); (len(changes) > 0) != tt.want {
			t.Errorf("%s: %v", tt.name, changes)
		}
	}
}

func TestChanges(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
	for _, name := range []string{
		".git/HEAD", ".git/config", ".git/index", ".git/refs/heads/main", ".git/objects/ab/cd", ".git/logs/HEAD",
		".git/hooks/a", ".git/hooks/b", "Makefile", "source.c", "nix/dev.nix", "bin/tool", "lib/tool", "node_modules/a/index.js",
	} {
		write(name, "x")
	}
	must(t, os.Symlink("Makefile", dir+"/GNUmakefile"))
	must(t, os.Symlink("source.c", dir+"/inner"))
	programs := []string{"/usr/bin", dir + "/bin"}
	before := Take(dir, programs)
	if changes := before.Changes(Take(dir, programs)); len(changes) != 0 {
		t.Errorf("changed without a change: %v", changes)
	}
	must(t, os.Remove(dir+"/.git/hooks/a"))
	must(t, os.Chmod(dir+"/.git/hooks/b", 0o755))
	must(t, os.Remove(dir+"/GNUmakefile"))
	must(t, os.Symlink("source.c", dir+"/GNUmakefile"))
	must(t, os.Remove(dir+"/inner"))
	must(t, os.Symlink("lib/tool", dir+"/inner")) // harmless, as are the following
	write("source.c", "y")
	write("lib/tool", "y")
	write(".git/refs/heads/main", "y")
	write(".git/objects/ab/cd", "y")
	write(".git/logs/HEAD", "y")
	write(".git/FETCH_HEAD", "y")
	var want []Change
	is := func(path, what, by string) { want = append(want, Change{path, what, by}) }
	is(".git/hooks/a", "removed", "git")
	is(".git/hooks/b", "changed", "git")
	is("GNUmakefile", "changed", "make and others that run tasks")
	for _, name := range []string{".git/config", ".git/index", "Makefile", "nix/dev.nix", "bin/tool"} {
		write(name, "y")
	}
	is(".git/config", "changed", "git")
	is(".git/index", "changed", "git")
	is("Makefile", "changed", "make and others that run tasks")
	is("nix/dev.nix", "changed", "Nix")
	is("bin/tool", "changed", "your shell, by PATH")
	write("node_modules/a/index.js", "yy")
	write("node_modules/b/index.js", "yy")
	is("node_modules", "changed", "editors, and whoever runs programs from there")
	for name, by := range map[string]string{
		".git/config.worktree": "git", ".git/info/attributes": "git", ".git/objects/info/alternates": "git",
		".git/hooks/refs": "git", ".git/hooks/x.lock": "git", ".git/modules/sub/hooks/post-merge": "git",
		".git/worktrees/w/config.worktree": "git", "sub/.gitattributes": "git", "sub/.git": "git",
		"vendor/bare/HEAD": "git", "vendor/bare/config": "git", "vendor/bare/info/attributes": "git",
		"sub/deep/Makefile": "make and others that run tasks", "sub/deep/.envrc": "direnv", ".cargo/config.toml": "cargo",
		"sub/.npmrc": "npm and its kind", ".github/workflows/deploy.yml": "continuous integration",
		".vscode/tasks.json": "editors", ".vscode/deep/er": "editors", "purity.toml": "purity", "conftest.py": "Python",
		"bin/new": "your shell, by PATH",
	} {
		write(name, "")
		is(name, "new", by)
	}
	must(t, os.MkdirAll(dir+"/vendor/bare/objects", 0o755))
	must(t, os.MkdirAll(dir+"/vendor/bare/refs", 0o755))
	must(t, os.Symlink("/usr", dir+"/result"))
	must(t, os.Symlink("../../gone", dir+"/sub/dangling"))
	is("result", "new", "a link that leads out of the project")
	is("sub/dangling", "new", "a link that leads out of the project")
	must(t, unix.Mkfifo(dir+"/sub/GNUmakefile", 0o600))
	is("sub/GNUmakefile", "new", "make and others that run tasks")
	changes := before.Changes(Take(dir, programs))
	readers := func(by string) int { return slices.IndexFunc(changes, func(c Change) bool { return c.By == by }) }
	if readers("git") > readers("direnv") || readers("direnv") > readers("editors") || readers("editors") > readers("cargo") {
		t.Errorf("what runs soonest is not the first: %v", changes)
	}
	for _, list := range [][]Change{want, changes} {
		slices.SortFunc(list, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Error(diff)
	}
}
