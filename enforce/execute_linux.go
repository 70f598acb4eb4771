package enforce

import (
	"errors"
	"fmt"
	"io/fs"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// RestrictExecute lets the calling thread, and all that it starts, execute only files at
// or below paths, for good. They can still read, write and rename files, across
// directories too, but mount nothing: Landlock forbids that in any domain
// (Documentation/userspace-api/landlock.rst, "Filesystem topology modification"). It
// skips paths that do not exist and symbolic links.
//
// Before ABI 2 (Linux 5.19), under which nothing could be renamed across directories, it
// returns ErrNoLandlock.
func RestrictExecute(paths []string) error {
	abi, err := abiVersion()
	if err == nil && abi < 2 {
		err = ErrNoLandlock
	}
	if err != nil {
		return err
	}
	attr := ll.RulesetAttr{HandledAccessFS: ll.AccessFSExecute | ll.AccessFSRefer}
	ruleset, err := ll.LandlockCreateRuleset(&attr, 0)
	if err != nil {
		return fmt.Errorf("restrict execution: landlock_create_ruleset: %w", err)
	}
	defer unix.Close(ruleset)
	if err := allow(ruleset, "/", ll.AccessFSRefer); err != nil {
		return err
	}
	for _, path := range paths {
		if err := allow(ruleset, path, ll.AccessFSExecute); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("restrict execution: set no_new_privs: %w", err)
	}
	if err := ll.LandlockRestrictSelf(ruleset, 0); err != nil {
		return fmt.Errorf("restrict execution: landlock_restrict_self: %w", err)
	}
	return nil
}

func allow(ruleset int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.EACCES) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("restrict execution: open %s: %w", path, err)
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return fmt.Errorf("restrict execution: stat %s: %w", path, err)
	}
	if kind := stat.Mode & unix.S_IFMT; kind != unix.S_IFDIR && kind != unix.S_IFREG {
		return nil
	}
	err = ll.LandlockAddPathBeneathRule(ruleset, &ll.PathBeneathAttr{AllowedAccess: rights, ParentFd: fd}, 0)
	if err != nil {
		return fmt.Errorf("restrict execution: %s: landlock_add_rule: %w", path, err)
	}
	return nil
}
