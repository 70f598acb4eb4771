package inputs

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/closure/hostile"
)

// identity tells whether a file is still the one that was hashed. The ctime is
// the part that counts: the kernel sets it with every change, and nobody else can.
type identity struct {
	Dev, Ino, Size, Mtime, Ctime uint64 // times in ns
	Mode                         uint32
}

// identify returns the identity of a path, its type and how many bytes it has on the disk.
func identify(path string) (id identity, kind fs.FileMode, stored uint64, err error) {
	var s unix.Stat_t
	if err := unix.Lstat(path, &s); err != nil {
		return identity{}, 0, 0, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return identityOf(&s), typeOf(uint32(s.Mode)), uint64(s.Blocks) * 512, nil
}

func typeOf(mode uint32) fs.FileMode {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return 0
	case unix.S_IFDIR:
		return fs.ModeDir
	case unix.S_IFLNK:
		return fs.ModeSymlink
	}
	return fs.ModeIrregular
}

// content adds Nix's view of a path: nothing, a file with its executable
// bit, the target of a link, or that it is a directory or something else.
func (k *keyer) content(path string) error {
	k.source(path)
	return k.state(path)
}

// state is content of a file that the evaluation does not read.
func (k *keyer) state(path string) error {
	k.saw(path)
	id, kind, stored, err := identify(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR):
		k.strings("absent")
		return nil
	case err != nil:
		return uncacheable("%v", err)
	case kind == fs.ModeDir:
		k.strings("directory")
		return nil
	case kind == fs.ModeSymlink:
		target, err := os.Readlink(path)
		if err != nil {
			return uncacheable("%v", err)
		}
		k.strings("link", target)
		return nil
	case kind != 0:
		k.strings("special", fmt.Sprint(id.Mode))
		return nil
	}
	if err := k.size(path, id.Size, stored); err != nil || k.dry {
		return err
	}
	sum, err := k.hash(path, id)
	if err != nil {
		return err
	}
	executable := "file"
	if id.Mode&0o100 != 0 {
		executable = "program"
	}
	k.strings(executable, string(sum[:]))
	return nil
}

// retries is how often a file is read anew that changes meanwhile.
const retries = 5

// How many bytes are hashed for a key, of one file and of all together. Whoever made the
// project decides how many there are. Of the rest the identity counts, so that a key never
// takes longer, and is another one where such a file was only written anew. All files are
// counted, also those whose hash is remembered: a key must not depend on that.
const (
	maxHashed       = 256 << 20
	maxHashedAll    = 2 << 30   // of the flake itself
	maxHashedInputs = 256 << 20 // of its inputs on this machine
)

// hash returns the hash of a regular file, remembered or read.
func (k *keyer) hash(path string, id identity) ([sha256.Size]byte, error) {
	if id.Size == 0 { // and so are those of /proc, which a lock file can name
		return sha256.Sum256(nil), nil
	}
	if id.Size > min(maxHashed, k.hashable) {
		if time.Now().UnixNano() < int64(id.Ctime)+int64(slack) {
			k.recent = path
		}
		return sha256.Sum256(fmt.Append(nil, "long", id)), nil
	}
	k.hashable -= id.Size
	if sum, ok := k.files.lookup(path, id); ok {
		return sum, nil
	}
	for range retries {
		taken := time.Now()
		budget := hostile.Budget{Bytes: maxHashed}
		sum, err := budget.Sum(path)
		if err != nil {
			return sum, uncacheable("%v", err)
		}
		after, _, _, err := identify(path)
		if err != nil {
			return sum, uncacheable("%v", err)
		}
		if after == id {
			k.files.store(path, id, sum, taken)
			return sum, nil
		}
		id = after
	}
	return [sha256.Size]byte{}, uncacheable("%s changes all the time", path)
}
