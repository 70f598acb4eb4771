package enforce

import (
	"fmt"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// minABI is the oldest Landlock that can uphold a policy: before ABI 3 (Linux
// 6.2) any file could be truncated, before 2 nothing renamed across directories.
const minABI = 3

// feature is one thing that Landlock learnt to control.
type feature struct {
	abi     int    // since which ABI
	kernel  string // since which Linux
	fs      uint64 // rights on files that purity handles
	scoped  uint64
	meaning string // what a kernel without it cannot refuse; empty if purity does not ask for it
}

// features are those of Landlock's ABI versions 1 to 9 that purity uses
// (Documentation/userspace-api/landlock.rst, "Previous limitations").
var features = []feature{
	{abi: 1, kernel: "5.13", meaning: "opening, creating and removing files", fs: ll.AccessFSExecute | ll.AccessFSWriteFile | ll.AccessFSReadFile | ll.AccessFSReadDir |
		ll.AccessFSRemoveDir | ll.AccessFSRemoveFile | ll.AccessFSMakeChar | ll.AccessFSMakeDir | ll.AccessFSMakeReg |
		ll.AccessFSMakeSock | ll.AccessFSMakeFifo | ll.AccessFSMakeBlock | ll.AccessFSMakeSym},
	{abi: 2, kernel: "5.19", meaning: "renaming and linking across directories", fs: ll.AccessFSRefer},
	{abi: 3, kernel: "6.2", meaning: "truncating files", fs: ll.AccessFSTruncate},
	{abi: 5, kernel: "6.10", meaning: "controlling devices", fs: ll.AccessFSIoctlDev},
	{abi: 6, kernel: "6.12", meaning: "abstract UNIX sockets and signals to processes outside", scoped: ll.ScopeAbstractUnixSocket | ll.ScopeSignal},
}

// handled is what a ruleset of an ABI refuses unless a rule allows it.
func handled(abi int) ll.RulesetAttr {
	var attr ll.RulesetAttr
	for _, f := range features {
		if f.abi <= abi {
			attr.HandledAccessFS |= f.fs
			attr.Scoped |= f.scoped
		}
	}
	return attr
}

// restrictFlags asks for denials to be logged after execve too, where the
// kernel has an audit log for them (ABI 7): else nothing of the command's is.
func restrictFlags(abi int) uint32 {
	if abi >= 7 {
		return ll.FlagRestrictSelfLogNewExecOn
	}
	return 0
}

// Landlock's rights that make sense on what is not a directory.
const fileRights = ll.AccessFSExecute | ll.AccessFSWriteFile | ll.AccessFSReadFile | ll.AccessFSTruncate | ll.AccessFSIoctlDev

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
	if a&Ioctl != 0 {
		r |= ll.AccessFSIoctlDev
	}
	return r
}

// checkABI says what a kernel that is too old cannot uphold.
func checkABI(abi int) error {
	if abi >= minABI {
		return nil
	}
	for _, f := range features {
		if f.abi > abi && f.abi <= minABI {
			return fmt.Errorf("confine: the Landlock of this kernel (ABI %d) cannot refuse %s; that takes Linux %s", abi, f.meaning, f.kernel)
		}
	}
	return nil
}
