package view

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/enforce"
)

// processes is the access to /proc. Each process has files of its network there, too, and root
// writes those that belong to the machine's, such as addresses of a firewall (xt_recent).
func processes(p enforce.Policy) enforce.Access {
	if os.Geteuid() == 0 && !p.Network.None() && hasWritable("/proc/self/net/") {
		return enforce.Read
	}
	return enforce.Read | enforce.Write
}

// hasWritable reports whether a directory has files that can be written, or cannot be read.
func hasWritable(dir string) bool {
	found := errors.New("found")
	return filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = e.Info(); err == nil && info.Mode()&0o222 != 0 {
				return found
			}
		}
		if errors.Is(err, fs.ErrNotExist) { // gone, with its device
			return nil
		}
		return err
	}) != nil
}
