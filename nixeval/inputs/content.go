package inputs

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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

// identify returns the identity of a path and its type.
func identify(path string) (identity, fs.FileMode, error) {
	var s unix.Stat_t
	if err := unix.Lstat(path, &s); err != nil {
		return identity{}, 0, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return identityOf(&s), typeOf(uint32(s.Mode)), nil
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

// content adds what Nix sees of a path: nothing, a file with its executable
// bit, the target of a link, or that it is a directory or something else.
func (k *keyer) content(path string) error {
	k.source(path)
	return k.state(path)
}

// state is content of a file that the evaluation does not read.
func (k *keyer) state(path string) error {
	k.saw(path)
	id, kind, err := identify(path)
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

// hash returns the hash of a regular file, remembered or read.
func (k *keyer) hash(path string, id identity) ([sha256.Size]byte, error) {
	if sum, ok := k.files.lookup(path, id); ok {
		return sum, nil
	}
	for range retries {
		taken := time.Now()
		sum, err := read(path)
		if err != nil {
			return sum, uncacheable("%v", err)
		}
		after, _, err := identify(path)
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

// read hashes a file. Holes of a sparse file, of which a terabyte takes no space,
// are passed over; what is between them is hashed with its place and the file's size
// (lseek(2), SEEK_DATA).
func read(path string) (sum [sha256.Size]byte, err error) {
	f, err := hostile.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return sum, err
	}
	h := sha256.New()
	for at := int64(0); at < info.Size(); {
		data, hole := nextData(f, at, info.Size())
		if data < 0 {
			break
		}
		fmt.Fprintf(h, "%d:%d:", data, hole)
		if _, err := io.Copy(h, io.NewSectionReader(f, data, hole-data)); err != nil {
			return sum, err
		}
		at = hole
	}
	fmt.Fprintf(h, "%d", info.Size())
	h.Sum(sum[:0])
	return sum, nil
}

// directory adds a whole directory, as Nix copies what is not in git.
func (k *keyer) directory(dir string) error {
	k.strings("directory", dir)
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return uncacheable("%v", err)
		}
		k.strings(path[len(dir):])
		return k.content(path)
	})
}
