package view

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/parent"
)

// RunPart runs this program as the init of a view, or tries a view, if args ask for it.
func RunPart(args []string) (code int, ok bool) {
	if len(args) < 2 || args[1] != Word {
		return 0, false
	}
	runtime.LockOSThread() // with which the command would end
	named(filepath.Base(args[0]))
	if len(args) != 4 {
		return probe(args[2:]), true
	}
	socket, err := strconv.Atoi(args[3])
	if err != nil || os.Getpid() != 1 {
		return 125, true
	}
	unix.CloseOnExec(socket)
	purity := os.NewFile(uintptr(socket), "socket")
	status, err := runInit(purity, socket, func(m message) { send(purity, m) })
	if err != nil {
		send(purity, message{Failure: newFailure(err)})
		return 125, true
	}
	send(purity, message{Ended: true, Status: status})
	return 0, true
}

// named gives this thread, and so the command before its execve, the name that purity has
// without a view. The kernel named it exe, after /proc/self/exe.
func named(name string) {
	if text, err := unix.BytePtrFromString(name); err == nil {
		unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(text)), 0, 0, 0)
	}
}

// runInit makes the view, starts the command and returns how it ended.
func runInit(from io.Reader, socket int, tell func(message)) (status syscall.WaitStatus, err error) {
	if err := attached(socket); err != nil {
		return 0, err
	}
	signals, err := parent.Catch()
	if err != nil {
		return 0, err
	}
	tell(message{})
	var job Job
	if err := receive(from, &job); err != nil {
		return 0, fmt.Errorf("make view: read its description: %w", err)
	}
	umask := unix.Umask(0) // the directories of the view are not the command's
	policy, err := private(job)
	unix.Umask(umask)
	if err != nil {
		return 0, err
	}
	pid, err := policy.Start(job.Command)
	if err != nil {
		return 0, err
	}
	if w := job.Command.Watch; w != nil {
		unix.Close(w.Socket) // by which the supervisor knows who is left
	}
	if err := powerless(); err != nil {
		return 0, err
	}
	signals.PassAll(pid)
	// The handlers stay: whoever ends a process group sends a signal to this process and one to the
	// parent, which passes it on. The second can come after the command has ended, and Go's own
	// handler would end this process with exit code 2 before it tells how.
	return reap(pid, func() { tell(message{Stopped: true}) })
}

// attached makes the kernel end this process, and with it the whole view, when the parent
// ends. A parent that has ended already has closed its end of the socket.
func attached(socket int) error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("make view: prctl: %w", err)
	}
	poll := []unix.PollFd{{Fd: int32(socket)}}
	if _, err := unix.Poll(poll, 0); err == nil && poll[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0 {
		return errors.New("make view: the parent has ended")
	}
	return nil
}

// private makes the view, and sets the host name and the loopback of the other namespaces.
func private(job Job) (policy enforce.Policy, err error) {
	if enforce.Probe().Err != nil { // no Landlock that keeps the command out, or that is tested on a file in /proc
		if err := opaque(); err != nil {
			return policy, err
		}
	}
	if policy, err = job.build(); err != nil {
		return policy, err
	}
	if err := unix.Sethostname([]byte("localhost")); err != nil {
		return policy, &RefusedError{What: "name the host", Err: err}
	}
	if job.Policy.Network.None() {
		if err := loopback(); err != nil {
			return policy, &RefusedError{What: "bring up the loopback", Err: err}
		}
	}
	return policy, nil
}

// opaque keeps processes in the view from inspecting its init (ptrace(2), "Ptrace access
// mode checking").
func opaque() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("make view: prctl: %w", err)
	}
	return nil
}

// loopback brings up lo, which is down in a new network namespace (netdevice(7)).
func loopback() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if errors.Is(err, unix.EAFNOSUPPORT) {
		return nil // a kernel without networks
	}
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
}

// powerless drops all capabilities of this process, which needs none any more.
func powerless() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	// For all threads; syscall.AllThreadsSyscall does not work in a program with cgo.
	if _, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none[0])), 0); errno != 0 {
		return fmt.Errorf("make view: capset: %w", errno)
	}
	return opaque()
}

// reap waits for the command to end, calls stopped when it stops, and reaps orphans. The
// kernel ends the other processes with this one (pid_namespaces(7)).
func reap(command int, stopped func()) (status syscall.WaitStatus, err error) {
	for {
		pid, err := syscall.Wait4(-1, &status, syscall.WUNTRACED, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, fmt.Errorf("wait for the command: %w", err)
		case pid != command:
		case status.Stopped():
			stopped()
		default:
			return status, nil
		}
	}
}

// probed returns the view to try.
func probed(args []string) (v View) {
	if len(args) == 1 {
		v.Overlay = layersIn(args[0])
	}
	return v
}

// probe returns exit code 0 if this process, which is in namespaces of its own, can make a
// view; with an argument, a view of an overlay in that directory. Else it prints the error.
func probe(args []string) int {
	v, p := probed(args), enforce.Policy{}
	if v.Overlay.Dir != "" {
		p.Grants = []enforce.Grant{{Path: v.Overlay.Dir, Access: enforce.All, Reason: "try"}}
	}
	_, err := private(Job{View: v, Policy: v.Policy(p)})
	if err == nil {
		return 0
	}
	var errno syscall.Errno
	var refused *RefusedError
	if errors.As(err, &errno) && errors.As(err, &refused) {
		fmt.Printf("%d %s\n", int(errno), refused.What)
	} else {
		fmt.Printf("0 %v\n", err)
	}
	return 1
}
