package inputs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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
		return nil, uncacheable("%v", err)
	}
	if !info.IsDir() { // a further work tree, or a submodule
		data, err := os.ReadFile(r.gitDir)
		if err != nil {
			return nil, uncacheable("%v", err)
		}
		path, ok := strings.CutPrefix(strings.TrimSpace(string(data)), "gitdir: ")
		if !ok {
			return nil, uncacheable("%s does not name a git directory", r.gitDir)
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(root, path)
		}
		r.gitDir = path
	}
	r.common = r.gitDir
	if data, err := os.ReadFile(filepath.Join(r.gitDir, "commondir")); err == nil {
		r.common = strings.TrimSpace(string(data))
		if !filepath.IsAbs(r.common) {
			r.common = filepath.Join(r.gitDir, r.common)
		}
	}
	return r, nil
}

// repository adds the files that git tracks, as they are in the work tree, and
// the state of git by which Nix tells a clean tree from a dirty one.
func (k *keyer) repository(r *repository) error {
	head, err := r.head()
	if err != nil {
		return err
	}
	k.saw(filepath.Join(r.gitDir, "HEAD"), filepath.Join(r.gitDir, "index"))
	k.strings("repository", r.root, head)
	entries, err := r.entries()
	if err != nil {
		return err
	}
	submodules := false
	for _, e := range entries {
		k.strings(e.path, e.oid, strconv.FormatUint(uint64(e.mode)<<32|uint64(e.flags), 16))
		if e.mode&0o170000 == 0o160000 {
			submodules = true
			continue
		}
		if err := k.content(r.root + "/" + e.path); err != nil {
			return err
		}
	}
	if submodules && r.readsSubmodules() {
		return uncacheable("%s has submodules, and its flake.nix speaks of them", r.root)
	}
	return nil
}

// readsSubmodules reports whether the flake could ask for the content of
// submodules (inputs.self.submodules). The word alone is enough.
func (r *repository) readsSubmodules() bool {
	data, err := os.ReadFile(filepath.Join(r.root, "flake.nix"))
	return err != nil || bytes.Contains(data, []byte("submodules"))
}

// head returns the name of the branch and the commit that is checked out,
// without the latter if there is none yet.
func (r *repository) head() (string, error) {
	data, err := os.ReadFile(filepath.Join(r.gitDir, "HEAD"))
	if err != nil {
		return "", uncacheable("%v", err)
	}
	head := strings.TrimSpace(string(data))
	ref, symbolic := strings.CutPrefix(head, "ref: ")
	if !symbolic {
		return head, nil
	}
	if ref == "refs/heads/.invalid" { // reftable keeps references in another form
		out, err := r.git("rev-parse", "HEAD", "--symbolic-full-name", "HEAD")
		return string(out), err
	}
	for _, dir := range []string{r.gitDir, r.common} {
		data, err := os.ReadFile(filepath.Join(dir, ref))
		if err == nil {
			commit := strings.TrimSpace(string(data))
			if strings.HasPrefix(commit, "ref: ") {
				return "", uncacheable("branch %s stands for another", ref)
			}
			return head + " " + commit, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", uncacheable("%v", err)
		}
	}
	packed, err := os.ReadFile(filepath.Join(r.common, "packed-refs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", uncacheable("%v", err)
	}
	before, _, found := bytes.Cut(packed, []byte(" "+ref+"\n"))
	if !found {
		return head, nil // no commit yet
	}
	return head + " " + string(before[bytes.LastIndexByte(before, '\n')+1:]), nil
}

// entries lists what git tracks, from its index, or by git itself where the
// index is in one of the rarer forms.
func (r *repository) entries() ([]indexEntry, error) {
	data, err := os.ReadFile(filepath.Join(r.gitDir, "index"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, uncacheable("%v", err)
	}
	entries, err := parseIndex(data, r.oidSize())
	if err == nil {
		return entries, nil
	}
	out, err := r.git("ls-files", "--stage", "-z")
	if err != nil {
		return nil, err
	}
	return parseListing(out)
}

// oidSize is how many bytes an object's name has: SHA-1, or in few
// repositories SHA-256.
func (r *repository) oidSize() int {
	config, err := os.ReadFile(filepath.Join(r.common, "config"))
	if err == nil && bytes.Contains(bytes.ToLower(config), []byte("objectformat")) && bytes.Contains(bytes.ToLower(config), []byte("sha256")) {
		return 32
	}
	return 20
}

func (r *repository) git(args ...string) ([]byte, error) {
	out, err := exec.Command("git", append([]string{"-C", r.root}, args...)...).Output()
	if err != nil {
		return nil, uncacheable("git %s: %v", args[0], err)
	}
	return out, nil
}

// parseListing reads `git ls-files --stage -z`: "MODE OID STAGE\tPATH\0".
func parseListing(out []byte) ([]indexEntry, error) {
	var entries []indexEntry
	for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		var e indexEntry
		var stage uint16
		fields, path, ok := strings.Cut(line, "\t")
		if _, err := fmt.Sscanf(fields, "%o %s %d", &e.mode, &e.oid, &stage); err != nil || !ok {
			return nil, uncacheable("git ls-files: unexpected line %q", line)
		}
		e.path, e.flags = path, uint32(stage)<<12
		entries = append(entries, e)
	}
	return entries, nil
}
