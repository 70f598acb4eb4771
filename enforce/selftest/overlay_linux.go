package selftest

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/view"
)

// overlaid is a vector of one operation on a project that is shown as an overlay. That it
// is seen inside is the twin; that it is seen outside, when all is over, is the attack.
func overlaid(id, what string, op, seen func(dir string) error) Vector {
	inside := func(f func(string) error) func(*World) error {
		return func(w *World) error { return f(w.Overlaid) }
	}
	return Vector{ID: "overlay." + id, What: what, By: View, Layered: true, attack: inside(op), twin: inside(seen), reached: inside(seen)}
}

var errUntouched = errors.New("it is as it was")

// has is nil where a file has a text.
func has(name, text string) func(string) error {
	return func(dir string) error {
		data, err := os.ReadFile(dir + "/" + name)
		if err == nil && string(data) != text {
			err = errUntouched
		}
		return err
	}
}

// gone is nil where there is no such file.
func gone(name string) func(string) error {
	return func(dir string) error {
		if _, err := os.Lstat(dir + "/" + name); err == nil {
			return errUntouched
		}
		return nil
	}
}

const written = "written"

func write(name string) error { return os.WriteFile(name, []byte(written), 0o644) }

func overlayVectors() []Vector {
	return []Vector{
		overlaid("write", "write a file of an overlaid project", func(d string) error { return write(d + "/write") }, has("write", written)),
		overlaid("create", "create a file in an overlaid project", func(d string) error { return write(d + "/new") }, has("new", written)),
		overlaid("unlink", "remove a file of an overlaid project", func(d string) error { return unix.Unlink(d + "/unlink") }, gone("unlink")),
		overlaid("rename", "rename a file of an overlaid project", func(d string) error { return unix.Rename(d+"/rename", d+"/renamed") }, gone("rename")),
		overlaid("replace", "replace a file of an overlaid project", func(d string) error {
			return errors.Join(write(d+"/temporary"), unix.Rename(d+"/temporary", d+"/replace"))
		}, has("replace", written)),
		overlaid("remove-tree", "remove a directory of an overlaid project", func(d string) error { return os.RemoveAll(d + "/tree") }, gone("tree")),
		overlaid("chmod", "change the mode of a file of an overlaid project", func(d string) error { return unix.Chmod(d+"/chmod", 0o700) }, func(d string) error {
			info, err := os.Stat(d + "/chmod")
			if err == nil && info.Mode().Perm() != 0o700 {
				err = errUntouched
			}
			return err
		}),
		overlaid("times", "change the times of a file of an overlaid project", func(d string) error {
			return unix.UtimesNano(d+"/times", []unix.Timespec{{Sec: 1}, {Sec: 1}})
		}, func(d string) error {
			info, err := os.Stat(d + "/times")
			if err == nil && info.ModTime().Unix() != 1 {
				err = errUntouched
			}
			return err
		}),
		overlaid("link", "write a file of an overlaid project by another name", func(d string) error {
			return errors.Join(unix.Link(d+"/link", d+"/linked"), write(d+"/linked"))
		}, has("link", written)),
		overlaid("hard-link", "write a file that has two names in an overlaid project", func(d string) error { return write(d + "/name-2") }, has("name-2", written)),
		overlaid("descriptor", "write by a descriptor that was opened for reading", func(d string) error {
			return through(d+"/descriptor", unix.O_RDONLY, "")
		}, has("descriptor", written)),
		overlaid("path-descriptor", "write by a descriptor that was opened by path only", func(d string) error {
			return through(d+"/path", unix.O_PATH, "")
		}, has("path", written)),
		overlaid("directory-descriptor", "write below a descriptor of an overlaid project", func(d string) error {
			return through(d, unix.O_RDONLY|unix.O_DIRECTORY, "/directory")
		}, has("directory", written)),
		overlaid("map", "write a file of an overlaid project by its pages", mapAndWrite, has("map", written)),
	}
}

// through opens a path, and writes a file through the descriptor or below it.
func through(path string, flags int, below string) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return write("/proc/self/fd/" + itoa(fd) + below)
}

// mapAndWrite maps a file before it is first written, and writes it by the map.
func mapAndWrite(dir string) error {
	fd, err := unix.Open(dir+"/map", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, int64(len(written))); err != nil {
		return err
	}
	pages, err := unix.Mmap(fd, 0, len(written), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	copy(pages, written)
	return unix.Munmap(pages)
}

// makeOverlaid makes the project that is shown as an overlay, and the layers.
func (w *World) makeOverlaid() error {
	w.Overlaid = w.Dir + "/overlaid"
	for _, dir := range []string{w.Overlaid, w.Overlaid + "/tree", w.layers().Upper, w.layers().Work} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	for _, name := range []string{"write", "unlink", "rename", "replace", "tree/file", "chmod", "times", "link", "name-1", "descriptor", "path", "directory", "map"} {
		if err := os.WriteFile(w.Overlaid+"/"+name, []byte(secret), 0o644); err != nil {
			return err
		}
	}
	return os.Link(w.Overlaid+"/name-1", w.Overlaid+"/name-2")
}

func (w *World) layers() view.Layers {
	return view.Layers{Dir: w.Overlaid, Upper: w.Dir + "/upper", Work: w.Dir + "/work"}
}

// canLayer reports whether this machine can show a directory as an overlay where the world
// is.
func (w *World) canLayer() (bool, error) {
	dir := w.Dir + "/try"
	if err := os.Mkdir(dir, 0o700); err != nil {
		return false, fmt.Errorf("try an overlay: %w", err)
	}
	return view.OverlayAvailable(dir) == nil, nil
}

// overlaidGrant grants it, in a view.
func (w *World) overlaidGrant() enforce.Grant {
	return enforce.Grant{Path: w.Overlaid, Access: enforce.All, Reason: "project: overlay", Resolved: true}
}
