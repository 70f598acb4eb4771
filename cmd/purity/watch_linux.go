package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/inspect"
	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/enforce/parent"
)

// watch starts the command as a child of this process and returns what was
// refused and what changed. The child is in the same process group, so that
// the terminal speaks to both; this process stops, goes on and ends as it does.
func (p *plan) watch() (o outcome, err error) {
	var before inspect.Snapshot
	if p.reports() {
		before = p.snapshot()
	}
	child := exec.Command("/proc/self/exe", os.Args[1:]...)
	child.Args[0] = os.Args[0]
	child.Env = append(slices.Clone(p.app.calling), watchedVariable+"="+strconv.Itoa(os.Getpid()), keyVariable+"="+p.key)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	w, err := p.newWatcher(child)
	if err != nil {
		return o, err
	}
	defer w.close()
	signals, err := parent.Catch()
	if err != nil {
		return o, err
	}
	if err := w.start(); err != nil {
		signals.Release()
		return o, err
	}
	signals.PassTo(child.Process.Pid)
	w.begin()
	if o.status, err = parent.Wait(child.Process.Pid, signals.Release); err != nil {
		return o, fmt.Errorf("wait for the command: %w", err)
	}
	w.end(&o)
	if before != nil {
		o.changes = before.Changes(p.snapshot())
	}
	return o, nil
}

// snapshot is what of the project programs outside run or obey later. Its directories in
// the caller's PATH are among that.
func (p *plan) snapshot() inspect.Snapshot {
	var programs []string
	for _, dir := range filepath.SplitList(p.app.path) {
		if dir == "" {
			dir = "."
		}
		if dir, err := filepath.Abs(dir); err == nil {
			programs = append(programs, dir)
		}
	}
	return inspect.Take(p.project.dir, programs)
}

// watcher is the supervisor of a watched command.
type watcher struct {
	plan     *plan
	socket   *os.File // to the child
	theirs   int      // its end, -1 if it is not watched
	listener int
	stop     int // an eventfd(2), readable when it is time
	observer *observe.Observer
	served   chan struct{}
	failed   bool      // the child never came to run the command, and said why
	kernel   confirmer // nil where nothing may be read
	child    *exec.Cmd

	mutex sync.Mutex
	used  map[string]bool // store paths
}

// newWatcher prepares child for being watched, if that is asked for.
func (p *plan) newWatcher(child *exec.Cmd) (*watcher, error) {
	w := &watcher{plan: p, theirs: -1, listener: -1, served: make(chan struct{}), used: map[string]bool{}, child: child}
	if p.explains() == "off" {
		close(w.served)
		return w, nil
	}
	if err := p.confine(); err != nil { // what the observer judges by
		return nil, err
	}
	if err := p.makeHome(); err != nil { // a grant of what is not there counts for nothing, and the child makes it meanwhile
		return nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	w.socket, w.theirs = os.NewFile(uintptr(pair[0]), "socket"), pair[1]
	if w.stop, err = unix.Eventfd(0, unix.EFD_CLOEXEC); err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	if p.mode() == "enforce" && !p.missing { // a report of any builder does not say what this kernel confirms
		w.kernel = p.openConfirmer()
	}
	child.Env = append(child.Env, socketVariable+"="+strconv.Itoa(w.theirs))
	return w, nil
}

// confirmer is where the kernel itself tells what it refused.
type confirmer interface {
	Follow(stop int, dir string)
	Denials(pid int) []observe.Denial
	Close()
}

// openConfirmer opens what may be read of that. Tracepoints take some ten
// milliseconds to set up and to remove, which only those pay who want to know
// more than which programs were refused.
func (p *plan) openConfirmer() confirmer {
	audit, err := observe.OpenAuditLog()
	if err == nil {
		return audit
	}
	p.app.log.Debug().Err(err).Msg("the kernel's audit log may not be read, so denials are not confirmed by it")
	if p.explains() != "files" && !p.wanted {
		return nil
	}
	points, err := observe.OpenTracepoints()
	if err == nil {
		return points
	}
	p.app.log.Debug().Err(err).Msg("the kernel's tracepoints may not be read, so denials are not confirmed by them")
	return nil
}

// start starts the child. The socket has the same number there: any other could
// be that of a descriptor that the child inherits, as those of make's jobserver.
func (w *watcher) start() error {
	if w.theirs >= 0 {
		unix.FcntlInt(uintptr(w.theirs), unix.F_SETFD, 0)
		defer unix.Close(w.theirs)
	}
	if err := w.child.Start(); err != nil {
		return fmt.Errorf("start %s again: %w", os.Args[0], err)
	}
	return nil
}

// begin waits for the child to be watched, and watches.
func (w *watcher) begin() {
	if w.socket == nil {
		return
	}
	if w.kernel != nil {
		w.kernel.Follow(w.stop, w.plan.project.cwd)
	}
	go func() {
		defer close(w.served)
		abi := observe.Unenforced
		if w.plan.mode() == "enforce" {
			abi = enforce.Probe().ABI
		}
		observer := observe.New(w.plan.policy, abi) // takes a while, as the child does to come so far
		observer.Apart, observer.Absent = w.plan.apart(), w.plan.missing
		if w.plan.view != nil {
			observer.Hide(w.plan.shown())
		}
		if w.plan.trace != nil || w.plan.tells() {
			observer.Event = w.event
		}
		temp, listener, err := observe.Receive(int(w.socket.Fd()))
		if err != nil || listener < 0 { // it failed before, and said so; or nobody can be watched
			w.failed = temp == ""
			w.plan.app.log.Debug().Err(err).Msg("nobody can be watched here, so what is refused is not explained")
			return
		}
		w.listener, w.observer = listener, observer
		observer.Grant(tempGrant(temp))
		readers := 1
		if w.plan.explains() == "files" {
			readers = 4
		}
		observer.Serve(listener, w.stop, readers, w.plan.policy.Capabilities)
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

// end ends watching, and says what came of it. Processes that outlive the
// command are left to one that answers all they ask: a call that nobody answers
// would fail.
func (w *watcher) end(o *outcome) {
	if w.socket == nil {
		return
	}
	w.tell()
	w.socket.Close()
	<-w.served
	o.failed = w.failed
	if w.observer == nil {
		return
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
	o.watched, o.used, o.unjudged = true, w.used, w.observer.Unjudged()
	o.denials = w.observer.Denials()
	if w.kernel != nil {
		told := w.kernel.Denials(w.child.Process.Pid)
		if w.plan.explains() == "programs" { // whatever else the kernel happens to tell
			told = slices.DeleteFunc(told, func(d observe.Denial) bool { return d.Access != "execute" })
		}
		o.denials = observe.Confirm(o.denials, told)
	}
}

// tell says that it is time.
func (w *watcher) tell() { unix.Write(w.stop, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

// close leaves nothing behind in the kernel, however watching ends.
func (w *watcher) close() {
	if w.kernel != nil {
		w.tell()
		w.kernel.Close()
	}
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
