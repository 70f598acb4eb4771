package inputs

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
)

// Flake is a flake on this machine and all else that its evaluation depends on.
type Flake struct {
	// Dir is the absolute directory of flake.nix, without symbolic links.
	Dir string
	// Tree says that Nix is given the directory as it is ("path:"), not the files that
	// git tracks of it.
	Tree bool
	// StatCache is a file to remember the hashes of contents in; empty for
	// none. Whatever is wrong with it costs time only.
	StatCache string
	// Nix is the nix program.
	Nix string
	// Environ is the environment that nix is started with.
	Environ []string
	// Overrides are pairs of input and reference (--override-input); paths
	// are absolute.
	Overrides [][2]string
	// Extra strings enter the key as they are.
	Extra []string
}

// Key is a fingerprint: hexadecimal, usable as a file name.
type Key string

// UncacheableError says why no fingerprint can be complete.
type UncacheableError struct {
	Reason string
	err    error // where it comes from, nil if there is none
}

func (e *UncacheableError) Error() string { return "fingerprint flake: " + e.Reason }

func (e *UncacheableError) Unwrap() error { return e.err }

func uncacheable(format string, args ...any) error {
	return &UncacheableError{Reason: fmt.Sprintf(format, args...)}
}

// Key takes the fingerprint. Nix may write flake.lock while it evaluates, so
// the result of an evaluation belongs to a key only if the key is the same after it.
func (f Flake) Key() (Key, error) {
	key, err := f.key(&keyer{})
	return key, err
}

// Files are all files that the key depends on, there or not, in no order; of
// some it is only whether they are there.
func (f Flake) Files() ([]string, error) {
	k := &keyer{seen: map[string]bool{}}
	_, err := f.key(k)
	return slices.Collect(maps.Keys(k.seen)), err
}

// Sources are those of Files that the evaluation reads as its own: of the flake and of
// its inputs on this machine, not git's, Nix's and the user's configuration.
func (f Flake) Sources() ([]string, error) {
	k := &keyer{seen: map[string]bool{}}
	_, err := f.key(k)
	if unknowable := (*UncacheableError)(nil); errors.As(err, &unknowable) && errors.Is(err, hostile.ErrBudget) {
		// Who is asked whether they may be evaluated is asked about all of them.
		return nil, fmt.Errorf("list sources: %s: %w", unknowable.Reason, hostile.ErrBudget)
	}
	slices.Sort(k.sources)
	return k.sources, err
}

func (f Flake) key(k *keyer) (Key, error) {
	k.sum, k.files, k.store = sha256.New(), openStatCache(f.StatCache), storeDir(f.Environ)
	k.strings("purity inputs 1", f.Dir, fmt.Sprint(f.Tree))
	k.strings(f.Extra...)
	if !k.dry {
		if err := k.nix(f.Nix, f.Environ); err != nil {
			return "", err
		}
	}
	if err := Regular(filepath.Join(f.Dir, "flake.nix")); err != nil {
		return "", err
	}
	k.left, k.hashable = maxTree, maxHashedAll
	if err := k.pass(k.tree(f.Dir, f.Tree)); err != nil {
		return "", err
	}
	k.left, k.hashable = maxInputs, maxHashedInputs
	if err := k.pass(k.lock(f.Dir)); err != nil {
		return "", err
	}
	for _, o := range f.Overrides {
		k.strings(o[0], o[1])
		if err := k.pass(k.reference(o[1])); err != nil {
			return "", err
		}
	}
	k.files.save()
	if k.recent != "" {
		return "", uncacheable("%s changed just now, and is too long to be hashed", k.recent)
	}
	return Key(hex.EncodeToString(k.sum.Sum(nil))), nil
}

// keyer adds up a key.
type keyer struct {
	sum   hash.Hash
	files *statCache
	store string          // the store directory: its content never changes
	trees map[string]bool // directories that are in the key
	seen  map[string]bool // files that are in the key, nil if nobody asks
	// sources are those of seen that the evaluation reads.
	sources []string
	buf     []byte

	dry      bool   // no contents are hashed, and unknown parts are passed over
	depth    int    // of submodules in submodules
	left     int    // how many files of directories may still be looked at
	hashable uint64 // bytes that may still be hashed, or remembered
	recent   string // a file that is not hashed and changed too recently to be known by its times
	all      uint64 // bytes that Nix would read
	hollow   uint64 // those of files that are holes
}

// saw remembers a file that the key depends on.
func (k *keyer) saw(paths ...string) {
	for _, path := range paths {
		if k.seen != nil {
			k.seen[path] = true
		}
	}
}

// source remembers a file that the evaluation reads.
func (k *keyer) source(path string) {
	if k.seen != nil && !k.seen[path] {
		k.sources = append(k.sources, path)
	}
	k.saw(path)
}

// strings adds strings so that none can run into the next.
func (k *keyer) strings(parts ...string) {
	k.buf = binary.AppendUvarint(k.buf[:0], uint64(len(parts)))
	for _, p := range parts {
		k.buf = binary.AppendUvarint(k.buf, uint64(len(p)))
		k.buf = append(k.buf, p...)
	}
	k.sum.Write(k.buf)
}

// tree adds the directory of a flake as Nix copies it: the files of the whole
// repository that git tracks, or without a repository the whole directory.
func (k *keyer) tree(dir string, plain bool) error {
	if k.trees[dir] {
		return nil
	}
	if k.trees == nil {
		k.trees = map[string]bool{}
	}
	k.trees[dir] = true
	if !plain {
		repo, err := findRepository(dir)
		if err != nil {
			return err
		}
		if repo != nil {
			return k.repository(repo)
		}
	}
	return k.directory(dir)
}

// NoFlakeError says that there is no flake.nix in a directory or above it.
type NoFlakeError struct{ Dir string }

func (e *NoFlakeError) Error() string {
	return fmt.Sprintf("find flake: no flake.nix in %s or above it", e.Dir)
}

// FindFlake returns the directory of the flake that Nix finds from start on
// upward, without symbolic links, and the root of the git repository it is in,
// if any. As Nix does, it looks no further than the root of a repository
// (src/libflake/flakeref.cc, parsePathFlakeRefWithFragment).
func FindFlake(start string) (dir, gitRoot string, err error) {
	real, err := filepath.EvalSymlinks(start)
	if err != nil {
		return "", "", fmt.Errorf("find flake: %w", err)
	}
	for at := real; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, "flake.nix")); err == nil {
			return at, gitRootOf(at), nil
		}
		if isRepository(at) || at == filepath.Dir(at) {
			return "", "", &NoFlakeError{Dir: start}
		}
	}
}

func gitRootOf(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if isRepository(at) {
			return at
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

func isRepository(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

// nix adds the program and everything outside the flake that configures it.
func (k *keyer) nix(program string, environ []string) error {
	real, err := filepath.EvalSymlinks(program)
	if err != nil {
		return fmt.Errorf("fingerprint nix: %w", err)
	}
	id, _, _, err := identify(real)
	if err != nil {
		return fmt.Errorf("fingerprint nix: %w", err)
	}
	k.strings(real, fmt.Sprint(id))
	k.saw(program)
	for _, v := range slices.Sorted(slices.Values(environ)) { // each shell has an order of its own
		name, _, _ := strings.Cut(v, "=")
		if relevant(name) {
			k.strings(v)
		}
	}
	k.strings("configuration")
	return k.configuration(environ)
}

// relevant reports whether Nix heeds a variable: its own, those that say where
// its configuration is, and those of git and ssh that choose the sources to fetch.
// Inside a dev shell there are NIX_ variables that its stdenv made; they cost a
// miss, no more.
func relevant(name string) bool {
	switch name {
	case "NIX_GCROOT", "NIX_LOG_FD", "NIX_BUILD_TOP", "NIX_BUILD_CORES":
		return false // say where a shell or build is, not how to evaluate
	case "HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_STATE_HOME", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CEILING_DIRECTORIES":
		return true
	}
	return strings.HasPrefix(name, "NIX_")
}
