package enforce

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// closeDescriptors has every descriptor but 0, 1, 2 and the pipes among keep closed
// by execve. An open descriptor reaches past any confinement: rights are checked when a
// file is opened. So a file, a directory or a socket is closed, however it is named.
func closeDescriptors(keep []int) error {
	from := uint(3)
	keep = slices.Sorted(slices.Values(keep))
	for _, fd := range slices.Compact(keep) {
		if fd < 3 || !fifo(fd) {
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

// Pipe reports whether a descriptor is a pipe without a name.
func Pipe(fd int) bool {
	target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	return err == nil && strings.HasPrefix(target, "pipe:[") && fifo(fd)
}

// fifo reports whether a descriptor is a pipe, with or without a name.
func fifo(fd int) bool {
	var stat unix.Stat_t
	return unix.Fstat(fd, &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFIFO
}

// OddDescriptors says which of standard input, output and error are something
// that leads further than a file or a terminal: a directory, or a socket with
// a name. Some programs use nameless socket pairs for pipes.
func OddDescriptors() []string {
	var odd []string
	for fd, name := range []string{"standard input", "standard output", "standard error"} {
		var stat unix.Stat_t
		if unix.Fstat(fd, &stat) != nil {
			continue // closed
		}
		switch stat.Mode & unix.S_IFMT {
		case unix.S_IFDIR:
			odd = append(odd, name+" is a directory")
		case unix.S_IFSOCK:
			if !pair(fd) {
				odd = append(odd, name+" is a socket")
			}
		}
	}
	return odd
}

// pair reports whether a socket is a nameless UNIX one at both ends.
func pair(fd int) bool {
	local, err := unix.Getsockname(fd)
	if err != nil {
		return false
	}
	peer, err := unix.Getpeername(fd)
	if err != nil {
		return false
	}
	for _, address := range []unix.Sockaddr{local, peer} {
		if a, ok := address.(*unix.SockaddrUnix); !ok || a.Name != "" {
			return false
		}
	}
	return true
}
