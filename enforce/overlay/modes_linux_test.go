package overlay

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
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

// Directories keep set-group-ID and sticky bits as the command leaves them; files gain none.
func TestSpecialModes(t *testing.T) {
	s := newScene(t)
	mode := func(path string, mode uint32) { t.Helper(); must(t, unix.Chmod(path, mode)) }
	for _, layer := range []string{s.dir, s.upper} {
		for _, name := range []string{"shared", "sticky", "less"} {
			must(t, os.Mkdir(layer+"/"+name, 0o755))
			mode(layer+"/"+name, 0o3755)
		}
	}
	s.write(s.upper+"/shared/new/f", "new")
	mode(s.upper+"/shared/new/f", 0o2755)
	mode(s.upper+"/shared/new", 0o2755)
	mode(s.upper+"/shared", 0o3775)
	mode(s.upper+"/sticky", 0o1777)
	mode(s.upper+"/less", 0o755)
	if kept := s.keep(); len(kept.Not) > 0 {
		t.Error(kept)
	}
	for name, want := range map[string]uint32{"shared": 0o3775, "shared/new": 0o2755, "shared/new/f": 0o755, "sticky": 0o1777, "less": 0o755} {
		var stat unix.Stat_t
		if must(t, unix.Stat(s.dir+"/"+name, &stat)); stat.Mode&0o7777 != want {
			t.Errorf("%s has mode %o, want %o", name, stat.Mode&0o7777, want)
		}
	}
}

// A new directory keeps the group of one that hands it down, and so do those in it.
func TestGroupElsewhere(t *testing.T) {
	s := newScene(t)
	s.write(s.dir+"/a/b/x", "before")
	s.write(s.upper+"/a/b/x", "after")
	must(t, unix.Chmod(s.outside, 0o2755))
	d, err := OpenDirectory(s.outside+"/made", s.dir)
	must(t, err)
	defer d.Close()
	kept, err := d.Keep(Layers{s.dir, s.upper}, s.changes(), nil)
	if must(t, err); len(kept.Not) > 0 {
		t.Error(kept)
	}
	for _, name := range []string{"", "/a", "/a/b"} {
		var stat unix.Stat_t
		if must(t, unix.Stat(s.outside+"/made"+name, &stat)); stat.Mode&0o7777 != 0o2755 {
			t.Errorf("made%s has mode %o", name, stat.Mode&0o7777)
		}
	}
}
