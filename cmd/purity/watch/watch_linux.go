package watch

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/enforce/overlay"
	"github.com/nix-purity/purity/enforce/parent"
)

// Start runs the command as a child of this process, and returns when it has ended. The
// child is in the same process group, so that the terminal speaks to both; this process
// stops, goes on and ends as it does.
func (r Run) Start() (o Outcome, err error) {
	child := r.command()
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	w, err := r.watcher(child)
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
	if o.Status, err = parent.Wait(child.Process.Pid, signals.Release); err != nil {
		return o, fmt.Errorf("wait for the command: %w", err)
	}
	w.end(&o)
	return o, nil
}

// watcher is the supervisor of a watched command.
type watcher struct {
	run      Run
	socket   *os.File // to the child
	theirs   int      // its end, -1 if it is not watched
	listener int
	stop     int // an eventfd(2), readable when it is time
	observer *observe.Observer
	served   chan struct{}
	failed   bool      // the child never came to run the command, and said why
	kernel   confirmer // nil where nothing may be read
	child    *exec.Cmd
	mutex    sync.Mutex // of events
}

// watcher prepares child for being watched, if that is asked for.
func (r Run) watcher(child *exec.Cmd) (*watcher, error) {
	w := &watcher{run: r, theirs: -1, listener: -1, served: make(chan struct{}), child: child}
	if r.What == Off {
		close(w.served)
		return w, nil
	}
	if _, err := launch.MakeHome(r.Plan); err != nil { // a grant of a missing path counts for nothing, and the child makes it meanwhile
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
	if r.Plan.Enforced() && !r.Absent { // a report of any builder does not name confirmations of this kernel
		w.kernel = r.openConfirmer()
	}
	child.Env = append(child.Env, caller.WatchSocket+"="+strconv.Itoa(w.theirs))
	return w, nil
}

// confirmer is where the kernel itself reports denials.
type confirmer interface {
	Follow(stop int, dir string)
	Denials(pid int) []observe.Denial
	Close()
}

// openConfirmer opens the readable ones. Tracepoints take some ten
// milliseconds to set up and to remove, which only those pay who want to know
// more than which programs were refused.
func (r Run) openConfirmer() confirmer {
	audit, err := observe.OpenAuditLog()
	if err == nil {
		return audit
	}
	r.Log.Debug().Err(err).Msg("the kernel's audit log may not be read, so denials are not confirmed by it")
	if r.What != Files && !r.Confirm {
		return nil
	}
	points, err := observe.OpenTracepoints()
	if err == nil {
		return points
	}
	r.Log.Debug().Err(err).Msg("the kernel's tracepoints may not be read, so denials are not confirmed by them")
	return nil
}

// start starts the child. The socket has the same number there: any other could
// be that of a descriptor that the child inherits, as those of make's jobserver.
func (w *watcher) start() error {
	if w.theirs >= 0 {
		unix.FcntlInt(uintptr(w.theirs), unix.F_SETFD, 0)
		defer unix.Close(w.theirs)
	}
	undo := caller.Unmask()
	err := w.child.Start()
	undo()
	if err != nil {
		return fmt.Errorf("start %s again: %w", w.run.Args[0], err)
	}
	return nil
}

// begin waits for the child to be watched, and watches.
func (w *watcher) begin() {
	if w.socket == nil {
		return
	}
	if w.kernel != nil {
		w.kernel.Follow(w.stop, w.run.Plan.Project.Cwd)
	}
	go func() {
		defer close(w.served)
		observer := observe.New(w.run.Plan.Policy, w.abi()) // takes a while, as the child does to come so far
		observer.Filter = w.filter()
		observer.Apart, observer.Absent = w.run.Apart, w.run.Absent
		if w.run.Plan.Sees.View != nil {
			observer.Hide(shown(w.run.Plan))
		}
		if w.run.Event != nil {
			observer.Event = w.event
		}
		temp, listener, err := observe.Receive(int(w.socket.Fd()))
		if err != nil || listener < 0 { // it failed before, and said so; or nobody can be watched
			w.failed = temp == ""
			w.run.Log.Debug().Err(err).Msg("no process can watch here, so purity explains no denial")
			return
		}
		w.listener, w.observer = listener, observer
		observer.Grant(trees.TempGrant(temp))
		readers := 1
		if w.run.What == Files {
			readers = 4
		}
		keep := w.run.Plan.Policy.Capabilities
		if !w.run.Plan.Enforced() {
			keep = launch.Unconfined(w.run.Plan.Project)
		}
		observer.Serve(listener, w.stop, readers, keep)
	}()
}

// abi is the version of Landlock that the command is confined by.
func (w *watcher) abi() int {
	if !w.run.Plan.Enforced() {
		return observe.Unenforced
	}
	return enforce.Probe().ABI
}

// filter is the system call filter of the command, whose process the child becomes.
func (w *watcher) filter() observe.Filter {
	return observe.FilterOf(w.run.Plan.Policy, w.abi(), w.child.Process.Pid)
}

// shown is the part of the view that the watcher has to know.
func shown(p confine.Plan) observe.Shown {
	v := p.Sees.View
	shown := observe.Shown{Links: p.Sees.Links(), ReadOnly: v.Protected, Spared: p.Sees.Spared, Stood: p.Sees.Stood}
	for _, g := range p.Policy.Grants {
		if confine.Private(g) {
			shown.Private = append(shown.Private, g.Path)
		}
	}
	return shown
}

// event tells of a use, one at a time.
func (w *watcher) event(e observe.Event) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.run.Event(e)
}

// end ends watching, and returns the outcome. Processes that outlive the
// command are left to one that answers all they ask: a call that nobody answers
// would fail.
func (w *watcher) end(o *Outcome) {
	if w.socket == nil {
		return
	}
	w.tell()
	<-w.served
	o.Overlay = w.told()
	w.socket.Close()
	o.Failed = w.failed
	if w.observer == nil {
		return
	}
	if !observe.Over(w.listener) {
		filter, err := json.Marshal(w.filter())
		if err != nil {
			panic(err) // numbers and booleans
		}
		heir := exec.Command("/proc/self/exe", Word, string(filter))
		heir.Args[0] = w.run.Args[0]
		heir.ExtraFiles = []*os.File{os.NewFile(uintptr(w.listener), "listener")}
		heir.Dir = "/"
		heir.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := heir.Start(); err != nil {
			w.run.Log.Warn().Msgf("start the lasting watcher: %v; programs that outlive the command cannot start others", err)
		}
	}
	o.Watched, o.Unjudged = true, w.observer.Unjudged()
	o.Denials = w.observer.Denials()
	if w.kernel != nil {
		told := w.kernel.Denials(w.child.Process.Pid)
		if w.run.What == Programs { // whatever else the kernel happens to tell
			all := len(told)
			told = slices.DeleteFunc(told, func(d observe.Denial) bool { return d.Access != "execute" })
			o.Files = all - len(told)
		}
		o.Denials = observe.Confirm(o.Denials, told)
	}
}

// told are the changes that the command made in an overlay, nil where there is none.
func (w *watcher) told() *overlay.Result {
	data, err := observe.Told(int(w.socket.Fd()))
	if err != nil || data == nil {
		return nil
	}
	result := &overlay.Result{}
	if err := json.Unmarshal(data, result); err != nil {
		w.run.Log.Warn().Msgf("read the changes: %v", err)
		return nil
	}
	return result
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

// Word is the hidden argument by which purity becomes who answers for a watcher that has
// ended.
const Word = "__continue"

// Continue is purity started by end.
func Continue(args []string) (code int, ok bool) {
	var filter observe.Filter
	if len(args) != 3 || json.Unmarshal([]byte(args[2]), &filter) != nil {
		return 0, false
	}
	observe.Continue(3, filter)
	return 0, true
}

// calls are those of the kernel of watched uses.
func calls(what string) []string {
	if what == Files {
		return observe.Files
	}
	return observe.Programs
}
