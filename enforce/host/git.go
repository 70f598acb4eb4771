package host

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/enforce"
)

// GitAround is the reason of grants of a repository that has other files beside the project.
const GitAround = "git: the repository that the project is a part of"

// The reasons of other grants of git's own directory.
const (
	gitOwn    = "git: the directory of this worktree or submodule"
	gitCommon = "git: the repository of this worktree"
)

// OfProject reports whether a grant is of the git directory of the project alone, outside it.
func OfProject(g enforce.Grant) bool { return g.Reason == gitOwn || g.Reason == gitCommon }

// GitDirs grants git's own directory where it is not in the project: of a
// worktree, of a submodule, and of a repository that the project is a directory
// of. Nothing else above the project is granted.
//
// The file .git, which says where, is in the project, so whatever ran there
// may have written it. Its word counts only where git's directory says the
// same of the project.
func GitDirs(project string, write bool) []enforce.Grant {
	access := read
	if write {
		access |= enforce.Write
	}
	var grants []enforce.Grant
	add := func(path, what string) {
		if path != project && !strings.HasPrefix(path, project+"/") {
			grants = append(grants, enforce.Grant{Path: path, Access: access, Reason: what, Optional: true})
		}
	}
	for dir := project; ; dir = filepath.Dir(dir) {
		dotGit := filepath.Join(dir, ".git")
		info, err := os.Lstat(dotGit)
		switch {
		case err != nil:
		case info.IsDir():
			if isRepository(dotGit) {
				add(dotGit, GitAround)
			}
			return grants
		case info.Mode().IsRegular():
			gitDir, common := pointedTo(dotGit)
			own, of := gitOwn, gitCommon
			if dir != project {
				own, of = GitAround, GitAround
			}
			if gitDir != "" {
				add(gitDir, own)
			}
			if common != "" && common != gitDir {
				add(common, of)
			}
			if access = read; len(grants) > 0 {
				add(dotGit, GitAround)
			}
			return grants
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// pointedTo is the git directory that a .git file names, and the repository of
// which it is a part, if both say so (gitrepository-layout(5)).
func pointedTo(dotGit string) (gitDir, common string) {
	target, ok := strings.CutPrefix(line(dotGit), "gitdir: ")
	if !ok {
		return "", ""
	}
	gitDir = absolute(target, filepath.Dir(dotGit))
	if back := line(filepath.Join(gitDir, "gitdir")); back != "" { // a worktree
		common = absolute(line(filepath.Join(gitDir, "commondir")), gitDir)
		if same(absolute(back, gitDir), dotGit) && isRepository(common) && strings.HasPrefix(gitDir, common+"/") {
			return gitDir, common
		}
		return "", ""
	}
	if isRepository(gitDir) && same(absolute(worktree(gitDir), gitDir), filepath.Dir(dotGit)) { // a submodule
		return gitDir, ""
	}
	return "", ""
}

// isRepository reports whether dir looks like a git directory, as git itself
// finds out.
func isRepository(dir string) bool {
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return line(filepath.Join(dir, "HEAD")) != ""
}

// worktree is core.worktree of a git directory's configuration, as git itself
// writes it for submodules: in config.worktree after git sparse-checkout.
func worktree(gitDir string) string {
	values := GitValues(filepath.Join(gitDir, "config"), "core", "worktree")
	values = append(values, GitValues(filepath.Join(gitDir, "config.worktree"), "core", "worktree")...)
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// line is the first line of a small file, empty if it cannot be read.
func line(file string) string {
	data, err := hostile.ReadFile(file, 4096)
	if err != nil {
		return ""
	}
	text, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSpace(text)
}

// absolute is path, relative to dir, without symbolic links.
func absolute(path, dir string) string {
	if path == "" {
		return ""
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return filepath.Clean(path)
}

func same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
