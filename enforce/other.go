//go:build !linux

package enforce

// Exec says that this system has nothing to confine with.
func (p Policy) Exec(cmd Command) error { return ErrNotLinux }

// Confined is never so: there is no Landlock here.
func Confined() bool { return false }

// Capabilities are Linux's.
func Capability(name string) (bit uint64, ok bool) { return 0, false }

// OddDescriptors are looked for on Linux only.
func OddDescriptors() []string { return nil }

func abiVersion() (int, error) { return 0, ErrNotLinux }

func filterAvailable() error { return ErrNotLinux }
