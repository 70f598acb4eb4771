package allow

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/config"
)

// A change of a file that an evaluation reads revokes the permission: files that define the
// environment at the next prompt, all else before the next evaluation.
func TestProjectPermission(t *testing.T) {
	dir, list := t.TempDir(), List{Dir: filepath.Join(t.TempDir(), "allow")}
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{at("flake.nix"), at("dev.nix"), at("src/main.c"), at("odd\n\\n name"), at("absent")}
	sources := Sources{Files: all, Flake: true, Exact: true}
	is := func(after string, prompt, evaluation Permission, file string) {
		t.Helper()
		if got, _, err := list.Project(dir); err != nil || got != prompt {
			t.Errorf("after %s: at a prompt %v, %v, want %v", after, got, err, prompt)
		}
		got, changed, err := list.Evaluates(dir, sources)
		if err != nil || got != evaluation || file != "" && changed != at(file) {
			t.Errorf("after %s: for an evaluation %v of %q, %v, want %v of %q", after, got, changed, err, evaluation, file)
		}
	}
	allow := func() {
		t.Helper()
		if err := list.AllowProject(dir, sources); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"flake.nix", "dev.nix", "src/main.c", "odd\n\\n name"} {
		write(name, "one")
	}
	is("nothing", Unknown, Unknown, "")
	allow()
	is("allow", Allowed, Allowed, "")
	for _, tt := range []struct {
		name   string
		prompt Permission
	}{{"flake.nix", Changed}, {"dev.nix", Changed}, {"src/main.c", Allowed}, {"odd\n\\n name", Allowed}} {
		write(tt.name, "two")
		is(tt.name, tt.prompt, Changed, tt.name)
		write(tt.name, "one")
		is("going back", Allowed, Allowed, "")
	}
	for _, name := range []string{"flake.lock", "purity.toml", ".envrc", "shell.nix"} { // which were not there
		write(name, "new")
		is(name, Changed, Changed, name)
		os.Remove(at(name))
	}
	sources.Files = all[:2]
	is("a file that is there and not read any more", Allowed, Changed, "odd\n\\n name")
	sources.Flake = false
	is("the evaluation of another file than flake.nix", Allowed, Allowed, "")
	sources = Sources{Files: all, Flake: true}
	is("an index that purity does not read", Allowed, Changed, ".git")
	sources.Exact = true
	is("all files", Allowed, Allowed, "")
	write("absent", "new")
	is("a new file", Allowed, Changed, "absent")
	os.Remove(at("absent"))
	os.Chmod(at("dev.nix"), 0o755)
	is("an executable bit", Changed, Changed, "dev.nix")
	os.Chmod(at("dev.nix"), 0o644)
	os.Remove(at("dev.nix"))
	is("a file that is gone", Changed, Changed, "dev.nix")
	os.Symlink("src/main.c", at("dev.nix"))
	is("a link in its place", Changed, Changed, "dev.nix")
	os.Remove(at("dev.nix"))
	syscall.Mkfifo(at("dev.nix"), 0o600)
	is("a FIFO in its place", Changed, Changed, "dev.nix")
	os.Remove(at("dev.nix"))
	write("dev.nix", "one")
	is("all as it was", Allowed, Allowed, "")

	// Of files that an evaluation could read some can be left out.
	if n, err := list.Deny(dir); err != nil || n != 1 {
		t.Errorf("denied %d, %v", n, err)
	}
	sources.Exact = false
	allow()
	is("an index that purity never read", Allowed, Allowed, "")
	sources = Sources{Files: all[:2], Flake: true, Exact: true}
	is("an index that purity reads now", Allowed, Allowed, "")
	sources.Files = all
	if n, err := list.Deny(dir); err != nil || n != 1 {
		t.Errorf("denied %d, %v", n, err)
	}
	allow()

	// Each state that was allowed stays so: branches are changed.
	write("dev.nix", "branch")
	allow()
	is("another branch", Allowed, Allowed, "")
	write("dev.nix", "one")
	is("the first branch", Allowed, Allowed, "")
	if n, err := list.Deny(dir); err != nil || n != 2 {
		t.Errorf("denied %d, %v", n, err)
	}
	is("deny", Unknown, Unknown, "")
	for i := range keptRecords + 5 {
		write("dev.nix", string(rune('a'+i)))
		allow()
	}
	if n, err := list.Deny(dir); err != nil || n != keptRecords {
		t.Errorf("denied %d, %v", n, err)
	}
}

// Nothing that a project has by a name that is read can keep the reader.
func TestOddFiles(t *testing.T) {
	dir, list := t.TempDir(), List{Dir: t.TempDir()}
	if err := list.AllowProject(dir, Sources{}); err != nil {
		t.Fatal(err)
	}
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
			if permission, changed, err := list.Project(dir); permission != Changed || changed != file || err != nil {
				t.Errorf("%s: %v, %s, %v", name, permission, changed, err)
			}
			if _, err := config.Find(dir, dir); (err == nil) != (name != config.Name) {
				t.Errorf("%s: %v", name, err)
			}
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
}
