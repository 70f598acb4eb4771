package nixeval

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"
	"github.com/nix-purity/purity/closure"
)

// The cache below Nix.Cache:
//
//	projects/NAME-HASH/path        the directory of the project
//	projects/NAME-HASH/home        its private HOME (not ours)
//	projects/NAME-HASH/stat        the memory of inputs about its files
//	projects/NAME-HASH/env/KEY/    an entry: entry, closure.json, *.bash, root (a GC root)
//	projects/NAME-HASH/env/KEY.lock
//
// An entry counts once its file "entry" is there, which is written last and
// at once. A key is a fingerprint of everything that Nix would read, so an
// entry is never wrong, only absent.
const (
	entryFile   = "entry"
	closureFile = "closure.json"
	rootLink    = "root"
)

// magic begins an entry and changes with its format or with the way in which
// an environment is derived from Nix's answer.
const magic = "purity environment 3"

// header is the part of an entry that is neither long nor read often.
type header struct {
	Source     string
	StoreDir   string
	Roots      []closure.Path
	Bash       string            `json:",omitempty"`
	Hooked     bool              `json:",omitempty"`
	Scripts    bool              `json:",omitempty"`
	Outputs    map[string]string `json:",omitempty"`
	Attrs      *structuredAttrs  `json:",omitempty"`
	Rewrite    bool              `json:",omitempty"`
	Told       bool              `json:",omitempty"`
	Undeclared []closure.Path    `json:",omitempty"`
}

// ProjectDir is the directory of the cache that belongs to a project. It is
// named so that a person can tell whose it is, and no tool stumbles over it.
func (n Nix) ProjectDir(project string) string {
	sum := sha256.Sum256([]byte(project))
	name := strings.Map(func(c rune) rune {
		if strings.ContainsRune("._-", c) || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' {
			return c
		}
		return '_'
	}, filepath.Base(project))
	return filepath.Join(n.Cache, "projects", name[:min(len(name), 40)]+"-"+hex.EncodeToString(sum[:8]))
}

func (n Nix) entryDir(project, key string) string {
	return filepath.Join(n.ProjectDir(project), "env", key)
}

// makeEntryDir creates the directory of an entry, private to the user.
func (n Nix) makeEntryDir(project, key string) (string, error) {
	dir := n.entryDir(project, key)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("create cache entry: %w", err)
	}
	mark := filepath.Join(n.ProjectDir(project), "path")
	if _, err := os.Lstat(mark); errors.Is(err, fs.ErrNotExist) {
		if err := renameio.WriteFile(mark, []byte(project), 0o600); err != nil {
			return "", fmt.Errorf("create cache entry: %w", err)
		}
	}
	return dir, nil
}

// save writes e as the entry of its directory.
func (e Environment) save() error {
	head, err := json.Marshal(header{
		Source: e.Source, StoreDir: e.StoreDir, Roots: e.Roots, Bash: e.Bash, Hooked: e.Hooked,
		Scripts: e.ScriptDir != "", Outputs: e.outputs, Attrs: e.attrs, Rewrite: e.rewritten,
		Told: e.told, Undeclared: e.undeclared,
	})
	if err != nil {
		return fmt.Errorf("write cache entry: %w", err)
	}
	var body bytes.Buffer
	body.Write(head)
	body.WriteByte(0)
	for _, v := range e.variables {
		body.WriteString(v)
		body.WriteByte(0)
	}
	body.WriteByte(0)
	if err := closure.WriteStorePaths(&body, e.Paths); err != nil {
		return fmt.Errorf("write cache entry: %w", err)
	}
	sum := sha256.Sum256(body.Bytes())
	data := append([]byte(magic+" "+hex.EncodeToString(sum[:])+"\n"), body.Bytes()...)
	if err := renameio.WriteFile(filepath.Join(e.dir, entryFile), data, 0o600); err != nil {
		return fmt.Errorf("write cache entry: %w", err)
	}
	return nil
}

// load reads the entry in dir. Whatever is wrong with it, it is a miss: a
// damaged, foreign or outdated entry is made again, never believed.
func load(dir string) (Environment, bool) {
	if !Private(dir) {
		return Environment{}, false
	}
	data, err := os.ReadFile(filepath.Join(dir, entryFile))
	if err != nil {
		return Environment{}, false
	}
	e, ok := parseEntry(dir, data)
	return e, ok && e.rooted()
}

// parseEntry reads the output of save.
func parseEntry(dir string, data []byte) (Environment, bool) {
	line, body, _ := bytes.Cut(data, []byte("\n"))
	sum := sha256.Sum256(body)
	if string(line) != magic+" "+hex.EncodeToString(sum[:]) {
		return Environment{}, false
	}
	head, body, _ := bytes.Cut(body, []byte{0})
	variables, paths, _ := strings.Cut(string(body), "\x00\x00")
	var h header
	if json.Unmarshal(head, &h) != nil {
		return Environment{}, false
	}
	e := Environment{
		Source: h.Source, StoreDir: h.StoreDir, Roots: h.Roots, Bash: h.Bash, Hooked: h.Hooked,
		dir: dir, variables: strings.Split(variables, "\x00"), outputs: h.Outputs, attrs: h.Attrs, rewritten: h.Rewrite,
		told: h.Told, undeclared: h.Undeclared,
	}
	if h.Scripts {
		e.ScriptDir = filepath.Join(dir, scriptDir)
	}
	var err error
	e.Paths, err = closure.ParseStorePaths(strings.NewReader(paths), h.StoreDir)
	return e, err == nil && len(e.Paths) > 0
}

// rooted reports whether the garbage collector still sees the entry's roots.
// Whether the paths themselves exist is found out when they are opened.
func (e Environment) rooted() bool {
	root, err := readRoot(e.dir)
	return err == nil && len(e.Roots) > 0 && root == string(e.Roots[0])
}

// readRoot returns the store path that the root of an entry stands for: a link
// to it, or a profile, which is a link to such a link. It is the path by Nix's
// name for it, which need not be free of links itself.
func readRoot(dir string) (string, error) {
	target, err := os.Readlink(filepath.Join(dir, rootLink))
	if err == nil && !filepath.IsAbs(target) {
		target, err = os.Readlink(filepath.Join(dir, target))
	}
	return target, err
}

// Private reports whether dir is a directory that nobody but the user (or
// root) can have written to.
func Private(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

// Drop removes the cache of e, for an entry whose store paths turn out
// to be gone.
func (e Environment) Drop() error {
	if e.dir == "" {
		return nil
	}
	return os.Remove(filepath.Join(e.dir, entryFile))
}
