package observe

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/seccomp"
)

// Observer collects what a policy refuses to the processes that it watches.
type Observer struct {
	judge judge
	// Event, if it is set, hears of every watched call; from several goroutines.
	Event func(Event)

	allowed      sync.Map // request to the real path, of what cannot change
	interpreters sync.Map // of files in fixed directories

	unjudged atomic.Int64 // calls that could not be read

	mutex   sync.Mutex
	denials map[string]*Denial
	order   []*Denial
}

// Event is a watched call.
type Event struct {
	PID     int
	Call    string
	Name    string // as the process named it, made absolute
	Path    string // without links
	Address string // of a call about one
	Access  enforce.Access
	Denied  bool
}

// New makes an observer for a policy. Of what that does not grant, controlled
// counts: all of it, or what the kernel can refuse.
func New(p enforce.Policy, controlled enforce.Access) *Observer {
	return &Observer{judge: newJudge(p, controlled), denials: map[string]*Denial{}}
}

// Serve answers at a listener until nobody is watched any more, or the
// descriptor stop can be read. Readers are several, because a build makes calls
// in parallel.
func (o *Observer) Serve(listener, stop, readers int) {
	l := line{listener: listener, stop: stop}
	l.wakeUp(0)
	var wait sync.WaitGroup
	for range readers {
		wait.Go(func() {
			var n notification
			for l.receive(&n) {
				l.wakeUp(1)
				denied := o.look(&n)
				n.goOn(listener)
				l.wakeUp(-1)
				for _, d := range denied {
					o.add(d)
				}
			}
		})
	}
	wait.Wait()
}

// Denials are what was refused so far, programs first.
func (o *Observer) Denials() []Denial {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	all := make([]Denial, len(o.order))
	for i, d := range o.order {
		all[i] = *d
	}
	return sorted(fold(all))
}

// Unjudged is how many calls could not be read, so that nothing is known of what
// they used.
func (o *Observer) Unjudged() int { return int(o.unjudged.Load()) }

// fold leaves out what programs that are outside themselves were refused, and
// counts it with them.
func fold(all []Denial) []Denial {
	outside := map[string]int{}
	var causes []Denial
	for _, d := range all {
		if d.Access == "execute" {
			outside[d.Real] = len(causes)
			causes = append(causes, d)
		}
	}
	for _, d := range all {
		if d.Access == "execute" {
			continue
		}
		if _, ok := outside[d.Real]; ok { // a shell looks into what it cannot execute
			continue
		}
		if i, ok := outside[d.By.Program]; ok {
			causes[i].Follow++
			causes[i].Followers = append(causes[i].Followers, d)
			continue
		}
		causes = append(causes, d)
	}
	return causes
}

// look judges a call; it is made before the call goes on, while the memory and
// the directory of the process are what they are.
func (o *Observer) look(n *notification) []Denial {
	call := seccomp.Name(n.audit, n.number)
	targets, err := n.targets(call)
	if err != nil {
		o.unjudged.Add(1) // the process is gone, or not ours to read
		return nil
	}
	var denied []Denial
	for _, t := range targets {
		if t.address != "" {
			refused := !o.judge.port(t.port, t.listen) && t.port != 0
			if o.Event != nil {
				o.Event(Event{PID: int(n.pid), Call: call, Address: t.address, Access: enforce.Connect, Denied: refused})
			}
			if refused {
				denied = append(denied, Denial{Address: t.address, Access: map[bool]string{true: "listen", false: "connect"}[t.listen], Kind: "port", Call: call, Errno: "EACCES", By: process(n.pid)})
			}
			continue
		}
		if d, ok := o.lookAt(n.pid, call, t); ok {
			denied = append(denied, d)
			break
		}
	}
	return denied
}

// request is what is asked for, by the name that the process gave.
type request struct {
	path   string
	access enforce.Access
}

// lookAt judges what a call asks of one path. Most of what a build opens lies
// in the store, by the same names again and again: those are judged once.
func (o *Observer) lookAt(pid uint32, call string, t target) (Denial, bool) {
	asked := request{t.path, t.access}
	memorable := t.entry == none && !t.exact && filepath.IsAbs(t.path)
	if memorable {
		if real, ok := o.allowed.Load(asked); ok {
			o.tell(pid, call, t, t.path, real.(string), false)
			return Denial{}, false
		}
	}
	path := t.absolute(pid)
	if path == "" {
		return Denial{}, false
	}
	real, matters := t.resolve(path)
	var d Denial
	denied := false
	if matters {
		d, denied = o.judgePath(pid, call, t, path, real)
	}
	if memorable && !denied && o.judge.isFixed(path) {
		o.allowed.Store(asked, real)
	}
	return d, denied
}

// tell hands a call to who listens; there is no real path where nothing is.
func (o *Observer) tell(pid uint32, call string, t target, path, real string, denied bool) {
	if o.Event != nil && real != "" {
		o.Event(Event{PID: int(pid), Call: call, Name: path, Path: real, Access: t.access, Denied: denied})
	}
}

// interpreter is that of a file, remembered where it cannot change.
func (o *Observer) interpreter(real string) string {
	if !o.judge.isFixed(real) {
		return interpreter(real)
	}
	if known, ok := o.interpreters.Load(real); ok {
		return known.(string)
	}
	by := interpreter(real)
	o.interpreters.Store(real, by)
	return by
}

// judgePath is the denial of a path that exists, or may be made.
func (o *Observer) judgePath(pid uint32, call string, t target, path, real string) (Denial, bool) {
	subject := real
	if t.entry != none {
		subject = filepath.Dir(real)
	}
	missing := t.access &^ o.judge.allowed(subject) & o.judge.controlled
	o.tell(pid, call, t, path, real, missing != 0)
	var d Denial
	if missing != 0 {
		d = Denial{Path: path, Real: real, Call: call, Access: word(missing), Kind: kind(real, missing), Errno: "EACCES", Entry: t.entry != none}
	}
	if t.access&enforce.Execute != 0 && missing == 0 {
		// What runs it has to be allowed too.
		by := o.interpreter(real)
		if by == "" {
			return d, false
		}
		byReal, err := filepath.EvalSymlinks(by)
		if err != nil || o.judge.allowed(byReal)&enforce.Execute != 0 {
			return d, false
		}
		d = Denial{Path: by, Real: byReal, Call: call, Script: real, Access: "execute", Kind: "program", Errno: "EACCES"}
	} else if missing == 0 || !refusable(subject, missing) {
		return d, false
	}
	if !o.again(d) {
		d.By = process(pid)
	}
	return d, true
}

// refusable leaves out what no policy is needed to refuse: files whose mode
// does, and what is no file.
func refusable(real string, access enforce.Access) bool {
	var stat unix.Stat_t
	if unix.Stat(real, &stat) != nil {
		return false
	}
	if access&enforce.Execute != 0 {
		return stat.Mode&unix.S_IFMT == unix.S_IFREG && stat.Mode&0o111 != 0
	}
	bits := uint32(0o4)
	switch {
	case access&enforce.Connect != 0:
		return true
	case access&enforce.Write != 0:
		bits = 0o2
	}
	return stat.Mode&(bits<<class(stat)) != 0
}

// class is where in a mode the bits for this process are. Capabilities do not
// count: the watched process has none.
func class(stat unix.Stat_t) int {
	switch {
	case int(stat.Uid) == os.Geteuid():
		return 6
	case int(stat.Gid) == os.Getegid():
		return 3
	}
	groups, err := os.Getgroups()
	if err == nil && slices.Contains(groups, int(stat.Gid)) {
		return 3
	}
	return 0
}

func (d Denial) key() string { return d.Access + "\x00" + d.Real + "\x00" + d.Address }

// again reports whether a denial is known.
func (o *Observer) again(d Denial) bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.denials[d.key()] != nil
}

// add counts a denial, or notes a new one.
func (o *Observer) add(d Denial) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if known, ok := o.denials[d.key()]; ok {
		known.Count++
		return
	}
	d.Count = 1
	o.denials[d.key()] = &d
	o.order = append(o.order, &d)
}
