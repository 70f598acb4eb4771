package allow

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/closure/hostile"
)

// How many bytes are hashed of one file and of all that are allowed together. A command can
// leave a file of a terabyte that takes no room. Of the rest it counts the metadata.
const (
	maxHashed    = 256 << 20
	maxHashedAll = 1 << 30
)

// long begins the fingerprint of a file that is not hashed. absent and directory are those of
// no file, and of a directory.
const (
	long      = "long-"
	absent    = "absent"
	directory = "directory"
)

// fingerprints are those of files that were looked at, by path.
type fingerprints map[string]string

// of is the fingerprint of a file, taken as the one that it had: where that is not of its
// content, this one is not either.
func (f fingerprints) of(path, was string) string {
	budget, key := hostile.Budget{Bytes: maxHashed}, path
	if strings.HasPrefix(was, long) {
		budget, key = hostile.Budget{}, long+path
	}
	is, looked := f[key]
	if !looked {
		is, _ = fingerprint(path, &budget) // an unreadable file is not as it was
		f[key] = is
	}
	return is
}

// fingerprint is the hash of a file's content and whether it is executable, where a link
// leads, or in a word its other type: "absent", "directory", "special", "long".
func fingerprint(path string, budget *hostile.Budget) (string, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent, nil
	case err != nil:
		return "", fmt.Errorf("read project: %w", err)
	case info.IsDir():
		return directory, nil
	}
	hash := sha256.New()
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		if err != nil {
			return "", fmt.Errorf("read project: %w", err)
		}
		fmt.Fprintf(hash, "link %s\x00", target)
		if info, err = os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return hex.EncodeToString(hash.Sum(nil)), nil
		}
	}
	if !info.Mode().IsRegular() {
		return "special", nil
	}
	if info.Size() > maxHashed {
		return fingerprintOfLong(path)
	}
	sum, err := budget.Sum(path)
	if errors.Is(err, hostile.ErrBudget) {
		return fingerprintOfLong(path)
	}
	if err != nil {
		return "", fmt.Errorf("read project: %w", err)
	}
	fmt.Fprintf(hash, "file %v\x00%s", info.Mode()&0o100 != 0, sum[:])
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// fingerprintOfLong is that of a file that is not hashed. No program can set the time of
// the last change (inode(7), ctime).
func fingerprintOfLong(path string) (string, error) {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return "", fmt.Errorf("read project: %w", err)
	}
	return fmt.Sprintf("%s%d-%d-%d", long, stat.Size, stat.Ino, stat.Ctim.Nano()), nil
}
