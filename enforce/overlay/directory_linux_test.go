package overlay

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// Into an empty directory go the files that were created and changed.
func TestKeepElsewhere(t *testing.T) {
	s := newScene(t)
	s.write(s.dir+"/sub/changed", "before")
	s.write(s.dir+"/sub/kept", "before")
	s.write(s.dir+"/gone", "before")
	s.write(s.upper+"/sub/changed", "after")
	s.write(s.upper+"/new", "new")
	s.whiteout(s.upper + "/gone")
	before, changes := s.content(), s.changes()
	for _, dir := range []string{s.outside, s.outside + "-made"} {
		d, err := OpenDirectory(dir, s.dir)
		must(t, err)
		kept, err := d.Keep(Layers{s.dir, s.upper}, changes, nil)
		must(t, err)
		d.Close()
		if len(kept.Not) > 0 {
			t.Error(kept)
		}
		there := s
		there.dir = dir
		if got := there.content(); !strings.HasPrefix(got, "") || !strings.Contains(got, "new -rw-r--r-- new") || !strings.Contains(got, "sub/changed -rw-r--r-- after") || strings.Contains(got, "kept") {
			t.Error(got)
		}
		if s.content() != before {
			t.Error("the project changed")
		}
		if _, err := OpenDirectory(dir, s.dir); !errors.Is(err, ErrNotEmpty) {
			t.Errorf("a directory with files is taken: %v", err)
		}
	}
	must(t, os.Symlink(s.outside, s.dir+"/led"))
	if _, err := OpenDirectory(s.dir+"/led/fresh", s.dir); err == nil {
		t.Error("a directory is made by way of a link")
	}
	if _, err := os.Stat(s.outside + "/fresh"); err == nil {
		t.Error("a directory was made by way of a link")
	}
	d, err := OpenDirectory(s.outside+"/unused", s.dir)
	must(t, err)
	if _, err := os.Stat(s.outside + "/unused"); err == nil {
		t.Error("a directory is made before there is something to keep")
	}
	d.Close()
	if _, err := os.Stat(s.outside + "/unused"); err == nil {
		t.Error("an unused directory is left")
	}
	d, err = OpenDirectory(s.outside+"/unused", s.dir)
	must(t, err)
	s.write(s.outside+"/unused/new", "somebody's")
	kept, err := d.Keep(Layers{s.dir, s.upper}, changes, nil)
	data, _ := os.ReadFile(s.outside + "/unused/new")
	if must(t, err); string(data) != "somebody's" || kept.Faults() != 1 {
		t.Errorf("%s, %v", data, kept)
	}
	d.Close()
}
