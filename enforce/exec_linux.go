package enforce

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Exec confines the process to p and replaces it by cmd. It returns only if
// that could not be done: a [*MissingError], an [*ExecError], or another error;
// then the calling thread may be confined already, and nothing more should be
// done than to say so and exit.
//
// Landlock before ABI 8 restricts one thread, and execve carries on with the
// thread that calls it, so it all happens on one.
func (p Policy) Exec(cmd Command) error {
	runtime.LockOSThread()
	if !cmd.Confined {
		if err := p.restrict(cmd); err != nil {
			return err
		}
	} else if err := closeDescriptors(cmd.KeepFDs); err != nil {
		return err
	}
	if err := unix.Chdir(cmd.Dir); err != nil {
		return fmt.Errorf("change directory %s: %w", cmd.Dir, err)
	}
	return &ExecError{Path: cmd.Path, Err: unix.Exec(cmd.Path, cmd.Args, cmd.Env)}
}

// restrict does all that comes before execve, the irrevocable steps last.
func (p Policy) restrict(cmd Command) error {
	abi, err := usableABI()
	if err != nil {
		return err
	}
	ruleset, err := p.ruleset(abi)
	if err != nil {
		return err
	}
	defer unix.Close(ruleset)
	if err := closeDescriptors(cmd.KeepFDs); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("confine: set no_new_privs: %w", err)
	}
	if err := ll.LandlockRestrictSelf(ruleset, restrictFlags(abi)); errors.Is(err, unix.E2BIG) {
		return errors.New("confine: this process is in 16 layers of Landlock already, which is the most there can be")
	} else if err != nil {
		return fmt.Errorf("confine: landlock_restrict_self: %w", err)
	}
	if !Confined() {
		return errors.New("confine: the kernel took the restriction and does not enforce it: / can still be read")
	}
	return nil
}

// Confined reports whether the calling thread is in a confinement that, as
// every policy of ours, does not allow to list the root directory.
func Confined() bool {
	fd, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return errors.Is(err, unix.EACCES)
}

// closeDescriptors has every descriptor but 0, 1, 2 and keep closed by execve.
// What is open reaches past any confinement: rights are checked when a file
// is opened.
func closeDescriptors(keep []int) error {
	from := uint(3)
	keep = slices.Sorted(slices.Values(keep))
	for _, fd := range slices.Compact(keep) {
		if fd < 3 {
			continue
		}
		if uint(fd) > from {
			if err := unix.CloseRange(from, uint(fd)-1, unix.CLOSE_RANGE_CLOEXEC); err != nil {
				return fmt.Errorf("confine: close_range: %w", err)
			}
		}
		from = uint(fd) + 1
	}
	if err := unix.CloseRange(from, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("confine: close_range: %w", err)
	}
	return nil
}
