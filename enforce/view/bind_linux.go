package view

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// attributes returns those of a mount that grants access.
func attributes(access enforce.Access) uint64 {
	set := uint64(unix.MOUNT_ATTR_NOSUID)
	if access&enforce.Ioctl == 0 && access&enforce.Write == 0 || access&enforce.Execute != 0 { // no grant of a device node
		set |= unix.MOUNT_ATTR_NODEV
	}
	if access&enforce.Write == 0 {
		set |= unix.MOUNT_ATTR_RDONLY
	}
	return set
}

// bind mounts a place, unless a mount above it gives as much access already.
func (b *builder) bind(p place) error {
	above, covered := b.within(p.path)
	if p.path == b.layers.Dir {
		return b.layer(p, covered)
	}
	if enforce.Inside(p.path, b.layers.Dir) {
		return nil // the overlay shows it; by a mount from outside the command could write the original
	}
	if more := p.access &^ b.bound[above]; covered && more&enforce.Write == 0 && p.access&enforce.Ioctl == 0 && (more&enforce.Execute == 0 || !enforce.Inside(above, "/tmp")) {
		return nil
	}
	if covered { // as rules of Landlock count below a directory, too
		p.access |= b.bound[above]
	}
	p.grant.Path = b.store.at(p.grant.Path)
	tree, err := b.copied(p)
	if errors.Is(err, fs.ErrNotExist) {
		return &enforce.MissingError{Path: p.path}
	}
	if err != nil {
		return err
	}
	defer unix.Close(tree)
	if err := b.mount(tree, p, covered); err != nil {
		return refusal("show "+p.path, err)
	}
	return nil
}

// copied copies the mount of a place's file. It opens a directory of store paths once, and finds
// each of them there by name.
func (b *builder) copied(p place) (tree int, err error) {
	var fd int
	var name string
	if closurePath(p.grant) {
		name = filepath.Base(p.grant.Path)
		fd, err = b.source(filepath.Dir(p.grant.Path))
	} else if fd, _, _, err = p.grant.Place(); err == nil {
		defer unix.Close(fd)
	}
	if err != nil { // a command can have changed a mode: no RefusedError, for which auto drops the view
		return -1, fmt.Errorf("show %s: %w", p.path, err)
	}
	tree, err = copyMount(fd, name)
	switch {
	case err == nil:
		return tree, nil
	case name != "" && errors.Is(err, unix.EACCES): // again by a mode
		return -1, fmt.Errorf("show %s: %w", p.path, err)
	}
	return -1, refusal("show "+p.path, err)
}

// source opens a directory of store paths outside the view, once.
func (b *builder) source(dir string) (fd int, err error) {
	if fd, ok := b.sources[dir]; ok {
		return fd, nil
	}
	fd, _, _, err = enforce.Grant{Path: dir, Resolved: true}.Place()
	if err == nil {
		b.sources[dir] = fd
	}
	return fd, err
}

// mount mounts a tree at a place. For a tree that is a symbolic link it makes the same link.
func (b *builder) mount(tree int, p place, covered bool) error {
	var stat unix.Stat_t
	if err := unix.Fstat(tree, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT == unix.S_IFLNK { // a store path: it stays a link
		target := make([]byte, unix.PathMax)
		n, err := unix.Readlinkat(tree, "", target)
		if err != nil {
			return err
		}
		return b.link(p.path, string(target[:n]))
	}
	set := attributes(p.access)
	if p.access&enforce.Execute == 0 && enforce.Inside(p.path, "/tmp") {
		set |= unix.MOUNT_ATTR_NOEXEC // Landlock's rule for the view's own /tmp allows execution below it
	}
	kind := stat.Mode & unix.S_IFMT
	if kind == unix.S_IFCHR || kind == unix.S_IFBLK {
		set &^= unix.MOUNT_ATTR_NODEV
		if int(stat.Uid) == os.Geteuid() { // root's command would change the machine's modes; writing needs none
			set |= unix.MOUNT_ATTR_RDONLY
		}
	}
	if err := setAttributes(tree, unix.AT_RECURSIVE, set); err != nil {
		return err
	}
	if err := b.attachAt(tree, p.path, kind == unix.S_IFDIR, covered); err != nil {
		return err
	}
	b.bound[p.path] = p.access
	return nil
}

// attachAt mounts a tree at a path. The path is covered if a mount lies at or above it
// already.
func (b *builder) attachAt(tree int, path string, isDir, covered bool) error {
	if covered {
		at, err := beneath(b.root, strings.TrimPrefix(path, "/"), 0)
		if err != nil { // a command can have changed a mode: no RefusedError, for which auto drops the view
			return fmt.Errorf("find it: %v", err)
		}
		defer unix.Close(at)
		return attach(tree, at, "")
	}
	parent, err := b.mountPoint(path, isDir)
	if err != nil {
		return err
	}
	if old, ok := b.dirs[path]; ok { // the mount hides the directory of this descriptor
		unix.Close(old)
		delete(b.dirs, path)
	}
	return attach(tree, parent, filepath.Base(path))
}

// protect makes a path below a mount read-only. It mounts each directory that leads to
// the path on itself, so that none can be renamed to make room for another (rename(2),
// EBUSY). A link cannot be a mount point, so protect leaves it.
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
			return refusal("protect "+at, err)
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

// fold returns p with one grant of a directory for all closure paths in it, because thousands
// of Landlock rules take time. The directory must be the view's own, and show no path with
// less access.
func (b *builder) fold(p enforce.Policy) enforce.Policy {
	const access = enforce.Read | enforce.Execute
	whole := func(dir string) bool {
		if _, own := b.dirs[dir]; !own || dir == "/" {
			return false
		}
		if _, covered := b.within(dir); covered { // a mount has hidden it since
			return false
		}
		for path, shown := range b.bound {
			if shown&access != access && enforce.Inside(path, dir) {
				return false
			}
		}
		return true
	}
	folds := map[string]bool{} // by directory
	var grants []enforce.Grant
	for _, g := range p.Grants {
		if closurePath(g) {
			dir := filepath.Dir(g.Path)
			fold, seen := folds[dir]
			if !seen {
				fold = whole(dir)
				folds[dir] = fold
			}
			if fold && seen {
				continue
			}
			if fold {
				g.Path = dir
			}
		}
		grants = append(grants, g)
	}
	p.Grants = grants
	return p
}
