package selftest

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// mount is a vector of mounts, tried in a mount namespace of its own: a user
// must make a user namespace for it, which is refused before.
func mount(id, what string, step string) Vector {
	return Vector{ID: "mount." + id, What: what, ABI: 1, By: Filter,
		attack: func(w *World) error { return w.step(step, unix.CLONE_NEWUSER|unix.CLONE_NEWNS) },
		twin:   func(w *World) error { return w.step("nothing", 0) }}
}

func mountVectors() []Vector {
	return []Vector{
		mount("tmpfs", "mount a file system over the project", "tmpfs"),
		mount("bind", "bind a directory outside into the project", "bind"),
		mount("remount", "make the root read-only", "remount"),
		mount("unmount", "unmount", "unmount"),
		mount("move", "clone a tree and mount it", "move"),
		mount("new", "make a file system without mounting it", "new"),
		mount("attributes", "change a mount's attributes", "attributes"),
		mount("pivot", "change the root of all", "pivot"),
		reachMount("mount", "mount as root", unix.SYS_MOUNT, 0, 0, 0, 0, 0),
		reachMount("open-tree", "clone a tree as root", unix.SYS_OPEN_TREE, ^uintptr(0), 0, 0),
		reachMount("fsopen", "make a file system as root", unix.SYS_FSOPEN, 0, 0),
	}
}

func reachMount(id, what string, number uintptr, args ...uintptr) Vector {
	v := reach(id, what, true, number, args...)
	v.ID = "mount.root-" + id
	return v
}

// step runs a step of an attack in a process with namespaces of its own.
func (w *World) step(name string, flags uintptr) error {
	text, err := w.encode()
	if err != nil {
		return err
	}
	cmd := again("/proc/self/exe", stepWord, name)
	cmd.Env = []string{worldVariable + "=" + text}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	if flags&unix.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return cmd.Run()
}

// steps are those of a process in namespaces of its own.
var steps = map[string]func(*World) error{
	"nothing": func(*World) error { return nil },
	"tmpfs":   func(w *World) error { return unix.Mount("tmpfs", w.Project, "tmpfs", 0, "") },
	"bind":    func(w *World) error { return unix.Mount(w.Outside, w.Project, "", unix.MS_BIND, "") },
	"remount": func(w *World) error { return unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, "") },
	"unmount": func(w *World) error {
		if err := unix.Mount("tmpfs", w.Project, "tmpfs", 0, ""); err != nil {
			return err
		}
		return unix.Unmount(w.Project, 0)
	},
	"move": func(w *World) error {
		fd, err := unix.OpenTree(unix.AT_FDCWD, w.Outside, unix.OPEN_TREE_CLONE)
		if err != nil {
			return err
		}
		return unix.MoveMount(fd, "", unix.AT_FDCWD, w.Project, unix.MOVE_MOUNT_F_EMPTY_PATH)
	},
	"new": func(w *World) error {
		fd, err := unix.Fsopen("tmpfs", 0)
		if err != nil {
			return err
		}
		if err := unix.FsconfigCreate(fd); err != nil {
			return err
		}
		_, err = unix.Fsmount(fd, 0, 0)
		return err
	},
	"attributes": func(w *World) error {
		return unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &unix.MountAttr{Propagation: unix.MS_PRIVATE})
	},
	"pivot": func(w *World) error {
		if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
			return err
		}
		if err := unix.Mount(w.Project, w.Project, "", unix.MS_BIND, ""); err != nil {
			return err
		}
		return unix.PivotRoot(w.Project, w.Project+"/a")
	},
}
