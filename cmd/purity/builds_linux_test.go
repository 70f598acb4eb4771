package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/fixtures"
)

// Real builds have the same result confined and not, and purity finds nothing in them. It
// finds and denies the impure twin of each. With PURITY_TEST_VIEW=1 all run in a view. They
// take many minutes: make test-builds.
func TestBuilds(t *testing.T) {
	if os.Getenv("PURITY_BUILDS") == "" {
		t.Skip("PURITY_BUILDS is not set: make test-builds")
	}
	if _, err := os.Stat(fixtures.Builds()); err != nil {
		t.Fatalf("what the builds take is not made: go run ./fixtures/setup builds (%v)", err)
	}
	t.Setenv("TMPDIR", "/var/tmp") // a home directory below /tmp would close all of /tmp
	for _, u := range users(t, fixtures.Newest(t)) {
		for _, b := range realBuilds {
			t.Run(u.name+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				b.test(t, u)
			})
		}
	}
}

// whole writes the output of a build to a file, apart from that of purity.
const whole = "bash run > said.txt"

// madeBuild is a project of the builds for one user.
type madeBuild struct {
	user
	realBuild
	pristine string // a copy from before the first run
	at       string
}

func (b realBuild) test(t *testing.T, u user) {
	m := b.prepare(t, u)
	free := m.run(t, "audit", "--report", m.report(), "--", "bash", "-c", whole)
	if free.code != 0 || free.said == "" {
		t.Fatalf("not confined: exit code %d\n%s%s", free.code, free.said, free.stderr)
	}
	why := ""
	if !viewed() {
		why = withoutView[b.name]
	}
	told, closed := why, atLevelNix[b.name]
	nix := []string{"exec", "-q", "--level", "nix", "--view=false"}
	if viewed() {
		closed, nix = atLevelNixInView[b.name], nix[:4]
	}
	if os.Getuid() == 0 && u.attr == nil {
		if told == "" {
			told = toldToRoot[b.name]
		}
		if notByRoot[b.name] {
			closed = ""
		}
	}
	findings := readReport(t, m.report()).Findings
	learned := m.run(t, "learn", "--", "bash", "-c", whole)
	if told == "" {
		for _, f := range findings {
			t.Errorf("audit found %s", found(f))
		}
		if asksFor(learned.stdout) {
			t.Errorf("learn wrote\n%s", learned.stdout)
		}
	} else if len(findings) == 0 {
		t.Errorf("audit finds nothing: take out of the list %q", told)
	}
	m.testSame(t, free.said, why, "exec", "--explain=files")
	m.testSame(t, free.said, why, "exec", "-q")
	m.testSame(t, free.said, closed, nix...)
	m.testTwin(t)
}

// asksFor reports whether learn wrote more than comments, and the view that it had.
func asksFor(policy string) bool {
	for line := range strings.Lines(policy) {
		if !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "" && line != "view = true\n" {
			return true
		}
	}
	return false
}

// testSame compares the output of a confined run with that of an unconfined one. They are
// equal unless why has a reason.
func (m madeBuild) testSame(t *testing.T, want, why string, args ...string) {
	t.Helper()
	r := m.run(t, append(args, "--", "bash", "-c", whole)...)
	same := r.code == 0 && r.said == want
	if same && why != "" {
		t.Errorf("%s: it is the same: take out of the list %q", args, why)
	}
	if !same && why == "" {
		t.Errorf("%s: exit code %d (-not confined +confined):\n%s\nstandard error:\n%s", args, r.code, cmp.Diff(want, r.said), r.stderr)
	}
}

// testTwin tests that audit finds the impure twin, and that exec denies it.
func (m madeBuild) testTwin(t *testing.T) {
	t.Helper()
	free := m.run(t, "audit", "--report", m.report(), "--", "bash", "-c", m.impure)
	if free.code != 0 {
		t.Errorf("the impure twin does not work: exit code %d\n%s%s", free.code, free.stdout, free.stderr)
	}
	if len(readReport(t, m.report()).Findings) == 0 {
		t.Errorf("audit found nothing in %s", m.impure)
	}
	if r := m.run(t, "exec", "-q", "--", "bash", "-c", m.impure); r.code == 0 && r.stdout == free.stdout {
		t.Errorf("%s works confined", m.impure)
	}
}

func found(f report.Finding) string {
	text := fmt.Sprintf("%s %s, by %s: %s", f.Access, f.Subject(), f.By.Program, f.Why)
	for _, more := range f.More {
		text += "\n  and " + more.Path
	}
	return text
}

// buildFlake is the flake of every build.
const buildFlake = `{
  inputs.nixpkgs.url = "path:%s";
  outputs = { self, nixpkgs }: {
    devShells.x86_64-linux.default = let pkgs = nixpkgs.legacyPackages.x86_64-linux; in pkgs.mkShell {
      packages = map (name: pkgs.${name}) (builtins.fromJSON ''%s'');
    };
  };
}
`

// prepare makes the project and evaluates its dev shell.
func (b realBuild) prepare(t *testing.T, u user) madeBuild {
	t.Helper()
	m := madeBuild{u, b, filepath.Join(u.dir, "pristine", b.name), filepath.Join(u.dir, "work", b.name)}
	if err := fixtures.Project("builds/"+b.name, m.at); err != nil {
		t.Fatal(err)
	}
	names, err := json.Marshal(strings.Fields(b.packages))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.at, "flake.nix"), fmt.Appendf(nil, buildFlake, fixtures.Builds(), names), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := fixtures.Commit(m.at); err != nil {
		t.Fatal(err)
	}
	if u.attr != nil { // not the whole directory of the user: other builds come and go there
		chown(t, m.at)
		if err := os.Chown(filepath.Dir(m.at), nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	m.start(t, "exec", "-q", "--", "true")
	m.copy(t, m.at, m.pristine)
	return m
}

func (m madeBuild) report() string { return m.at + ".json" }

func (m madeBuild) copy(t *testing.T, from, to string) {
	t.Helper()
	out, err := exec.Command("sh", "-c", `rm -rf "$2" && mkdir -p "${2%/*}" && cp -a "$1" "$2"`, "sh", from, to).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

type result struct {
	code           int
	said           string // by the build
	stdout, stderr string // of all
}

// run runs purity in a fresh copy of the project.
func (m madeBuild) run(t *testing.T, args ...string) result {
	t.Helper()
	m.copy(t, m.pristine, m.at)
	return m.start(t, args...)
}

func (m madeBuild) start(t *testing.T, args ...string) (r result) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t), args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = m.at, m.environ, m.attr, &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Errorf("purity %q takes more than ten minutes", args)
	}
	t.Logf("%.1f s: purity %s", time.Since(began).Seconds(), strings.Join(args, " "))
	r = result{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	said, err := os.ReadFile(filepath.Join(m.at, "said.txt"))
	if err == nil {
		r.said = string(said)
	}
	return r
}
