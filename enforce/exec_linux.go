package enforce

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce/seccomp"
)

// Exec confines the process to p and replaces it by cmd. It returns only on
// failure: a [*GapError], a [*MissingError], an [*ExecError], or another error.
// Then the calling thread may be confined already: report the error and exit.
//
// Landlock before ABI 8 restricts one thread, and execve keeps the thread that
// calls it, so Exec does everything on one.
func (p Policy) Exec(cmd Command) error {
	runtime.LockOSThread()
	if err := p.begin(cmd); err != nil {
		return err
	}
	if err := unix.Chdir(cmd.Dir); err != nil {
		return fmt.Errorf("change directory %s: %w", cmd.Dir, err)
	}
	return &ExecError{Path: cmd.Path, Err: unix.Exec(cmd.Path, cmd.Args, cmd.Env)}
}

// Start starts cmd confined to p as a child and returns its process number. This process
// is not confined: Landlock, the filter and capabilities restrict a thread that ends with
// this call. But execve closes its descriptors as it closes those of the command. The
// errors are those of [Policy.Exec].
func (p Policy) Start(cmd Command) (pid int, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked, so that the thread ends with the goroutine
		if err = unix.Access(cmd.Dir, unix.X_OK); err != nil {
			err = fmt.Errorf("change directory %s: %w", cmd.Dir, err)
			return
		}
		if err = p.begin(cmd); err != nil {
			return
		}
		attr := &syscall.ProcAttr{Dir: cmd.Dir, Env: cmd.Env, Files: []uintptr{0, 1, 2}}
		pid, err = syscall.ForkExec(cmd.Path, cmd.Args, attr)
		if errors.Is(err, unix.ENOEXEC) && cmd.Interpreter != "" && isText(cmd.Path) {
			pid, err = syscall.ForkExec(cmd.Interpreter, append([]string{"sh", cmd.Path}, cmd.Args[1:]...), attr)
		}
		if err != nil {
			err = &ExecError{Path: cmd.Path, Err: err}
		}
	}()
	<-done
	return pid, err
}

// isText reports whether a file is text, by its first bytes.
func isText(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	head := make([]byte, 80)
	n, err := unix.Read(fd, head)
	return err == nil && bytes.IndexByte(head[:n], 0) < 0
}

// begin does everything that precedes the command, for the calling thread.
func (p Policy) begin(cmd Command) error {
	var rules seccomp.Rules // of the filter
	if !cmd.Confined && !cmd.Audit {
		var err error
		if rules, err = p.restrict(cmd); err != nil {
			return err
		}
	} else if err := closeDescriptors(cmd.KeepFDs); err != nil {
		return err
	}
	if cmd.Audit {
		if err := dropCapabilities(cmd.Capabilities); err != nil {
			return err
		}
	}
	if cmd.Watch != nil {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("watch: set no_new_privs: %w", err)
		}
		if cmd.Audit && !p.NoFilter { // the supervisor hears of these calls and allows them
			rules = p.filter()
			rules.AskedAll = cmd.Watch.Refused
		}
		return cmd.Watch.begin(rules)
	}
	return nil
}

// restrict does everything that precedes execve, the irrevocable steps last, and
// returns the denials of the system call filter.
func (p Policy) restrict(cmd Command) (rules seccomp.Rules, err error) {
	k := Probe()
	if _, err := p.Gaps(k); err != nil {
		return rules, err
	}
	ruleset := -1
	if k.ABI > 0 {
		if ruleset, err = p.ruleset(k.ABI); err != nil {
			return rules, err
		}
		defer unix.Close(ruleset)
	}
	if err := closeDescriptors(cmd.KeepFDs); err != nil {
		return rules, err
	}
	if err := dropCapabilities(p.Capabilities); err != nil {
		return rules, err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return rules, fmt.Errorf("confine: set no_new_privs: %w", err)
	}
	if ruleset >= 0 {
		if err := restrictSelf(ruleset, k.ABI); err != nil {
			return rules, err
		}
	}
	if p.NoFilter || k.Filter != nil { // Gaps has judged the lack
		return rules, nil
	}
	rules = p.filter()
	rules.Asked = cmd.Watch != nil
	rules.AskedAll = cmd.Watch != nil && cmd.Watch.Refused
	filter, err := rules.Filter()
	if err != nil {
		return rules, err
	}
	return rules, filter.Install()
}

// restrictSelf restricts the thread to the ruleset and checks that the kernel enforces it.
func restrictSelf(ruleset, abi int) error {
	if err := ll.LandlockRestrictSelf(ruleset, restrictFlags(abi)); errors.Is(err, unix.E2BIG) {
		return errors.New("confine: this process is in 16 layers of Landlock already, which is the most there can be")
	} else if err != nil {
		return fmt.Errorf("confine: landlock_restrict_self: %w", err)
	}
	if !Confined() {
		return errors.New("confine: the kernel took the restriction and does not enforce it")
	}
	return nil
}

// filter holds the system calls that p denies to this process and its children.
func (p Policy) filter() seccomp.Rules {
	rules := seccomp.Rules{UDP: p.Network.UDP, NoUnix: !p.UnixSockets, UserNamespaces: p.UserNamespaces, SysVIPC: p.SysVIPC || p.Apart, Self: uint32(os.Getpid()), Alone: p.Apart}
	switch {
	case p.alone(): // its network has no other program to reach
	case p.Network.None():
		rules.Inet = seccomp.InetNone
	case !p.Network.Any:
		rules.Inet = seccomp.InetPorts
	}
	return rules
}

// Refusals are the calls that the filter of p denies to the process that becomes the command and to
// its children; ok is false where there is no filter.
func (p Policy) Refusals(pid int) (rules seccomp.Rules, ok bool) {
	rules = p.filter()
	rules.Self = uint32(pid)
	return rules, !p.NoFilter && filterAvailable() == nil
}

func filterAvailable() error { return seccomp.Available() }

// Confined reports whether Landlock confines the calling thread as every policy of
// ours does. It tries calls that the permissions of files allow and no policy grants: to
// list the root directory, or where its mode forbids that already, to open a file
// of the process's own for writing. In a view, which has both, no policy grants device nodes.
func Confined() bool {
	return onlyLandlock("/", unix.O_RDONLY|unix.O_DIRECTORY, unix.R_OK) || onlyLandlock("/proc/self/comm", unix.O_WRONLY, unix.W_OK) || noNodes()
}

// noNodes reports whether Landlock keeps this process from making device nodes. The kernel asks it
// before it asks for the capability that they take (do_mknodat and vfs_mknod in fs/namei.c), and
// refuses otherwise. The first directory that this process may write answers: queues have no nodes,
// and in the others whoever has the capability makes the node of no device for a moment.
func noNodes() bool {
	for _, dir := range []string{"/dev/mqueue", "/dev/shm", "/tmp"} {
		if unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS) != nil {
			continue
		}
		// Queues can be the machine's, where a command of an earlier run can have taken a name it knows.
		name := filepath.Join(dir, fmt.Sprintf("purity-%d-%x", os.Getpid(), rand.Uint64()))
		err := unix.Mknod(name, unix.S_IFBLK, 0)
		if err == nil {
			unix.Unlink(name)
		}
		return errors.Is(err, unix.EACCES)
	}
	return false
}

// onlyLandlock reports whether opening a file is refused although its permissions
// allow it. Landlock checks open(2) and not faccessat2(2)
// (Documentation/userspace-api/landlock.rst, "Current limitations").
func onlyLandlock(path string, flags int, access uint32) bool {
	if unix.Faccessat(unix.AT_FDCWD, path, access, unix.AT_EACCESS) != nil {
		return false
	}
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return errors.Is(err, unix.EACCES)
}
