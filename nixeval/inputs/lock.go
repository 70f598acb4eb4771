package inputs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
)

// lockFile is flake.lock (src/libflake/lockfile.cc), as far as it tells where
// inputs come from.
type lockFile struct {
	Nodes map[string]lockNode `json:"nodes"`
}

type lockNode struct {
	Locked *lockedRef `json:"locked"`
	Parent []string   `json:"parent"` // of a relative path (from Nix 2.26)
}

type lockedRef struct {
	Type    string `json:"type"`
	Path    string `json:"path"`
	URL     string `json:"url"`
	Rev     string `json:"rev"`
	NarHash string `json:"narHash"`
}

// lock adds the inputs that are on this machine and not in the key already.
// The text of the lock file is, as a file of the flake, so that inputs that are
// pinned need nothing more.
func (k *keyer) lock(dir string) error {
	k.source(filepath.Join(dir, "flake.lock"))
	data, err := hostile.ReadFile(filepath.Join(dir, "flake.lock"), maxLock)
	if errors.Is(err, fs.ErrNotExist) {
		return withoutLock(dir)
	}
	if err != nil {
		return fmt.Errorf("fingerprint flake: %w", err)
	}
	var lock lockFile
	if err := json.Unmarshal(data, &lock); err != nil {
		return uncacheable("%s/flake.lock: %v", dir, err)
	}
	for _, name := range slices.Sorted(maps.Keys(lock.Nodes)) {
		node := lock.Nodes[name]
		if node.Locked == nil { // the root
			continue
		}
		k.strings("input", name)
		if err := k.pass(k.input(name, node, dir)); err != nil {
			return err
		}
	}
	return nil
}

// noInputs matches the usual forms of outputs that take no input; compiled on
// use, for few flakes have none.
const noInputs = `outputs\s*=\s*(_|\{\s*self\s*(,\s*\.\.\.\s*)?\})\s*:`

// withoutLock is about a flake without flake.lock: its inputs, if it has any,
// can be something else tomorrow. Mostly Nix writes the file when it evaluates;
// where it does not, only a flake that clearly has no inputs is known.
func withoutLock(dir string) error {
	text, err := hostile.ReadFile(filepath.Join(dir, "flake.nix"), maxFlake)
	if err != nil || bytes.Contains(text, []byte("inputs")) || !regexp.MustCompile(noInputs).Match(text) {
		return uncacheable("%s has no flake.lock", dir)
	}
	return nil
}

// input adds one locked input.
func (k *keyer) input(name string, node lockNode, dir string) error {
	ref := node.Locked
	switch ref.Type {
	case "path":
		if filepath.IsAbs(ref.Path) {
			return k.local(ref.Path, true)
		}
		if len(node.Parent) > 0 {
			return uncacheable("input %s is a path relative to another input", name)
		}
		return k.local(filepath.Join(dir, ref.Path), true)
	case "git":
		if ref.Rev != "" {
			return nil
		}
		if u, err := url.Parse(ref.URL); err == nil && u.Scheme == "file" {
			return k.local(u.Path, false)
		}
	}
	if ref.Rev == "" && ref.NarHash == "" {
		return uncacheable("input %s is not locked", name)
	}
	return nil
}

// local adds a directory outside the flake, unless it is in the store.
func (k *keyer) local(path string, plain bool) error {
	if path == k.store || strings.HasPrefix(path, k.store+"/") {
		return nil
	}
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		k.strings("absent", path)
		return nil
	}
	if err != nil {
		return fmt.Errorf("fingerprint input: %w", err)
	}
	return k.tree(real, plain)
}

// reference adds the target of a flake reference of the command line, if that is
// a directory here.
func (k *keyer) reference(ref string) error {
	path, plain := ref, false
	switch {
	case strings.HasPrefix(ref, "path:"):
		path, plain = strings.TrimPrefix(ref, "path:"), true
	case strings.HasPrefix(ref, "git+file:"):
		path = strings.TrimPrefix(strings.TrimPrefix(ref, "git+file:"), "//")
	}
	if !filepath.IsAbs(path) || strings.ContainsAny(path, "?#%") {
		return uncacheable("input reference %s is not simply a directory", ref)
	}
	return k.local(path, plain)
}
