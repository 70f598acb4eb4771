package view

import (
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// standIns mounts the view's programs on files of the host that no grant lets the command run:
// a grant for reading a directory of programs shows them, and scripts that name them would die.
// It returns grants of those that it mounted.
func (b *builder) standIns(v View, p enforce.Policy) (grants []enforce.Grant, err error) {
	for path, target := range map[string]string{"/bin/sh": v.Shell, "/usr/bin/env": v.Env} {
		if _, covered := b.within(path); !covered || target == "" || runs(p, path) {
			continue
		}
		done, err := b.standIn(path, target)
		if err != nil {
			return nil, err
		}
		if done {
			const access = enforce.Read | enforce.Execute
			b.bound[path] = access
			grants = append(grants, enforce.Grant{Path: path, Access: access, Reason: "view: program of the closure", Own: true})
		}
	}
	return grants, nil
}

// standIn mounts a file of the view, by its name there, on another one. It leaves a link, which
// cannot be a mount point, and a missing file: then the host's stays without execution.
func (b *builder) standIn(path, target string) (done bool, err error) {
	at, err := beneath(b.root, strings.TrimPrefix(path, "/"), 0)
	if err != nil {
		return false, nil
	}
	defer unix.Close(at)
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	file, err := unix.Openat2(b.root, target, &how)
	if err != nil {
		return false, nil
	}
	defer unix.Close(file)
	for _, fd := range []int{at, file} {
		var stat unix.Stat_t
		if err := unix.Fstat(fd, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG {
			return false, err
		}
	}
	tree, err := clone(file, attributes(enforce.Read|enforce.Execute))
	if err != nil {
		return false, refusal("show "+path, err)
	}
	defer unix.Close(tree)
	if err := attach(tree, at, ""); err != nil {
		return false, refusal("show "+path, err)
	}
	return true, nil
}
