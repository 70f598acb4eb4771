package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nix-purity/purity/fixtures"
)

// The flake evaluates, the hash of its dependencies is that of the tree that go mod
// vendor writes, and its package does the main job.
func TestSlowFlake(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	u.environ = append(u.environ, "NIX_CONFIG=extra-experimental-features = nix-command flakes")
	run := func(dir, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		if name == "nix" || name == "nix-store" {
			cmd.Path = filepath.Join(u.nix.Bin, name)
			cmd.Err = nil
			cmd.Env = u.environ
		}
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			exit, _ := err.(*exec.ExitError)
			t.Fatalf("%s %q: %v\n%s", name, args, err, exit.Stderr)
		}
		return strings.TrimSpace(string(out))
	}
	root := run(".", "git", "rev-parse", "--show-toplevel")
	repository := filepath.Join(u.dir, "purity")
	if err := os.Mkdir(repository, 0o755); err != nil {
		t.Fatal(err)
	}
	run(root, "sh", "-c", "git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "+repository)
	if err := fixtures.Commit(repository); err != nil {
		t.Fatal(err)
	}

	text, err := os.ReadFile(filepath.Join(root, "nix/package.nix"))
	if err != nil {
		t.Fatal(err)
	}
	version, err := os.ReadFile(filepath.Join(root, "nix/version"))
	if err != nil {
		t.Fatal(err)
	}
	modules := filepath.Join(u.dir, "purity-"+strings.TrimSpace(string(version))+"-go-modules")
	run(repository, "go", "mod", "vendor", "-o", modules)
	want := run(repository, "nix", "hash", "path", modules)
	if got := regexp.MustCompile(`vendorHash = "(.*)"`).FindStringSubmatch(string(text)); got == nil || got[1] != want {
		t.Fatalf("nix/package.nix says %q; vendorHash is %q", got, want)
	}
	run(repository, "nix-store", "--add-fixed", "--recursive", "sha256", modules)

	override := []string{"--override-input", "nixpkgs", "path:" + fixtures.Packages(), "--no-write-lock-file"}
	nix := func(args ...string) string { return run(repository, "nix", append(args, override...)...) }
	result := filepath.Join(u.dir, "result")
	nix("build", ".", "--out-link", result)
	if out := run(repository, result+"/bin/purity", "version"); !strings.HasPrefix(out, "purity "+strings.TrimSpace(string(version))) {
		t.Errorf("version: %s", out)
	}
	for _, file := range []string{"man/man1/purity.1", "man/man5/purity.toml.5", "bash-completion/completions/purity.bash", "zsh/site-functions/_purity", "fish/vendor_completions.d/purity.fish"} {
		if info, err := os.Stat(result + "/share/" + file); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	if out, err := u.warnings(repository, append([]string{"flake", "check", "--no-build"}, override...)...); err != nil || out != "" {
		t.Errorf("nix flake check: %v\n%s", err, out)
	}
	// It builds in its own dev shell; this is an audit of the build.
	check := filepath.Join(u.dir, "check")
	nix("build", ".#checks.x86_64-linux.build", "--out-link", check)
	if verdict, err := os.ReadFile(check + "/verdict"); err != nil || string(verdict) != "pure\n" {
		t.Errorf("verdict of its own build: %q, %v", verdict, err)
	}
	if out := nix("eval", "--raw", ".#devShells.x86_64-linux.default.name"); out != "nix-shell" {
		t.Errorf("dev shell: %s", out)
	}
	if out := nix("eval", ".#overlays.default", "--apply", "o: builtins.isFunction o"); out != "true" {
		t.Errorf("overlay: %s", out)
	}

	project := u.project(t, "c")
	cmd := exec.Command(filepath.Join(u.nix.Bin, "nix"), append(append([]string{"run"}, override...), repository+"#", "--", "exec", "--flake", ".", "--", "make", "test")...)
	cmd.Dir, cmd.Env = project, u.environ
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "hello from a confined make") {
		t.Errorf("nix run: %v\n%s", err, out)
	}
}

// warnings returns those of a command of Nix, except one that the tests cause.
func (u user) warnings(dir string, args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(u.nix.Bin, "nix"), args...)
	cmd.Dir, cmd.Env = dir, u.environ
	out, err := cmd.CombinedOutput()
	var warned []string
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "warning:") && !strings.Contains(line, "lock file") && !strings.Contains(line, "incompatible systems") {
			warned = append(warned, line)
		}
	}
	return strings.Join(warned, ""), err
}
