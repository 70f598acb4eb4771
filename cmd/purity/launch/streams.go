package launch

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// Streams grants the files that standard input, output and error are, as far as the command has
// them open already: scripts open them again by /dev/stderr.
func Streams() (grants []enforce.Grant) {
	for fd, name := range []string{"standard input", "standard output", "standard error"} {
		path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		var open, named unix.Stat_t
		if err != nil || unix.Fstat(fd, &open) != nil || open.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if unix.Lstat(path, &named) != nil || named.Ino != open.Ino || named.Dev != open.Dev { // removed, say
			continue
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		access := map[int]enforce.Access{unix.O_RDONLY: enforce.Read, unix.O_WRONLY: enforce.Write, unix.O_RDWR: enforce.Read | enforce.Write}[flags&unix.O_ACCMODE]
		if err == nil && access != 0 {
			grants = append(grants, enforce.Grant{Path: path, Access: access, Reason: name, Optional: true, NoFollow: true, Resolved: true, PerRun: true})
		}
	}
	return grants
}
