package main

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// walk is a walk through directories, with the PATH of before.
type walk struct {
	*terminal
	shell, path string
}

func newWalk(s *terminal, shell string) *walk {
	s.start(shell)
	return &walk{s, shell, s.typed(`echo "$PATH"`)}
}

// inside checks that the shell is in a project.
func (w *walk) inside(where, project string) {
	w.t.Helper()
	if got := w.typed("purity which jq | /usr/bin/grep '  project '"); !strings.HasSuffix(strings.TrimSpace(got), project) || got == "\n" {
		w.t.Errorf("%s: the project is %q, want %s\n%s", where, got, project, w.screen())
	}
}

// outside checks that the shell is in no project, and that PATH is as it was.
func (w *walk) outside(where string) {
	w.t.Helper()
	if got := w.typed(`echo "$PATH"`); got != w.path {
		w.t.Errorf("%s: PATH is %s, was %s", where, got, w.path)
	}
}

// allow allows projects.
func (s *terminal) allow(dirs ...string) {
	s.t.Helper()
	for _, dir := range dirs {
		s.run("purity", "allow", dir)
	}
}

// However a shell enters and leaves a directory, it enters and leaves the project.
func TestHookDirectories(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			first := s.project("c", "first")
			inner := s.project("c", "first/inner")
			gone := s.project("c", "gone")
			s.allow(first, inner, gone)
			if err := os.Symlink("first", filepath.Join(s.home, "link")); err != nil {
				t.Fatal(err)
			}
			w := newWalk(s, shell)
			s.typed("cd first")
			w.inside("cd", first)
			s.typed("cd inner")
			w.inside("nested", inner)
			s.typed("cd ..")
			w.inside("back", first)
			s.typed("cd ~; cd - > /dev/null")
			w.inside("cd -", first)
			if shell != "fish" {
				s.typed("pushd ~ > /dev/null")
				w.outside("pushd")
				s.typed("popd > /dev/null")
				w.inside("popd", first)
			}
			s.typed("cd ~/link")
			w.inside("symlink", first)
			s.typed("cd ~")
			w.outside("after symlink")
			s.typed("cd gone")
			w.inside("to be removed", gone)
			if err := os.RemoveAll(gone); err != nil {
				t.Fatal(err)
			}
			s.typed("true")
			w.outside("removed while inside")
			s.typed("cd ~/first")
			program, _ := exec.LookPath(shell)
			s.typed(cmp.Or(program, shell)) // bash is in the environment, too
			w.inside("a shell in the shell", first)
			s.typed("cd ~")
			w.outside("a shell in the shell")
		})
	}
}

// Names of directories are never code.
func TestSlowHookNames(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			dirs := []string{s.home}
			for _, name := range []string{"$(touch HURT)", "`touch HURT`", `a'b"c;touch HURT`, "new\nline", "b\x1b[31mred", "sp  ace*?[x]", "-n", "~", "latin-\xe9"} {
				dir := s.project("c", name)
				s.allow(dir)
				dirs = append(dirs, dir)
			}
			w := newWalk(s, shell)
			for _, dir := range dirs[1:] {
				// A glob, so that nothing depends on how this test quotes.
				s.typed("cd ./" + glob(filepath.Base(dir)))
				if got := s.typed("jq -n '[1][]'"); got != "1\n" {
					t.Errorf("%q: jq prints %q\n%s", dir, got, s.screen())
				}
				s.typed("cd ~")
				w.outside(dir)
			}
			for _, dir := range dirs {
				if exists(filepath.Join(dir, "HURT")) {
					t.Errorf("a name was run as code in %q", dir)
				}
			}
		})
	}
}

// PATH is the user's: directories that the user adds inside stay, and the hook corrects none.
func TestHookPath(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			first := s.project("c", "first")
			s.allow(first)
			w := newWalk(s, shell)
			set := `export PATH="%s:$PATH"`
			if shell == "fish" {
				set = "set -gx PATH %s $PATH"
			}
			prepend := func(dir string) string { return strings.Replace(set, "%s", dir, 1) }
			s.typed(prepend("/added") + "; cd first")
			w.inside("PATH edited before", first)
			s.typed(prepend("/again"))
			w.inside("PATH edited", first)
			s.typed("cd ~")
			w.path = "/again:/added:" + w.path
			w.outside("PATH edited")
			if shell == "fish" { // it corrects PATH itself
				return
			}
			for _, odd := range []string{":/x::/y:", "/y:/y:.", "::"} {
				s.typed(`OLD=$PATH; PATH="` + odd + `:$PATH:` + odd + `"`)
				w.path = s.typed(`echo "$PATH"`)
				s.typed("cd first")
				w.inside(odd, first)
				s.typed("cd ~")
				w.outside(odd)
				s.typed("PATH=$OLD")
			}
		})
	}
}

// glob returns a pattern that only a name matches, with no character that a shell
// reads otherwise.
func glob(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 && (r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			return r
		}
		return '?'
	}, name)
}
