//go:build !linux

package enforce

// Exec says that this system has nothing to confine with.
func (p Policy) Exec(cmd Command) error { return ErrNotLinux }

// Confined is never so: there is no Landlock here.
func Confined() bool { return false }

func abiVersion() (int, error) { return 0, ErrNotLinux }

func sweepAfterExit(dir string) error { return ErrNotLinux }
