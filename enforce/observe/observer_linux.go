package observe

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/seccomp"
)

// Observer collects the denials of a policy to the processes that it watches.
type Observer struct {
	judge judge
	// Event, if it is set, hears of every watched call; from several goroutines.
	Event func(Event)
	// Absent counts missing files as if they were there, and drops those that a process found
	// elsewhere. It is set before anybody is watched.
	Absent bool

	// Filter is that of the watched: of the policy, for no process in particular, unless
	// it is set before anybody is watched.
	Filter Filter

	owner        owner
	shown        *Shown // nil without a view
	searches     searches
	allowed      sync.Map // request to the real path, of paths that cannot change
	interpreters sync.Map // of files in fixed directories
	bound        sync.Map // names of abstract sockets that the watched made

	moved    atomic.Bool  // somebody may have another root directory
	unjudged atomic.Int64 // calls of which nothing is known

	collection
}

// Event is a watched call.
type Event struct {
	PID     int // of the thread
	Call    string
	Name    string // as the process named it
	Path    string // without links
	Address string // or this
	Refused string // or this, of a call that the filter refuses
	Access  enforce.Access
	Denied  bool
}

// New makes an observer for a policy that is enforced by a version of Landlock,
// or [Unenforced].
func New(p enforce.Policy, abi int) *Observer {
	return &Observer{judge: newJudge(p, abi), collection: newCollection(), Filter: FilterOf(p, abi, 0), owner: ownerOf(p)}
}

// Grant lets a further path be used, before anybody is watched.
func (o *Observer) Grant(g enforce.Grant) { o.judge.grant(g) }

// Serve answers at a listener until nobody is watched any more, or the
// descriptor stop can be read. Readers are several, because a build makes calls
// in parallel. They may no more with files than the watched may, keep aside
// (capabilities(7)).
func (o *Observer) Serve(listener, stop, readers int, keep uint64) {
	l := line{listener: listener, stop: stop}
	l.wakeUp(0)
	var wait sync.WaitGroup
	for range readers {
		wait.Go(func() {
			asWatched(keep)
			var n notification
			for l.receive(&n, o.easy) {
				l.wakeUp(1)
				denied := o.look(&n, listener)
				n.answer(listener, o.Filter.says(&n))
				l.wakeUp(-1)
				o.counts(n.pid, denied)
			}
		})
	}
	wait.Wait()
}

// easy reports whether a call uses a file that was found to be allowed before, and can be no
// other one since. Most calls do. So the reader that has such a call is the next to read, too, and
// wakes nobody.
func (o *Observer) easy(n *notification) (easy bool) {
	defer func() { easy = recover() == nil && easy }()
	if _, refused := o.Filter.refuses(n); refused {
		return false
	}
	call := seccomp.Name(n.audit, n.number)
	if call != "open" && call != "openat" {
		return false
	}
	targets, err := n.targets(call)
	if err != nil || len(targets) != 1 {
		return false
	}
	t := o.shown.place(targets[0])
	real, ok := o.known(t)
	if ok {
		o.foundIf(n.pid, real)
		o.tell(n.pid, call, t, real, false)
	}
	return ok
}

// Unjudged is how many calls of living processes could not be judged, because
// their memory may not be read or their calls cannot be seen: nothing is known
// of their uses.
func (o *Observer) Unjudged() int { return int(o.unjudged.Load()) }

// look judges a call; it is made before the call goes on, while the memory and
// the directory of the process are as they are. Whatever happens in it, the
// call has to be answered.
func (o *Observer) look(n *notification, listener int) (denied []Denial) {
	defer func() {
		if recover() != nil {
			o.unjudged.Add(1)
		}
	}()
	call := seccomp.Name(n.audit, n.number)
	if refusal, ok := o.Filter.refuses(n); ok && !n.named() {
		denied = []Denial{o.refused(n, refusal)}
		if o.Filter.Enforced {
			return denied
		}
	}
	switch call {
	case "chroot", "pivot_root", "setns", "mount", "move_mount":
		o.moved.Store(true)
		return denied
	case "io_uring_setup":
		o.unjudged.Add(1)
		return denied
	case "":
		return denied
	case "chown", "fchown", "lchown", "fchownat":
		if refusal, ok := o.owner.refuses(call, n.args); ok {
			return []Denial{o.refused(n, refusal)}
		}
		return nil
	case "mq_open":
		if refusal, ok := o.noQueue(); ok {
			return append(denied, o.refused(n, refusal))
		}
		return denied
	case "socket":
		if !n.named() {
			return denied
		}
		return []Denial{o.noSocket(n)}
	}
	targets, err := n.targets(call)
	if err == nil {
		var more []Denial
		more, err = o.judgeAll(n.pid, call, targets)
		denied = append(denied, more...)
	}
	if err == errHidden && n.alive(listener) {
		o.unjudged.Add(1)
	}
	return denied
}

// refused is the denial of a call that the filter refuses.
func (o *Observer) refused(n *notification, r seccomp.Refusal) Denial {
	call, _, _ := strings.Cut(r.Call, " ")
	d := Denial{Refused: r.Call, Access: "call", Kind: "call", Call: call, Errno: unix.ErrnoName(r.Errno), Reason: r.Reason, Opens: r.Opens}
	if o.Event != nil {
		o.Event(Event{PID: int(n.pid), Call: call, Refused: r.Call, Denied: o.Filter.Enforced})
	}
	return o.by(n.pid, d)
}

// noSocket is the denial of a socket. Where it would lead is not known.
func (o *Observer) noSocket(n *notification) Denial {
	d := Denial{Address: "inet", Access: "connect", Kind: "port", Call: "socket", Errno: "EACCES"}
	if int32(n.args[0]) == unix.AF_UNIX {
		d.Address, d.Kind = "unix", "socket"
	} else {
		d.Protocol = protocolOf(n.args[1], n.args[2])
	}
	o.tell(n.pid, "socket", target{address: address{text: d.Address}}, "", true)
	return o.by(n.pid, d)
}

// protocolOf is the protocol that socket(2) makes of a type and a protocol, of those that a
// policy can open; empty for others.
func protocolOf(kind, protocol uint64) string {
	const types = 0xf // SOCK_TYPE_MASK; the rest are flags
	switch {
	case kind&types == unix.SOCK_STREAM && (protocol == 0 || protocol == unix.IPPROTO_TCP):
		return "tcp"
	case kind&types == unix.SOCK_DGRAM && (protocol == 0 || protocol == unix.IPPROTO_UDP):
		return "udp"
	}
	return ""
}

// view is how a thread sees the file system.
func (o *Observer) view(pid uint32) view {
	v := view{pid: pid, top: "/"}
	if !o.moved.Load() || o.shown != nil { // a view is judged by the names outside
		return v
	}
	proc := fmt.Sprintf("/proc/%d/", pid)
	theirs, err := os.Readlink(proc + "ns/mnt")
	if ours, _ := os.Readlink("/proc/self/ns/mnt"); err == nil && theirs != ours {
		v.through = proc + "root"
	} else if top, err := os.Readlink(proc + "root"); err == nil {
		v.top = top
	}
	return v
}

// tell hands a call to who listens; there is no real path where nothing is.
func (o *Observer) tell(pid uint32, call string, t target, real string, denied bool) {
	if o.Event != nil && (real != "" || t.text != "") {
		o.Event(Event{PID: int(pid), Call: call, Name: t.path, Path: real, Address: t.text, Access: t.access, Denied: denied})
	}
}
