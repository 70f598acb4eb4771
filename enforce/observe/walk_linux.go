package observe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// lookup says how a path is looked up (fs/namei.c).
type lookup struct {
	dir       int32  // start of a relative path, or AT_FDCWD
	entry     bool   // the last name is meant as one in its directory: LOOKUP_PARENT
	noFollow  bool   // if it is a link, that is meant
	directory bool   // it has to be a directory
	empty     bool   // an empty path means dir itself
	resolve   uint64 // RESOLVE_… of openat2(2)
}

// place is where a path leads.
type place struct {
	path string // without links, but for a last one that is not followed
	stat unix.Stat_t
	none bool // nothing is there; the directory of path is
	// slash says that one came after the last name, dots that there is none: the
	// path ends in "/", "." or "..".
	slash, dots bool
	// gone is a removed file, and has the path that it had. nowhere is a file that has
	// none: a pipe, a file in memory only.
	gone, nowhere bool
}

// kind is the type of the existing file, 0 if nothing is.
func (p place) kind() uint32 { return p.stat.Mode & unix.S_IFMT }

// errHidden says that this process may not see as much as the kernel.
var errHidden = errors.New("not to be seen")

// view is how a thread sees the file system.
type view struct {
	pid uint32
	top string // its root directory
	// through is the path to its mounts, where they are not those of this process.
	through string
}

// walk follows a path as the kernel does for one thread, name by name. The error
// is the one that the kernel has for it, or errHidden.
type walk struct {
	view
	how   lookup
	scope string // the root that .. does not leave
	at    string // so far, without links
	rest  string
	gone  bool // at was removed
	links int
	mount uint64 // of the start, with RESOLVE_NO_XDEV
	// rooted says that the kernel has resolved the root. Before that
	// RESOLVE_NO_XDEV refuses each link to there (nd_jump_root).
	rooted bool
}

// walk finds where a path leads.
func (v view) walk(path string, how lookup) (place, error) {
	w := walk{view: v, how: how, scope: v.top, at: v.top, rest: path}
	if path == "" && !how.empty {
		return place{}, unix.ENOENT
	}
	if path == "" {
		return w.jump(v.descriptor(how.dir))
	}
	if err := w.begin(); err != nil {
		return place{}, err
	}
	for {
		p, done, err := w.step()
		if err == nil {
			err = w.crossed(done, p)
		}
		if err == unix.ENOENT && p.path != "" {
			p.path = filepath.Join(p.path, w.rest) // where it would be
		}
		if done || err != nil {
			return p, err
		}
	}
}

// begin finds the directory to start at (path_init).
func (w *walk) begin() error {
	const scoped = unix.RESOLVE_BENEATH | unix.RESOLVE_IN_ROOT
	absolute := strings.HasPrefix(w.rest, "/")
	if absolute && w.how.resolve&unix.RESOLVE_BENEATH != 0 {
		return unix.EXDEV
	}
	if !absolute || w.how.resolve&scoped != 0 {
		p, err := w.jump(w.descriptor(w.how.dir))
		if err != nil {
			return err
		}
		if p.kind() != unix.S_IFDIR {
			return unix.ENOTDIR
		}
		w.at, w.gone = p.path, p.gone
	}
	if w.how.resolve&scoped != 0 {
		w.scope = w.at
	}
	w.rooted = absolute || w.how.resolve&scoped != 0
	if w.mount = w.mounted(w.at); w.gone {
		w.mount = w.mounted(filepath.Dir(w.at))
	}
	return nil
}

// step takes the next name; done is the last one's.
func (w *walk) step() (p place, done bool, err error) {
	name, rest, slash := strings.Cut(strings.TrimLeft(w.rest, "/"), "/")
	w.rest = strings.TrimLeft(rest, "/")
	last := w.rest == ""
	if name == "" || name == "." || name == ".." {
		if err := w.dots(name); err != nil {
			return p, true, err
		}
		if last {
			p.dots, p.path, p.gone = true, w.at, w.gone
			if p.stat.Mode = unix.S_IFDIR; !w.gone {
				err = w.lstat(w.at, &p.stat)
			}
		}
		return p, last, err
	}
	if w.gone {
		return p, true, unix.ENOENT
	}
	p.path, p.slash = filepath.Join(w.at, name), last && slash
	switch err := w.lstat(p.path, &p.stat); {
	case err == unix.ENOENT && last:
		p.none = true
		return p, true, nil
	case err != nil:
		return p, true, err
	case p.kind() == unix.S_IFLNK && !(last && (w.how.entry || w.how.noFollow && !slash)):
		return w.follow(p, last)
	case p.kind() != unix.S_IFDIR && (!last || !w.how.entry && (slash || w.how.directory)):
		return p, true, unix.ENOTDIR
	}
	w.at = p.path
	return p, last, nil
}

// dots stays, or goes up. Either takes a directory that may be searched.
func (w *walk) dots(name string) error {
	var stat unix.Stat_t
	if err := w.lstat(w.at+"/.", &stat); err != nil && !w.gone {
		return err
	}
	w.rooted = w.rooted || name == ".."
	switch {
	case name != "..":
	case w.at != w.scope:
		w.at, w.gone = filepath.Dir(w.at), false
	case w.how.resolve&unix.RESOLVE_BENEATH != 0:
		return unix.EXDEV
	}
	return nil
}

// follow goes where a link leads (pick_link).
func (w *walk) follow(p place, last bool) (place, bool, error) {
	const most = 40 // MAXSYMLINKS
	if w.links++; w.links > most || w.how.resolve&unix.RESOLVE_NO_SYMLINKS != 0 {
		return p, true, unix.ELOOP
	}
	if w.magic() {
		return w.followMagic(p, last)
	}
	text, err := w.text(p.path)
	if err != nil {
		return p, true, err
	}
	switch {
	case !strings.HasPrefix(text, "/"):
	case w.how.resolve&unix.RESOLVE_BENEATH != 0, w.how.resolve&unix.RESOLVE_NO_XDEV != 0 && !w.rooted:
		return p, true, unix.EXDEV
	default:
		w.at, w.gone = w.scope, false
	}
	if !last || p.slash {
		text += "/" + w.rest
	}
	w.rest = text
	return p, false, nil
}

// magic reports whether the links of this directory lead to objects, not by
// their text: those of processes do.
func (w *walk) magic() bool {
	name, ok := strings.CutPrefix(w.at, filepath.Join(w.top, "proc")+"/")
	return ok && name[0] >= '0' && name[0] <= '9'
}

// text is that of a link; two of /proc depend on who reads it.
func (w *walk) text(link string) (string, error) {
	switch link {
	case filepath.Join(w.top, "proc/self"):
		return fmt.Sprint(group(w.pid)), nil
	case filepath.Join(w.top, "proc/thread-self"):
		return fmt.Sprintf("%d/task/%d", group(w.pid), w.pid), nil
	}
	return os.Readlink(w.through + link)
}

// followMagic goes to the object that a link of a process leads to.
func (w *walk) followMagic(p place, last bool) (place, bool, error) {
	const scoped = unix.RESOLVE_BENEATH | unix.RESOLVE_IN_ROOT
	switch {
	case w.how.resolve&unix.RESOLVE_NO_MAGICLINKS != 0:
		return p, true, unix.ELOOP
	case w.how.resolve&scoped != 0:
		return p, true, unix.EXDEV
	}
	slash := p.slash
	p, err := w.jump(w.through + p.path)
	if err == nil && p.kind() != unix.S_IFDIR && (!last || slash || w.how.directory) {
		err = unix.ENOTDIR
	}
	w.at, w.gone = p.path, p.gone
	return p, last || err != nil, err
}

// descriptor is the link of /proc to the file of a descriptor, or AT_FDCWD.
func (v view) descriptor(fd int32) string {
	if fd == unix.AT_FDCWD {
		return fmt.Sprintf("/proc/%d/cwd", v.pid)
	}
	return fmt.Sprintf("/proc/%d/fd/%d", v.pid, fd)
}

// jump is where a link of /proc leads (nd_jump_link).
func (v view) jump(link string) (p place, err error) {
	if p.path, err = os.Readlink(link); err == nil {
		err = unix.Stat(link, &p.stat)
	}
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return p, errHidden
	case err != nil:
		return p, err
	}
	p.nowhere = !filepath.IsAbs(p.path)
	var stat unix.Stat_t
	path, ok := strings.CutSuffix(p.path, " (deleted)")
	if !ok || v.lstat(p.path, &stat) == nil && stat.Ino == p.stat.Ino { // it has such a name
		return p, nil
	}
	p.path, p.gone = path, true
	// A file that was never in a file system has such a path, too.
	for dir := filepath.Dir(path); v.lstat(dir, &stat) != nil && dir != "/"; {
		dir = filepath.Dir(dir)
	}
	p.nowhere = stat.Dev != p.stat.Dev
	return p, nil
}

func (v view) lstat(path string, stat *unix.Stat_t) error {
	err := unix.Lstat(v.through+path, stat)
	if err == unix.ENAMETOOLONG && len(path) >= unix.PathMax { // which the process came to in steps
		return errHidden
	}
	return err
}

// crossed refuses another mount than that of the start, if there must be none.
func (w *walk) crossed(done bool, p place) error {
	path := w.at
	if done {
		path = p.path
	}
	if !p.none && !w.gone && w.mounted(path) != w.mount {
		return unix.EXDEV
	}
	return nil
}

// mounted is the mount that a path is in, where that matters.
func (w *walk) mounted(path string) uint64 {
	var stat unix.Statx_t
	if w.how.resolve&unix.RESOLVE_NO_XDEV != 0 {
		unix.Statx(unix.AT_FDCWD, w.through+path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_MNT_ID, &stat) // or it is gone
	}
	return stat.Mnt_id
}
