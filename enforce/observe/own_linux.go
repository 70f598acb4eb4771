package observe

import (
	"regexp"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// lessOwn is the part of a missing access that counts. It leaves out sockets that the
// watched processes bound, and files that programs do without.
func (o *Observer) lessOwn(v view, call string, t target, p place, missing enforce.Access) enforce.Access {
	switch {
	case p.nowhere: // kernel-internal file systems are open
		return 0
	case call == "bind" && missing == 0 && p.none: // where something is, it fails
		o.bound.Store(p.path, true)
	case missing == enforce.Connect:
		// Landlock denies connecting to sockets that were bound outside the domain.
		if _, ours := o.bound.Load(p.path); ours {
			return 0
		}
	case missing == enforce.Write && !t.entry && doneWithout(v, p.path):
		return 0
	case missing == enforce.Read && listed().MatchString(p.path):
		return 0
	case missing == enforce.Read && p.path == "/etc" && p.kind() == unix.S_IFDIR:
		return 0 // to be listed: Python's distro, which is in pip, looks for *-release and does without
	}
	return missing
}

// listed are the lists of a C library of the machine: which character sets there are, and
// which names languages have. A library without them has those it knows itself.
var listed = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^/usr/(lib(64)?(/[^/]+-linux-[^/]+)?/gconv/gconv-modules(\.cache|\.d(/[^/]+\.conf)?)?|share/locale/locale\.alias)$`)
})

// optional are files of a process in /proc that programs try to write, and do without:
// debuggers have ptrace(2) for the memory, a JVM chooses the parts of it for a core file.
var optional = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^/proc/(\d+)/(task/\d+/)?(mem|coredump_filter)$`)
})

// doneWithout reports whether a file is such a one, of the process itself or one that
// descends from it.
func doneWithout(v view, file string) bool {
	m := optional().FindStringSubmatch(file)
	if m == nil {
		return false
	}
	pid, _ := strconv.Atoi(m[1])
	for own := group(v.pid); pid > 1; pid = (&Process{PID: pid}).status() {
		if pid == own {
			return true
		}
	}
	return false
}
