package seccomp

import (
	"maps"
	"sync"

	"golang.org/x/sys/unix"
)

// watchable are calls that a supervisor can be asked about: those that run
// programs, those that name files or addresses, and those that change the meaning of
// names.
type watchable struct {
	audit   uint32
	x32     bool
	numbers map[string]uint32
}

// Handover are flags of sendmsg(2), together of no use, with which it is not
// watched: so that the listener can be handed to who is to answer.
const Handover = unix.MSG_NOSIGNAL | unix.MSG_MORE | unix.MSG_CONFIRM | unix.MSG_DONTROUTE

// Watch is a filter that has a supervisor asked about calls, by name, and about
// those that refused leaves to it; calls that a machine lacks are left out.
// No further supervisor can be had under it: one that is asked first could let
// those sockets be.
func Watch(names []string, refused Rules) (Filter, error) {
	rules := []rule{{calls: []string{"seccomp"}, tests: []test{has(1, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)}, errno: unix.EBUSY, reason: "one supervisor"}}
	for _, name := range names {
		r := rule{calls: []string{name}}
		switch name {
		case "sendto": // without an address it is a write
			r.tests = []test{isNot(4, 0)}
		case "sendmsg":
			r.tests = []test{isNot(2, Handover)}
		}
		rules = append(rules, r)
	}
	var kinds []machine
	for _, w := range watched {
		kinds = append(kinds, machine{audit: w.audit, numbers: w.all(), x32: w.x32})
	}
	instructions, err := program(append(rules, refused.supervised()...), kinds)
	if err != nil {
		return nil, err
	}
	return assemble(instructions)
}

// all are the numbers of w, and of the calls that filters refuse there.
func (w watchable) all() map[string]uint32 {
	all := maps.Clone(w.numbers)
	for _, m := range machines {
		if m.audit == w.audit {
			maps.Copy(all, m.numbers)
		}
	}
	return all
}

// asked has a supervisor asked about calls that rules deny, but for the quiet ones. Where there
// is none the kernel refuses it, with ENOSYS.
func asked(rules []rule) []rule {
	for i := range rules {
		if !rules[i].quiet {
			rules[i].errno = 0
		}
	}
	return rules
}

// numbered is how the kernel names a call.
type numbered struct {
	audit  uint32
	number int32
}

var names = sync.OnceValue(func() map[numbered]string {
	names := map[numbered]string{}
	for _, w := range watched {
		for name, n := range w.numbers {
			names[numbered{w.audit, int32(n)}] = name
		}
	}
	return names
})

// Name is that of a watched call, by the machine that it is of (AUDIT_ARCH_…)
// and its number; empty if it is none.
func Name(audit uint32, number int32) string { return names()[numbered{audit, number}] }
