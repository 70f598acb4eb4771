package config

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What could change what evaluating a project does takes the permission back; what
// git writes in daily work does not.
func TestProjectPermission(t *testing.T) {
	dir, trust := t.TempDir(), Trust{Dir: filepath.Join(t.TempDir(), "allow")}
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is := func(after string, want Permission) {
		t.Helper()
		if got, err := trust.Project(dir); err != nil || got != want {
			t.Errorf("after %s: %v, %v, want %v", after, got, err, want)
		}
	}
	const plain = "[core]\n\tbare = false\n\tfileMode = true\n[remote \"origin\"]\n\turl = x\n\tfetch = y\n"
	write("flake.nix", "{}")
	write(".git/config", plain)
	is("nothing", Unknown)
	if files, err := trust.AllowProject(dir); err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	is("allow", Allowed)
	for _, text := range []string{"[branch \"b\"]\n\tremote = origin\n", "[user]\n\tname = me\n", "[submodule \"s\"]\n\turl = z\n"} {
		write(".git/config", plain+text)
		is(text, Allowed)
	}
	for _, text := range []string{
		"[core]\n\tfsmonitor = ./x\n", "[core]\n\thooksPath = x\n", "[filter \"f\"]\n\tclean = ./x\n", "[diff]\n\texternal = ./x\n",
		"[include]\n\tpath = x\n", "[remote \"origin\"]\n\tuploadpack = ./x\n", "[Core]\n\tFSMonitor = ./x\n", "[core] sshCommand = ./x\n",
	} {
		write(".git/config", plain+text)
		is(text, Changed)
	}
	write(".git/config", plain)
	write(".git/info/attributes", "# none\n*.nix filter=f\n")
	is("attributes", Changed)
	os.Remove(filepath.Join(dir, ".git/info/attributes"))
	is("no attributes", Allowed)
	write("flake.lock", "{}")
	is("a lock", Changed)
	os.Remove(filepath.Join(dir, "flake.lock"))
	if n, err := trust.Deny(dir); err != nil || n != 1 {
		t.Errorf("denied %d, %v", n, err)
	}
	is("deny", Unknown)
}

// Nothing that a project has by a name that is read can keep the reader.
func TestOddFiles(t *testing.T) {
	dir, trust := t.TempDir(), Trust{Dir: t.TempDir()}
	for _, name := range projectFiles {
		file := filepath.Join(dir, name)
		for _, make := range []func() error{
			func() error { return syscall.Mkfifo(file, 0o600) },
			func() error { return os.Symlink("/dev/zero", file) },
			func() error { return os.Mkdir(file, 0o700) },
		} {
			if err := make(); err != nil {
				t.Fatal(err)
			}
			if _, err := trust.Project(dir); err == nil {
				t.Errorf("%s is read", name)
			}
			if _, err := Find(dir, dir); (err == nil) != (name != Name) {
				t.Errorf("%s: %v", name, err)
			}
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
}
