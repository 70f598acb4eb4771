package inputs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
)

// A repository is read without git: git runs programs that the repository's own
// configuration names, and a confined command can write that.

// How many bytes files of a repository may have.
const (
	maxLine   = 64 << 10 // of those that hold one line: HEAD, references, .git
	maxConfig = 1 << 20
	maxPacked = 32 << 20 // some 400,000 references
	maxIndex  = 32 << 20 // both parts of a split one
	maxFlake  = 16 << 20 // flake.nix
	maxLock   = 2 << 20  // flake.lock, some 4000 inputs
)

// repository is a git work tree.
type repository struct {
	root   string // of the work tree
	gitDir string // HEAD and index
	common string // references and configuration, shared by all work trees
}

// findRepository returns the repository that dir is in, nil if there is none.
func findRepository(dir string) (*repository, error) {
	root := gitRootOf(dir)
	if root == "" {
		return nil, nil
	}
	r := &repository{root: root, gitDir: filepath.Join(root, ".git")}
	info, err := os.Stat(r.gitDir)
	if err != nil {
		return nil, unreadable(err)
	}
	if !info.IsDir() { // a further work tree, or a submodule
		line, err := oneLine(r.gitDir)
		if err != nil {
			return nil, err
		}
		path, ok := strings.CutPrefix(line, "gitdir: ")
		if !ok {
			return nil, uncacheable("%s does not name a git directory", r.gitDir)
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(root, path)
		}
		r.gitDir = path
	}
	r.common = r.gitDir
	common, err := oneLine(filepath.Join(r.gitDir, "commondir"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case filepath.IsAbs(common):
		r.common = common
	default:
		r.common = filepath.Join(r.gitDir, common)
	}
	return r, nil
}

// oneLine reads a short file, without blanks around its content.
func oneLine(file string) (string, error) {
	data, err := hostile.ReadFile(file, maxLine)
	if err != nil {
		return "", unreadable(err)
	}
	return strings.TrimSpace(string(data)), nil
}

// unreadable is the error for a file of a repository. That there is none stays
// [fs.ErrNotExist]. A special or too long file is for no program to read: git and
// Nix would wait for it, too.
func unreadable(err error) error {
	if errors.Is(err, hostile.ErrNotRegular) || errors.Is(err, hostile.ErrTooLong) {
		return fmt.Errorf("read repository: %w", err)
	}
	return &UncacheableError{Reason: err.Error(), err: err}
}

// repository adds the files that git tracks, as they are in the work tree, and
// the state of git by which Nix tells a clean tree from a dirty one.
func (k *keyer) repository(r *repository) error {
	if err := k.pass(k.head(r)); err != nil {
		return err
	}
	entries, err := r.entries()
	if err := k.pass(err); err != nil {
		return err
	}
	if err := r.plain(entries); err != nil {
		return err
	}
	if k.dry {
		walk := gitWalk{left: maxGitFiles, seen: map[[2]uint64]int{}}
		if err := walk.history(r); err != nil {
			return err
		}
	}
	if k.left -= len(entries); k.left < 0 {
		return k.tooMany(r.root)
	}
	k.saw(filepath.Join(r.gitDir, "HEAD"), filepath.Join(r.gitDir, "index"))
	submodules := false
	for _, e := range entries {
		k.strings(e.path, e.oid, strconv.FormatUint(uint64(e.mode)<<32|uint64(e.flags), 16))
		if e.mode&modeType == modeSubmodule {
			submodules = true
			if err := k.submodule(r, e.path); err != nil {
				return err
			}
			continue
		}
		if err := k.pass(k.content(r.root + "/" + strings.TrimSuffix(e.path, "/"))); err != nil {
			return err
		}
	}
	if submodules && r.readsSubmodules() {
		return uncacheable("%s has submodules, and its flake.nix speaks of them", r.root)
	}
	return nil
}

// maxSubmodules is how deep submodules are looked for in submodules.
const maxSubmodules = 10

// submodule looks at a submodule before git does: git opens its HEAD and its index to
// tell whether it changed, and Nix reads its content where a flake asks for that.
func (k *keyer) submodule(r *repository, path string) error {
	dir := filepath.Join(r.root, path)
	if !k.dry || k.depth >= maxSubmodules || !isRepository(dir) || k.trees[dir] {
		return nil
	}
	k.trees[dir] = true
	k.depth++
	defer func() { k.depth-- }()
	sub, err := findRepository(dir)
	if err == nil {
		err = k.repository(sub)
	}
	return k.pass(err)
}

// readsSubmodules reports whether the flake could ask for the content of
// submodules (inputs.self.submodules). The word alone is enough.
func (r *repository) readsSubmodules() bool {
	data, err := hostile.ReadFile(filepath.Join(r.root, "flake.nix"), maxFlake)
	return err != nil || bytes.Contains(data, []byte("submodules"))
}

// reftableHead is the content of HEAD where references are kept in the files of reftable
// (gitrepository-layout(5)).
const reftableHead = "ref: refs/heads/.invalid"

// head adds the name of the branch and the commit that is checked out, or all
// references where they are kept in a form that is not read here.
func (k *keyer) head(r *repository) error {
	head, err := oneLine(filepath.Join(r.gitDir, "HEAD"))
	if err != nil {
		return err
	}
	if head == reftableHead {
		k.strings("references", r.root)
		for _, dir := range []string{r.gitDir, r.common} {
			if err := k.reftable(filepath.Join(dir, "reftable")); err != nil {
				return err
			}
		}
		return nil
	}
	ref, symbolic := strings.CutPrefix(head, "ref: ")
	if !symbolic {
		k.strings("repository", r.root, head)
		return nil
	}
	commit, err := r.commit(ref)
	k.strings("repository", r.root, head, commit)
	return err
}

// reftable adds the files that hold references, whose list is tables.list.
func (k *keyer) reftable(dir string) error {
	list, err := hostile.ReadFile(filepath.Join(dir, "tables.list"), maxLine)
	if errors.Is(err, fs.ErrNotExist) { // of a work tree that has none of its own
		return nil
	}
	if err != nil {
		return unreadable(err)
	}
	k.saw(filepath.Join(dir, "tables.list"))
	k.strings(string(list))
	for name := range strings.FieldsSeq(string(list)) {
		if strings.Contains(name, "/") {
			return uncacheable("%s names %s", filepath.Join(dir, "tables.list"), name)
		}
		if err := k.state(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// commit is the one that a reference is for, empty if there is none yet.
func (r *repository) commit(ref string) (string, error) {
	if !filepath.IsLocal(ref) || !strings.HasPrefix(ref, "refs/") {
		return "", uncacheable("%s is no reference", ref)
	}
	for _, dir := range []string{r.gitDir, r.common} {
		commit, err := oneLine(filepath.Join(dir, ref))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", err
		case strings.HasPrefix(commit, "ref: "):
			return "", uncacheable("branch %s stands for another", ref)
		default:
			return commit, nil
		}
	}
	packed, err := hostile.ReadFile(filepath.Join(r.common, "packed-refs"), maxPacked)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", unreadable(err)
	}
	before, _, found := bytes.Cut(packed, []byte(" "+ref+"\n"))
	if !found {
		return "", nil
	}
	return string(before[bytes.LastIndexByte(before, '\n')+1:]), nil
}

// entries lists the files that git tracks, from its index.
func (r *repository) entries() ([]indexEntry, error) {
	data, err := hostile.ReadText(filepath.Join(r.gitDir, "index"), maxIndex)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, hostile.ErrTooLong):
		return nil, &UncacheableError{Reason: err.Error(), err: err}
	case err != nil:
		return nil, unreadable(err)
	}
	entries, err := parseIndex(data, r.oidSize(), func(oid string) (string, error) {
		return hostile.ReadText(filepath.Join(r.gitDir, "sharedindex."+oid), maxIndex-int64(len(data)))
	})
	if unknowable := (*UncacheableError)(nil); errors.As(err, &unknowable) {
		return nil, err
	}
	if err != nil { // tracked files could be anything, and of any size
		return nil, fmt.Errorf("read repository: %s/index: %w", r.gitDir, err)
	}
	return entries, nil
}

// oidSize is how many bytes an object's name has: SHA-1, or in few
// repositories SHA-256.
func (r *repository) oidSize() int {
	config, err := hostile.ReadFile(filepath.Join(r.common, "config"), maxConfig)
	if err == nil && bytes.Contains(bytes.ToLower(config), []byte("objectformat")) && bytes.Contains(bytes.ToLower(config), []byte("sha256")) {
		return 32
	}
	return 20
}
