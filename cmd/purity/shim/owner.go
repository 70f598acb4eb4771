package shim

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// OwnerError says that shims belong to another user: su and sudo can keep PATH.
type OwnerError struct{ Dir, Owner string }

func (e *OwnerError) Error() string {
	return fmt.Sprintf("use shims of %s: they belong to %s", e.Dir, e.Owner)
}

// Owner is the user that shims in a directory belong to, empty if that is this one or
// there are none.
func Owner(dir string) string {
	info, err := os.Stat(filepath.Join(dir, File))
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Getuid() {
		return ""
	}
	id := strconv.FormatUint(uint64(stat.Uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "user " + id
}
