package observe

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/seccomp"
)

// noQueue is the refusal of a POSIX message queue. The kernel has queues in a file system of its
// own, and asks Landlock about it (mq_overview(7)). A rule for that takes a directory where it is
// mounted. A view has one.
func (o *Observer) noQueue() (seccomp.Refusal, bool) {
	const dir = "/dev/mqueue"
	if o.shown.own(dir) || o.judge.missing(dir, enforce.Read|enforce.Write) == 0 {
		return seccomp.Refusal{}, false
	}
	return seccomp.Refusal{Call: "mq_open", Errno: unix.EACCES, Reason: "message queues, which no row opens here; a view has its own", Opens: "view = true"}, true
}

// own reports whether the view has a directory of its own, or would have it.
func (s *Shown) own(dir string) bool {
	return s != nil && (slices.Contains(s.Private, dir) || slices.ContainsFunc(s.Spared, func(g enforce.Grant) bool { return g.Path == dir }))
}
