package overlay

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Tests compare the permissions of files that they make.
func TestMain(m *testing.M) {
	unix.Umask(0o022)
	os.Exit(m.Run())
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// scene is a project, an upper layer as the kernel leaves one, and a directory beside them
// that nothing may reach.
type scene struct {
	t                   *testing.T
	dir, upper, outside string
}

func newScene(t *testing.T) scene {
	top := t.TempDir()
	s := scene{t, top + "/project", top + "/upper", top + "/outside"}
	must(t, os.Mkdir(s.dir, 0o755), os.Mkdir(s.upper, 0o755), os.Mkdir(s.outside, 0o755))
	return s
}

func (s scene) write(path, text string) {
	s.t.Helper()
	must(s.t, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644))
}

func (s scene) whiteout(path string) {
	s.t.Helper()
	must(s.t, os.MkdirAll(filepath.Dir(path), 0o755), unix.Mknod(path, unix.S_IFCHR, 0))
}

func (s scene) opaque(path string) {
	s.t.Helper()
	must(s.t, os.MkdirAll(path, 0o755), unix.Setxattr(path, "user.overlay.opaque", []byte("y"), 0))
}

func (s scene) changes() []Change {
	s.t.Helper()
	changes, err := Changes(Layers{s.dir, s.upper})
	must(s.t, err)
	return changes
}

func (s scene) keep(guarded ...string) Kept {
	s.t.Helper()
	changes := s.changes()
	d, err := OpenDirectory(s.dir, s.dir)
	must(s.t, err)
	defer d.Close()
	kept, err := d.Keep(Layers{s.dir, s.upper}, changes, guarded)
	must(s.t, err)
	return kept
}

// content are the files of a directory: type, permissions, text.
func (s scene) content() string {
	var lines []string
	filepath.WalkDir(s.dir, func(path string, d os.DirEntry, _ error) error {
		if path == s.dir {
			return nil
		}
		info, err := d.Info()
		must(s.t, err)
		line := fmt.Sprintf("%s %v", strings.TrimPrefix(path, s.dir+"/"), info.Mode())
		if info.Mode().IsRegular() && info.Size() < 100 {
			data, _ := os.ReadFile(path)
			line += " " + string(data)
		}
		if target, err := os.Readlink(path); err == nil {
			line += " " + target
		}
		lines = append(lines, line)
		return nil
	})
	return strings.Join(lines, "\n")
}

func described(changes []Change) string {
	var lines []string
	for _, c := range changes {
		lines = append(lines, fmt.Sprintf("%s %s %s %d", c.What, c.Type, c.Path, c.Size))
	}
	return strings.Join(lines, "\n")
}

// An upper layer is read as the kernel writes it, and its changes, kept, make of the
// project the one that the command saw.
func TestChanges(t *testing.T) {
	s := newScene(t)
	for _, name := range []string{"changed", "same", "touched", "moded", "gone", "kept", "sub/kept", "sub/gone", "dir/a", "dir/b", "dir/deep/c", "old/x/y", "file-to-dir", "dir-to-file/x"} {
		s.write(s.dir+"/"+name, "before")
	}
	must(t, os.Symlink("kept", s.dir+"/link"), os.Symlink("kept", s.dir+"/link-same"))
	s.write(s.upper+"/changed", "after!")
	s.write(s.upper+"/same", "before")
	s.write(s.upper+"/touched", "before")
	must(t, os.Chtimes(s.upper+"/touched", time.Unix(1, 0), time.Unix(1, 0)))
	s.write(s.upper+"/moded", "before")
	must(t, os.Chmod(s.upper+"/moded", 0o4755))
	s.whiteout(s.upper + "/gone")
	s.whiteout(s.upper + "/never")
	s.whiteout(s.upper + "/sub/gone")
	s.write(s.upper+"/sub/new", "new")
	s.opaque(s.upper + "/dir")
	s.write(s.upper+"/dir/a", "before")
	s.write(s.upper+"/dir/deep/d", "new")
	s.whiteout(s.upper + "/old")
	s.write(s.upper+"/file-to-dir/in", "new")
	s.write(s.upper+"/dir-to-file", "new")
	s.write(s.upper+"/made/one", "new")
	must(t, os.Link(s.upper+"/made/one", s.upper+"/made/two"), os.Chmod(s.upper+"/made", 0o500))
	must(t, os.Symlink("new", s.upper+"/link"), os.Symlink("kept", s.upper+"/link-same"), os.Symlink("/etc/passwd", s.upper+"/link-new"))
	s.write(s.upper+"/unreadable", "new")
	must(t, os.Chmod(s.upper+"/unreadable", 0))
	const want = `changed file changed 6
changed file dir-to-file 3
removed file dir/b 6
removed file dir/deep/c 6
created file dir/deep/d 3
changed directory file-to-dir 0
created file file-to-dir/in 3
removed file gone 6
changed link link 0
created link link-new 0
created directory made 0
created file made/one 3
created file made/two 3
changed file moded 6
removed directory old 0
removed file sub/gone 6
created file sub/new 3
created file unreadable 3`
	if got := described(s.changes()); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := Counts(s.changes()); got != "8 created, 5 changed, 5 removed" {
		t.Error(got)
	}
	if kept := s.keep(); len(kept.Not) > 0 || kept.Done != 18 {
		t.Error(kept)
	}
	const after = `changed -rw-r--r-- after!
dir drwxr-xr-x
dir/a -rw-r--r-- before
dir/deep drwxr-xr-x
dir/deep/d -rw-r--r-- new
dir-to-file -rw-r--r-- new
file-to-dir drwxr-xr-x
file-to-dir/in -rw-r--r-- new
kept -rw-r--r-- before
link Lrwxrwxrwx new
link-new Lrwxrwxrwx /etc/passwd
link-same Lrwxrwxrwx kept
made dr-x------
made/one -rw-r--r-- new
made/two -rw-r--r-- new
moded -rwxr-xr-x before
same -rw-r--r-- before
sub drwxr-xr-x
sub/kept -rw-r--r-- before
sub/new -rw-r--r-- new
touched -rw-r--r-- before
unreadable ----------`
	if got := s.content(); strings.TrimSpace(got) != after && os.Geteuid() != 0 || !strings.HasPrefix(got, after) {
		t.Errorf("%s\nwant\n%s", got, after)
	}
	one, err1 := os.Stat(s.dir + "/made/one")
	two, err2 := os.Stat(s.dir + "/made/two")
	must(t, err1, err2, os.Chmod(s.dir+"/made", 0o700), os.Chmod(s.upper+"/made", 0o700))
	if !os.SameFile(one, two) {
		t.Error("two names of one file are two files")
	}
}

// Whatever a command left, nothing is written but files, directories and links, below the
// directory, without following one, and nothing that programs outside obey.
func TestKeepHostile(t *testing.T) {
	s := newScene(t)
	s.write(s.outside+"/file", "outside")
	s.write(s.dir+"/in/file", "before")
	s.write(s.dir+"/occupied/file", "before")
	s.write(s.dir+"/obeyed/here", "before")
	must(t, unix.Mkfifo(s.upper+"/pipe", 0o600), unix.Mknod(s.upper+"/socket", unix.S_IFSOCK|0o600, 0))
	s.write(s.upper+"/.git/hooks/post-commit", "evil")
	s.write(s.upper+"/.git/HEAD", "ref")
	s.write(s.upper+"/.envrc", "evil")
	s.write(s.upper+"/flake.nix/x", "evil")
	s.whiteout(s.upper + "/obeyed")
	s.write(s.upper+"/in/file", "after")
	s.write(s.upper+"/planted/file", "after")
	s.write(s.upper+"/occupied2", "after")
	s.write(s.upper+"/zero/file", "after")
	for _, name := range []string{"with space", "new\nline", "\x1b[31m", "-rf", "\xff"} {
		s.write(s.upper+"/"+name, "odd")
	}
	sparse, err := os.Create(s.upper + "/sparse")
	must(t, err)
	_, err = sparse.WriteAt([]byte("end"), 1<<40)
	must(t, err, sparse.Close())
	changes := s.changes()

	// Meanwhile somebody else changed the project, by links that lead out.
	must(t, os.RemoveAll(s.dir+"/in"), os.Symlink(s.outside, s.dir+"/in"), os.Symlink(s.outside, s.dir+"/planted"), os.Mkdir(s.dir+"/occupied2", 0o755), os.Symlink(s.outside+"/file", s.dir+"/-rf"))
	d, err := OpenDirectory(s.dir, s.dir)
	must(t, err)
	defer d.Close()
	kept, err := d.Keep(Layers{s.dir, s.upper}, changes, []string{".git/hooks", ".git/config", ".envrc", "flake.nix", "obeyed/here"})
	must(t, err)
	var not []string
	for _, u := range kept.Not {
		not = append(not, fmt.Sprintf("%s: %s %v", u.Path, u.Why, u.Fault))
	}
	want := []string{
		".envrc: programs outside obey it false", ".git/hooks/post-commit: programs outside obey it false", ".git/hooks: programs outside obey it false",
		"flake.nix/x: programs outside obey it false", "flake.nix: programs outside obey it false",
		"in/file: a link or a file is on the way true", "obeyed: programs outside obey files in it false",
		"occupied2: something else is there true", "pipe: it is a named pipe false", "planted/file: its directory is not kept true", "planted: something else is there true", "socket: it is a socket false",
	}
	slices.Sort(not)
	if !slices.Equal(not, want) {
		t.Errorf("not kept:\n%s\nwant\n%s", strings.Join(not, "\n"), strings.Join(want, "\n"))
	}
	if kept.Faults() != 4 {
		t.Error(kept.Faults())
	}
	outside, err := os.ReadDir(s.outside)
	must(t, err)
	data, err := os.ReadFile(s.outside + "/file")
	if must(t, err); len(outside) != 1 || string(data) != "outside" {
		t.Errorf("outside is %v, with %s", outside, data)
	}
	got := s.content()
	for _, line := range []string{".git/HEAD -rw-r--r-- ref", "-rf -rw-r--r-- odd", "obeyed/here -rw-r--r-- before", "zero/file -rw-r--r-- after", "\xff -rw-r--r-- odd"} {
		if !strings.Contains(got, line) {
			t.Errorf("lacks %q:\n%s", line, got)
		}
	}
	for _, word := range []string{"evil", ".purity-"} {
		if strings.Contains(got, word) {
			t.Errorf("has %q:\n%s", word, got)
		}
	}
	var stat unix.Stat_t
	if must(t, unix.Stat(s.dir+"/sparse", &stat)); stat.Size != 1<<40+3 || stat.Blocks > 1000 {
		t.Errorf("the sparse file has %d bytes in %d blocks", stat.Size, stat.Blocks)
	}
}

// A link in place of a git directory would have git run programs of the project.
func TestKeepGitLink(t *testing.T) {
	guarded := []string{".git/hooks", ".git/config"}
	for what, make := range map[string]func(path string) error{
		"link": func(p string) error { return os.Symlink("evil", p) },
		"file": func(p string) error { return os.WriteFile(p, []byte("gitdir: evil"), 0o644) },
	} {
		s := newScene(t)
		must(t, make(s.upper+"/.git"))
		if kept := s.keep(guarded...); len(kept.Not) != 1 || s.content() != "" {
			t.Errorf("%s: %v, %s", what, kept, s.content())
		}
	}
}

// Directories nested too deep for a path end the list, not the run.
func TestDeep(t *testing.T) {
	s := newScene(t)
	dir, err := unix.Open(s.upper, unix.O_PATH, 0)
	must(t, err)
	name := strings.Repeat("d", 200)
	for range 30 {
		must(t, unix.Mkdirat(dir, name, 0o755))
		below, err := unix.Openat(dir, name, unix.O_PATH, 0)
		must(t, err, unix.Close(dir))
		dir = below
	}
	unix.Close(dir)
	s.write(s.upper+"/new", "new")
	changes := s.changes()
	kept := s.keep()
	if _, err := os.Stat(s.dir + "/new"); len(changes) < 20 || kept.Faults() == 0 || err != nil {
		t.Errorf("%d changes, %v", len(changes), kept)
	}
}
