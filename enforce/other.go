//go:build !linux

package enforce

import "os"

// Exec says that this system has nothing to confine with.
func (p Policy) Exec(cmd Command) error { return ErrNotLinux }

// Start says that this system has nothing to confine with.
func (p Policy) Start(cmd Command) (pid int, err error) { return 0, ErrNotLinux }

// Confined is never so: there is no Landlock here.
func Confined() bool { return false }

// Capability knows none: capabilities are Linux's.
func Capability(name string) (bit uint64, ok bool) { return 0, false }

// Capabilities returns none: capabilities are Linux's.
func Capabilities() []string { return nil }

// Watch lets a supervisor see system calls, on Linux.
type Watch struct {
	Calls   []string
	Socket  int
	Note    string
	Refused bool
}

// Tell reaches nobody.
func (*Watch) Tell([]byte) error { return ErrNotLinux }

// Pipe looks at descriptors on Linux only.
func Pipe(int) bool { return false }

// OddDescriptors looks at descriptors on Linux only.
func OddDescriptors() []string { return nil }

// OpenRoot opens a directory.
func OpenRoot(dir string) (*os.Root, error) { return os.OpenRoot(dir) }

func linkless(string) bool { return false }

func abiVersion() (int, error) { return 0, ErrNotLinux }

func filterAvailable() error { return ErrNotLinux }

// RestrictExecute says that this system has nothing to restrict with.
func RestrictExecute([]string) error { return ErrNotLinux }
