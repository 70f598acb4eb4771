// Package binarycache reads closures from Nix binary caches, for machines that
// do not hold the store paths themselves: from the narinfo files of a cache that is a
// directory, and from Nix's answers about any other.
//
// A narinfo's signature covers the references, so a closure read this way is as good
// as one from the local store. A path without the signature of a trusted key is an
// error.
package binarycache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-community/go-nix/pkg/narinfo/signature"
	"github.com/nix-community/go-nix/pkg/nixhash"
	"github.com/nix-purity/purity/closure"
)

// DefaultKey is the public key of https://cache.nixos.org, which Nix trusts
// unless told otherwise.
const DefaultKey = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="

// NotFoundError says that a store path is not in a cache.
type NotFoundError struct{ Path, Cache string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("read binary cache: %s is not in %s", e.Path, e.Cache)
}

// Keys are public keys, one of which must have signed each path.
type Keys []signature.PublicKey

// ParseKeys reads public keys in the form "name:base64".
func ParseKeys(texts []string) (Keys, error) {
	var keys Keys
	for _, text := range texts {
		key, err := signature.ParsePublicKey(text)
		if err != nil {
			return nil, fmt.Errorf("read public key %q: %w", text, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Closure is the closure of roots among nodes. It is an error if a node has no
// signature by one of the keys.
func (k Keys) Closure(storeDir string, roots []closure.Path, nodes []closure.Signed) (closure.Closure, error) {
	var plain []closure.Node
	for _, n := range nodes {
		if err := k.check(n); err != nil {
			return closure.Closure{}, fmt.Errorf("read binary cache: %s: %w", n.Path, err)
		}
		plain = append(plain, n.Node)
	}
	return closure.New(storeDir, roots, plain)
}

func (k Keys) check(n closure.Signed) error {
	hash, err := nixhash.ParseAny(n.NarHash, nil)
	if err != nil {
		return fmt.Errorf("read its hash: %w", err)
	}
	var signatures []signature.Signature
	for _, text := range n.Signatures {
		if s, err := signature.ParseSignature(text); err == nil { // any other is none
			signatures = append(signatures, s)
		}
	}
	if !signature.VerifyFirst(fingerprint(n, hash), signatures, k) {
		return fmt.Errorf("it is not signed by a trusted key (%s)", k)
	}
	return nil
}

// String is the names of the keys.
func (k Keys) String() string {
	names := make([]string, len(k))
	for i, key := range k {
		names[i] = key.Name
	}
	return strings.Join(names, ", ")
}

// fingerprint is the text that a signature is of (src/libstore/path-info.cc,
// ValidPathInfo::fingerprint). go-nix makes it for /nix/store only.
func fingerprint(n closure.Signed, hash *nixhash.HashWithEncoding) string {
	references := make([]string, len(n.References))
	for i, r := range n.References {
		references[i] = string(r)
	}
	slices.Sort(references)
	return fmt.Sprintf("1;%s;%s;%d;%s", n.Path, hash.Format(nixhash.NixBase32, true), n.NarSize, strings.Join(references, ","))
}

// Dir is a binary cache that is a directory of this machine.
type Dir string

// Closure reads the narinfo of every path that roots reach.
func (d Dir) Closure(keys Keys, roots ...string) (closure.Closure, error) {
	storeDir, err := d.storeDir()
	if err != nil {
		return closure.Closure{}, err
	}
	var paths []closure.Path
	for _, root := range roots {
		path, err := closure.Parse(storeDir, root)
		if err != nil {
			return closure.Closure{}, fmt.Errorf("read binary cache %s: %w", d, err)
		}
		paths = append(paths, path)
	}
	var nodes []closure.Signed
	seen := map[closure.Path]bool{}
	for next := slices.Clone(paths); len(next) > 0; {
		path := next[0]
		next = next[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		node, err := d.node(path)
		if err != nil {
			return closure.Closure{}, err
		}
		nodes = append(nodes, node)
		next = append(next, node.References...)
	}
	return keys.Closure(storeDir, paths, nodes)
}

func (d Dir) storeDir() (string, error) {
	info, err := os.ReadFile(filepath.Join(string(d), "nix-cache-info"))
	if err != nil {
		return "", fmt.Errorf("read binary cache %s: %w", d, err)
	}
	for line := range strings.Lines(string(info)) {
		if dir, ok := strings.CutPrefix(line, "StoreDir:"); ok && filepath.IsAbs(strings.TrimSpace(dir)) {
			return strings.TrimSpace(dir), nil
		}
	}
	return "", fmt.Errorf("read binary cache %s: nix-cache-info names no store directory", d)
}

func (d Dir) node(path closure.Path) (closure.Signed, error) {
	data, err := os.ReadFile(filepath.Join(string(d), path.Hash()+".narinfo"))
	if errors.Is(err, fs.ErrNotExist) {
		return closure.Signed{}, &NotFoundError{Path: string(path), Cache: string(d)}
	}
	if err != nil {
		return closure.Signed{}, fmt.Errorf("read narinfo of %s: %w", path, err)
	}
	node, err := parse(data, path)
	if err != nil {
		return closure.Signed{}, fmt.Errorf("read narinfo of %s: %w", path, err)
	}
	return node, nil
}
