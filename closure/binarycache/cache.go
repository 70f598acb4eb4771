// Package binarycache reads closures from Nix binary caches, for machines that
// do not hold the store paths themselves.
//
// References are part of what a narinfo's signature covers, so a closure read
// this way is as good as one from the local store; what is not signed by a
// trusted key is an error.
package binarycache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nix-community/go-nix/pkg/narinfo/signature"
	"github.com/nix-purity/purity/closure"
)

// DefaultKey is the public key of https://cache.nixos.org, which Nix trusts
// unless told otherwise.
const DefaultKey = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="

const (
	parallel = 16               // requests under way at once
	timeout  = 30 * time.Second // of one request
	maxSize  = 8 << 20          // of one answer, in bytes
)

// Cache is a binary cache.
type Cache struct {
	// URL begins with file://, http:// or https://.
	URL string
	// Keys are the public keys, "name:base64", one of which must have signed
	// every narinfo.
	Keys []string
}

// NotFoundError says that a store path is not in a cache.
type NotFoundError struct{ Path, URL string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("read binary cache: %s is not in %s", e.Path, e.URL)
}

// Closure returns the closure of store paths, reading a narinfo for each path
// of it.
func (c Cache) Closure(ctx context.Context, roots ...string) (closure.Closure, error) {
	w, err := c.walker(ctx)
	if err != nil {
		return closure.Closure{}, err
	}
	var paths []closure.Path
	for _, root := range roots {
		path, err := closure.Parse(w.storeDir, root)
		if err != nil {
			return closure.Closure{}, fmt.Errorf("read binary cache %s: %w", c.URL, err)
		}
		paths = append(paths, path)
	}
	nodes, err := w.walk(ctx, paths)
	if err != nil {
		return closure.Closure{}, err
	}
	return closure.New(w.storeDir, paths, nodes)
}

// walker is a cache whose keys and store directory are known.
type walker struct {
	url      *url.URL
	keys     []signature.PublicKey
	storeDir string
}

func (c Cache) walker(ctx context.Context) (*walker, error) {
	u, err := url.Parse(strings.TrimSuffix(c.URL, "/"))
	if err != nil {
		return nil, fmt.Errorf("read binary cache: %w", err)
	}
	w := &walker{url: u}
	if len(c.Keys) == 0 {
		return nil, fmt.Errorf("read binary cache %s: no key is trusted", c.URL)
	}
	for _, text := range c.Keys {
		key, err := signature.ParsePublicKey(text)
		if err != nil {
			return nil, fmt.Errorf("read public key %q: %w", text, err)
		}
		w.keys = append(w.keys, key)
	}
	info, err := w.get(ctx, "nix-cache-info")
	if err != nil {
		return nil, fmt.Errorf("read binary cache %s: %w", c.URL, err)
	}
	for line := range strings.Lines(string(info)) {
		if dir, ok := strings.CutPrefix(line, "StoreDir:"); ok {
			w.storeDir = strings.TrimSpace(dir)
		}
	}
	if !filepath.IsAbs(w.storeDir) {
		return nil, fmt.Errorf("read binary cache %s: nix-cache-info names no store directory", c.URL)
	}
	return w, nil
}

// walk reads the narinfo of every path that paths reach, wave by wave.
func (w *walker) walk(ctx context.Context, paths []closure.Path) ([]closure.Node, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var nodes []closure.Node
	seen := map[closure.Path]bool{}
	for wave := paths; len(wave) > 0; {
		found := make([]closure.Node, len(wave))
		faults := make([]error, len(wave))
		var group sync.WaitGroup
		slots := make(chan struct{}, parallel)
		for i, path := range wave {
			seen[path] = true
			group.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				if found[i], faults[i] = w.node(ctx, path); faults[i] != nil {
					cancel() // the others are not needed any more
				}
			})
		}
		group.Wait()
		if err := firstFault(faults); err != nil {
			return nil, err
		}
		nodes = append(nodes, found...)
		wave = nil
		for _, n := range found {
			for _, r := range n.References {
				if !seen[r] {
					seen[r] = true
					wave = append(wave, r)
				}
			}
		}
	}
	return nodes, nil
}

// firstFault is the error that the others, being cancelled, came from.
func firstFault(faults []error) error {
	var cancelled error
	for _, err := range faults {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		if err != nil {
			cancelled = err
		}
	}
	return cancelled
}

func (w *walker) node(ctx context.Context, path closure.Path) (closure.Node, error) {
	data, err := w.get(ctx, path.Hash()+".narinfo")
	if errors.Is(err, fs.ErrNotExist) {
		return closure.Node{}, &NotFoundError{Path: string(path), URL: w.url.String()}
	}
	if err != nil {
		return closure.Node{}, fmt.Errorf("read narinfo of %s: %w", path, err)
	}
	node, err := parse(data, path, w.keys)
	if err != nil {
		return closure.Node{}, fmt.Errorf("read narinfo of %s: %w", path, err)
	}
	return node, nil
}

// get reads a file of the cache. That there is none is fs.ErrNotExist; caches
// on S3 answer 403 for that.
func (w *walker) get(ctx context.Context, name string) ([]byte, error) {
	switch w.url.Scheme {
	case "file":
		return os.ReadFile(filepath.Join(w.url.Path, name))
	case "http", "https":
	default:
		return nil, fmt.Errorf("%q is not a file:, http: or https: URL", w.url)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url.JoinPath(name).String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusForbidden:
		return nil, fs.ErrNotExist
	default:
		return nil, fmt.Errorf("%s", response.Status)
	}
	var body bytes.Buffer
	if _, err := io.Copy(&body, io.LimitReader(response.Body, maxSize+1)); err != nil {
		return nil, err
	}
	if body.Len() > maxSize {
		return nil, fmt.Errorf("longer than %d bytes", maxSize)
	}
	return body.Bytes(), nil
}
