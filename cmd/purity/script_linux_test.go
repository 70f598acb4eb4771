package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/cmd/purity/early"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/walls"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/fixtures"
)

func TestMain(m *testing.M) {
	if dir, name, ok := shim.Called(os.Args[0]); ok { // Nix finds purity as git, here this program
		if code, ok := walls.RunGit(dir, name, os.Args[1:]); ok {
			os.Exit(code)
		}
	}
	testscript.Main(tests{m}, map[string]func(){"nolandlock": noLandlock, "nocall": noCall})
}

// tests runs those of this package and removes their files.
type tests struct{ m *testing.M }

// Run runs the tests in parallel, one more than there are processors, because many wait for a
// shell. Package early, with which this program begins, left it one processor.
func (t tests) Run() int {
	early.Parallel()
	flag.Set("test.parallel", strconv.Itoa(1+runtime.GOMAXPROCS(0))) // the command line can override it
	for _, sig := range []os.Signal{unix.SIGHUP, unix.SIGINT} {
		if signal.Ignored(sig) { // by nohup or a script: Go would keep it so, and a shell cannot trap it then
			signal.Notify(make(chan os.Signal, 1), sig) // so that programs start with the default
		}
	}
	defer func() {
		if binDir != "" {
			os.RemoveAll(binDir)
		}
	}()
	return t.m.Run()
}

// noLandlock ERRNO COMMAND... runs a command for which Landlock's calls fail with ERRNO.
func noLandlock() {
	errno := map[string]unix.Errno{"ENOSYS": unix.ENOSYS, "EOPNOTSUPP": unix.EOPNOTSUPP, "EPERM": unix.EPERM}[os.Args[1]]
	path, err := exec.LookPath(os.Args[2])
	if err == nil {
		_, err = fixtures.FilterLandlock(unix.SECCOMP_RET_ERRNO | uint32(errno))
	}
	if err == nil {
		err = unix.Exec(path, os.Args[2:], os.Environ())
	}
	panic(err)
}

// noCall NAME ERRNO COMMAND... runs a command for which a system call for mounts fails with
// ERRNO; the name namespaces stands for new namespaces.
func noCall() {
	calls := map[string]uint32{
		"namespaces": unix.SYS_CLONE, "mount": unix.SYS_MOUNT, "umount2": unix.SYS_UMOUNT2, "pivot_root": unix.SYS_PIVOT_ROOT, "fsopen": unix.SYS_FSOPEN,
		"open_tree": unix.SYS_OPEN_TREE, "move_mount": unix.SYS_MOVE_MOUNT, "mount_setattr": unix.SYS_MOUNT_SETATTR,
	}
	errno := map[string]unix.Errno{"EPERM": unix.EPERM, "EACCES": unix.EACCES, "ENOSYS": unix.ENOSYS, "ENOSPC": unix.ENOSPC}[os.Args[2]]
	mask := uint32(0) // of the first argument
	if os.Args[1] == "namespaces" {
		mask = unix.CLONE_NEWNS
	}
	path, err := exec.LookPath(os.Args[3])
	if err == nil {
		err = fixtures.FilterArgument(calls[os.Args[1]], 0, mask, mask, unix.SECCOMP_RET_ERRNO|uint32(errno))
	}
	if err == nil {
		err = unix.Exec(path, os.Args[3:], os.Environ())
	}
	panic(err)
}

// The scripts run as users would run purity: real Nix, real kernel, real
// projects. Those in script/ run with every version of Nix; those in once/ do
// not depend on it, and run with the newest.
func TestScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, "testdata/script", fixtures.Newest(t))
}

func TestSlowScripts(t *testing.T) {
	t.Parallel()
	for _, nix := range fixtures.Older(t) {
		t.Run(nix.Version, func(t *testing.T) {
			t.Parallel()
			runScripts(t, "testdata/script", nix)
		})
	}
}

func TestScriptsOnce(t *testing.T) {
	t.Parallel()
	runScripts(t, "testdata/once", fixtures.Newest(t))
}

func runScripts(t *testing.T, dir string, nix fixtures.Nix) {
	if viewed() {
		dir = differently(t, dir)
	}
	testscript.Run(t, scriptParams(t, dir, nix))
}

func scriptParams(t *testing.T, dir string, nix fixtures.Nix) testscript.Params {
	programs, _, _ := strings.Cut(os.Getenv("PATH"), ":") // directories of testscript, if there are some
	bin := filepath.Dir(binary(t))                        // shims are purity by another name, so it cannot be this test
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		ContinueOnError:     viewed(),
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			runtime := filepath.Join(env.WorkDir, "run")
			for _, dir := range []string{home, runtime} {
				if err := os.Mkdir(dir, 0o700); err != nil {
					return err
				}
			}
			env.Vars = append(env.Vars, nix.Environ(home)...)
			env.Setenv("PATH", bin+":"+programs+":"+env.Getenv("PATH"))
			env.Setenv("XDG_RUNTIME_DIR", runtime)
			apart, err := host.MakeTemp("purity-apart-")
			if err != nil {
				return err
			}
			env.Defer(func() { os.RemoveAll(apart) })
			env.Setenv("APART", apart) // in no directory that commands of level dev share
			env.Setenv("PURITY", filepath.Join(bin, "purity"))
			env.Setenv("STORE", fixtures.StoreDir())
			env.Setenv("FIXTURES", fixtures.Dir())
			env.Setenv("UNDECLARED", undeclared(t))
			if viewed() {
				env.Setenv("PURITY_VIEW", "true")
			}
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if abi, ok := strings.CutPrefix(cond, "abi"); ok { // of the running kernel, or later
				n, err := strconv.Atoi(abi)
				return enforce.Probe().ABI >= n, err
			}
			if cond == "32-bit" {
				return fixtures.ThirtyTwoBit()
			}
			if cond == "tmp" { // has the files of tests
				return enforce.Inside(os.TempDir(), "/tmp"), nil
			}
			return cond == "nix:"+nix.Version || cond == "root" && os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"project": copyProject,
			"commit":  commit,
			"rewrite": rewrite,
			"serve":   serve,
			"publish": publish,
		},
	}
}

// copyProject NAME [DIR] copies a project of the fixtures and commits it.
func copyProject(ts *testscript.TestScript, _ bool, args []string) {
	name, dir := args[0], args[len(args)-1]
	dir = ts.MkAbs(dir)
	ts.Check(fixtures.Project(name, dir))
	ts.Check(fixtures.Commit(dir))
}

// commit DIR makes DIR a repository and commits everything.
func commit(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(fixtures.Commit(ts.MkAbs(args[0])))
}

// rewrite FILE OLD NEW replaces text in a file and keeps its mtime, and its size
// if OLD and NEW have one length.
func rewrite(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	info, err := os.Stat(file)
	ts.Check(err)
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(file, []byte(strings.ReplaceAll(text, args[1], args[2])), info.Mode()))
	ts.Check(os.Chtimes(file, info.ModTime(), info.ModTime()))
}

// undeclared returns a store path that no project of the fixtures declares: git.
func undeclared(t *testing.T) string {
	data, err := os.ReadFile(filepath.Join(fixtures.Dir(), "roots", "set"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(data)) {
		if strings.HasSuffix(path, "-git") {
			return path
		}
	}
	t.Fatal("the package set has no git")
	return ""
}

// serve listens at a TCP and a UDP port (PORT) and at an abstract UNIX socket
// (ABSTRACT), and finds another port that is free (FREE).
func serve(ts *testscript.TestScript, _ bool, _ []string) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	port := tcp.Addr().(*net.TCPAddr).Port
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	ts.Check(err)
	abstract := fmt.Sprintf("purity-test-%d", port)
	unix, err := net.Listen("unix", "@"+abstract)
	ts.Check(err)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("PORT", strconv.Itoa(port))
	ts.Setenv("FREE", strconv.Itoa(other.Addr().(*net.TCPAddr).Port))
	ts.Setenv("ABSTRACT", abstract)
	ts.Check(other.Close())
	ts.Defer(func() { tcp.Close(); udp.Close(); unix.Close() })
}

// publish DIR serves the files of a directory at http://$PUBLISHED.
func publish(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("PUBLISHED", listener.Addr().String())
	server := &http.Server{Handler: http.FileServer(http.Dir(ts.MkAbs(args[0])))}
	go server.Serve(listener)
	ts.Defer(func() { server.Close() })
}
