package view

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/parent"
)

// Word is the hidden argument that makes this program the init of a view. "init" and the
// descriptor of a socket to the parent follow. To try a view, nothing follows, or the
// directory of an overlay.
const Word = "__view"

// self is the path by which this program starts itself.
const self = "/proc/self/exe"

// Run runs a job and returns how its command ended. Until then this process stops when
// the command stops, and passes on the signals that it gets alone. The errors are those of
// [enforce.Policy.Exec], and a [*RefusedError] before anything was started.
//
// Call it on the main thread: the kernel ends the view with the thread that started it
// (prctl(2), PR_SET_PDEATHSIG).
func Run(job Job) (syscall.WaitStatus, error) {
	job.Command.Confined, job.Command.Audit = false, false
	pid, socket, err := begin(job)
	if err != nil {
		return 0, err
	}
	defer socket.Close()
	data := packed(job, 16<<10+150*len(job.Policy.Grants))
	// Until the init can pass signals on, a signal ends this process and the init with it: the kernel
	// drops signals for which the first process of a namespace has no handler (pid_namespaces(7)).
	var first message
	ready := receive(socket, &first)
	terminal := foreground()
	signals, err := parent.Catch()
	if err != nil {
		return 0, err
	}
	signals.PassTo(pid)
	if ready == nil && first.Failure == nil { // follow reports an init that ends here
		socket.Write(data)
	}
	status, err := follow(socket, pid, first, signals.Release)
	terminal.restore()
	return status, err
}

// begin starts the init of a job, and returns its number and the socket to it.
func begin(job Job) (pid int, socket *os.File, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("make view: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "socket"), os.NewFile(uintptr(pair[1]), "socket")
	defer theirs.Close()
	if _, err = unix.FcntlInt(theirs.Fd(), unix.F_SETFD, 0); err != nil { // the init has it under this number
		err = fmt.Errorf("make view: %w", err)
	} else {
		pid, err = start([]string{os.Args[0], Word, "init", strconv.Itoa(int(theirs.Fd()))}, job)
	}
	if err != nil {
		ours.Close()
		return 0, nil, err
	}
	return pid, ours, nil
}

// start starts this program in namespaces of its own. Root, where it may, stays in its
// user namespace, in which files keep their owners.
func start(args []string, job Job) (pid int, err error) {
	attempt := func(user bool) (int, error) {
		return syscall.ForkExec(self, args, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}, Sys: attributesOf(job, user)})
	}
	privileged := os.Geteuid() == 0
	pid, err = attempt(!privileged)
	if privileged && errors.Is(err, unix.EPERM) {
		pid, err = attempt(true)
	}
	switch {
	case short(err):
		return 0, fmt.Errorf("make view: %s: %w", born, err)
	case err != nil:
		return 0, refused(born, err)
	}
	return pid, nil
}

// attributesOf returns those of a process in the namespaces of a job, with a user namespace
// or without.
func attributesOf(job Job, user bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Cloneflags: namespaces(job.Policy), Pdeathsig: syscall.SIGKILL}
	if user {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN} // of the namespaces; execve drops a user's that are not ambient
		if job.View.Overlay.Dir != "" {
			attr.AmbientCaps = append(attr.AmbientCaps, keeper...)
		}
	}
	return attr
}

// keeper are the capabilities of the process that mounts an overlay. By them the kernel
// writes in directories that nobody may write, and gives copies the owner, mode and times
// of the files. They apply to files of the user alone (user_namespaces(7)).
var keeper = []uintptr{unix.CAP_DAC_OVERRIDE, unix.CAP_CHOWN, unix.CAP_FOWNER, unix.CAP_FSETID}

// namespaces returns the flags of clone(2) for the command of a policy.
func namespaces(p enforce.Policy) uintptr {
	flags := uintptr(unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS)
	if !p.SysVIPC {
		flags |= unix.CLONE_NEWIPC
	}
	if p.Network.None() {
		flags |= unix.CLONE_NEWNET
	}
	return flags
}

// message is the report of the init to its parent. The first is empty: the init is ready.
type message struct {
	Failure *failure // nothing was started
	Stopped bool
	Ended   bool
	Status  syscall.WaitStatus // if the command ended
}

// failure is an error in a form that can be sent.
type failure struct {
	Kind       string // missing, exec, refused or nothing
	Path, Text string
	Fix        string // of a refusal
	Errno      syscall.Errno
}

func newFailure(err error) *failure {
	f := &failure{Text: err.Error()}
	errors.As(err, &f.Errno)
	var missing *enforce.MissingError
	var exec *enforce.ExecError
	var refused *RefusedError
	switch {
	case errors.As(err, &missing):
		f.Kind, f.Path = "missing", missing.Path
	case errors.As(err, &exec):
		f.Kind, f.Path = "exec", exec.Path
	case short(err):
	case errors.As(err, &refused):
		f.Kind, f.Path, f.Fix = "refused", refused.What, refused.Fix
	}
	return f
}

func (f *failure) error() error {
	switch f.Kind {
	case "missing":
		return &enforce.MissingError{Path: f.Path}
	case "exec":
		return &enforce.ExecError{Path: f.Path, Err: f.Errno}
	case "refused":
		e := refused(f.Path, f.Errno)
		e.Fix = cmp.Or(f.Fix, e.Fix)
		return e
	}
	return &sentError{f.Text, f.Errno}
}

// sentError is the text of another process's error, and the kernel's error in it, if any.
type sentError struct {
	text  string
	errno syscall.Errno
}

func (e *sentError) Error() string { return e.text }

func (e *sentError) Is(target error) bool { return e.errno != 0 && errors.Is(e.errno, target) }

// follow stops when the command stops, and returns how it ended. last is the message before.
func follow(socket io.Reader, pid int, last message, release func()) (status syscall.WaitStatus, err error) {
	for {
		var m message
		if receive(socket, &m) != nil { // the init has ended, with a last message or without
			break
		}
		if last = m; m.Stopped {
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
	}
	release() // until the init is waited for, no other process has its number
	for {
		_, err = syscall.Wait4(pid, &status, 0, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("wait for the view: %w", err)
	case last.Failure != nil:
		return 0, last.Failure.error()
	case last.Ended:
		return last.Status, nil
	case status.Exited():
		return 0, fmt.Errorf("make view: its init ended with exit code %d", status.ExitStatus())
	}
	return status, nil // a signal killed the init
}

// terminalState is the foreground process group of a terminal before the run. A shell in
// the view does not know the groups outside, so it cannot restore that when it ends.
type terminalState struct{ fd, group int }

// foreground returns the terminal in whose foreground this process is, if there is one.
func foreground() terminalState {
	for fd := range 3 {
		if group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err == nil && group == unix.Getpgrp() {
			return terminalState{fd, group}
		}
	}
	return terminalState{fd: -1}
}

// restore restores the group unless another one has the terminal that still has processes: those
// of the view have ended.
func (t terminalState) restore() {
	if t.fd < 0 {
		return
	}
	group, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP)
	if err != nil || group == t.group || group > 0 && !errors.Is(unix.Kill(-group, 0), unix.ESRCH) {
		return
	}
	// The kernel stops a process in the background that does this, unless the signal is
	// blocked or ignored (ioctl_tty(2)).
	undo := parent.Ignore(syscall.SIGTTOU)
	defer undo()
	unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, t.group)
}
