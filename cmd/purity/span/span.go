// Package span knows which directories stand for the files in them: those that a
// person would grant instead, because the next file of the same kind is there, too.
package span

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/secret"
	"github.com/nix-purity/purity/enforce"
)

const (
	// few files of a directory that has all of its kind stand for it.
	few = 2
	// many files of any other directory stand for it.
	many = 9
)

var (
	// headers are directories of one kind of files.
	headers = []string{"/usr/include", "/usr/local/include"}
	// parts are directories of which each entry belongs to one package or program.
	parts = []string{"/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/libexec", "/usr/local/lib", "/usr/local/libexec", "/opt"}
	// data are more of them, without programs.
	data = []string{"/usr/share", "/usr/local/share", "/var/lib", "/etc"}
	// personal are those of the home directory.
	personal = []string{".config", ".cache", ".local/share", ".local/lib", ".local/state"}
)

// Trees are the directories that stand for files of a run. The zero value has none.
type Trees struct {
	secrets secret.Finder
	each    []string
	files   bool
	count   map[string]int    // files by directory
	known   map[string]string // by a directory, the widest that stands for its files
}

// Files are the directories that stand for files which were read.
func Files(secrets secret.Finder, paths []string) Trees {
	t := Trees{secrets: secrets, each: slices.Concat(parts, data), files: true}
	if secrets.Home != "" {
		for _, dir := range personal {
			t.each = append(t.each, filepath.Join(secrets.Home, dir))
		}
	}
	return t.counted(paths)
}

// Programs are the directories that stand for programs which were executed. Directories
// of PATH are none of them.
func Programs(secrets secret.Finder, paths []string) Trees {
	return Trees{secrets: secrets, each: parts}.counted(paths)
}

func (t Trees) counted(paths []string) Trees {
	t.count, t.known = map[string]int{}, map[string]string{}
	paths = slices.Clone(paths)
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		dir := filepath.Dir(path)
		if tree := t.tree(path); tree != "" {
			t.count[tree]++
		} else {
			t.count[dir]++
		}
	}
	return t
}

// Of is the directory that stands for a file, the file itself if none does.
func (t Trees) Of(path string) string {
	tree, dir := t.tree(path), filepath.Dir(path)
	switch {
	case tree != "" && t.count[tree] >= few:
		return tree
	case tree == "" && t.files && t.count[dir] >= many && strings.Count(dir, "/") > 1 && t.secrets.In(dir) == "":
		return dir
	}
	return path
}

// tree is the widest directory with all of a kind of files that a file is in, and that
// has no secrets in it; empty if there is none.
func (t Trees) tree(path string) string {
	for _, dir := range headers {
		if t.files && enforce.Inside(path, dir) {
			return dir
		}
	}
	if len(t.each) == 0 {
		return ""
	}
	dir := filepath.Dir(path)
	tree, ok := t.known[dir]
	if !ok {
		tree = t.widest(dir)
		t.known[dir] = tree
	}
	return tree
}

func (t Trees) widest(dir string) string {
	for _, base := range t.each {
		rest, ok := strings.CutPrefix(dir, base+"/")
		if !ok {
			continue
		}
		tree := base
		for name := range strings.SplitSeq(rest, "/") {
			if tree += "/" + name; t.secrets.In(tree) == "" {
				return tree
			}
		}
	}
	return ""
}
