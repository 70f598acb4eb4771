package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/nix-purity/purity/enforce"
)

// View is all that a command sees besides the grants of its policy. The zero value shows
// no shell and generates nothing.
type View struct {
	// Shell and Env are files of the closure that /bin/sh and /usr/bin/env are links
	// to, empty for none.
	Shell, Env string
	// Etc are the texts of generated files of /etc, by name. Granted files come first.
	Etc map[string]string
	// Dir is a directory that the view always has, empty if no grant lies in it.
	Dir string
	// Protected are files and directories that are read-only although they lie in
	// paths granted for writing. A missing path is not protected.
	Protected []string
	// Overlay shows a granted directory as an overlay; the zero value shows none.
	Overlay Layers
	// Store shows the paths of a chroot store below another directory; the zero value is
	// for no chroot store.
	Store Elsewhere
	// SysVIPC lets the command use the System V IPC of the machine instead of its own.
	SysVIPC bool
}

// Layers are an overlay of a directory: commands can write it, and the changes go elsewhere
// (Documentation/filesystems/overlayfs.rst). The paths have no links.
type Layers struct {
	Dir   string // the lower layer, and the place of the overlay
	Upper string // an empty directory for the changes
	Work  string // an empty directory beside Upper, for the kernel
}

// Above returns a grant for writing of a directory above l.Dir, if there is one. By it a
// command could bypass the overlay: a descriptor that it inherits can lead there.
func (l Layers) Above(p enforce.Policy) (enforce.Grant, bool) {
	for _, g := range p.Grants {
		if g.Own || g.Replaced || g.Access&enforce.Write == 0 || l.Dir == "" {
			continue
		}
		if path := enforce.Real(g.Path); path != l.Dir && enforce.Inside(l.Dir, path) {
			return g, true
		}
	}
	return enforce.Grant{}, false
}

// Elsewhere is a directory whose files lie in another one.
type Elsewhere struct {
	Dir  string // the path by which grants name its files
	Real string // the path where the files lie
}

// at returns the path where the file of a grant's path lies.
func (e Elsewhere) at(path string) string {
	if e.Dir != "" && path != e.Dir && enforce.Inside(path, e.Dir) {
		return e.Real + path[len(e.Dir):]
	}
	return path
}

// Job is a command in a view.
type Job struct {
	View    View
	Policy  enforce.Policy // of the command, as [View.Policy] returns it
	Command enforce.Command
}

const tty = enforce.Read | enforce.Write | enforce.Ioctl

// Policy returns p for a command in the view: without the grants that the view replaces,
// and with grants of the view's own files.
func (v View) Policy(p enforce.Policy) enforce.Policy {
	const queues = "/dev/mqueue" // the command's, or with the machine's System V IPC those of that
	grants := slices.DeleteFunc(slices.Clone(p.Grants), func(g enforce.Grant) bool {
		return g.Replaced && !(v.SysVIPC && g.Path == queues)
	})
	granted := map[string]bool{}
	for _, g := range grants {
		granted[g.Path] = true
	}
	add := func(path string, access enforce.Access, what string) {
		if !granted[path] {
			grants = append(grants, enforce.Grant{Path: path, Access: access, Reason: "view: " + what, Optional: true, Own: true})
		}
	}
	add("/", enforce.List, "directories on the way to grants")
	delete(granted, "/proc") // a setting only reads it
	add("/proc", processes(p), "processes of the command")
	for _, name := range slices.Sorted(maps.Keys(v.Etc)) {
		add("/etc/"+name, enforce.Read, "generated")
	}
	add("/tmp", enforce.All, "private")
	add("/dev/shm", enforce.Read|enforce.Write, "private")
	if !v.SysVIPC {
		add(queues, enforce.Read|enforce.Write, "private")
	}
	add("/dev/pts", tty, "new terminals")
	add("/dev/ptmx", tty, "new terminals")
	add("/dev/console", tty, "the terminal")
	p.Grants, p.Apart, p.SysVIPC = grants, true, v.SysVIPC
	return p
}

// Programs names the files of /bin/sh and /usr/bin/env, for a command with a policy.
func (v View) Programs(p enforce.Policy) string {
	file := func(path, own string) string {
		if runs(p, path) {
			own = "the host's"
		}
		return path + " is " + cmp.Or(own, "not there")
	}
	return file("/bin/sh", v.Shell) + ", " + file("/usr/bin/env", v.Env)
}

// runs reports whether a grant of a policy lets the command run the host's file at a path.
func runs(p enforce.Policy, path string) bool {
	return slices.ContainsFunc(p.Grants, func(g enforce.Grant) bool {
		return !g.Own && g.Access&enforce.Execute != 0 && !closurePath(g) && enforce.Inside(path, g.Path)
	})
}

// closurePath reports whether a grant is of a store path, which nobody replaces.
func closurePath(g enforce.Grant) bool {
	return g.NoFollow && !g.Optional && g.Access == enforce.Read|enforce.Execute
}

// RefusedError says that the kernel, or a container around this process, does not let it
// have a view.
type RefusedError struct {
	What string // the failed step
	Err  error
	Fix  string // the remedy, if known
}

func (e *RefusedError) Error() string { return fmt.Sprintf("make view: %s: %v", e.What, e.Err) }

func (e *RefusedError) Unwrap() error { return e.Err }
