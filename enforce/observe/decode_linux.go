package observe

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// target is what a call is about: a path, or an address.
type target struct {
	path    string // as the process says it
	dir     int32  // what a relative one is relative to, or AT_FDCWD
	access  enforce.Access
	entry   entry
	exact   bool // the last link is not followed
	address string
	port    uint16
	listen  bool
}

// entry says what becomes of a directory entry, where that is what is meant.
type entry uint8

const (
	none    entry = iota
	made          // there must be none yet
	removed       // there must be one
	placed        // whether there is one or not
)

// Programs are the calls that run programs; Files those that name files or
// addresses, too.
var (
	Programs = []string{"execve", "execveat"}
	Files    = append(Programs, "open", "openat", "openat2", "creat", "truncate", "connect", "bind",
		"unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "mknod", "mknodat",
		"rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat")
)

// one is a call about a path.
func (n *notification) one(dir int32, address uint64, access enforce.Access) ([]target, error) {
	path, err := text(n.pid, address)
	return []target{{path: path, dir: dir, access: access}}, err
}

// change is a call about a directory entry.
func (n *notification) change(what entry, dir int32, address uint64) ([]target, error) {
	t, err := n.one(dir, address, enforce.Write)
	t[0].entry = what
	return t, err
}

// move is a call about two of them.
func (n *notification) move(from int32, fromAddress uint64, to int32, toAddress uint64) ([]target, error) {
	a, err := n.change(removed, from, fromAddress)
	if err != nil {
		return nil, err
	}
	b, err := n.change(placed, to, toAddress)
	return append(a, b...), err
}

// targets decodes a call.
func (n *notification) targets(call string) ([]target, error) {
	cwd := int32(unix.AT_FDCWD)
	a := n.args
	switch call {
	case "execve":
		return n.one(cwd, a[0], enforce.Execute)
	case "execveat":
		return n.one(int32(a[0]), a[1], enforce.Execute)
	case "open":
		return n.opened(cwd, a[0], a[1])
	case "openat":
		return n.opened(int32(a[0]), a[1], a[2])
	case "openat2":
		var how [8]byte
		if _, err := memory(n.pid, a[2], how[:]); err != nil {
			return nil, err
		}
		return n.opened(int32(a[0]), a[1], binary.NativeEndian.Uint64(how[:]))
	case "creat":
		return n.opened(cwd, a[0], unix.O_CREAT|unix.O_WRONLY|unix.O_TRUNC)
	case "truncate":
		return n.one(cwd, a[0], enforce.Write)
	case "unlink", "rmdir":
		return n.change(removed, cwd, a[0])
	case "unlinkat":
		return n.change(removed, int32(a[0]), a[1])
	case "mkdir", "mknod":
		return n.change(made, cwd, a[0])
	case "mkdirat", "mknodat":
		return n.change(made, int32(a[0]), a[1])
	case "symlink", "link":
		return n.change(made, cwd, a[1])
	case "symlinkat":
		return n.change(made, int32(a[1]), a[2])
	case "linkat":
		return n.change(made, int32(a[2]), a[3])
	case "rename":
		return n.move(cwd, a[0], cwd, a[1])
	case "renameat", "renameat2":
		return n.move(int32(a[0]), a[1], int32(a[2]), a[3])
	case "connect", "bind":
		return n.addressed(a[1], a[2], call == "bind")
	}
	return nil, nil
}

// opened decodes a path and the flags of open(2).
func (n *notification) opened(dir int32, address, flags uint64) ([]target, error) {
	if flags&unix.O_PATH != 0 {
		return nil, nil // Landlock does not look at it
	}
	path, err := text(n.pid, address)
	if err != nil {
		return nil, err
	}
	t := target{path: path, dir: dir, access: enforce.Read, exact: flags&unix.O_NOFOLLOW != 0}
	switch flags & unix.O_ACCMODE {
	case unix.O_WRONLY:
		t.access = enforce.Write
	case unix.O_RDWR:
		t.access = enforce.Read | enforce.Write
	}
	if flags&unix.O_TRUNC != 0 {
		t.access |= enforce.Write
	}
	if flags&unix.O_CREAT != 0 {
		create := t
		create.access, create.entry = enforce.Write, made
		return []target{t, create}, nil
	}
	return []target{t}, nil
}

// addressed decodes a socket address.
func (n *notification) addressed(address, length uint64, listen bool) ([]target, error) {
	data := make([]byte, min(length, 110))
	if len(data) < 3 {
		return nil, nil
	}
	if _, err := memory(n.pid, address, data); err != nil {
		return nil, err
	}
	inet := func(ip []byte) ([]target, error) {
		port := binary.BigEndian.Uint16(data[2:])
		a, _ := netip.AddrFromSlice(ip) // of a length that is one
		return []target{{address: netip.AddrPortFrom(a, port).String(), port: port, listen: listen}}, nil
	}
	switch family := binary.NativeEndian.Uint16(data); {
	case family == unix.AF_INET && len(data) >= 8:
		return inet(data[4:8])
	case family == unix.AF_INET6 && len(data) >= 24:
		return inet(data[8:24])
	case family == unix.AF_UNIX && data[2] != 0:
		path, _, _ := strings.Cut(string(data[2:]), "\x00")
		if listen {
			return []target{{path: path, dir: unix.AT_FDCWD, access: enforce.Write, entry: made}}, nil
		}
		return []target{{path: path, dir: unix.AT_FDCWD, access: enforce.Connect}}, nil
	}
	return nil, nil
}

// absolute is the path that the process means, without any link followed;
// empty if that cannot be told.
func (t target) absolute(pid uint32) string {
	proc, path := fmt.Sprintf("/proc/%d", pid), t.path
	switch {
	case path == "/proc/self" || strings.HasPrefix(path, "/proc/self/"):
		path = proc + strings.TrimPrefix(path, "/proc/self")
	case path == "/proc/thread-self" || strings.HasPrefix(path, "/proc/thread-self/"):
		path = proc + strings.TrimPrefix(path, "/proc/thread-self")
	case !filepath.IsAbs(path):
		base := proc + "/cwd"
		if t.dir != unix.AT_FDCWD {
			base = fmt.Sprintf("%s/fd/%d", proc, t.dir)
		}
		dir, err := os.Readlink(base)
		if err != nil || !filepath.IsAbs(dir) {
			return ""
		}
		path = filepath.Join(dir, path)
	}
	return filepath.Clean(path)
}

// resolve follows an absolute path as the kernel will. matters is false where
// the kernel has another answer before any policy has: nothing is there, or
// something that is to be made.
func (t target) resolve(path string) (real string, matters bool) {
	if t.entry != none || t.exact {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", false
		}
		real = filepath.Join(dir, filepath.Base(path))
		_, err = os.Lstat(real)
		there := err == nil
		return real, there && t.entry != made || !there && t.entry == made || t.entry == placed
	}
	real, err := filepath.EvalSymlinks(path)
	return real, err == nil
}
