package enforce

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// abiVersion returns the version of the kernel's Landlock, or why there is none.
func abiVersion() (int, error) {
	abi, err := ll.LandlockGetABIVersion()
	switch {
	case err == nil:
		return abi, nil
	case errors.Is(err, unix.ENOSYS):
		return 0, ErrNoLandlock
	case errors.Is(err, unix.EOPNOTSUPP):
		return 0, ErrLandlockOff
	case errors.Is(err, unix.EPERM):
		return 0, ErrLandlockBlocked
	}
	return 0, fmt.Errorf("confine: landlock_create_ruleset: %w", err)
}

// ruleset makes a Landlock ruleset of p and returns its descriptor.
func (p Policy) ruleset(abi int) (int, error) {
	attr, _ := p.downgrade(abi)
	fd, err := ll.LandlockCreateRuleset(&attr, 0)
	if err != nil {
		return -1, fmt.Errorf("confine: landlock_create_ruleset: %w", err)
	}
	for _, g := range p.Grants {
		if err := addRule(fd, g, attr.HandledAccessFS); err != nil {
			unix.Close(fd)
			return -1, err
		}
	}
	if err := p.Network.addRules(fd, attr.HandledAccessNet); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// addRules allows the ports of n, for the rights that the ruleset handles.
func (n Network) addRules(ruleset int, handled uint64) error {
	connect, bind := uint64(ll.AccessNetConnectTCP), uint64(ll.AccessNetBindTCP)
	if n.UDP {
		connect, bind = connect|ll.AccessNetConnectSendUDP, bind|ll.AccessNetBindUDP
	}
	allowed := map[uint16]uint64{}
	for _, port := range n.Connect {
		allowed[port] |= connect & handled
	}
	for _, port := range n.Bind {
		allowed[port] |= bind & handled
	}
	for port, rights := range allowed {
		if rights == 0 {
			continue
		}
		if err := ll.LandlockAddNetPortRule(ruleset, &ll.NetPortAttr{AllowedAccess: rights, Port: uint64(port)}, 0); err != nil {
			return fmt.Errorf("grant port %d: landlock_add_rule: %w", port, err)
		}
	}
	return nil
}

// addRule opens the path of g and allows the access of g to the opened file,
// whatever the path may name later. Rules for the same object add up.
func addRule(ruleset int, g Grant, handled uint64) error {
	fd, mode, err := open(g)
	switch {
	case err == nil:
		defer unix.Close(fd)
	case g.Optional && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)):
		return nil
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR):
		return &MissingError{Path: g.Path}
	default:
		return fmt.Errorf("grant %s: %w", g.Path, err)
	}
	allowed := rights(g.Access) & handled
	switch mode {
	case unix.S_IFDIR:
	case unix.S_IFLNK:
		return nil // NoFollow
	default:
		allowed &= fileRights // the kernel denies the others on files other than directories
	}
	if allowed == 0 { // nothing that this kernel controls
		return nil
	}
	if err := ll.LandlockAddPathBeneathRule(ruleset, &ll.PathBeneathAttr{AllowedAccess: allowed, ParentFd: fd}, 0); err != nil {
		return fmt.Errorf("grant %s: landlock_add_rule: %w", g.Path, err)
	}
	return nil
}

// errWide refuses the one directory that would make every other grant moot.
var errWide = errors.New("the whole file system is no grant")

// open opens the object of a grant and returns its type.
func open(g Grant) (fd int, mode uint32, err error) {
	fd, _, stat, err := g.Place()
	return fd, stat.Mode & unix.S_IFMT, err
}

// Place opens the object of a grant (O_PATH) and returns its path, which has no links but
// perhaps the last name. It follows links by resolving the path once; the result must have
// none when it is opened, so that no process can put one in between. The root directory is
// an error, unless Access is List.
func (g Grant) Place() (fd int, path string, stat unix.Stat_t, err error) {
	if !filepath.IsAbs(g.Path) {
		return -1, "", stat, errors.New("not an absolute path")
	}
	path = g.Path
	fd, stat, err = openNoLinks(path)
	linked := err == nil && stat.Mode&unix.S_IFMT == unix.S_IFLNK && !g.NoFollow
	if linked {
		unix.Close(fd)
	}
	if (linked || errors.Is(err, unix.ELOOP)) && g.Resolved {
		return -1, "", stat, errors.New("a symbolic link was put into it just now")
	}
	if linked || errors.Is(err, unix.ELOOP) {
		if path, err = resolve(g); err == nil {
			fd, stat, err = openNoLinks(path)
		}
	}
	if err == nil && isRoot(stat) && g.Access != List {
		unix.Close(fd)
		err = errWide
	}
	if err != nil {
		return -1, "", stat, err
	}
	return fd, path, stat, nil
}

// resolve follows the links in the path of g, but for a last one if g says so.
func resolve(g Grant) (string, error) {
	if !g.NoFollow {
		return filepath.EvalSymlinks(g.Path)
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(g.Path))
	return filepath.Join(dir, filepath.Base(g.Path)), err
}

// linkless reports whether no name in a path is a symbolic link, as far as the path exists. The
// kernel looks in one call, from the left: it finds a missing file before a link behind it.
func linkless(path string) bool {
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS})
	if err == nil {
		unix.Close(fd)
	}
	return err == nil || err == unix.ENOENT || err == unix.ENOTDIR
}

func openNoLinks(path string) (fd int, stat unix.Stat_t, err error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | unix.O_NOFOLLOW, Resolve: unix.RESOLVE_NO_SYMLINKS}
	for {
		fd, err = unix.Openat2(unix.AT_FDCWD, path, &how)
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			break
		}
	}
	if err != nil {
		return -1, stat, err
	}
	if err := unix.Fstat(fd, &stat); err != nil {
		unix.Close(fd)
		return -1, stat, err
	}
	return fd, stat, nil
}

// isRoot reports whether stat is of the root directory, by whatever name. It
// reports true if / cannot be read.
func isRoot(stat unix.Stat_t) bool {
	root, err := rootDirectory()
	return err != nil || stat.Dev == root.Dev && stat.Ino == root.Ino
}

var rootDirectory = sync.OnceValues(func() (root unix.Stat_t, err error) {
	err = unix.Stat("/", &root)
	return root, err
})
