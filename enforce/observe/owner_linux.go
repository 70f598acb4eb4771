package observe

import (
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/seccomp"
)

// owner knows which files root, confined, may give away. The zero value knows of none that
// it may not.
type owner struct {
	lacks  bool // it is root, without the capability that this takes
	groups []int
}

func ownerOf(p enforce.Policy) owner {
	bit, _ := enforce.Capability("chown")
	groups, _ := os.Getgroups() // none that are known
	return owner{lacks: os.Geteuid() == 0 && p.Capabilities&bit == 0, groups: append(groups, os.Getegid())}
}

// refuses is a call of chown(2) and its like by which a file would get another owner than
// root, or a group that root is not in. Others than root have no capability to lose.
func (o owner) refuses(call string, args [6]uint64) (seccomp.Refusal, bool) {
	uid, gid := int32(args[1]), int32(args[2])
	if call == "fchownat" {
		uid, gid = int32(args[2]), int32(args[3])
	}
	const unchanged = -1
	given := uid != unchanged && uid != 0 || gid != unchanged && !slices.Contains(o.groups, int(gid))
	if !o.lacks || !given {
		return seccomp.Refusal{}, false
	}
	return seccomp.Refusal{
		Call: call, Errno: unix.EPERM, Reason: "root's capability to give files away, which confined commands lack",
		Opens: `capabilities = ["chown", "fowner"]`, // without the second tar cannot set the mode of a file that it gave away
	}, true
}
