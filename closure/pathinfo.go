package closure

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// InvalidPathError says that a store path is not valid: Nix does not have it,
// or has it no more.
type InvalidPathError struct {
	Path string
	Root string // of the chroot store, empty for any other store
}

func (e *InvalidPathError) Error() string { return fmt.Sprintf("path %s is not valid", e.Path) }

// pathInfo is an entry of `nix path-info --json`. Which keys there are differs
// between versions; these are in all of them.
type pathInfo struct {
	Path       string          `json:"path"`
	Valid      *bool           `json:"valid"` // absent on good entries before Nix 2.15
	NarHash    json.RawMessage `json:"narHash"`
	NarSize    int64           `json:"narSize"`
	References []string        `json:"references"`
	Deriver    string          `json:"deriver"`
	Signatures json.RawMessage `json:"signatures"`
}

// Signed is a node with its signatures and the hash that they cover.
type Signed struct {
	Node
	NarHash    string   // of its archive, "sha256-…" (SRI) or "sha256:…"
	Signatures []string // "key name:base64"
}

// ParsePathInfo reads the output of `nix path-info --json` of any version of
// Nix, Lix and Determinate Nix: an array (before 2.19, and Lix), an object by
// path (from 2.19), or the formats 2 and 3 (from 2.33), in which paths are base
// names. A path that is not valid is an [*InvalidPathError].
func ParsePathInfo(data []byte, storeDir string) ([]Node, error) {
	signed, err := ParseSigned(data, storeDir)
	if err != nil {
		return nil, err
	}
	nodes := make([]Node, len(signed))
	for i, n := range signed {
		nodes[i] = n.Node
	}
	return nodes, nil
}

// ParseSigned is [ParsePathInfo] with signatures. Only the array and format 1 have
// them in the form that is read here; in others they are left empty.
func ParseSigned(data []byte, storeDir string) ([]Signed, error) {
	nodes, err := parsePathInfo(bytes.TrimSpace(data), storeDir)
	if err != nil {
		return nil, fmt.Errorf("parse path info: %w", err)
	}
	return nodes, nil
}

func parsePathInfo(data []byte, storeDir string) ([]Signed, error) {
	if bytes.HasPrefix(data, []byte("[")) {
		var list []*pathInfo
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, err
		}
		nodes := make([]Signed, 0, len(list))
		for _, info := range list {
			if info == nil {
				return nil, fmt.Errorf("an entry is null")
			}
			n, err := info.node(storeDir, Parse)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
		}
		return nodes, nil
	}
	var wrapped struct {
		Version  int                  `json:"version"`
		StoreDir string               `json:"storeDir"`
		Info     map[string]*pathInfo `json:"info"`
	}
	// An object by path has no key "info", for that is no path.
	if err := json.Unmarshal(data, &wrapped); err == nil && wrapped.Info != nil {
		if wrapped.StoreDir != "" && wrapped.StoreDir != storeDir {
			return nil, fmt.Errorf("the store is %s, not %s", wrapped.StoreDir, storeDir)
		}
		return nodesOf(wrapped.Info, storeDir, join)
	}
	var byPath map[string]*pathInfo
	if err := json.Unmarshal(data, &byPath); err != nil {
		return nil, err
	}
	return nodesOf(byPath, storeDir, Parse)
}

func nodesOf(infos map[string]*pathInfo, storeDir string, parse func(storeDir, s string) (Path, error)) ([]Signed, error) {
	nodes := make([]Signed, 0, len(infos))
	for path, info := range infos {
		if info == nil {
			return nil, &InvalidPathError{Path: path}
		}
		info.Path = path
		n, err := info.node(storeDir, parse)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

func (i *pathInfo) node(storeDir string, parse func(storeDir, s string) (Path, error)) (Signed, error) {
	if i.Valid != nil && !*i.Valid {
		return Signed{}, &InvalidPathError{Path: i.Path}
	}
	path, err := parse(storeDir, i.Path)
	if err != nil {
		return Signed{}, err
	}
	n := Signed{Node: Node{Path: path, NarSize: i.NarSize}}
	for _, r := range i.References {
		reference, err := parse(storeDir, r)
		if err != nil {
			return Signed{}, err
		}
		n.References = append(n.References, reference)
	}
	if i.Deriver != "" && i.Deriver != "unknown-deriver" {
		if n.Deriver, err = parse(storeDir, i.Deriver); err != nil {
			return Signed{}, err
		}
	}
	if json.Unmarshal(i.NarHash, &n.NarHash) != nil || json.Unmarshal(i.Signatures, &n.Signatures) != nil {
		n.NarHash, n.Signatures = "", nil // formats 2 and 3 have objects
	}
	return n, nil
}
