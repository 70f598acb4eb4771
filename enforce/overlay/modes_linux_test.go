package overlay

import (
	"os"
	"strings"
	"testing"
)

// A user lists and keeps what is in directories that the command left without permissions.
func TestUnsearchable(t *testing.T) {
	s := newScene(t)
	s.write(s.dir+"/d/x", "before")
	s.write(s.upper+"/d/x", "after")
	s.write(s.upper+"/n/f", "new")
	s.write(s.upper+"/none/f", "new")
	must(t, os.Chmod(s.upper+"/d", 0o400), os.Chmod(s.upper+"/n", 0o400), os.Chmod(s.upper+"/none", 0), os.Chmod(s.upper, 0o400))
	t.Cleanup(func() { os.Chmod(s.upper+"/d", 0o700); os.Chmod(s.upper+"/none", 0o700) })
	changes := s.changes()
	const want = `changed directory d 0
changed file d/x 5
created directory n 0
created file n/f 3
created directory none 0
created file none/f 3`
	if got := described(changes); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	d, err := OpenDirectory(s.dir, s.dir)
	must(t, err)
	defer d.Close()
	kept, err := d.Keep(Layers{s.dir, s.upper}, changes, nil)
	if must(t, err); len(kept.Not) > 0 {
		t.Error(kept)
	}
	for name, mode := range map[string]os.FileMode{"d": 0o400, "n": 0o400, "none": 0} {
		info, err := os.Stat(s.dir + "/" + name)
		if must(t, err, os.Chmod(s.dir+"/"+name, 0o700)); info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
		}
	}
	if got := s.content(); !strings.Contains(got, "d/x -rw-r--r-- after") || !strings.Contains(got, "n/f -rw-r--r-- new") || !strings.Contains(got, "none/f -rw-r--r-- new") {
		t.Error(got)
	}
}

// Where purity cannot look below a change, it says so, and leaves the project alone.
func TestUnsearchableBelow(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root searches every directory")
	}
	s := newScene(t)
	s.write(s.dir+"/d/x", "before")
	s.write(s.upper+"/d/x", "after")
	s.whiteout(s.upper + "/d/y")
	s.opaque(s.upper + "/o")
	s.write(s.dir+"/o/x", "before")
	must(t, os.Chmod(s.dir+"/d", 0o400), os.Chmod(s.dir+"/o", 0o400))
	kept := s.keep()
	must(t, os.Chmod(s.dir+"/d", 0o700), os.Chmod(s.dir+"/o", 0o700))
	if got := s.content(); kept.Faults() < 2 || !strings.Contains(got, "d/x -rw-r--r-- before") || !strings.Contains(got, "o/x -rw-r--r-- before") {
		t.Errorf("%v, %s", kept, got)
	}
}

// A new directory, and those made in it, are as open as those of the project.
func TestModesElsewhere(t *testing.T) {
	s := newScene(t)
	s.write(s.dir+"/private/open/x", "before")
	s.write(s.upper+"/private/open/x", "after")
	for _, layer := range []string{s.dir, s.upper} {
		must(t, os.Chmod(layer, 0o750), os.Chmod(layer+"/private", 0o700), os.Chmod(layer+"/private/open", 0o777))
	}
	d, err := OpenDirectory(s.outside+"/made", s.dir)
	must(t, err)
	defer d.Close()
	kept, err := d.Keep(Layers{s.dir, s.upper}, s.changes(), nil)
	if must(t, err); len(kept.Not) > 0 {
		t.Error(kept)
	}
	for name, mode := range map[string]os.FileMode{"": 0o750, "/private": 0o700, "/private/open": 0o777} {
		info, err := os.Stat(s.outside + "/made" + name)
		if must(t, err); info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
		}
	}
}
