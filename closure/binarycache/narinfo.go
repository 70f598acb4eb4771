package binarycache

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/nix-community/go-nix/pkg/narinfo"
	"github.com/nix-community/go-nix/pkg/nixhash"
	"github.com/nix-purity/purity/closure"
)

// known are the keys of a narinfo that go-nix reads; it refuses a file with
// any other, while Nix passes over unknown fields.
var known = []string{
	"StorePath", "URL", "Compression", "FileHash", "FileSize", "NarHash", "NarSize",
	"References", "Deriver", "System", "Sig", "CA",
}

// parse reads the narinfo of path.
func parse(data []byte, path closure.Path) (closure.Signed, error) {
	info, err := narinfo.Parse(bytes.NewReader(onlyKnown(data)))
	if err != nil {
		return closure.Signed{}, err
	}
	if info.StorePath != string(path) {
		return closure.Signed{}, fmt.Errorf("it is of %q", info.StorePath)
	}
	if info.NarHash == nil {
		return closure.Signed{}, errors.New("it has no NarHash")
	}
	node := closure.Signed{Node: closure.Node{Path: path, NarSize: int64(info.NarSize)}, NarHash: info.NarHash.Format(nixhash.NixBase32, true)}
	for _, s := range info.Signatures {
		node.Signatures = append(node.Signatures, s.String())
	}
	for _, base := range info.References {
		reference, err := closure.Parse(path.Dir(), path.Dir()+"/"+base)
		if err != nil {
			return closure.Signed{}, err
		}
		node.References = append(node.References, reference)
	}
	if info.Deriver != "" && info.Deriver != "unknown-deriver" {
		if node.Deriver, err = closure.Parse(path.Dir(), path.Dir()+"/"+info.Deriver); err != nil {
			return closure.Signed{}, err
		}
	}
	return node, nil
}

// onlyKnown drops the lines that go-nix would stumble over.
func onlyKnown(data []byte) []byte {
	var out []byte
	for line := range bytes.Lines(data) {
		key, _, _ := bytes.Cut(line, []byte(":"))
		if slices.Contains(known, string(key)) {
			out = append(out, line...)
		}
	}
	return out
}
