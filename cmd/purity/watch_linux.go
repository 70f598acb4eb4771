package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/inspect"
	"github.com/nix-purity/purity/enforce/observe"
)

// watch starts the command as a child of this process and returns what was
// refused and what changed. The child is in the same process group, so that
// the terminal speaks to both; this process stops, goes on and ends as it does.
func (p *plan) watch() (o outcome, err error) {
	var before inspect.Snapshot
	if p.reports() {
		before = inspect.Take(p.project.dir)
	}
	child := exec.Command("/proc/self/exe", os.Args[1:]...)
	child.Args[0] = os.Args[0]
	child.Env = append(os.Environ(), watchedVariable+"="+strconv.Itoa(os.Getpid()))
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	w, err := p.newWatcher(child)
	if err != nil {
		return o, err
	}
	forward := catchSignals()
	if err := child.Start(); err != nil {
		return o, fmt.Errorf("start %s again: %w", os.Args[0], err)
	}
	go forwardSignals(forward, child.Process.Pid)
	w.begin()
	if o.status, err = wait(child.Process.Pid); err != nil {
		return o, fmt.Errorf("wait for the command: %w", err)
	}
	o.denials, o.used = w.end()
	o.watched, o.failed = o.used != nil, w.failed
	if w.observer != nil {
		o.unjudged = w.observer.Unjudged()
	}
	if before != nil {
		o.changes = before.Changes(inspect.Take(p.project.dir))
	}
	return o, nil
}

// wait waits for a process to end; when it stops this process does, and when
// this one goes on so does it.
func wait(pid int) (syscall.WaitStatus, error) {
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return status, err
		case status.Stopped():
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			syscall.Kill(pid, syscall.SIGCONT)
		default:
			return status, nil
		}
	}
}

// dieOf ends this process by a signal, as the kernel does: Go's runtime has
// handlers of its own for some, and the command has dumped its core already.
func dieOf(signal syscall.Signal) {
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	var action struct{ handler, flags, restorer, mask uint64 } // the default
	unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(signal), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	syscall.Kill(os.Getpid(), signal)
	time.Sleep(time.Second) // it may arrive at another thread
}

// catchSignals has this process survive what the terminal sends to both, and
// returns what is to be passed on.
func catchSignals() chan os.Signal {
	ignored, forward := make(chan os.Signal, 1), make(chan os.Signal, 8)
	notify(ignored, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU)
	fromTerminal := ignored
	if !foreground() {
		fromTerminal = forward
	}
	notify(fromTerminal, syscall.SIGINT, syscall.SIGQUIT)
	notify(forward, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	return forward
}

func forwardSignals(signals chan os.Signal, pid int) {
	for s := range signals {
		syscall.Kill(pid, s.(syscall.Signal)) // it may have ended
	}
}

// foreground reports whether this process group is the one that the terminal
// speaks to.
func foreground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// watcher is the supervisor of a watched command.
type watcher struct {
	plan     *plan
	socket   *os.File // to the child
	theirs   *os.File
	listener int
	stop     [2]*os.File // a pipe
	observer *observe.Observer
	served   chan struct{}
	failed   bool              // the child never came to run the command, and said why
	audit    *observe.AuditLog // nil where it may not be read
	child    *exec.Cmd

	mutex sync.Mutex
	used  map[string]bool // store paths
}

// newWatcher prepares child for being watched, if that is asked for.
func (p *plan) newWatcher(child *exec.Cmd) (*watcher, error) {
	w := &watcher{plan: p, listener: -1, served: make(chan struct{}), used: map[string]bool{}, child: child}
	if p.explains() == "off" {
		close(w.served)
		return w, nil
	}
	if err := p.confine(); err != nil { // what the observer judges by
		return nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	w.socket, w.theirs = os.NewFile(uintptr(pair[0]), "socket"), os.NewFile(uintptr(pair[1]), "socket")
	if w.stop[0], w.stop[1], err = os.Pipe(); err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	if p.mode() == "enforce" {
		if w.audit, err = observe.OpenAuditLog(); err != nil {
			p.app.log.Debug().Err(err).Msg("the kernel's audit log may not be read, so denials are not confirmed by it")
		}
	}
	child.ExtraFiles = []*os.File{w.theirs}
	child.Env = append(child.Env, socketVariable+"=3")
	return w, nil
}

// begin waits for the child to be watched, and watches.
func (w *watcher) begin() {
	if w.socket == nil {
		return
	}
	w.theirs.Close()
	go func() {
		defer close(w.served)
		temp, listener, err := observe.Receive(int(w.socket.Fd()))
		if err != nil || listener < 0 { // it failed before, and said so; or nobody can be watched
			w.failed = temp == ""
			w.plan.app.log.Debug().Err(err).Msg("nobody can be watched here, so what is refused is not explained")
			return
		}
		w.listener = listener
		policy := w.plan.policy
		policy.Grants = append(policy.Grants, tempGrant(temp))
		abi := observe.Unenforced
		if w.plan.mode() == "enforce" {
			abi = enforce.Probe().ABI
		}
		w.observer = observe.New(policy, abi)
		w.observer.Event = w.event
		readers := 1
		if w.plan.explains() == "files" {
			readers = 4
		}
		w.observer.Serve(listener, int(w.stop[0].Fd()), readers, policy.Capabilities)
	}()
}

// event notes what is used, and shows it if that is asked for.
func (w *watcher) event(e observe.Event) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.plan.note(w.used, e)
	if w.plan.trace != nil {
		w.plan.trace(e)
	}
}

// end returns what was refused, and what was used. Processes that outlive the command are left to
// one that lets all they do go on: a call that nobody answers would fail.
func (w *watcher) end() ([]observe.Denial, map[string]bool) {
	if w.socket == nil {
		return nil, nil
	}
	w.stop[1].Close()
	w.socket.Close()
	<-w.served
	if w.observer == nil {
		return nil, nil
	}
	if !observe.Over(w.listener) {
		heir := exec.Command("/proc/self/exe", continueWord)
		heir.Args[0] = os.Args[0]
		heir.ExtraFiles = []*os.File{os.NewFile(uintptr(w.listener), "listener")}
		heir.Dir = "/"
		heir.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := heir.Start(); err != nil {
			w.plan.app.log.Warn().Msgf("start what watches on: %v; programs that outlive the command cannot start others", err)
		}
	}
	denials := w.observer.Denials()
	if w.audit != nil {
		denials = observe.Confirm(denials, w.audit.Denials(w.child.Process.Pid))
		w.audit.Close()
	}
	return denials, w.used
}

// continueWord is the hidden argument by which purity becomes what end says.
const continueWord = "__continue"

// runContinue does that if args are those of it.
func runContinue(args []string) (code int, ok bool) {
	if len(args) != 2 || args[1] != continueWord {
		return 0, false
	}
	observe.Continue(3)
	return 0, true
}

// watchCommand has the command watched by the parent, if that waits for it.
func watchCommand(explains, temp string) *enforce.Watch {
	socket, err := strconv.Atoi(os.Getenv(socketVariable))
	if err != nil || !watchedByParent() {
		return nil
	}
	calls := observe.Programs
	if explains == "files" {
		calls = observe.Files
	}
	return &enforce.Watch{Calls: calls, Socket: socket, Note: temp}
}
