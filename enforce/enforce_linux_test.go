package enforce_test

import (
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/tempdir"
	"github.com/nix-purity/purity/fixtures"
	"golang.org/x/sys/unix"
)

// A test never confines itself. It starts this program a second time; that confines
// itself and becomes this program a third time, which tries operations.
func TestMain(m *testing.M) {
	if code, ok := tempdir.RunSweeper(os.Args); ok {
		os.Exit(code)
	}
	switch os.Getenv("ENFORCE_TEST") {
	case "confine":
		confineAndTry()
	case "try":
		try(os.Args[1:])
	}
	code := m.Run()
	os.Remove(selfPath())
	os.Exit(code)
}

// job is the task of the second program.
type job struct {
	Policy Policy
	Dir    string
	Args   []string // of the third; the first may be another program than this
	Deny   int      // errno that Landlock's calls fail with; 0 for a real kernel
	Temp   string   // parent of a temporary directory to make
	Files  uint64   // limit of open files, 0 for none
}

func confineAndTry() {
	var j job
	if err := gob.NewDecoder(hex.NewDecoder(strings.NewReader(os.Getenv("ENFORCE_JOB")))).Decode(&j); err != nil {
		panic(err)
	}
	if j.Temp != "" {
		if _, err := tempdir.Make(j.Temp); err != nil {
			fmt.Println("temp:", err)
			os.Exit(125)
		}
	}
	if j.Files != 0 {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: j.Files, Max: j.Files}); err != nil {
			panic(err)
		}
	}
	if j.Deny != 0 {
		if _, err := fixtures.FilterLandlock(unix.SECCOMP_RET_ERRNO | uint32(j.Deny)); err != nil {
			panic(err)
		}
	}
	cmd := Command{Path: j.Args[0], Args: j.Args, Dir: j.Dir, Env: []string{"ENFORCE_TEST=try", "PATH=" + os.Getenv("PATH")}}
	err := j.Policy.Exec(cmd)
	fmt.Println(err)
	os.Exit(125)
}

// confined runs j and returns the output and the exit code.
func confined(t *testing.T, j job, attr *syscall.SysProcAttr) (string, int) {
	t.Helper()
	cmd := confinedCommand(t, j)
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// confinedCommand is this program, about to confine itself. A job goes as it
// is, for JSON would change bytes that are not UTF-8.
func confinedCommand(t *testing.T, j job) *exec.Cmd {
	t.Helper()
	var data strings.Builder
	must(t, gob.NewEncoder(hex.NewEncoder(&data)).Encode(j))
	cmd := exec.Command(self(t))
	cmd.Env = append(os.Environ(), "ENFORCE_TEST=confine", "ENFORCE_JOB="+data.String())
	return cmd
}

// self is this program where any user can execute it.
func self(t *testing.T) string {
	t.Helper()
	to := selfPath()
	if _, err := os.Stat(to); err == nil {
		return to
	}
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return to
}

func selfPath() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("enforce-test-%d", os.Getpid()))
}

// operations are all that the third program can try, each with the argument to be
// tried on; the answer is the name of the errno, or ok.
var operations = map[string]func(path string) error{
	"read":     func(p string) error { _, err := os.ReadFile(p); return err },
	"list":     func(p string) error { _, err := os.ReadDir(p); return err },
	"write":    func(p string) error { return errOf(os.OpenFile(p, os.O_WRONLY, 0)) },
	"truncate": func(p string) error { return os.Truncate(p, 0) },
	"create":   func(p string) error { return errOf(os.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)) },
	"mkdir":    func(p string) error { return os.Mkdir(p, 0o755) },
	"remove":   os.Remove,
	"symlink":  func(p string) error { return os.Symlink("x", p) },
	"fifo":     func(p string) error { return unix.Mkfifo(p, 0o600) },
	"device":   func(p string) error { return unix.Mknod(p, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))) },
	"execute":  func(p string) error { return exec.Command(p).Run() },
	"rename":   func(p string) error { from, to, _ := strings.Cut(p, " "); return os.Rename(from, to) },
	"link":     func(p string) error { from, to, _ := strings.Cut(p, " "); return os.Link(from, to) },
	"maps":     func(string) error { _, err := os.ReadFile("/proc/self/maps"); return err },
	"descriptor": func(fd string) error {
		var n int
		fmt.Sscan(fd, &n)
		_, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
		return err
	},
	"confined": func(string) error {
		if Confined() {
			return nil
		}
		return errors.New("no")
	},
	"terminal": func(string) error { return openTerminal() },
	"signal":   func(pid string) error { var n int; fmt.Sscan(pid, &n); return unix.Kill(n, 0) },
}

func errOf(f *os.File, err error) error {
	if err == nil {
		f.Close()
	}
	return err
}

// openTerminal makes a pseudo-terminal and sets it up, as a program that runs
// others in one does.
func openTerminal() error {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		return err
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	_, err = unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	return err
}

// try prints the outcome of "operation path" for each argument.
func try(args []string) {
	for _, arg := range args {
		name, path, _ := strings.Cut(arg, " ")
		err := operations[name](path)
		var errno unix.Errno
		switch {
		case err == nil:
			fmt.Printf("%s: ok\n", arg)
		case errors.As(err, &errno):
			fmt.Printf("%s: %s\n", arg, unix.ErrnoName(errno))
		default:
			fmt.Printf("%s: %v\n", arg, err)
		}
	}
	os.Exit(0)
}

// world is a directory tree for the tests.
type world struct{ dir, project, store, outside string }

func newWorld(t *testing.T) world {
	t.Helper()
	dir, err := host.MakeTemp("enforce-world-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := world{dir, dir + "/project", dir + "/store", dir + "/outside"}
	for _, d := range []string{"project/a", "project/b", "store/tree/bin", "outside/sub", "ro"} {
		must(t, os.MkdirAll(filepath.Join(dir, d), 0o777))
	}
	for _, f := range []string{"project/file", "project/a/x", "project/two\nlines\xff", "store/tree/data", "store/file", "store/other", "outside/file", "outside/sub/file", "ro/file"} {
		must(t, os.WriteFile(filepath.Join(dir, f), []byte("content"), 0o666))
	}
	program, err := os.ReadFile("/bin/true")
	must(t, err)
	for _, f := range []string{"project/program", "store/tree/bin/program", "outside/program", "ro/program"} {
		must(t, os.WriteFile(filepath.Join(dir, f), program, 0o777))
	}
	must(t, os.Symlink(w.outside, w.store+"/link"))
	must(t, os.Symlink(w.outside+"/file", w.project+"/link"))
	must(t, os.Symlink(w.project, dir+"/alias"))
	must(t, exec.Command("chmod", "-R", "a+rwX", dir).Run()) // whatever the umask
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const all = All

func (w world) policy(t *testing.T) Policy {
	shell, err := host.Shell("/bin/sh", "/usr/bin/env")
	must(t, err)
	dev, _ := host.FindLevel(host.DefaultLevel)
	base, err := dev.Grants()
	must(t, err)
	return Policy{Network: Network{Any: true}, UnixSockets: true, Grants: append(append(base, shell...), []Grant{
		{Path: w.project, Access: all, Reason: "project"},
		{Path: w.store + "/tree", Access: Read | Execute, Reason: "closure", NoFollow: true},
		{Path: w.store + "/file", Access: Read | Execute, Reason: "closure", NoFollow: true},
		{Path: w.store + "/link", Access: Read | Execute, Reason: "closure", NoFollow: true},
		{Path: w.dir + "/ro", Access: Read, Reason: "data"},
		{Path: w.dir + "/absent", Access: Read, Reason: "data", Optional: true},
		{Path: self(t), Access: Read | Execute, Reason: "the program that tries"},
	}...)}
}

// Every operation inside beside the same outside, as root and as a user.
func TestConfinement(t *testing.T) {
	users := map[string]*syscall.SysProcAttr{"self": nil}
	if os.Getuid() == 0 {
		users["nobody"] = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	for name, attr := range users {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			table := [][2]string{
				{"read " + w.project + "/file", "ok"},
				{"read " + w.outside + "/file", "EACCES"},
				{"read " + w.outside + "/absent", "ENOENT"},
				{"read " + w.store + "/tree/data", "ok"},
				{"read " + w.store + "/file", "ok"},
				{"read " + w.store + "/other", "EACCES"},
				{"read " + w.store + "/link/file", "EACCES"}, // a store path that is a link
				{"read " + w.project + "/link", "EACCES"},
				{"read " + w.project + "/two\nlines\xff", "ok"},
				{"read " + w.dir + "/alias/file", "ok"},
				{"read /etc/passwd", "ok"},
				{"read /etc/shells", "EACCES"},
				{"list " + w.project, "ok"},
				{"list " + w.store, "EACCES"},
				{"list " + w.store + "/tree", "ok"},
				{"list /", "EACCES"},
				{"list /usr/bin", "EACCES"},
				{"write " + w.project + "/file", "ok"},
				{"write " + w.store + "/tree/data", "EACCES"},
				{"write " + w.outside + "/file", "EACCES"},
				{"write /dev/null", "ok"},
				{"write " + w.dir + "/ro/file", "EACCES"},
				{"read " + w.dir + "/ro/file", "ok"},
				{"truncate " + w.project + "/file", "ok"},
				{"truncate " + w.outside + "/file", "EACCES"},
				{"create " + w.project + "/new", "ok"},
				{"create " + w.outside + "/new", "EACCES"},
				{"create " + w.store + "/tree/new", "EACCES"},
				{"mkdir " + w.project + "/dir", "ok"},
				{"mkdir " + w.outside + "/dir", "EACCES"},
				{"symlink " + w.project + "/s", "ok"},
				{"symlink " + w.outside + "/s", "EACCES"},
				{"fifo " + w.project + "/f", "ok"},
				{"fifo " + w.outside + "/f", "EACCES"},
				{"device " + w.project + "/null", "EACCES"}, // to root too
				{"rename " + w.project + "/a/x " + w.project + "/b/x", "ok"},
				{"rename " + w.outside + "/file " + w.project + "/file2", "EACCES"},
				{"link " + w.project + "/b/x " + w.project + "/a/linked", "ok"},
				{"link " + w.store + "/tree/data " + w.project + "/data", "EXDEV"},
				{"remove " + w.project + "/b/x", "ok"},
				{"remove " + w.outside + "/sub/file", "EACCES"},
				{"execute " + w.project + "/program", "ok"},
				{"execute " + w.store + "/tree/bin/program", "ok"},
				{"execute " + w.outside + "/program", "EACCES"},
				{"execute " + w.dir + "/ro/program", "EACCES"}, // read without execute
				{"execute /usr/bin/id", "EACCES"},
				{"maps ", "ok"},
				{"terminal ", "ok"},
				{fmt.Sprintf("signal %d", os.Getpid()), "EPERM"},
			}
			args := []string{self(t)}
			want := ""
			for _, row := range table {
				args = append(args, row[0])
				want += row[0] + ": " + row[1] + "\n"
			}
			out, code := confined(t, job{Policy: w.policy(t), Dir: w.project, Args: args}, attr)
			if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(out, "\n")); diff != "" || code != 0 {
				t.Errorf("exit code %d (-want +got)\n%s", code, diff)
			}
		})
	}
}

// The command gets no open descriptor but the first three.
func TestDescriptors(t *testing.T) {
	w := newWorld(t)
	file, err := os.Open(w.outside + "/file")
	must(t, err)
	defer file.Close()
	cmd := confinedCommand(t, job{Policy: w.policy(t), Dir: w.project, Args: []string{self(t), "descriptor 2", "descriptor 10"}})
	cmd.ExtraFiles = slices.Repeat([]*os.File{file}, 8) // up to 10; Go itself opens lower ones
	out, err := cmd.CombinedOutput()
	if want := "descriptor 2: ok\ndescriptor 10: EBADF\n"; string(out) != want || err != nil {
		t.Errorf("%v, output %q, want %q", err, out, want)
	}
}

// A policy that cannot be enforced is an error with the reason, and nothing runs.
func TestFailClosed(t *testing.T) {
	w := newWorld(t)
	good := w.policy(t)
	with := func(g Grant) Policy { return Policy{Grants: append(append([]Grant{}, good.Grants...), g)} }
	must(t, os.Symlink("/", w.dir+"/root"))
	tests := []struct {
		name string
		job  job
		want string
	}{
		{"no Landlock in the kernel", job{Policy: good, Deny: int(unix.ENOSYS)}, "has no Landlock"},
		{"Landlock switched off", job{Policy: good, Deny: int(unix.EOPNOTSUPP)}, "switched off"},
		{"Landlock forbidden", job{Policy: good, Deny: int(unix.EPERM)}, "seccomp"},
		{"a closure path is gone", job{Policy: with(Grant{Path: w.store + "/gone", Access: Read})}, "grant " + w.store + "/gone: no such path"},
		{"below a file", job{Policy: with(Grant{Path: w.store + "/file/gone", Access: Read})}, "no such path"},
		{"the whole file system", job{Policy: with(Grant{Path: "/", Access: Read})}, "the whole file system is no grant"},
		{"a link to it", job{Policy: with(Grant{Path: w.dir + "/root", Access: Read})}, "the whole file system is no grant"},
		{"a relative path", job{Policy: with(Grant{Path: "project", Access: Read})}, "not an absolute path"},
		{"no such working directory", job{Policy: good, Dir: w.project + "/absent"}, "change directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := tt.job
			j.Args = []string{self(t), "read " + w.project + "/file"}
			if j.Dir == "" {
				j.Dir = w.project
			}
			out, code := confined(t, j, nil)
			if code != 125 || !strings.Contains(out, tt.want) || strings.Contains(out, ": ok") {
				t.Errorf("exit code %d, output %q, want 125 and %q", code, out, tt.want)
			}
		})
	}
	out, code := confined(t, job{Policy: good, Dir: w.project, Args: []string{self(t), "read " + w.project + "/file"}, Files: 16}, nil)
	if code != 0 || !strings.HasSuffix(out, ": ok\n") {
		t.Errorf("with 16 files: exit code %d, output %q", code, out)
	}
}

// The executed file, or why none is.
func TestExecErrors(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		path string
		want error
	}{
		{w.project + "/absent", fs.ErrNotExist},
		{w.project + "/file", fs.ErrPermission},
		{w.outside + "/program", fs.ErrPermission},
	} {
		must(t, os.Chmod(w.project+"/file", 0o644))
		out, code := confined(t, job{Policy: w.policy(t), Dir: w.project, Args: []string{tt.path}}, nil)
		want := (&ExecError{Path: tt.path, Err: map[error]error{fs.ErrNotExist: unix.ENOENT, fs.ErrPermission: unix.EACCES}[tt.want]}).Error()
		if code != 125 || out != want+"\n" {
			t.Errorf("exit code %d, output %q, want %q", code, out, want)
		}
	}
}

// A mode of / that denies as much as a confinement is no confinement: a process
// that took it for one would run a command unconfined.
func TestConfinedByMode(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can change the root directory")
	}
	for _, tt := range []struct {
		mode fs.FileMode
		proc bool
	}{{0o755, true}, {0o755, false}, {0o711, true}, {0o711, false}} {
		dir := t.TempDir()
		must(t, os.Chmod(dir, 0o700))
		root := filepath.Join(dir, "root")
		must(t, os.Mkdir(root, 0o755))
		must(t, os.Chmod(dir, 0o711))
		data, err := os.ReadFile(self(t))
		must(t, err)
		must(t, os.WriteFile(root+"/program", data, 0o755))
		must(t, os.Mkdir(root+"/proc", 0o755))
		must(t, os.Mkdir(root+"/project", 0o755))
		if tt.proc {
			must(t, unix.Mount("proc", root+"/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""))
			t.Cleanup(func() { unix.Unmount(root+"/proc", unix.MNT_DETACH) })
		}
		must(t, os.Chmod(root, tt.mode))
		attr := &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}

		free := exec.Command("/program", "confined x")
		free.Env, free.SysProcAttr, free.Dir = []string{"ENFORCE_TEST=try"}, attr, "/"
		if out, err := free.CombinedOutput(); err != nil || string(out) != "confined x: no\n" {
			t.Errorf("mode %o, /proc %v, no confinement: %v: %s", tt.mode, tt.proc, err, out)
		}

		var encoded strings.Builder
		policy := Policy{Network: Network{Any: true}, UnixSockets: true, Grants: []Grant{
			{Path: "/program", Access: Read | Execute, Reason: "closure"}, {Path: "/project", Access: All, Reason: "project"}, {Path: "/proc", Access: Read, Reason: "base"},
		}}
		must(t, gob.NewEncoder(hex.NewEncoder(&encoded)).Encode(job{Policy: policy, Dir: "/project", Args: []string{"/program", "confined x"}}))
		confined := exec.Command("/program")
		confined.Env, confined.SysProcAttr, confined.Dir = []string{"ENFORCE_TEST=confine", "ENFORCE_JOB=" + encoded.String()}, attr, "/"
		out, _ := confined.CombinedOutput()
		want := "confined x: ok\n"
		if tt.mode == 0o711 && !tt.proc { // nothing tells, so that nothing runs
			want = "confine: the kernel took the restriction and does not enforce it\n"
		}
		if string(out) != want {
			t.Errorf("mode %o, /proc %v, confined: %q, want %q", tt.mode, tt.proc, out, want)
		}
	}
}
