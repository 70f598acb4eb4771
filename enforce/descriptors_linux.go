package enforce

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// closeDescriptors has execve close every descriptor but 0, 1, 2 and the pipes among
// keep. An open descriptor bypasses any confinement: the kernel checks rights when it
// opens a file. So files, directories and sockets are closed even if keep names them.
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

// OddDescriptors describes those of standard input, output and error that lead
// further than a file or a terminal: directories and sockets, but not nameless
// socket pairs, which some programs use for pipes.
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
