package view

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// attributes are those of a mount by which something is granted.
func attributes(access enforce.Access) uint64 {
	set := uint64(unix.MOUNT_ATTR_NOSUID)
	if access&enforce.Ioctl == 0 && access&enforce.Write == 0 || access&enforce.Execute != 0 { // no node
		set |= unix.MOUNT_ATTR_NODEV
	}
	if access&enforce.Write == 0 {
		set |= unix.MOUNT_ATTR_RDONLY
	}
	return set
}

// bind mounts a place, if its parent does not show as much already.
func (b *builder) bind(p place) error {
	above, covered := b.within(p.path)
	if covered && p.access&enforce.Write&^b.bound[above] == 0 && p.access&enforce.Ioctl == 0 {
		return nil
	}
	fd, _, stat, err := p.grant.Place()
	if errors.Is(err, fs.ErrNotExist) {
		return &enforce.MissingError{Path: p.grant.Path}
	}
	if err != nil {
		return fmt.Errorf("show %s: %w", p.path, err)
	}
	defer unix.Close(fd)
	if stat.Mode&unix.S_IFMT == unix.S_IFLNK { // a store path that is one: it stays a link
		links := enforce.Links(p.path)
		if len(links) == 0 {
			return &enforce.MissingError{Path: p.grant.Path}
		}
		return b.link(p.path, links[0].Target)
	}
	if err := b.mount(fd, p, stat.Mode, covered); err != nil {
		return fmt.Errorf("show %s: %w", p.path, err)
	}
	b.bound[p.path] = p.access
	return nil
}

// mount mounts the file of a descriptor at a place.
func (b *builder) mount(fd int, p place, mode uint32, covered bool) error {
	set := attributes(p.access)
	if kind := mode & unix.S_IFMT; kind == unix.S_IFCHR || kind == unix.S_IFBLK {
		set &^= unix.MOUNT_ATTR_NODEV
	}
	tree, err := clone(fd, set)
	if err != nil {
		return err
	}
	defer unix.Close(tree)
	if covered {
		at, err := beneath(b.root, strings.TrimPrefix(p.path, "/"), 0)
		if err != nil {
			return err
		}
		defer unix.Close(at)
		return attach(tree, at, "")
	}
	parent, err := b.mountPoint(p.path, mode&unix.S_IFMT == unix.S_IFDIR)
	if err != nil {
		return err
	}
	if old, ok := b.dirs[p.path]; ok { // the way to other places lies below the mount now
		unix.Close(old)
		delete(b.dirs, p.path)
	}
	return attach(tree, parent, filepath.Base(p.path))
}

// protect makes a path below a mount read-only. The directories that lead to
// it are mounted on themselves, so that none can be renamed to make room for another
// (rename(2), EBUSY). A link cannot be mounted on, and is left.
func (b *builder) protect(path string) error {
	top, covered := b.within(path)
	if !covered || b.bound[top]&enforce.Write == 0 {
		return nil
	}
	rest := strings.Split(strings.TrimPrefix(strings.TrimPrefix(path, top), "/"), "/")
	at := top
	for i, name := range rest {
		at = filepath.Join(at, name)
		if _, done := b.bound[at]; done {
			continue
		}
		fd, err := beneath(b.root, strings.TrimPrefix(at, "/"), 0)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("protect %s: %w", at, err)
		}
		access := enforce.All
		if i == len(rest)-1 {
			access = enforce.Read | enforce.Execute
		}
		if err := b.again(fd, access); err != nil {
			return fmt.Errorf("protect %s: %w", at, err)
		}
		b.bound[at] = access
	}
	return nil
}

// again mounts the file of a descriptor on itself.
func (b *builder) again(fd int, access enforce.Access) error {
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Mode&unix.S_IFMT == unix.S_IFLNK {
		return err
	}
	tree, err := clone(fd, attributes(access))
	if err != nil {
		return err
	}
	defer unix.Close(tree)
	return attach(tree, fd, "")
}
