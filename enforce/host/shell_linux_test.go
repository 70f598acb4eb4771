package host

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/fixtures"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The host's programs come with exactly the libraries that the loader loads for them, those of a
// host whose programs are in a store, as NixOS has them, too.
func TestShell(t *testing.T) {
	stored, err := filepath.Glob(filepath.Join(fixtures.StoreDir(), "*-bash", "bin", "bash"))
	must(t, err)
	if len(stored) == 0 {
		t.Fatal("the fixtures are not made: run make fixtures")
	}
	programs := append(slices.Clone(hostPrograms), stored[0])
	grants, err := Shell(programs...)
	must(t, err)
	granted := map[string]enforce.Access{}
	for _, g := range grants {
		real, err := filepath.EvalSymlinks(g.Path)
		must(t, err)
		granted[real] |= g.Access
	}
	for _, name := range programs {
		out, err := exec.Command("ldd", name).Output()
		must(t, err)
		for _, word := range strings.Fields(string(out)) {
			if !filepath.IsAbs(word) {
				continue
			}
			real, err := filepath.EvalSymlinks(word)
			must(t, err)
			if granted[real]&enforce.Read == 0 {
				t.Errorf("%s needs %s, which is not granted", name, real)
			}
		}
	}
	for path, access := range granted {
		program := strings.HasPrefix(filepath.Base(path), "ld-") || slices.Contains([]string{"sh", "dash", "bash", "env", "coreutils", "busybox"}, filepath.Base(path))
		if access&enforce.Execute != 0 && !program || access&enforce.Write != 0 {
			t.Errorf("%s is granted %v", path, access)
		}
	}
	if _, err := (loading{}).dependencies("/etc/passwd"); err == nil {
		t.Error("a text file has dependencies")
	}
	if (object{}).find("libc.so.6", loading{}) != "" {
		t.Error("a library of another machine is found")
	}
}

func BenchmarkShell(b *testing.B) {
	for b.Loop() {
		if _, err := Shell(hostPrograms...); err != nil {
			b.Fatal(err)
		}
	}
}

// What a loader reads of a program is what Go's own reader of ELF files says, and files cut
// short or altered are errors, not more.
func TestELF(t *testing.T) {
	files, err := filepath.Glob("/usr/bin/*")
	must(t, err)
	more, err := filepath.Glob("/lib/*-linux-gnu/*.so.*")
	must(t, err)
	read := 0
	for i, file := range append(files, more...) {
		f, err := elf.Open(file)
		if err != nil || i%5 != 0 && read > 20 {
			continue
		}
		want, err := f.DynString(elf.DT_NEEDED)
		f.Close()
		must(t, err)
		got, err := readELF(file)
		if err != nil || !slices.Equal(got.needed, want) {
			t.Errorf("%s needs %q (%v), want %q", file, got.needed, err, want)
		}
		if read++; got.kind.machine != uint16(f.Machine) || got.kind.class != byte(f.Class) {
			t.Errorf("%s is for %+v, want %v", file, got.kind, f.FileHeader)
		}
	}
	if read < 20 {
		t.Fatalf("only %d ELF files were found", read)
	}
	data, err := os.ReadFile("/bin/sh")
	must(t, err)
	cut := filepath.Join(t.TempDir(), "cut")
	for i := range 400 {
		altered := slices.Clone(data[:min(len(data), 1+i*64)])
		for j := i; j < min(len(altered), 1024); j += 97 {
			altered[j] ^= byte(i)
		}
		must(t, os.WriteFile(cut, altered, 0o600))
		readELF(cut) // ends
	}
	if _, err := readELF(cut[:len(cut)-4]); err == nil {
		t.Error("a directory is an ELF file")
	}
}
