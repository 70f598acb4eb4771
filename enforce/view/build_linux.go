package view

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// builder makes the root directory of a view: mounts of granted paths, and directories of its
// own that lead to them.
type builder struct {
	root    int
	dirs    map[string]int            // descriptors of directories of its own, by path
	sources map[string]int            // descriptors of directories of store paths outside, by path
	bound   map[string]enforce.Access // mounts, by path
	layers  Layers
	store   Elsewhere
}

// Attributes of the view's own mounts: no program gains rights by set-user-ID,
// set-group-ID or file capabilities, and no node is a device.
const plain = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV

// build makes the view of a job the root directory of this process, which has a mount
// namespace of its own. It returns the policy for a command in the view.
func (j Job) build() (policy enforce.Policy, err error) {
	// No other process sees mounts from here on (mount_namespaces(7)).
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return policy, &RefusedError{What: apart, Err: err}
	}
	// Read links before the next mount: a .. that reaches the root directory leads into that mount.
	places, links, err := j.places()
	if err != nil {
		return policy, err
	}
	root, err := newMount("tmpfs", plain, option{"mode", "0755"}, option{"size", "64m"})
	if err != nil {
		return policy, &RefusedError{What: "make its root directory", Err: err}
	}
	// It lies on the old root directory. Until pivot_root, the kernel still looks up names without ..
	// in the old one.
	if err := unix.MoveMount(root, "", unix.AT_FDCWD, "/", unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return policy, &RefusedError{What: "mount its root directory", Err: err}
	}
	b := &builder{root: root, dirs: map[string]int{"/": root}, sources: map[string]int{}, bound: map[string]enforce.Access{}, layers: j.View.Overlay, store: j.View.Store}
	defer b.close()
	if g, above := b.layers.Above(j.Policy); above {
		return policy, fmt.Errorf("show %s as an overlay: %s can be written (%s)", b.layers.Dir, g.Path, g.Reason)
	}
	if err := b.own(j, places); err != nil {
		return policy, err
	}
	for _, l := range links {
		if err := b.link(l.Path, l.Target); err != nil {
			return policy, err
		}
	}
	for _, p := range places {
		if err := b.bind(p); err != nil {
			return policy, err
		}
	}
	if _, shown := b.bound[b.layers.Dir]; b.layers.Dir != "" && !shown {
		return policy, fmt.Errorf("show %s as an overlay: nothing grants it", b.layers.Dir)
	}
	for _, path := range j.View.Protected {
		if err := b.protect(path); err != nil {
			return policy, err
		}
	}
	if err := b.generate(j.View, binLinks(places, links)); err != nil {
		return policy, err
	}
	if err := b.alias(); err != nil {
		return policy, err
	}
	own, err := b.standIns(j.View, j.Policy)
	if err != nil {
		return policy, err
	}
	policy = j.Policy
	policy.Grants = append(slices.Clip(policy.Grants), own...)
	return b.fold(policy), b.enter()
}

func (b *builder) close() {
	for _, fds := range []map[string]int{b.dirs, b.sources} {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}
}

// own mounts the view's own file systems, except at the path of a place.
func (b *builder) own(j Job, places []place) error {
	taken := map[string]bool{}
	for _, p := range places {
		taken[p.path] = true
	}
	const noexec = unix.MOUNT_ATTR_NOEXEC
	for _, own := range []struct {
		path, kind string
		attributes int
		options    []option
	}{
		{"/proc", "proc", plain | noexec, nil},
		{"/dev/pts", "devpts", unix.MOUNT_ATTR_NOSUID | noexec, []option{{"mode", "0620"}, {"ptmxmode", "0666"}}},
		{"/dev/shm", "tmpfs", plain, []option{{"mode", "1777"}}}, // compilers map code there
		{"/dev/mqueue", "mqueue", plain | noexec, nil},
		{"/tmp", "tmpfs", plain, []option{{"mode", "1777"}}},
	} {
		if taken[own.path] || own.kind == "mqueue" && j.View.SysVIPC { // whose queues are no user's to mount
			continue
		}
		fd, err := newMount(own.kind, own.attributes, own.options...)
		if own.kind == "mqueue" && errors.Is(err, unix.ENODEV) {
			continue // a kernel without queues
		}
		if err != nil {
			return &RefusedError{What: "make " + own.path, Err: err}
		}
		parent, err := b.mountPoint(own.path, true)
		if err == nil {
			err = attach(fd, parent, filepath.Base(own.path))
		}
		unix.Close(fd) // the limit of descriptors can be low
		if err != nil {
			return &RefusedError{What: "mount " + own.path, Err: err}
		}
	}
	if err := b.settings(); err != nil {
		return err
	}
	for name, target := range map[string]string{"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"} {
		if err := b.link("/dev/"+name, target); err != nil {
			return err
		}
	}
	return b.console()
}

// within returns the path of the nearest mount at or above a path, if there is one.
func (b *builder) within(path string) (string, bool) {
	for ; len(path) > 1; path = filepath.Dir(path) {
		if _, ok := b.bound[path]; ok {
			return path, true
		}
	}
	return "", false
}

// dir opens a directory of the view's own, and makes it and those above it where they are missing.
func (b *builder) dir(path string) (int, error) {
	if fd, ok := b.dirs[path]; ok {
		return fd, nil
	}
	parent, err := b.dir(filepath.Dir(path))
	if err != nil {
		return -1, err
	}
	name := filepath.Base(path)
	if err := unix.Mkdirat(parent, name, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
		return -1, fmt.Errorf("make %s: %w", path, err)
	}
	fd, err := beneath(parent, name, unix.O_DIRECTORY)
	if err != nil {
		return -1, fmt.Errorf("make %s: %w", path, err)
	}
	b.dirs[path] = fd
	return fd, nil
}

// mountPoint makes a directory or a file of the view's own to mount on, and returns its
// parent directory.
func (b *builder) mountPoint(path string, isDir bool) (parent int, err error) {
	if parent, err = b.dir(filepath.Dir(path)); err != nil {
		return -1, err
	}
	name := filepath.Base(path)
	if isDir {
		if err := unix.Mkdirat(parent, name, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
			return -1, fmt.Errorf("make %s: %w", path, err)
		}
		return parent, nil
	}
	if err := unix.Mknodat(parent, name, unix.S_IFREG|0o444, 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return -1, fmt.Errorf("make %s: %w", path, err)
	}
	return parent, nil
}

func (b *builder) file(parent int, name, text string) error {
	fd, err := unix.Openat(parent, name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o444)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// link makes a symbolic link where nothing is yet, in a directory of the view's own.
func (b *builder) link(path, target string) error {
	if _, covered := b.within(path); covered {
		return nil
	}
	parent, err := b.dir(filepath.Dir(path))
	if err != nil {
		return err
	}
	if err := unix.Symlinkat(target, parent, filepath.Base(path)); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("link %s: %w", path, err)
	}
	return nil
}

// aliases are links whose names are built into Debian's OpenSSL (OPENSSLDIR), and with it into
// Debian's Node and Python.
var aliases = []string{"/usr/lib/ssl/cert.pem", "/usr/lib/ssl/certs", "/usr/lib/ssl/openssl.cnf"}

// alias makes the aliases of files that the view shows.
func (b *builder) alias() error {
	for _, name := range aliases {
		file := enforce.Real(name)
		if _, shown := b.within(file); file == name || !shown {
			continue
		}
		if err := b.link(name, file); err != nil {
			return err
		}
	}
	return nil
}

// generate makes the files of v where no mount or link provides them, and links to programs.
func (b *builder) generate(v View, programs []enforce.Link) error {
	for path, target := range map[string]string{"/bin/sh": v.Shell, "/usr/bin/env": v.Env} {
		if target == "" {
			continue
		}
		if err := b.link(path, target); err != nil {
			return err
		}
	}
	for _, l := range programs {
		if err := b.link(l.Path, l.Target); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.Etc)) {
		if _, covered := b.within("/etc/" + name); covered {
			continue
		}
		parent, err := b.dir("/etc")
		if err == nil {
			err = b.file(parent, name, v.Etc[name])
		}
		if err != nil {
			return err
		}
	}
	if _, covered := b.within(v.Dir); v.Dir == "" || covered {
		return nil
	}
	_, err := b.dir(v.Dir)
	return err
}

// enter makes the view the root directory, and unmounts the old one
// (pivot_root(2), "pivot_root(".", ".")").
func (b *builder) enter() error {
	if err := setAttributes(b.root, 0, unix.MOUNT_ATTR_RDONLY); err != nil {
		return refusal("close its root directory", err)
	}
	if err := unix.Fchdir(b.root); err != nil {
		return fmt.Errorf("enter view: %w", err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return &RefusedError{What: "leave the old root directory", Err: err}
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return refusal("unmount the old root directory", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return fmt.Errorf("enter view: %w", err)
	}
	return nil
}
