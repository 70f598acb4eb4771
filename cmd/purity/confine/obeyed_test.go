package confine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gitObeys returns what git obeys in a project without grants.
func gitObeys(dir string) []string {
	var p viewing
	p.Project.Dir = dir
	r := p.repositories(dir)
	r.inProject()
	return r.names
}

// Of git directories of submodules the files that git obeys count, and a directory that cannot be
// looked through counts as a whole.
func TestGitObeys(t *testing.T) {
	dir := t.TempDir()
	modules := filepath.Join(dir, ".git/modules")
	if err := os.MkdirAll(filepath.Join(modules, "a/b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(modules, "a/b/HEAD"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	names := gitObeys(dir)
	if !slices.Contains(names, ".git/modules/a/b/config") || slices.Contains(names, ".git/modules") {
		t.Errorf("%q", names)
	}
	for i := range 20_001 {
		if err := os.WriteFile(filepath.Join(modules, fmt.Sprint(i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if names := gitObeys(dir); !slices.Contains(names, ".git/modules") {
		t.Errorf("%q", names)
	}
}

// The files that lead to git directories are found by those alone: a command can write
// .gitmodules. A submodule of old has its own git directory.
func TestGitObeysElsewhere(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		".git/modules/a/HEAD": "", ".git/modules/a/config": "[core]\n\tworktree = \"../../../sub #1\"\n", "sub #1/.git": "gitdir: ../.git/modules/a\n",
		".git/modules/a/modules/in/HEAD": "", ".git/modules/a/modules/in/config.worktree": "[core]\n\tworktree = \"../../../../../sub #1/in\"\n", "sub #1/in/.git": "gitdir: x\n",
		".git/modules/b/HEAD": "", ".git/modules/b/config": "[core]\n\tworktree = ../../../../outside\n", "../outside/.git": "gitdir: x\n",
		".git/worktrees/w/HEAD": "", ".git/worktrees/w/gitdir": dir + "/trees/w/.git\n", "trees/w/.git": "gitdir: x\n",
		".git/worktrees/w/modules/of/config": "[core]\n\tworktree = ../../../../../trees/w/of\n", "trees/w/of/.git": "gitdir: x\n",
		".gitmodules": "[submodule \"old\"]\n\tpath = old\n[submodule \"file\"]\n\tpath = file\n", "old/.git/config": "", "file/.git": "gitdir: x\n",
		"unrelated/.git": "gitdir: x\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.RemoveAll(filepath.Join(dir, "../outside")) })
	names := gitObeys(dir)
	for _, name := range []string{"sub #1/.git", "sub #1/in/.git", "trees/w/.git", "trees/w/of/.git", ".git/worktrees/w/modules/of/config", ".git/worktrees/w/commondir", ".git/worktrees/w/gitdir", "old/.git/config", "old/.git/hooks", "file/.git"} {
		if !slices.Contains(names, name) {
			t.Errorf("no %s in %q", name, names)
		}
	}
	for _, name := range names {
		if strings.Contains(name, "outside") || strings.Contains(name, "unrelated") || name == "file/.git/config" {
			t.Errorf("%s in %q", name, names)
		}
	}
}

// A command makes nothing of a submodule's git directory that would not count: neither without
// a HEAD, nor below a directory that looks like another one, nor behind a link.
func TestGitObeysDisguised(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/HEAD", "a/objects/x/HEAD", "a/b/config", "a/b/c/HEAD", "a/hooks/config", "a/logs/HEAD", "headless/config", "../../elsewhere/config"} {
		file := filepath.Join(dir, ".git/modules", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"linked": "../../elsewhere", "headless/round": "."} {
		if err := os.Symlink(target, filepath.Join(dir, ".git/modules", link)); err != nil {
			t.Fatal(err)
		}
	}
	names := gitObeys(dir)
	for _, name := range []string{"a", "a/b", "a/b/c", "a/hooks", "headless", "linked"} {
		if name = ".git/modules/" + name + "/config"; !slices.Contains(names, name) {
			t.Errorf("no %s in %q", name, names)
		}
	}
	if slices.Contains(names, ".git/modules/a/objects/x/config") || slices.Contains(names, ".git/modules/a/logs/config") || slices.Contains(names, ".git/modules/headless/round/round/config") {
		t.Errorf("%q", names)
	}
}
