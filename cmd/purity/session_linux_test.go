package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nix-purity/purity/fixtures"
)

// transcript returns the screen after typing lines one after another, in a shell
// of the host.
func (u user) transcript(t *testing.T, dir string, lines ...string) string {
	t.Helper()
	var b strings.Builder
	for _, line := range lines {
		cmd := exec.Command("/bin/bash", "-c", line)
		cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, u.environ, u.attr
		out, err := cmd.CombinedOutput()
		fmt.Fprintf(&b, "$ %s\n%s", line, out)
		if len(out) > 0 && out[len(out)-1] != '\n' {
			b.WriteByte('\n')
		}
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			fmt.Fprintf(&b, "[exit code %d]\n", code)
		} else if err != nil {
			t.Fatal(err)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// withPurity returns a user with purity in PATH and a Nix that needs no flags.
func withPurity(t *testing.T, nix fixtures.Nix) user {
	return newUser(t, "self", nix).withPurity(t)
}

func (u user) withPurity(t *testing.T) user {
	for i, v := range u.environ {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			u.environ[i] = "PATH=" + filepath.Dir(binary(t)) + ":" + path
		}
	}
	u.environ = append(u.environ, "NIX_CONFIG=extra-experimental-features = nix-command flakes\nwarn-dirty = false")
	return u
}

// libProject makes the project of the fixtures that uses nix/lib.nix of this
// repository. It evaluates everything first, so that Nix prints nothing later.
func libProject(t *testing.T, u user) string {
	dir := u.project(t, "lib")
	if err := os.CopyFS(filepath.Join(dir, "nix"), os.DirFS("../../nix")); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "purity"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := fixtures.Commit(dir); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"nix flake lock", "git add flake.lock", "nix develop -c true", "nix develop .#narrow -c true", "nix build .#wrapped .#opened", "rm result*"} {
		if out := u.transcript(t, dir, command); strings.Contains(out, "[exit code") {
			t.Fatalf("%s", out)
		}
	}
	return dir
}

// Outputs that flakes make with lib: a dev shell, packages and checks. They are the same
// with each version of Nix.
func TestLibSessions(t *testing.T) {
	t.Parallel()
	testLibSessions(t, fixtures.Newest(t))
}

func TestSlowLibSessions(t *testing.T) {
	t.Parallel()
	testLibSessions(t, fixtures.Older(t)...)
}

func testLibSessions(t *testing.T, versions ...fixtures.Nix) {
	for _, nix := range versions {
		t.Run(nix.Version, func(t *testing.T) {
			t.Parallel()
			u := withPurity(t, nix)
			dir := libProject(t, u)
			golden(t, "mkshell", u.transcript(t, dir,
				`nix develop -c bash -c 'purity which jq; jq -n -r env.GREETING,env.FROM_HOOK'`,
				`nix develop -c bash -c 'make -C src test'`,
				`nix develop -c bash -c 'jq -Rr . /etc/issue.net'`,
				`nix develop .#narrow -c bash -c 'jq -R . /etc/issue.net; make -v | head -1; echo $WORD; printf %s "$ODD" | od -An -tx1'`,
			))
			golden(t, "wrapped", u.transcript(t, dir,
				`nix build .#wrapped && cat result/share/applications/reader.desktop && ls result/share/bash-completion/completions`,
				`result/bin/reader src/Makefile`,
				`result/bin/reader /etc/issue.net`,
				`PATH= result/bin/reader src/Makefile # without Nix`,
				`nix build .#opened && result/bin/reader /etc/issue.net`,
				`result/bin/reader src/Makefile`,
				`nix build .#wrong 2>&1 | grep -o 'purity.toml:1:1: .*'`,
				`nix eval --raw .#kept; nix eval --raw .#meta.mainProgram`,
			))
			golden(t, "check", u.transcript(t, dir,
				`nix build .#checks.x86_64-linux.pass 2>/dev/null && jq .findings result/report.json`,
				`nix build .#checks.x86_64-linux.structured 2>/dev/null && echo passes`,
				`nix build .#checks.x86_64-linux.policy 2>/dev/null && echo passes`,
				`nix build .#checks.x86_64-linux.level 2>/dev/null && cat result/verdict`,
				`nix build .#checks.x86_64-linux.host 2>&1 | sed -n 's/.*error: *\(the policy of \)/\1/p'`,
				said(`nix build .#checks.x86_64-linux.impure`),
				said(`nix build .#checks.x86_64-linux.failing`),
				said(`nix build .#checks.x86_64-linux.lines`),
				said(`nix build .#checks.x86_64-linux.piped`),
				said(`nix build .#checks.x86_64-linux.absent`),
				`nix build .#checks.x86_64-linux.warned 2>/dev/null && sed 's/(.*-purity.toml/(purity.toml/' result/log && cat result/verdict`,
				`nix build .#checks.x86_64-linux.overlaid 2>/dev/null && cat result/verdict; nix build --rebuild .#checks.x86_64-linux.overlaid.report 2>/dev/null && echo reproducible`,
				said(`nix build .#checks.x86_64-linux.viewed`),
				`nix build .#checks.x86_64-linux.file 2>/dev/null && cat result/verdict`,
				`nix build .#checks.x86_64-linux.impure.report 2>/dev/null && cat result/verdict result/exit-code; grep -h '"uri"' result/report.sarif # succeeds`,
				`nix build --rebuild .#checks.x86_64-linux.impure.report 2>/dev/null && echo reproducible`,
				`nix eval --json .#reports.default-test.report.requiredSystemFeatures`,
				`nix build .#reports.summary --option extra-system-features landlock 2>/dev/null; jq -r '.[] | "\(.name) \(.verdict)"' result/summary.json; jq -r '.runs[].automationDetails.id' result/summary.sarif; ls result/summary.html`,
				`nix build .#reports.default-look --option extra-system-features landlock 2>/dev/null || echo fails`,
				`nix eval --json .#reports.default-test.meta`,
			))
		})
	}
}

// The outcome of a check does not depend on whether the builder hides the host.
func TestSlowChecksInSandbox(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("unshare", "--user", "--map-root-user", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "true").CombinedOutput(); err != nil {
		t.Skipf("there can be no sandbox here: %s", out)
	}
	u := withPurity(t, fixtures.Newest(t))
	dir := libProject(t, u)
	shell := strings.TrimSpace(u.output(t, dir, "nix develop -c bash -c 'readlink -f $(type -P bash)'"))
	for check, want := range map[string]string{"pure": "pure", "read": "impure", "run": "impure"} {
		report := ".#hidden.host-" + check + ".report"
		for _, sandbox := range []string{"true", "relaxed", "false"} {
			build := "nix build --no-link --print-out-paths --option sandbox-fallback false --option sandbox " + sandbox + " --option sandbox-paths /bin/sh=" + shell + " " + report
			u.transcript(t, dir, "nix store delete $(nix eval --raw "+report+")")
			path := strings.TrimSpace(u.output(t, dir, build))
			verdict, err := os.ReadFile(filepath.Join(path, "verdict"))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(string(verdict)); got != want {
				t.Errorf("%s, sandbox %s: %s, want %s", check, sandbox, got, want)
			}
			log, err := os.ReadFile(filepath.Join(path, "log"))
			if hidden := strings.Contains(string(log), "No such file"); err != nil || want == "impure" && hidden != (sandbox != "false") {
				t.Errorf("%s, sandbox %s: the host is hidden: %v, %v", check, sandbox, hidden, err)
			}
		}
	}
}

// output returns the output of a line in a shell of the host, without its errors.
func (u user) output(t *testing.T, dir, line string) string {
	t.Helper()
	cmd := exec.Command("/bin/bash", "-c", line)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, u.environ, u.attr
	out, err := cmd.Output()
	if err != nil {
		exit, _ := err.(*exec.ExitError)
		t.Fatalf("%s: %v\n%s", line, err, exit.Stderr)
	}
	return string(out)
}

// said returns the command line of a build that prints only its log: Nix's messages about
// the end differ between versions.
func said(build string) string {
	return build + ` -L 2>&1 | sed -n 's/^purity-check> //p' | grep .; exit ${PIPESTATUS[0]}`
}

// devenvShell is a script such as devenv writes to enter a shell: it has the variables
// of the environment, knows its root by .devenv/gc/shell, evaluates shellHook in a bash
// that is not interactive, and becomes the command.
const devenvShell = `#!/bin/bash
export DEVENV_ROOT=$PWD DEVENV_DOTFILE=$PWD/.devenv DEVENV_STATE=$PWD/.devenv/state
mkdir -p .devenv/gc
nix print-dev-env --profile .devenv/profile-of-shell >.devenv/env 2>/dev/null
ln -sfn "$(readlink -f .devenv/profile-of-shell)" .devenv/gc/shell
unset NIX_GCROOT
# without the last line, which runs the hook
source <(sed '$d' .devenv/env)
eval "$shellHook"
exec "$@"
`

// devenv runs enterShell so.
func TestEnterShellSession(t *testing.T) {
	t.Parallel()
	u := withPurity(t, fixtures.Newest(t))
	dir := u.project(t, "c")
	flake := filepath.Join(dir, "flake.nix")
	data, err := os.ReadFile(flake)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), `GREETING = "hello";`, `GREETING = "hello"; shellHook = "mkdir -p .devenv/state; eval \"$(purity hook enter-shell)\"";`, 1)
	for name, text := range map[string]string{"flake.nix": text, "devenv-shell": devenvShell} {
		if err := fixtures.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	u.transcript(t, dir, "nix flake lock", "./devenv-shell true")
	golden(t, "enter-shell", u.transcript(t, dir,
		"grep shellHook flake.nix",
		"./devenv-shell purity which make",
		"./devenv-shell make test",
		"./devenv-shell make greet -B CC=/usr/bin/gcc",
		"./devenv-shell jq -Rr . /etc/issue.net",
		"./devenv-shell cat /etc/issue.net # which the dev shell does not declare",
		"./devenv-shell bash -c 'echo $GREETING; cat /etc/issue.net'",
		"./devenv-shell /bin/cat /etc/issue.net # by its file: no shim sees it",
		"purity exec -q -- make -s test # the hook is quiet in a confinement",
	))
}

// A user of direnv enters a project, changes it, breaks it, and leaves.
func TestDirenvSession(t *testing.T) {
	t.Parallel()
	s := newTerminal(t)
	s.project("c", "hello")
	s.write("hello/look.mk", "x:\n\t@cat /etc/issue.net\n")
	s.write("hello/.envrc", "export OWN=1\nuse purity\n")
	s.write(".bashrc", "PS1='\\w $ '\neval \"$(direnv hook bash)\"\n")
	s.write(".config/direnv/direnv.toml", "[global]\nwarn_timeout = \"1h\"\n")
	s.write(".config/direnv/lib/purity.sh", s.run("purity", "hook", "direnv"))
	s.setenv("DIRENV_LOG_FORMAT", "direnv: %s")
	s.run("nix", "--extra-experimental-features", "nix-command flakes", "flake", "lock", "./hello")
	s.start("bash")
	s.typed("env > .before")
	for _, line := range []string{
		"cd hello",
		"direnv allow",
		"purity allow",
		"echo $GREETING; purity which make; jq -n env.OWN",
		"make test",
		"make greet -B CC=/usr/bin/gcc 2>&1 | head -3",
		"make -sf look.mk",
		"sed -i 's/\"hello\"/\"good day\"/' flake.nix",
		"echo $GREETING; jq -n -r env.GREETING # the environment from before: an edit is to be allowed",
		"purity allow",
		"echo $GREETING; jq -n -r env.GREETING",
		"echo '# an edit of a source' >> Makefile # changes nothing",
		"sed -i 's/pkgs.mkShell/pkgs.mkShel/' flake.nix",
		"purity allow",
		"jq -n -r env.GREETING; make -sf look.mk # the environment from before",
		"sed -i 's/pkgs.mkShel /pkgs.mkShell /' flake.nix",
		"echo 'levle = \"dev\"' > purity.toml",
		"make -sf look.mk; jq -n 1 # neither is the shell left open",
		"rm purity.toml",
		"make -sf look.mk",
		"direnv deny",
		"make -sf look.mk",
		"direnv allow",
		"make -sf look.mk",
		"cd ..",
	} {
		// direnv knows the times of files by the second: an edit in the same one as the
		// last is none for it (direnv's internal/cmd/file_times.go).
		now := time.Now()
		time.Sleep(now.Truncate(time.Second).Add(time.Second).Sub(now))
		s.typed(line)
	}
	s.typed("env > .after; diff <(grep -v OLDPWD= .before) <(grep -v OLDPWD= .after) && echo as before")
	golden(t, "direnv", s.screen())
}

// use flake may stand before or after use purity: the shims come first.
func TestDirenvWithUseFlake(t *testing.T) {
	t.Parallel()
	for _, envrc := range []string{"use flake\nuse purity\n", "use purity\nuse flake\n"} {
		s := newTerminal(t)
		s.project("c", "hello")
		s.write("hello/.envrc", envrc)
		s.write(".config/direnv/lib/purity.sh", s.run("purity", "hook", "direnv"))
		s.setenv("NIX_CONFIG", "extra-experimental-features = nix-command flakes")
		s.run("direnv", "allow", "hello")
		s.run("purity", "allow", "hello")
		out := s.run("direnv", "exec", "hello", "/bin/bash", "-c", "purity which make; cd hello; jq -R . /etc/issue.net || echo refused; jq -n env.GREETING")
		out = ofTests.ReplaceAllString(out, "")
		if !strings.Contains(out, "make, confined\n") || !strings.Contains(out, "refused\n\"hello\"\n") {
			t.Errorf("%q: %s", envrc, out)
		}
	}
}
