package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/fixtures"
)

// user runs purity in a test: the user of the test, or nobody if the test is
// root, then with the store behind a daemon.
type user struct {
	name    string
	nix     fixtures.Nix
	dir     string // writable
	environ []string
	attr    *syscall.SysProcAttr
}

const nobody = 65534

// users returns the users that this test can be.
func users(t *testing.T, nix fixtures.Nix) []user {
	self := newUser(t, "self", nix)
	if os.Getuid() != 0 {
		return []user{self}
	}
	other := newUser(t, "nobody", nix)
	other.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	other.environ = append(other.environ, "NIX_REMOTE=unix://"+daemon(t, nix))
	chown(t, other.dir)
	return []user{self, other}
}

// self returns the user who runs the tests, with the newest Nix.
func self(t *testing.T) user { return newUser(t, "self", fixtures.Newest(t)) }

// others returns every version of Nix with every user, except self.
func others(t *testing.T) (all []user) {
	for _, nix := range fixtures.Older(t) {
		all = append(all, users(t, nix)...)
	}
	return append(all, users(t, fixtures.Newest(t))[1:]...)
}

// someOthers returns fewer, which take half the time: of each older version one user, in turns.
func someOthers(t *testing.T) (all []user) {
	for i, nix := range fixtures.Older(t) {
		us := users(t, nix)
		all = append(all, us[i%len(us)])
	}
	return append(all, users(t, fixtures.Newest(t))[1:]...)
}

func newUser(t *testing.T, name string, nix fixtures.Nix) user {
	dir, err := os.MkdirTemp("", "purity-test-") // t.TempDir lies below a private directory
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Mkdir(filepath.Join(dir, "home"), 0o755); err != nil {
		t.Fatal(err)
	}
	environ := append(nix.Environ(filepath.Join(dir, "home")), "TMPDIR="+dir, "LC_ALL=C")
	if os.Getenv("PURITY_TEST_VIEW") != "" {
		environ = append(environ, "PURITY_VIEW=true")
	}
	return user{name: name, nix: nix, dir: dir, environ: environ}
}

func chown(t *testing.T, dir string) {
	if out, err := exec.Command("chown", "-R", "65534:65534", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// daemon starts a Nix daemon for the shared store.
func daemon(t *testing.T, nix fixtures.Nix) (socket string) {
	dir, err := os.MkdirTemp("", "purity-daemon-")
	if err != nil {
		t.Fatal(err)
	}
	os.Chmod(dir, 0o755)
	socket = filepath.Join(dir, "socket")
	cmd := exec.Command(filepath.Join(nix.Bin, "nix-daemon"))
	cmd.Env = append(nix.Environ(dir), "NIX_DAEMON_SOCKET_PATH="+socket)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		os.RemoveAll(dir)
	})
	for range 1200 {
		if _, err := os.Stat(socket); err == nil {
			return socket
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the daemon does not come up\n%s", log.String())
	return ""
}

// project copies a project of the fixtures for the user.
func (u user) project(t *testing.T, name string) string {
	dir := filepath.Join(u.dir, name)
	if err := fixtures.Project(name, dir); err != nil {
		t.Fatal(err)
	}
	if err := fixtures.Commit(dir); err != nil {
		t.Fatal(err)
	}
	if u.attr != nil {
		chown(t, dir)
	}
	return dir
}

// command returns a command line of purity for the user in dir.
func (u user) command(t *testing.T, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary(t), args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, u.environ, u.attr
	return cmd
}

// run runs purity, which must end with the exit code, and returns its output.
func (u user) run(t *testing.T, code int, dir string, args ...string) string {
	t.Helper()
	cmd := u.command(t, dir, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("purity %q: exit code %d, want %d\n%s", args, got, code, out)
	}
	return string(out)
}

// binDir is the directory of the built purity, empty before the build.
var binDir string

var built = sync.OnceValues(func() (string, error) {
	var err error
	if binDir, err = os.MkdirTemp("", "purity-bin-"); err != nil {
		return "", err
	}
	os.Chmod(binDir, 0o755)
	file := filepath.Join(binDir, "purity")
	cmd := exec.Command("go", "build", "-o", file, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return file, cmd.Run()
})

// binary builds purity once for all tests.
func binary(t testing.TB) string {
	file, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// The main job as root on the store itself, and as an ordinary user through
// the daemon, with every version of Nix.
func TestUsers(t *testing.T) {
	t.Parallel()
	testUsers(t, self(t))
}

func TestSlowUsers(t *testing.T) {
	t.Parallel()
	testUsers(t, others(t)...)
}

func testUsers(t *testing.T, all ...user) {
	hostProgram := ending(t, "a program of the host", "permission denied")
	code := words.NotExecutable
	if viewed() {
		code = words.NotFound
	}
	for _, u := range all {
		t.Run(u.nix.Version+"/"+u.name, func(t *testing.T) {
			t.Parallel()
			dir := u.project(t, "c")
			out := u.run(t, 0, dir, "exec", "--", "make", "test")
			if !strings.Contains(out, "hello from a confined make") {
				t.Errorf("output: %s", out)
			}
			if out := u.run(t, 0, dir, "-v", "exec", "--", "make", "test"); strings.Contains(out, "start nix") {
				t.Errorf("the second run asks Nix: %s", out)
			}
			if out := u.run(t, code, dir, "exec", "--", "/usr/bin/gcc", "--version"); !strings.Contains(out, strings.TrimSpace(hostProgram)) {
				t.Errorf("output: %s", out)
			}
			u.run(t, 2, dir, "exec", "--", "make", "-f", "/etc/passwd")
			u.run(t, 0, dir, "doctor")
		})
	}
}

// Many cold starts at once evaluate once.
func TestConcurrentStarts(t *testing.T) {
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "json")
	u.run(t, 0, dir, "exec", "--", "true") // writes the lock file
	if err := os.WriteFile(filepath.Join(dir, "data.json"), []byte(`{"value":"cold"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	outputs := make([]string, 8)
	for i := range outputs {
		group.Go(func() { outputs[i] = u.run(t, 0, dir, "-v", "exec", "--", "printenv", "FROM_JSON") })
	}
	group.Wait()
	evaluations := 0
	for _, out := range outputs {
		evaluations += strings.Count(out, "start nix print-dev-env")
		if !strings.Contains(out, "cold\n") {
			t.Errorf("output: %s", out)
		}
	}
	if evaluations != 1 {
		t.Errorf("%d evaluations, want 1", evaluations)
	}
}

// asked matches host files that autoconf's configure scripts look for by name, and do not
// need.
var asked = regexp.MustCompile(`^(/usr/bin/(uname|hostinfo|arch)|/bin/(uname|arch|machine)|/etc/ld\.so\.conf)$`)

// Real programs build from their authors' unchanged sources, and purity denies none of
// their accesses. A compiler that optimises reads no more, and takes twice as long.
func TestSlowRealProjects(t *testing.T) {
	t.Parallel()
	for _, u := range users(t, fixtures.Newest(t)) {
		for _, p := range []struct{ name, script string }{
			{"zlib", "CFLAGS=-O0 ./configure && make -j2 test"},
			{"lua5.4", "make -j2 posix MYCFLAGS=-O0 && src/lua -e 'print(6*7)'"},
			{"jq", "./configure CFLAGS=-O0 --disable-docs --without-oniguruma && make -j2 && echo '{\"a\":42}' | ./jq .a"},
		} {
			if p.name == "jq" && u.attr != nil { // it takes minutes; once is enough
				continue
			}
			t.Run(p.name+"/"+u.name, func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(u.dir, "src-"+p.name)
				if out, err := exec.Command("cp", "-a", fixtures.Source(p.name), dir).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if err := fixtures.Project("impure", filepath.Join(dir, ".flake")); err != nil { // its shell is the plain one
					t.Fatal(err)
				}
				if u.attr != nil {
					chown(t, dir)
				}
				file := filepath.Join(u.dir, p.name+".json")
				explain := "--explain=files"
				if u.attr != nil { // it takes twice as long; once is enough
					explain = "--explain=programs"
				}
				out := u.run(t, 0, dir, "exec", explain, "--report", file, "--project", dir, "--flake", "path:"+filepath.Join(dir, ".flake"), "--", "bash", "-c", p.script)
				for _, f := range readReport(t, file).Findings {
					if p.name == "jq" && asked.MatchString(f.Subject()) {
						continue
					}
					t.Errorf("found %s %s, by %s: %s", f.Access, f.Subject(), f.By.Program, f.Why)
				}
				if p.name != "zlib" && !strings.Contains(out, "42\n") {
					t.Error("the program that was built does not work")
				}
				if p.name == "zlib" && !strings.Contains(out, "zlib test OK") {
					t.Error("the tests did not run")
				}
			})
		}
	}
}

func readReport(t *testing.T, file string) report.Report {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
