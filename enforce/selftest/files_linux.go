package selftest

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// at makes an attack and its twin of one operation: outside, and in the project.
func at(op func(dir string) error) (attack, twin func(*World) error) {
	return func(w *World) error { return op(w.Outside) }, func(w *World) error { return op(w.Project) }
}

// file is a vector of one operation on files, tried outside and in the project.
func file(id, what string, abi int, op func(dir string) error) Vector {
	attack, twin := at(op)
	return Vector{ID: "file." + id, What: what, ABI: abi, By: View, attack: attack, twin: twin} // outside is not there
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o644)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func readFile(path string) error {
	data, err := os.ReadFile(path)
	if err == nil && len(data) == 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

func run(path string, args ...string) error {
	cmd := again(path, args...)
	cmd.Env = []string{}
	return cmd.Run()
}

// runCopy has a copy of the attacker's program run, which it makes and removes.
func runCopy(name string) error {
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	defer unix.Unlink(name)
	if err := os.WriteFile(name, data, 0o755); err != nil {
		return err
	}
	return run(name, nothingWord)
}

func fileVectors() []Vector {
	return []Vector{
		file("read", "read a file", 1, func(d string) error { return readFile(d + "/file") }),
		file("write", "write a file", 1, func(d string) error { return open(d+"/file", unix.O_WRONLY) }),
		file("append", "append to a file", 1, func(d string) error { return open(d+"/file", unix.O_WRONLY|unix.O_APPEND) }),
		file("truncate", "truncate a file", 3, func(d string) error { return unix.Truncate(d+"/file2", 1) }),
		file("open-truncate", "empty a file by opening it", 1, func(d string) error { return open(d+"/file2", unix.O_WRONLY|unix.O_TRUNC) }),
		file("create", "create a file", 1, func(d string) error { return open(d+"/new", unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY) }),
		file("tmpfile", "create a file without a name", 1, func(d string) error { return open(d, unix.O_TMPFILE|unix.O_WRONLY) }),
		file("list", "list a directory", 1, func(d string) error { _, err := os.ReadDir(d); return err }),
		file("mkdir", "create a directory", 1, func(d string) error { return unix.Mkdir(d+"/made", 0o755) }),
		file("rmdir", "remove a directory", 1, func(d string) error {
			if d == filepath.Dir(d)+"/project" {
				if err := unix.Mkdir(d+"/empty", 0o755); err != nil {
					return err
				}
			}
			return unix.Rmdir(d + "/empty")
		}),
		file("symlink", "create a symbolic link", 1, func(d string) error { return unix.Symlink("file", d+"/symlink") }),
		file("fifo", "create a named pipe", 1, func(d string) error { return unix.Mkfifo(d+"/made-fifo", 0o600) }),
		file("socket", "create a socket file", 1, func(d string) error { return unix.Mknod(d+"/made-socket", unix.S_IFSOCK|0o600, 0) }),
		file("rename", "rename a file", 1, func(d string) error {
			if err := open(d+"/x", unix.O_CREAT|unix.O_WRONLY); err != nil { // outside that is refused already
				return unix.Rename(d+"/file2", d+"/file3")
			}
			return unix.Rename(d+"/x", d+"/y")
		}),
		{ID: "file.rename-in", What: "move a file into the project", ABI: 1,
			attack: func(w *World) error { return unix.Rename(w.Outside+"/file2", w.Project+"/in") },
			twin:   func(w *World) error { return unix.Rename(w.Project+"/a/x", w.second()+"/x1") }},
		{ID: "file.rename-out", What: "move a file out of the project", ABI: 1,
			attack: func(w *World) error { return unix.Rename(w.Project+"/file2", w.Outside+"/out") },
			twin:   func(w *World) error { return unix.Rename(w.second()+"/x1", w.Project+"/a/y") }},
		{ID: "file.exchange", What: "exchange a file outside for one inside", ABI: 1,
			attack: func(w *World) error {
				return unix.Renameat2(unix.AT_FDCWD, w.Outside+"/file", unix.AT_FDCWD, w.Project+"/file", unix.RENAME_EXCHANGE)
			},
			twin: func(w *World) error {
				return unix.Renameat2(unix.AT_FDCWD, w.Project+"/file", unix.AT_FDCWD, w.Project+"/other", unix.RENAME_EXCHANGE)
			}},
		{ID: "file.link-in", What: "link a file into the project", ABI: 1,
			attack: func(w *World) error { return unix.Link(w.Outside+"/sub/file", w.Project+"/linked-in") },
			twin:   func(w *World) error { return unix.Link(w.Project+"/a/y", w.second()+"/linked") }},
		{ID: "file.link-out", What: "link a file out of the project", ABI: 1,
			attack: func(w *World) error { return unix.Link(w.Project+"/file", w.Outside+"/linked-out") },
			twin:   func(w *World) error { return unix.Link(w.Project+"/a/y", w.second()+"/linked2") }},
		file("open-fifo", "open a named pipe", 1, func(d string) error {
			return open(d+map[bool]string{true: "/fifo", false: "/made-fifo"}[filepath.Base(d) == "outside"], unix.O_RDONLY)
		}),
		{ID: "file.unlink", What: "remove a file", ABI: 1,
			attack: func(w *World) error { return unix.Unlink(w.Outside + "/sub/file") },
			twin:   func(w *World) error { return unix.Unlink(w.second() + "/linked") }},
		{ID: "file.execute", What: "execute a program", ABI: 1,
			attack: func(w *World) error { return run(w.Outside+"/program", nothingWord) },
			twin:   func(w *World) error { return run(w.Self, nothingWord) }},
		{ID: "file.host-program", What: "execute a program of the host", ABI: 1,
			attack: func(w *World) error {
				return run(hostProgram("/usr/bin/true", "/usr/bin/id", "/usr/bin/perl", "/bin/mount", "/bin/busybox"))
			},
			twin: func(w *World) error { return run(w.Self, nothingWord) }},
		{ID: "file.undeclared", What: "read a store path that is not declared", ABI: 1,
			attack: func(w *World) error { return readFile(w.Dir + "/undeclared/data") },
			twin:   func(w *World) error { return readFile(w.Closure + "/data") }},
		{ID: "file.closure-write", What: "write a file of the closure", ABI: 1,
			attack: func(w *World) error { return open(w.Closure+"/data", unix.O_WRONLY) },
			twin:   func(w *World) error { return open(w.Closure+"/data", unix.O_RDONLY) }},
		{ID: "file.closure-create", What: "create a file in the closure", ABI: 1,
			attack: func(w *World) error { return open(w.Closure+"/new", unix.O_CREAT|unix.O_WRONLY) },
			twin:   func(w *World) error { return open(w.Project+"/new2", unix.O_CREAT|unix.O_WRONLY) }},
		{ID: "file.list-root", What: "find in the root directory what nothing grants", ABI: 1, By: View,
			attack: func(w *World) error { return showsAny("/", w.Ungranted) },
			twin:   func(w *World) error { _, err := os.ReadDir("/proc"); return err }},
		{ID: "file.handle", What: "open a file by handle", ABI: 1, By: Filter | Capabilities, Root: true,
			attack: func(w *World) error { return byHandle(w.Project, w.Outside+"/file") },
			twin:   func(w *World) error { return open(w.Project+"/hard", unix.O_RDONLY) }},
		{ID: "file.device", What: "create a device node", ABI: 1, By: Capabilities, Root: true,
			attack: func(w *World) error {
				return unix.Mknod(w.Project+"/device", unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3)))
			},
			twin: func(w *World) error { return open("/dev/null", unix.O_RDWR) }},
		{ID: "file.whiteout", What: "leave a whiteout, a device node, where a file was", By: Filter,
			attack: func(w *World) error {
				err := unix.Renameat2(unix.AT_FDCWD, w.Project+"/in-project", unix.AT_FDCWD, w.Project+"/moved", unix.RENAME_WHITEOUT)
				if errors.Is(err, unix.ENOENT) { // the kernel has looked at it
					return nil
				}
				return err
			},
			twin: func(w *World) error {
				err := unix.Renameat2(unix.AT_FDCWD, w.Project+"/never", unix.AT_FDCWD, w.Project+"/moved", unix.RENAME_NOREPLACE)
				if errors.Is(err, unix.ENOENT) {
					return nil
				}
				return err
			}},
		{ID: "file.disk", What: "create the node of a disk and read it", ABI: 1, By: Capabilities, Root: true,
			attack: readDisk,
			twin:   func(w *World) error { return open("/dev/zero", unix.O_RDONLY) }},

		{ID: "file.copy-and-run", What: "copy a program into the project and run it", Design: "what is in the project may be executed: builds make programs",
			attack: func(w *World) error {
				program, err := os.ReadFile("/proc/self/exe")
				if err != nil {
					return err
				}
				if err := os.WriteFile(w.Project+"/copied", program, 0o755); err != nil {
					return err
				}
				return run(w.Project+"/copied", nothingWord)
			}},
		{ID: "file.memory-and-run", What: "run a program from memory", Design: "files in memory have no path for Landlock to check", attack: runFromMemory},
		{ID: "file.hard-link", What: "read through a hard link that was in the project before", Design: "the link is a name in the project; purity warns of it",
			attack: func(w *World) error { return open(w.Project+"/hard", unix.O_RDONLY) }},
	}
}

// byHandle opens a file by its handle, which needs no path.
func byHandle(project, path string) error {
	handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, path, 0)
	if err != nil {
		return err
	}
	mount, err := unix.Open(project, unix.O_RDONLY|unix.O_DIRECTORY, 0) // any directory of the file system
	if err != nil {
		return err
	}
	defer unix.Close(mount)
	fd, err := unix.OpenByHandleAt(mount, handle, unix.O_RDONLY)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// readDisk reads from the device that the project is on.
func readDisk(w *World) error {
	var stat unix.Stat_t
	if err := unix.Stat(w.Project, &stat); err != nil {
		return err
	}
	node := w.Project + "/disk"
	if err := unix.Mknod(node, unix.S_IFBLK|0o600, int(stat.Dev)); err != nil {
		return err
	}
	defer unix.Unlink(node)
	return readSome(node)
}

func readSome(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Read(make([]byte, 16))
	return err
}

// runFromMemory executes a program that is in no file system.
func runFromMemory(w *World) error {
	fd, err := unix.MemfdCreate("program", 0)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "program")
	defer f.Close()
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	if _, err := f.Write(program); err != nil {
		return err
	}
	return run("/proc/self/fd/"+itoa(fd), nothingWord)
}

// hostProgram is the first of some that is there and is not granted under another name:
// all of busybox is one file, /bin/sh included.
func hostProgram(paths ...string) string {
	for _, p := range paths {
		info, err := os.Stat(p)
		granted := func(name string) bool {
			other, err := os.Stat(name)
			return err == nil && os.SameFile(info, other)
		}
		if err == nil && !granted("/bin/sh") && !granted("/usr/bin/env") {
			return p
		}
	}
	return paths[0]
}

// linkVectors reach for files outside by names that are inside.
func linkVectors() []Vector {
	return []Vector{
		{ID: "link.symbolic", What: "read through a symbolic link in the project", ABI: 1,
			attack: func(w *World) error { return readFile(w.Project + "/link") },
			twin:   func(w *World) error { return readFile(w.Project + "/self") }},
		{ID: "link.directory", What: "read below a symbolic link to a directory", ABI: 1,
			attack: func(w *World) error { return readFile(w.Project + "/dirlink/file") },
			twin:   func(w *World) error { return readFile(w.Project + "/a/y") }},
		{ID: "link.write", What: "write through a symbolic link", ABI: 1,
			attack: func(w *World) error { return open(w.Project+"/link", unix.O_WRONLY) },
			twin:   func(w *World) error { return open(w.Project+"/self", unix.O_WRONLY) }},
		{ID: "link.own", What: "read through a link that is made for it", ABI: 1,
			attack: func(w *World) error {
				unix.Symlink(w.Outside+"/file", w.Project+"/mine")
				return readFile(w.Project + "/mine")
			},
			twin: func(w *World) error {
				unix.Symlink(w.Project+"/file", w.Project+"/mine-too")
				return readFile(w.Project + "/mine-too")
			}},
		{ID: "link.dots", What: "go up by ..", ABI: 1,
			attack: func(w *World) error { return readFile(w.Project + "/a/../../outside/file") },
			twin:   func(w *World) error { return readFile(w.Project + "/a/../file") }},
		{ID: "link.proc-root", What: "go by /proc/self/root", ABI: 1,
			attack: func(w *World) error { return readFile("/proc/self/root" + w.Outside + "/file") },
			twin:   func(w *World) error { return readFile("/proc/self/root" + w.Project + "/file") }},
		{ID: "link.proc-cwd", What: "go by /proc/self/cwd", ABI: 1,
			attack: func(w *World) error { return readFile("/proc/self/cwd/../outside/file") },
			twin:   func(w *World) error { return readFile("/proc/self/cwd/file") }},
		{ID: "link.path-descriptor", What: "open a descriptor that was opened by path only", ABI: 1,
			attack: func(w *World) error { return reopen(w.Outside + "/file") },
			twin:   func(w *World) error { return reopen(w.Project + "/file") }},
	}
}

// reopen opens a path without any right, and then its file with one.
func reopen(path string) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return open("/proc/self/fd/"+itoa(fd), unix.O_RDONLY)
}
