package inspect

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
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

// What leads outside is found, and its twin that does not is not.
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
	if diff := cmp.Diff(want, Hazards(dir)); diff != "" {
		t.Error(diff)
	}
}

func TestChanges(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(dir+"/.git/hooks", 0o755))
	for _, name := range []string{".git/hooks/a", ".git/hooks/b", "Makefile", "source.c"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644))
	}
	must(t, os.Symlink("Makefile", dir+"/GNUmakefile"))
	before := Take(dir)
	if changes := before.Changes(Take(dir)); len(changes) != 0 {
		t.Errorf("changed without a change: %v", changes)
	}
	must(t, os.Remove(dir+"/.git/hooks/a"))
	must(t, os.Chmod(dir+"/.git/hooks/b", 0o755))
	must(t, os.WriteFile(dir+"/Makefile", []byte("y"), 0o644))
	must(t, os.WriteFile(dir+"/source.c", []byte("y"), 0o644))
	must(t, os.Mkdir(dir+"/.vscode", 0o755))
	must(t, os.WriteFile(dir+"/.vscode/tasks.json", nil, 0o644))
	must(t, os.Remove(dir+"/GNUmakefile"))
	must(t, os.Symlink("source.c", dir+"/GNUmakefile"))
	want := []Change{
		{".git/hooks/a", "removed"}, {".git/hooks/b", "changed"}, {".vscode/tasks.json", "new"},
		{"GNUmakefile", "changed"}, {"Makefile", "changed"},
	}
	if diff := cmp.Diff(want, before.Changes(Take(dir))); diff != "" {
		t.Error(diff)
	}
}
