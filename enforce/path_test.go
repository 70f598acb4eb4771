package enforce_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/nix-purity/purity/enforce"
)

func TestInside(t *testing.T) {
	for _, tt := range []struct {
		path, dir string
		want      bool
	}{
		{"/a", "/a", true}, {"/a/b", "/a", true}, {"/ab", "/a", false}, {"/", "/a", false}, {"/a", "/", true}, {"/a", "", false}, {"", "/a", false},
	} {
		if got := Inside(tt.path, tt.dir); got != tt.want {
			t.Errorf("%q inside %q: %v", tt.path, tt.dir, got)
		}
	}
}

// Links that a command can have made are followed only within the trees that it may write.
func TestResolve(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"project/sub", "project/real", "outside/deep", "shared"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"project/out": top + "/outside", "project/relative": "../outside", "project/chain": "out", "project/within": "real",
		"project/back": top + "/outside/home", "outside/home": top + "/project/real", "project/loop": "loop", "project/dangling": top + "/absent",
		"host": "outside", "alias": "project", "project/to-shared": top + "/shared", "shared/out": top + "/outside",
	} {
		if err := os.Symlink(target, filepath.Join(top, name)); err != nil {
			t.Fatal(err)
		}
	}
	trees := []string{top + "/project", top + "/shared"}
	for _, tt := range []struct{ path, want, link string }{
		{"project/sub", "project/sub", ""},
		{"project/absent/x", "project/absent/x", ""},
		{"project/sub/../real", "project/real", ""},
		{"host/deep", "outside/deep", ""}, // nobody may write there
		{"alias/sub", "project/sub", ""},
		{"project/within", "project/real", ""},
		{"project/within/../sub", "project/sub", ""},
		{"project/out", "outside", "project/out"},
		{"project/out/deep", "outside/deep", "project/out"},
		{"project/out/../project/real", "project/real", ""}, // which may be written anyway
		{"alias/out/deep", "outside/deep", "project/out"},
		{"project/relative/deep", "outside/deep", "project/relative"},
		{"project/chain", "outside", "project/chain"},
		{"project/back", "project/real", ""},
		{"project/dangling", "absent", "project/dangling"},
		{"project/to-shared", "shared", "project/to-shared"}, // of another tree
		{"shared/out", "outside", "shared/out"},
	} {
		got, err := Resolve(filepath.Join(top)+"/"+tt.path, trees)
		var link *LinkError
		planted := errors.As(err, &link)
		if got != filepath.Join(top, tt.want) || planted != (tt.link != "") || err != nil && !planted {
			t.Errorf("%s: %s, %v; want %s", tt.path, got, err, tt.want)
		}
		if planted && (link.Link != filepath.Join(top, tt.link) || link.Target != got) {
			t.Errorf("%s: %+v", tt.path, link)
		}
		if free, err := Resolve(filepath.Join(top)+"/"+tt.path, nil); free != got || err != nil {
			t.Errorf("%s where nothing may be written: %s, %v", tt.path, free, err)
		}
	}
	for _, path := range []string{"project/loop", "relative"} {
		if path != "relative" {
			path = top + "/" + path
		}
		if to, err := Resolve(path, trees); err == nil {
			t.Errorf("%s: %s", path, to)
		}
	}
}

// A relative path that leaves the directory that it begins in does not pass through it.
func TestPassesFrom(t *testing.T) {
	for path, want := range map[string]bool{"x": true, "../x": false, "../project/x": true, "sub/../../x": true, "../../x": false} {
		if got := Passes("/top/project", path, "/top/project"); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// A path passes through each directory on its way, wherever it leads.
func TestPasses(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"project/bin", "outside/bin"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"project/result": top + "/outside", "outside/in": top + "/project/bin", "alias": "project", "outside/loop": "loop", "outside/through": top + "/project/result/bin",
	} {
		if err := os.Symlink(target, filepath.Join(top, name)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{
		"project/bin/x": true, "project/result/bin/x": true, "alias/result/bin/x": true, "outside/in/x": true, "outside/through/x": true,
		"outside/bin/x": false, "outside/../project/x": true, "outside/absent/x": false, "alias/absent/x": true, "outside/in/absent/x": true, "outside/loop": true, "project/../outside/bin/x": true, "outside/in/../../outside/x": true,
	} {
		if got := Passes("/", top+"/"+path, top+"/project"); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// Links count up to a missing file, and behind one that a .. leaves again.
func TestReal(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err == nil {
		err = os.Mkdir(filepath.Join(top, "project"), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(top, "file"), nil, 0o644)
	}
	if err == nil {
		err = os.Symlink("project", filepath.Join(top, "alias"))
	}
	if err == nil {
		err = os.Symlink("absent", filepath.Join(top, "dangling"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"project": "project", "alias": "project", "alias/x/y": "project/x/y", "absent/x": "absent/x", "file/x": "file/x",
		"absent/../alias/x": "project/x", "project/../alias/x": "project/x", "dangling/x": "dangling/x", "project/": "project",
	} {
		if got := Real(top + "/" + path); got != top+"/"+want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestOfKernel(t *testing.T) {
	if !OfProcess("/proc/12/task/13/comm") || !OfProcess("/proc/self/comm") {
		t.Error("a file of a process is none")
	}
	for path, want := range map[string]bool{
		"/proc/sys/vm/drop_caches": true, "/proc/sysrq-trigger": true, "/proc/sys": true, "/proc/1x": true,
		"/proc": false, "/proc/1": false, "/proc/12/task/13/comm": false, "/proc/self/comm": false, "/proc/thread-self": false,
		"/process/sys": false, "/sys/kernel": false, "": false,
	} {
		if got := OfKernel(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
		if got := OfProcess(path); got && (want || !strings.HasPrefix(path, "/proc/")) {
			t.Errorf("%s is of a process", path)
		}
	}
}
