package caller

import "syscall"

// umask is the one that this process was called with, if purity cannot work under it, or 0. It
// would take directories that purity makes from their own user.
var umask int

// mask has this process use the caller's umask without what that takes from the user.
func mask() {
	if was := syscall.Umask(0o077); was&0o700 == 0 {
		syscall.Umask(was)
	} else {
		umask = was
		syscall.Umask(was &^ 0o700)
	}
}

// Unmask gives this process the caller's umask, for a command to have it, until undo is called.
func Unmask() (undo func()) {
	if umask == 0 {
		return func() {}
	}
	syscall.Umask(umask)
	return func() { syscall.Umask(umask &^ 0o700) }
}
