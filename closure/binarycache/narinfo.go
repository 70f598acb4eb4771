package binarycache

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nix-community/go-nix/pkg/narinfo"
	"github.com/nix-community/go-nix/pkg/narinfo/signature"
	"github.com/nix-community/go-nix/pkg/nixhash"
	"github.com/nix-purity/purity/closure"
)

// known are the keys of a narinfo that go-nix reads; it refuses a file with
// any other, while Nix passes over what it does not know.
var known = []string{
	"StorePath", "URL", "Compression", "FileHash", "FileSize", "NarHash", "NarSize",
	"References", "Deriver", "System", "Sig", "CA",
}

// parse reads the narinfo of path and checks its signature.
func parse(data []byte, path closure.Path, keys []signature.PublicKey) (closure.Node, error) {
	info, err := narinfo.Parse(bytes.NewReader(onlyKnown(data)))
	if err != nil {
		return closure.Node{}, err
	}
	if info.StorePath != string(path) {
		return closure.Node{}, fmt.Errorf("it is of %q", info.StorePath)
	}
	if info.NarHash == nil {
		return closure.Node{}, errors.New("it has no NarHash")
	}
	node := closure.Node{Path: path, NarSize: int64(info.NarSize)}
	for _, base := range info.References {
		reference, err := closure.Parse(path.Dir(), path.Dir()+"/"+base)
		if err != nil {
			return closure.Node{}, err
		}
		node.References = append(node.References, reference)
	}
	if info.Deriver != "" && info.Deriver != "unknown-deriver" {
		if node.Deriver, err = closure.Parse(path.Dir(), path.Dir()+"/"+info.Deriver); err != nil {
			return closure.Node{}, err
		}
	}
	if !signature.VerifyFirst(fingerprint(info, node), info.Signatures, keys) {
		return closure.Node{}, fmt.Errorf("it is not signed by a trusted key (%s)", names(keys))
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

// fingerprint is the text that a signature is of (src/libstore/path-info.cc,
// ValidPathInfo::fingerprint). go-nix makes it for /nix/store only.
func fingerprint(info *narinfo.NarInfo, node closure.Node) string {
	references := make([]string, len(node.References))
	for i, r := range node.References {
		references[i] = string(r)
	}
	slices.Sort(references)
	return fmt.Sprintf("1;%s;%s;%d;%s", node.Path, info.NarHash.Format(nixhash.NixBase32, true), info.NarSize, strings.Join(references, ","))
}

func names(keys []signature.PublicKey) string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = k.Name
	}
	return strings.Join(list, ", ")
}
