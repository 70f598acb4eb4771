package launch

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// Streams grants writing the files that standard output and error are, as far as the command has
// them open for that: scripts open them again by /dev/stderr. What standard input is may still be
// a file of the host, which the command is not to open by name.
func Streams() (grants []enforce.Grant) {
	for fd, name := range map[int]string{1: "standard output", 2: "standard error"} {
		path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		var open, named unix.Stat_t
		if err != nil || unix.Fstat(fd, &open) != nil || open.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if unix.Lstat(path, &named) != nil || named.Ino != open.Ino || named.Dev != open.Dev { // removed, say
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err == nil && flags&unix.O_ACCMODE != unix.O_RDONLY {
			grants = append(grants, enforce.Grant{Path: path, Access: enforce.Write, Reason: name, Optional: true, NoFollow: true, Resolved: true, PerRun: true})
		}
	}
	return grants
}
