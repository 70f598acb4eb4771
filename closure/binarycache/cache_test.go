package binarycache

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nix-community/go-nix/pkg/narinfo/signature"
	"github.com/nix-purity/purity/closure"
)

const (
	store = "/custom/store"
	lib   = store + "/00000000000000000000000000000000-lib"
	tool  = store + "/11111111111111111111111111111111-tool"
	// The same SHA-256 in base 16 and in Nix's base 32; signatures are of the latter.
	hash16 = "sha256:" + "0000000000000000000000000000000000000000000000000000000000000000"
	hash32 = "sha256:" + "0000000000000000000000000000000000000000000000000000"
)

// narInfo writes a narinfo, signed by key unless that is nil.
func narInfo(t *testing.T, key *signature.SecretKey, path, hash string, size int, references string, more ...string) string {
	t.Helper()
	text := fmt.Sprintf("StorePath: %s\nURL: nar/x.nar\nCompression: none\nNarHash: %s\nNarSize: %d\n", path, hash, size)
	if references != "" {
		text += "References: " + references + "\n"
	}
	var full []string
	for _, r := range strings.Fields(references) {
		full = append(full, store+"/"+r)
	}
	for _, line := range more {
		text += line + "\n"
	}
	if key != nil {
		sig, err := key.Sign(rand.Reader, fmt.Sprintf("1;%s;%s;%d;%s", path, hash32, size, strings.Join(full, ",")))
		if err != nil {
			t.Fatal(err)
		}
		text += "Sig: " + sig.String() + "\n"
	}
	return text
}

func base(p string) string { return filepath.Base(p) }

func TestClosure(t *testing.T) {
	secret, public, err := signature.GenerateKeypair("test-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stranger, _, err := signature.GenerateKeypair("test-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	libInfo := narInfo(t, &secret, lib, hash16, 100, "", "Provenance: of a newer Nix", "Deriver: unknown-deriver")
	toolInfo := narInfo(t, &secret, tool, hash32, 20, base(lib)+" "+base(tool), "CA: fixed:r:sha256:x")
	good := map[string]string{"nix-cache-info": "StoreDir: " + store + "\nPriority: 1\n", base(lib)[:32] + ".narinfo": libInfo, base(tool)[:32] + ".narinfo": toolInfo}
	with := func(name, text string) map[string]string {
		files := map[string]string{name: text}
		for k, v := range good {
			if k != name {
				files[k] = v
			}
		}
		return files
	}
	libFile := base(lib)[:32] + ".narinfo"
	tests := []struct {
		name  string
		files map[string]string
		keys  []string
		root  string
		want  string // error; empty for success
	}{
		{"good", good, []string{public.String()}, tool, ""},
		{"no key", good, nil, tool, "not signed by a trusted key ()"},
		{"no such key", good, []string{"x"}, tool, "read public key"},
		{"another key", good, []string{DefaultKey}, tool, "not signed by a trusted key (cache.nixos.org-1)"},
		{"unsigned", with(libFile, narInfo(t, nil, lib, hash32, 100, "")), []string{public.String()}, tool, base(lib) + ": it is not signed"},
		{"signed by a stranger of the same name", with(libFile, narInfo(t, &stranger, lib, hash32, 100, "")), []string{public.String()}, tool, "not signed"},
		{"size changed", with(libFile, strings.Replace(libInfo, "100", "101", 1)), []string{public.String()}, tool, "not signed"},
		{"references changed", with(libFile, libInfo+"References: "+base(tool)+"\n"), []string{public.String()}, tool, "not signed"},
		{"of another path", with(libFile, toolInfo), []string{public.String()}, tool, "it is of"},
		{"not there", with(libFile, ""), []string{public.String()}, tool, lib + " is not in"},
		{"no hash", with(libFile, "StorePath: "+lib+"\n"), []string{public.String()}, tool, "narinfo"},
		{"no cache", with("nix-cache-info", ""), []string{public.String()}, tool, "read binary cache"},
		{"no store directory", with("nix-cache-info", "Priority: 1\n"), []string{public.String()}, tool, "names no store directory"},
		{"of another store", good, []string{public.String()}, "/nix/store/" + base(tool), "outside " + store},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		for name, text := range tt.files {
			if text != "" {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		t.Run(tt.name, func(t *testing.T) {
			keys, err := ParseKeys(tt.keys)
			var c closure.Closure
			if err == nil {
				c, err = Dir(dir).Closure(keys, tt.root)
			}
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("error %v, want %q", err, tt.want)
				}
				var absent *NotFoundError
				if tt.name == "not there" && !errors.As(err, &absent) {
					t.Error("the error is no NotFoundError")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want, err := closure.New(store, []closure.Path{tool}, []closure.Node{{Path: lib, NarSize: 100}, {Path: tool, NarSize: 20, References: []closure.Path{lib}}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, c); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// No text is a narinfo without the signature of a trusted key.
func FuzzParse(f *testing.F) {
	_, public, err := signature.GenerateKeypair("test-1", rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("StorePath: " + lib + "\nURL: nar/x.nar\nCompression: none\nNarHash: " + hash32 + "\nNarSize: 1\nReferences: " + base(tool) + "\nSig: test-1:AAAA\n"))
	f.Add([]byte("StorePath: " + lib + "\nURL: x\nCompression: none\nNarHash: " + hash16 + "\nNarSize: 1\nDeriver: ../x\nUnknown: x\n"))
	f.Add([]byte("StorePath"))
	f.Fuzz(func(t *testing.T, data []byte) {
		node, err := parse(data, closure.Path(lib))
		if err == nil && (Keys{public}).check(node) == nil {
			t.Errorf("%q is believed: %+v", data, node)
		}
	})
}
