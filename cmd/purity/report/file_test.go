package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func write(t *testing.T, name, format string, meanwhile func()) error {
	t.Helper()
	f, err := Open(name, format, nil, os.OpenRoot)
	if err != nil {
		return err
	}
	if meanwhile != nil {
		meanwhile()
	}
	return f.Write(Report{Watched: true, Mode: "audit"})
}

// A report lands where it was to, whatever the command put in its place, and
// leaves nothing else behind.
func TestFile(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, meanwhile := range map[string]func(string) error{
		"nothing":   func(string) error { return nil },
		"link":      func(name string) error { return os.Symlink(victim, name) },
		"hard link": func(name string) error { return os.Link(victim, name) },
		"pipe":      func(name string) error { return syscall.Mkfifo(name, 0o644) },
		"directory put away": func(name string) error {
			dir := filepath.Dir(name)
			if err := os.Rename(dir, dir+".old"); err != nil {
				return err
			}
			return os.Symlink(filepath.Dir(victim), dir)
		},
	} {
		dir := filepath.Join(t.TempDir(), "project")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, "victim")
		err := write(t, name, "json", func() {
			if err := meanwhile(name); err != nil {
				t.Fatal(err)
			}
		})
		if err != nil {
			t.Error(err)
		}
		if data, err := os.ReadFile(victim); err != nil || string(data) != "precious" {
			t.Errorf("the victim is %q, %v", data, err)
		}
		if _, err := os.Lstat(dir + ".old"); err == nil {
			dir += ".old"
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || !entries[0].Type().IsRegular() {
			t.Errorf("the directory has %v, %v", entries, err)
		}
	}
}

// An unwritable file is known before anything runs.
func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{dir, filepath.Join(dir, "nowhere", "r.json"), "/proc/nowhere"} {
		if _, err := Open(name, "json", nil, os.OpenRoot); err == nil {
			t.Errorf("%s can be written", name)
		}
	}
	var named *NameError
	if _, err := Open(filepath.Join(dir, "r.pdf"), "", nil, os.OpenRoot); !errors.As(err, &named) {
		t.Errorf("r.pdf: %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestFileForms(t *testing.T) {
	dir := t.TempDir()
	for name, begins := range map[string]string{
		"r.JSON": "{", "r.htm": "<!doctype", "r.HTML": "<!doctype", "r.sarif": "{", "r.txt": "purity:", "r": "purity:", "a.b/r": "purity:",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := write(t, file, "", nil); err != nil {
			t.Error(err)
		}
		if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), begins) {
			t.Errorf("%s: %v, %.20q", name, err, data)
		}
	}
	private := filepath.Join(dir, "private.json")
	if err := os.WriteFile(private, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(t, private, "", nil); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(private); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	var out bytes.Buffer
	f, err := Open("-", "github", &out, os.OpenRoot)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(Report{}); err != nil || !strings.HasPrefix(out.String(), "::warning") {
		t.Errorf("%v, %q", err, out.String())
	}
}
