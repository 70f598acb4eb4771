package overlay

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// meanwhile keeps the scene's changes in the project, after somebody outside did something
// during the run.
func (s scene) meanwhile(outside func(), guarded ...string) (not []string) {
	s.t.Helper()
	d, err := OpenDirectory(s.dir, s.dir)
	must(s.t, err)
	defer d.Close()
	time.Sleep(50 * time.Millisecond) // the clock of file systems is coarse
	outside()
	kept, err := d.Keep(Layers{s.dir, s.upper}, s.changes(), guarded)
	must(s.t, err)
	for _, u := range kept.Not {
		not = append(not, fmt.Sprintf("%s: %s %v", u.Path, u.Why, u.Fault))
	}
	slices.Sort(not)
	return not
}

// What somebody outside changed or made during the run stays; the rest is kept.
func TestKeepMeanwhile(t *testing.T) {
	s := newScene(t)
	for _, name := range []string{"mine", "theirs", "gone", "gone-too", "dir/old", "dir-too/old", "deep/sub/old", "opaque/old", "replaced/old"} {
		s.write(s.dir+"/"+name, "before")
	}
	must(t, os.Symlink("before", s.dir+"/link"), os.Symlink("command", s.upper+"/link"))
	for _, name := range []string{"mine", "theirs", "made", "replaced"} {
		s.write(s.upper+"/"+name, "command")
	}
	for _, name := range []string{"gone", "gone-too", "dir", "dir-too", "deep"} {
		s.whiteout(s.upper + "/" + name)
	}
	s.opaque(s.upper + "/opaque")
	not := s.meanwhile(func() {
		for _, name := range []string{"mine", "gone", "made", "dir/new", "deep/sub/old", "opaque/new", "replaced/old"} {
			s.write(s.dir+"/"+name, "outside")
		}
		must(t, os.Remove(s.dir+"/link"), os.Symlink("outside", s.dir+"/link"))
	})
	want := []string{
		"deep: deep/sub/old: it changed outside during the run true", "dir: it changed outside during the run true",
		"gone: it changed outside during the run true", "link: it changed outside during the run true",
		"made: it changed outside during the run true", "mine: it changed outside during the run true",
		"opaque/new: it changed outside during the run true", "replaced: replaced/old: it changed outside during the run true",
	}
	if !slices.Equal(not, want) {
		t.Errorf("not kept:\n%s\nwant\n%s", strings.Join(not, "\n"), strings.Join(want, "\n"))
	}
	const after = `deep drwxr-xr-x
deep/sub drwxr-xr-x
deep/sub/old -rw-r--r-- outside
dir drwxr-xr-x
dir/new -rw-r--r-- outside
dir/old -rw-r--r-- before
gone -rw-r--r-- outside
link Lrwxrwxrwx outside
made -rw-r--r-- outside
mine -rw-r--r-- outside
opaque drwxr-xr-x
opaque/new -rw-r--r-- outside
replaced drwxr-xr-x
replaced/old -rw-r--r-- outside
theirs -rw-r--r-- command`
	if got := s.content(); got != after {
		t.Errorf("%s\nwant\n%s", got, after)
	}
}

// A file with two names changes by the first that is kept; the second is kept, too.
func TestKeepNames(t *testing.T) {
	s := newScene(t)
	s.write(s.dir+"/a", "before")
	s.write(s.dir+"/d/in", "before")
	must(t, os.Link(s.dir+"/a", s.dir+"/b"), os.Link(s.dir+"/a", s.dir+"/c"), os.Link(s.dir+"/d/in", s.dir+"/d/too"))
	s.write(s.upper+"/a", "command")
	s.write(s.upper+"/b", "command")
	s.whiteout(s.upper + "/c")
	s.whiteout(s.upper + "/d")
	if not := s.meanwhile(func() {}); len(not) > 0 {
		t.Error(not)
	}
	if got := s.content(); got != "a -rw-r--r-- command\nb -rw-r--r-- command" {
		t.Error(got)
	}
}

// A directory stays if a file of it could be lost: git's own are not kept elsewhere.
func TestKeepMoved(t *testing.T) {
	s := newScene(t)
	for _, name := range []string{"sub/r/.git/config", "sub/r/file", "plain/file", "tree/.git", "now-file/.git/hooks/x"} {
		s.write(s.dir+"/"+name, "before")
	}
	for _, name := range []string{"sub/r", "plain", "tree"} {
		s.whiteout(s.upper + "/" + name)
	}
	s.write(s.upper+"/now-file", "command")
	s.write(s.upper+"/sub/r2/.git/config", "before")
	s.write(s.upper+"/sub/r2/file", "before")
	not := s.meanwhile(func() {}, ".git/config", ".git/hooks")
	want := []string{
		"now-file: now-file/.git/hooks is in it: git outside obeys it false", "sub/r2/.git/config: git outside obeys it false",
		"sub/r: sub/r/.git/config is in it: git outside obeys it false", "tree: tree/.git is in it: git outside obeys it false",
	}
	if !slices.Equal(not, want) {
		t.Errorf("not kept:\n%s\nwant\n%s", strings.Join(not, "\n"), strings.Join(want, "\n"))
	}
	for name, there := range map[string]bool{"sub/r/.git/config": true, "sub/r/file": true, "sub/r2/file": true, "plain": false, "tree/.git": true, "now-file/.git/hooks/x": true} {
		if _, err := os.Stat(s.dir + "/" + name); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A repository is one by its entries, whatever its name: git obeys its configuration.
func TestKeepBare(t *testing.T) {
	s := newScene(t)
	for _, name := range []string{"old/HEAD", "old/objects/x", "old/refs/x", "half/config", "half/HEAD", "half/refs/x", "moved.git/config", "moved.git/HEAD", "moved.git/objects/x", "moved.git/refs/x"} {
		s.write(s.dir+"/"+name, "before")
	}
	for _, name := range []string{"new/HEAD", "new/objects/x", "new/refs/x", "new/config", "new/hooks/x", "old/config", "half/objects/x", "linked/HEAD", "linked/commondir", "plain/config", "plain/hooks/x", "plain/HEAD"} {
		s.write(s.upper+"/"+name, "command")
	}
	s.whiteout(s.upper + "/moved.git")
	not := s.meanwhile(func() {}, ".git/config")
	want := []string{
		"half/objects/x: git outside obeys it false", "half/objects: git outside obeys it false",
		"linked/commondir: git outside obeys it false", "moved.git: moved.git/config is in it: git outside obeys it false",
		"new/config: git outside obeys it false", "new/hooks/x: git outside obeys it false", "new/hooks: git outside obeys it false", "old/config: git outside obeys it false",
	}
	if !slices.Equal(not, want) {
		t.Errorf("not kept:\n%s\nwant\n%s", strings.Join(not, "\n"), strings.Join(want, "\n"))
	}
	for _, name := range []string{"new/HEAD", "new/refs/x", "plain/config", "plain/hooks/x", "plain/HEAD", "moved.git/refs/x"} {
		if _, err := os.Stat(s.dir + "/" + name); err != nil {
			t.Error(err)
		}
	}
}
