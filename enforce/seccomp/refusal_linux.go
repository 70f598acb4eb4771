package seccomp

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Refusal is the part of a call that a filter denies.
type Refusal struct {
	Call   string // with the telling argument: keyctl, socket AF_VSOCK
	Errno  unix.Errno
	Reason string
	Opens  string // the line of purity.toml that lets it be, empty if none does
}

// filterOff is the setting that goes without any filter.
const filterOff = "seccomp = false"

// nothing stands for no setting.
const nothing = "nothing"

// Refuses is the part of a call that r denies, by the machine that it is of (AUDIT_ARCH_…), its
// number and its arguments. Quiet rules do not count: nobody is asked about them.
func (r Rules) Refuses(audit uint32, number int32, args [6]uint64) (Refusal, bool) {
	for _, m := range machines {
		if m.audit != audit {
			continue
		}
		for _, rule := range r.Unasked().rules() {
			call, ok := rule.of(m, uint32(number))
			if !ok || rule.quiet || !rule.matches(args) {
				continue
			}
			refusal := Refusal{Call: call + detail(call, args), Errno: rule.errno, Reason: rule.reason, Opens: rule.opens}
			switch refusal.Opens {
			case "":
				refusal.Opens = filterOff
			case nothing:
				refusal.Opens = ""
			}
			return refusal, true
		}
	}
	return Refusal{}, false
}

// of is the call of a rule that has a number on a machine.
func (r rule) of(m machine, number uint32) (string, bool) {
	for _, call := range r.calls {
		if n, ok := m.numbers[call]; ok && n == number {
			return call, true
		}
	}
	return "", false
}

// matches reports whether all tests of r hold.
func (r rule) matches(args [6]uint64) bool {
	for _, t := range r.tests {
		half := uint32(args[t.arg])
		if t.high {
			half = uint32(args[t.arg] >> 32)
		}
		if (half&t.mask == t.value) == t.differ {
			return false
		}
	}
	return true
}

// families are names of socket families that programs try.
var families = map[uint32]string{
	unix.AF_PACKET: "AF_PACKET", unix.AF_VSOCK: "AF_VSOCK", unix.AF_ALG: "AF_ALG", unix.AF_BLUETOOTH: "AF_BLUETOOTH",
	unix.AF_CAN: "AF_CAN", unix.AF_TIPC: "AF_TIPC", unix.AF_RDS: "AF_RDS", unix.AF_SMC: "AF_SMC", unix.AF_XDP: "AF_XDP",
	unix.AF_NETLINK: "AF_NETLINK", unix.AF_INET: "AF_INET", unix.AF_INET6: "AF_INET6", unix.AF_UNIX: "AF_UNIX",
}

// detail names the denied part of a call, if it is not the whole.
func detail(call string, args [6]uint64) string {
	switch call {
	case "socket", "socketpair":
		if name := families[uint32(args[0])]; name != "" {
			return " " + name
		}
		return fmt.Sprintf(" family %d", uint32(args[0]))
	case "ioctl":
		return map[uint32]string{unix.TIOCSTI: " TIOCSTI", unix.TIOCLINUX: " TIOCLINUX"}[uint32(args[1])]
	case "clone", "unshare":
		return " CLONE_NEWUSER"
	}
	return ""
}

// Observed reports whether a call is one that supervisors see although nothing refuses it.
func Observed(audit uint32, number int32) bool {
	name := Name(audit, number)
	return name != "" && name != "socket"
}
