package enforce

import (
	"fmt"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// DefaultABI is the oldest Landlock ABI that a policy accepts by default: before
// ABI 3 (Linux 6.2) a command could truncate any file, before ABI 2 rename none
// across directories.
const DefaultABI = 3

// alone reports whether the command is in a network with only itself.
func (p Policy) alone() bool { return p.Apart && p.Network.None() }

// feature is one thing that Landlock learnt to control.
type feature struct {
	abi     int    // since which ABI
	kernel  string // since which Linux
	fs      uint64 // rights on files
	net     uint64 // rights on ports
	scoped  uint64
	meaning string // accesses that a kernel without it cannot deny

	// wanted reports whether a policy denies accesses by it; nil: always.
	wanted func(Policy) bool
	// filtered reports whether the system call filter denies it anyway.
	filtered func(Policy) bool
	// asked reports whether a policy asks for it explicitly, so that its lack is
	// an error whatever MinABI is.
	asked func(Policy) bool
}

func ports(p Policy) bool    { return !p.Network.Any && !p.alone() }
func noInet(p Policy) bool   { return !p.NoFilter && p.Network.None() }
func noUDP(p Policy) bool    { return !p.NoFilter && !p.Network.Any && !p.Network.UDP }
func noUnix(p Policy) bool   { return !p.NoFilter && !p.UnixSockets }
func closed(p Policy) bool   { return p.Network.None() }
func noSocket(p Policy) bool { return !p.UnixSockets }

// features are those of Landlock's ABI versions 1 to 11, but for the ones that
// restrict nothing: audit flags (7), all threads at once (8), quiet rules (10),
// no_new_privs in the same call (11). Documentation/userspace-api/landlock.rst,
// "Previous limitations".
var features = []feature{
	{abi: 1, kernel: "5.13", meaning: "opening, creating and removing files", fs: ll.AccessFSExecute | ll.AccessFSWriteFile | ll.AccessFSReadFile | ll.AccessFSReadDir |
		ll.AccessFSRemoveDir | ll.AccessFSRemoveFile | ll.AccessFSMakeChar | ll.AccessFSMakeDir | ll.AccessFSMakeReg |
		ll.AccessFSMakeSock | ll.AccessFSMakeFifo | ll.AccessFSMakeBlock | ll.AccessFSMakeSym},
	{abi: 2, kernel: "5.19", meaning: "renaming and linking across directories, but where it must be allowed", fs: ll.AccessFSRefer},
	{abi: 3, kernel: "6.2", meaning: "truncating files", fs: ll.AccessFSTruncate},
	{abi: 4, kernel: "6.7", meaning: "TCP by port", net: ll.AccessNetBindTCP | ll.AccessNetConnectTCP, wanted: ports, filtered: noInet, asked: ports},
	{abi: 5, kernel: "6.10", meaning: "controlling devices", fs: ll.AccessFSIoctlDev},
	{abi: 6, kernel: "6.12", meaning: "abstract UNIX sockets and signals to processes outside", scoped: ll.ScopeAbstractUnixSocket | ll.ScopeSignal},
	{abi: 9, kernel: "7.1", meaning: "connecting to UNIX sockets in the file system", fs: ll.AccessFSResolveUnix, filtered: noUnix, asked: noSocket},
	{abi: 10, kernel: "7.2", meaning: "UDP by port", net: ll.AccessNetBindUDP | ll.AccessNetConnectSendUDP, wanted: ports, filtered: noUDP, asked: closed},
}

// Gap is an access that a policy denies and a kernel cannot deny.
type Gap struct {
	Meaning string
	Kernel  string // Linux version that can, empty if the version is not the reason
	Err     error  // the reason, where that is known
	// Fatal gaps are errors unless the policy has BestEffort.
	Fatal bool
}

func (g Gap) String() string {
	if g.Kernel == "" {
		return fmt.Sprintf("cannot deny %s (%v)", g.Meaning, g.Err)
	}
	return fmt.Sprintf("cannot deny %s; that takes Linux %s", g.Meaning, g.Kernel)
}

// downgrade divides p into the part that Landlock's version abi can enforce, and the gaps.
func (p Policy) downgrade(abi int) (attr ll.RulesetAttr, gaps []Gap) {
	minABI := p.MinABI
	if minABI == 0 {
		minABI = DefaultABI
	}
	for _, f := range features {
		switch {
		case f.wanted != nil && !f.wanted(p):
		case f.abi <= abi:
			attr.HandledAccessFS |= f.fs
			attr.HandledAccessNet |= f.net
			attr.Scoped |= f.scoped
		case f.filtered != nil && f.filtered(p):
		default:
			gaps = append(gaps, Gap{Meaning: f.meaning, Kernel: f.kernel, Fatal: f.abi <= minABI || f.asked != nil && f.asked(p)})
		}
	}
	return attr, gaps
}

// restrictFlags has the kernel log denials after execve and not before it, where
// it has an audit log for them (ABI 7): denials of the command, not of the canary.
func restrictFlags(abi int) uint32 {
	if abi >= 7 {
		return ll.FlagRestrictSelfLogSameExecOff | ll.FlagRestrictSelfLogNewExecOn
	}
	return 0
}

// Landlock's rights that make sense on files other than directories.
const fileRights = ll.AccessFSExecute | ll.AccessFSWriteFile | ll.AccessFSReadFile | ll.AccessFSTruncate | ll.AccessFSIoctlDev | ll.AccessFSResolveUnix

// rights translates an access to Landlock's rights. Device nodes can never be
// made: with them root could read every disk.
func rights(a Access) uint64 {
	var r uint64
	if a&Read != 0 {
		r |= ll.AccessFSReadFile | ll.AccessFSReadDir
	}
	if a&Write != 0 {
		r |= ll.AccessFSWriteFile | ll.AccessFSTruncate | ll.AccessFSRefer | ll.AccessFSRemoveDir | ll.AccessFSRemoveFile |
			ll.AccessFSMakeDir | ll.AccessFSMakeReg | ll.AccessFSMakeSock | ll.AccessFSMakeFifo | ll.AccessFSMakeSym
	}
	if a&Execute != 0 {
		r |= ll.AccessFSExecute
	}
	if a&List != 0 {
		r |= ll.AccessFSReadDir
	}
	if a&Ioctl != 0 {
		r |= ll.AccessFSIoctlDev
	}
	if a&Connect != 0 {
		r |= ll.AccessFSResolveUnix
	}
	return r
}
