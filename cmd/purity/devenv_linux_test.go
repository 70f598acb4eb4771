package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/fixtures"
)

// withModules copies the Nix files of this repository that flakes use into a project, and
// fills in words.
func withModules(t *testing.T, dir string, words ...string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(dir, "nix"), os.DirFS("../../nix")); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(binary(t))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "purity"), program, 0o755)
	}
	file := filepath.Join(dir, "flake.nix")
	text, err2 := os.ReadFile(file)
	if err == nil && err2 == nil {
		err = os.WriteFile(file, []byte(strings.NewReplacer(words...).Replace(string(text))), 0o644)
	}
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if err := fixtures.Commit(dir); err != nil {
		t.Fatal(err)
	}
}

// devenvProject is a project whose dev shell has devenv's shape.
func devenvProject(t *testing.T, u user) (dir, runtime string) {
	name := strings.ReplaceAll(filepath.Base(u.dir), "/", "-")
	runtime = "/tmp/devenv-" + name
	t.Cleanup(func() { os.RemoveAll(runtime) })
	dir = u.project(t, "devenv")
	withModules(t, dir, "@test@", name)
	if u.attr != nil {
		chown(t, dir)
	}
	if out := u.transcript(t, dir, "nix flake lock && git add flake.lock"); strings.Contains(out, "[exit code") {
		t.Fatal(out)
	}
	return dir, runtime
}

// says runs a line of a shell and looks for lines of its output.
func (u user) says(t *testing.T, dir, line string, want ...string) {
	t.Helper()
	out := "\n" + u.transcript(t, dir, line) + "\n"
	for _, w := range want {
		if !strings.Contains(out, "\n"+w+"\n") {
			t.Errorf("no line %q in\n%s", w, out)
		}
	}
}

// A dev shell of devenv's shape evaluates, has a writable TMPDIR, and confines every
// program that it starts, in whatever way.
func TestDevenvShapes(t *testing.T) {
	t.Parallel()
	testDevenvShapes(t, self(t))
}

func TestSlowDevenvShapes(t *testing.T) {
	t.Parallel()
	testDevenvShapes(t, someOthers(t)...)
}

func testDevenvShapes(t *testing.T, all ...user) {
	for _, u := range all {
		t.Run(u.nix.Version+" "+u.name, func(t *testing.T) {
			t.Parallel()
			u.withPurity(t).devenvShapes(t)
		})
	}
}

func (u user) devenvShapes(t *testing.T) {
	dir, runtime := devenvProject(t, u)

	// In a fresh project, without the runtime directory.
	u.says(t, dir, `purity -q exec --flake .#plain -- bash -c 'printenv DATA; mktemp -u; touch "$(mktemp)" && echo made; [ -d "$DEVENV_RUNTIME" ] && touch $DEVENV_RUNTIME/x && echo in runtime'`,
		"/srv/tmp-data", "made", "in runtime")
	// devenv from 1.4 to 2.0 sets TMPDIR over any value.
	made := `bash -c 'touch "$(mktemp)" && echo made'`
	u.says(t, dir, `purity -q exec --flake .#older -- `+made, "made")
	if _, err := os.Lstat(runtime); err == nil {
		t.Errorf("a confined shellHook made %s", runtime)
	}
	u.says(t, dir, `nix build .#task .#entry 2>/dev/null; nix build .#entry --out-link entry; PATH=/usr/bin:/bin ./entry`, "git hook", "refused")

	// The shell itself.
	inside := []string{
		`hello`, `jq -n -r env.DATA`, `purity which jq | head -1`, made, `jq -R . /etc/issue.net || echo cat: refused`, `nix build .#task --out-link task 2>/dev/null; ./task`, `devenv`,
	}
	script := filepath.Join(dir, "inside.sh")
	if err := os.WriteFile(script, []byte(strings.Join(inside, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	u.says(t, dir, "nix develop -c /bin/bash inside.sh",
		"hello", "refused", "/srv/tmp-data", "made", "cat: refused", "task", "up of one", "up: refused", "process", "wrote")
	u.says(t, dir, "nix develop .#older -c "+made, "made")
	// devenv enters the shell anew, with the declarations of that time.
	u.says(t, dir, `nix develop -c /bin/bash -c "/bin/sed -i 's/GENERATION = .one./GENERATION = \"two\"/' flake.nix; devenv"`, "up of two", "up: refused")
}

// A project with devenv's own modules: DEVENV_MODULES names their directory (src/modules of
// devenv), and PURITY_NIXPKGS that of nixpkgs, for its lib. The fixtures have neither.
func TestDevenvModules(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"DEVENV_MODULES", "PURITY_NIXPKGS"} {
		if os.Getenv(name) == "" {
			t.Skip(name + " names no directory")
		}
	}
	for _, u := range users(t, fixtures.Newest(t)) {
		t.Run(u.name, func(t *testing.T) { testDevenvModules(t, u.withPurity(t)) })
	}
}

func testDevenvModules(t *testing.T, u user) {
	u.environ = append(u.environ, "DEVENV_MODULES="+os.Getenv("DEVENV_MODULES"), "PURITY_NIXPKGS="+os.Getenv("PURITY_NIXPKGS"), "XDG_RUNTIME_DIR=")
	dir, _ := devenvProject(t, u)
	t.Cleanup(func() {
		if runtime, err := os.Readlink(filepath.Join(dir, ".devenv", "run")); err == nil && strings.HasPrefix(runtime, "/tmp/devenv-") {
			os.RemoveAll(runtime)
		}
	})
	inside := strings.Join([]string{
		"hello", "gcc -c m.c && echo compiled", "echo $DATA", "jq -R . /etc/issue.net || echo cat: refused",
		"purity which devenv", "devenv up", "devenv test", "devenv tasks run my:task",
	}, "\n")
	for name, text := range map[string]string{"inside.sh": inside, "m.c": "int main() { return 0; }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if u.attr != nil {
		chown(t, dir)
	}
	u.transcript(t, dir, "git add .")
	u.says(t, dir, "nix develop --impure .#modules -c /bin/bash inside.sh",
		"script", "compiled", "/srv/tmp-data", "cat: refused", "process", "wrote", "probe", "status", "task", "refused")
	u.says(t, dir, "purity exec -q --impure --flake .#modules -- gcc -c m.c && echo compiled", "compiled")
	u.says(t, dir, `MODE=shell script -qec "nix develop --impure .#modules" /dev/null <<<"hello; devenv up; exit" | tr -d '\r' | grep -c '^task devenv:enterShell'`, "1")
	if out := u.transcript(t, dir, "nix develop --impure .#modules -c /bin/bash inside.sh"); strings.Contains(out, "not found") || strings.Contains(out, "[exit code") {
		t.Error(out)
	}
}
