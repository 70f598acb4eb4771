package inputs

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/closure/hostile"
)

// patience is far more than these looks take on any machine.
const patience = 20 * time.Second

// soon calls f, which has to end.
func soon(t *testing.T, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("it does not end")
		return nil
	}
}

func (r repo) check() error {
	r.t.Helper()
	return soon(r.t, r.flake.Check)
}

// refused reports whether an error keeps Nix from being started.
func refused(err error) bool {
	unknowable := (*UncacheableError)(nil)
	return err != nil && !errors.As(err, &unknowable)
}

// sized makes a file of a length that takes no room.
func (r repo) sized(name string, size int64) {
	r.t.Helper()
	r.write(name, "")
	must(r.t, os.Truncate(filepath.Join(r.dir, name), size))
}

// specials are files that hold their reader for ever.
var specials = map[string]func(string) error{
	"fifo":         func(p string) error { return unix.Mkfifo(p, 0o600) },
	"socket":       func(p string) error { return unix.Mknod(p, unix.S_IFSOCK|0o600, 0) },
	"zero":         func(p string) error { return os.Symlink("/dev/zero", p) },
	"link to fifo": func(p string) error { return errors.Join(unix.Mkfifo(p+".real", 0o600), os.Symlink(p+".real", p)) },
}

// Everything that git or Nix would open among objects and references is a file, wherever it is kept;
// Nix is not started else. The name of the first commit is known to no row, and need not be.
func TestSpecialInGit(t *testing.T) {
	for name, place := range map[string]string{
		"loose object":          ".git/objects/ab/" + strings.Repeat("c", 38),
		"pack":                  ".git/objects/pack/pack-" + strings.Repeat("a", 40) + ".pack",
		"index of a pack":       ".git/objects/pack/pack-" + strings.Repeat("a", 40) + ".idx",
		"index of packs":        ".git/objects/pack/multi-pack-index",
		"graph":                 ".git/objects/info/commit-graph",
		"graphs":                ".git/objects/info/commit-graphs/commit-graph-chain",
		"alternates":            ".git/objects/info/alternates",
		"branch":                ".git/refs/heads/main",
		"branch deep below":     ".git/refs/heads/a/b/c",
		"tag":                   ".git/refs/tags/x",
		"state of a merge":      ".git/MERGE_HEAD",
		"table of references":   ".git/reftable/tables.list",
		"object of another":     "../other/objects/ab/" + strings.Repeat("c", 38),
		"pack of others' other": "../third/pack/x.idx",
		"object by a link":      "../linked/" + strings.Repeat("c", 38),
		"submodule":             ".git/modules/sub/objects/ab/" + strings.Repeat("c", 38),
		"submodule's HEAD":      ".git/modules/sub/HEAD",
	} {
		for kind, create := range specials {
			t.Run(name+" "+kind, func(t *testing.T) {
				r := newRepo(t)
				r.write(".git/objects/info/alternates", "# others\n\n../../../other/objects\n/nowhere\n"+r.dir+"/.git/objects\n")
				r.write("../other/objects/info/alternates", filepath.Dir(r.dir)+"/third\n")
				must(t, os.MkdirAll(filepath.Dir(r.dir)+"/linked", 0o755))
				if strings.HasPrefix(name, "submodule") {
					sub := newRepo(t)
					r.git("submodule", "--quiet", "add", sub.dir, "sub")
				}
				must(t, os.RemoveAll(r.dir+"/.git/objects/ff"))
				must(t, os.Symlink(filepath.Dir(r.dir)+"/linked", r.dir+"/.git/objects/ff"))
				must(t, os.Symlink(".", r.dir+"/.git/refs/round"))
				must(t, r.check()) // its twin
				file := filepath.Join(r.dir, place)
				must(t, os.MkdirAll(filepath.Dir(file), 0o755))
				must(t, os.RemoveAll(file))
				must(t, create(file))
				if err := r.check(); !errors.Is(err, hostile.ErrNotRegular) || !refused(err) {
					t.Errorf("Nix is started: %v", err)
				}
			})
		}
	}
}

// Repositories as people have them are not refused, and have a key.
func TestUsualRepositories(t *testing.T) {
	for name, change := range map[string]func(r *repo){
		"packs": func(r *repo) {
			r.git("repack", "-adq", "--write-bitmap-index")
			r.git("multi-pack-index", "write")
			r.git("commit-graph", "write", "--reachable", "--split")
			r.git("pack-refs", "--all")
		},
		"alternates": func(r *repo) {
			other := repo{t: r.t, dir: filepath.Dir(r.dir) + "/clone"}
			r.git("clone", "-q", "--shared", r.dir, other.dir)
			r.dir, r.flake.Dir = other.dir, other.dir
		},
		"shared directories": func(r *repo) {
			must(r.t, os.Rename(r.dir+"/.git/objects", r.dir+"/../objects"))
			must(r.t, os.Symlink("../../objects", r.dir+"/.git/objects"))
		},
		"submodule": func(r *repo) {
			sub := newRepo(r.t)
			r.git("submodule", "--quiet", "add", sub.dir, "sub")
			r.git("commit", "-qm", "submodule")
		},
		"a great pointer and asset": func(r *repo) {
			r.write("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("0", 64)+"\nsize 99999999999\n")
			r.write("asset", strings.Repeat("x", 200<<20))
			r.git("add", ".")
			r.git("commit", "-qm", "asset")
		},
		"an image with holes": func(r *repo) {
			r.sized("disk.img", 200<<20)
			r.git("add", "-N", "disk.img")
		},
		"a directory beside it": func(r *repo) {
			r.write("../lib/flake.nix", "{ }")
			r.write("flake.lock", `{"nodes":{"root":{"inputs":{"lib":"lib"}},"lib":{"locked":{"type":"path","path":"../lib","narHash":"x"}}}}`)
		},
		"git's own socket": func(r *repo) {
			must(r.t, unix.Mknod(r.dir+"/.git/"+fsmonitorSocket, unix.S_IFSOCK|0o600, 0))
		},
		"a great file that git does not track": func(r *repo) { r.sized("untracked", 1<<40) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			change(&r)
			must(t, r.check())
			if first := r.key(); r.key() != first {
				t.Error("the key is not steady")
			}
		})
	}
}

// Nix is not started on a file that it would read for ever, and no key is made of it.
func TestTooLong(t *testing.T) {
	for name, change := range map[string]func(r *repo){
		"flake.nix":  func(r *repo) { r.sized("flake.nix", 1<<40) },
		"flake.lock": func(r *repo) { r.sized("flake.lock", 1<<40) },
		"dev.nix":    func(r *repo) { r.sized("dev.nix", 1<<40); r.git("add", "-N", "dev.nix") },
		"all together": func(r *repo) {
			for i := range 40 {
				r.sized(fmt.Sprint("hole", i), 1<<30-1)
			}
			r.git("add", "-N", ".")
		},
		"attributes": func(r *repo) { r.sized(".gitattributes", 1<<40) },
		"branch":     func(r *repo) { r.sized(".git/refs/heads/main", 1<<40) },
		"HEAD":       func(r *repo) { r.sized(".git/HEAD", 1<<40) },
		"index":      func(r *repo) { r.sized(".git/index", 1<<40) },
		"references": func(r *repo) { r.sized(".git/packed-refs", 1<<40) },
		"no repository": func(r *repo) {
			must(r.t, os.RemoveAll(r.dir+"/.git"))
			r.sized("data/deep/file", 1<<40)
		},
		"input": func(r *repo) {
			r.sized("../lib/file", 1<<40)
			r.write("flake.lock", `{"nodes":{"a":{"locked":{"type":"indirect","id":"x"}},"lib":{"locked":{"type":"path","path":"`+filepath.Dir(r.dir)+`/lib"}}}}`)
		},
		"override": func(r *repo) {
			r.sized("../lib/file", 1<<40)
			r.flake.Overrides = [][2]string{{"lib", "path:" + filepath.Dir(r.dir) + "/lib"}}
		},
		"after what has no key": func(r *repo) {
			r.write("../conf/nix.conf", "include nix.conf\n")
			r.sized("data/deep/file", 1<<40)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			change(&r)
			if err := r.check(); !refused(err) {
				t.Errorf("Nix is started: %v", err)
			}
			if err := soon(t, func() error { _, err := r.flake.Key(); return err }); err == nil {
				t.Error("there is a key")
			}
		})
	}
}

// A lock file that names a great directory takes no longer than the budget: there is no
// key, and no list for a permission, and Nix may be asked.
func TestSlowGreatInput(t *testing.T) {
	r := newRepo(t)
	great := filepath.Dir(r.dir) + "/great"
	for i := range 40 {
		must(t, os.MkdirAll(fmt.Sprint(great, "/", i), 0o755))
		for j := range 1000 {
			must(t, os.WriteFile(fmt.Sprint(great, "/", i, "/", j), nil, 0o600))
		}
	}
	for _, ref := range []string{
		`{"type":"path","path":"` + great + `"}`,
		`{"type":"path","path":"` + great + `","narHash":"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`,
		`{"type":"path","path":"/usr","narHash":"x"}`, `{"type":"path","path":"/"}`, `{"type":"path","path":"/proc/self/root"}`,
	} {
		r.write("flake.lock", `{"nodes":{"root":{"inputs":{"a":"a"}},"a":{"locked":`+ref+`}}}`)
		began := time.Now()
		if err := soon(t, func() error { _, err := r.flake.Key(); return err }); err == nil {
			t.Errorf("%s: it has a key", ref)
		}
		t.Logf("%s: %v", ref, time.Since(began))
		if err := soon(t, func() error { _, err := r.flake.Sources(); return err }); err == nil {
			t.Errorf("%s: its files can be allowed: %v", ref, err)
		}
		if err := r.check(); strings.Contains(ref, great) && err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
	must(t, os.RemoveAll(great+"/0"))
	for i := 1; i < 15; i++ {
		must(t, os.RemoveAll(fmt.Sprint(great, "/", i)))
	}
	r.write("flake.lock", `{"nodes":{"root":{"inputs":{"a":"a"}},"a":{"locked":{"type":"path","path":"`+great+`"}}}}`)
	r.key()
}

// A file that is too long to be hashed counts by its metadata.
func TestLongFile(t *testing.T) {
	r := newRepo(t)
	r.sized("data/deep/file", maxHashed+1)
	var unknowable *UncacheableError
	if _, err := r.flake.Key(); !errors.As(err, &unknowable) {
		t.Errorf("changed just now: %v", err)
	}
	time.Sleep(slack + 100*time.Millisecond)
	before := r.key()
	if r.key() != before {
		t.Error("the key is not steady")
	}
	r.sized("data/deep/file", 0)
	r.sized("data/deep/file", maxHashed+1)
	time.Sleep(slack + 100*time.Millisecond)
	if r.key() == before {
		t.Error("a change gives the same key")
	}
}

// index makes an index of a version, of paths as they are.
func index(version uint32, paths ...string) string {
	var b strings.Builder
	writeIndex(&b, version, len(paths), func(i int) string { return paths[i] })
	return b.String()
}

func writeIndex(w io.Writer, version uint32, n int, path func(int) string) {
	w.Write(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("DIRC"), version), uint32(n)))
	stat := append(make([]byte, 24), 0, 0, 0x81, 0xa4)
	stat = append(stat, make([]byte, 12+20)...)
	before := ""
	for i := range n {
		p := path(i)
		entry := binary.BigEndian.AppendUint16(stat[:60:60], uint16(min(len(p), 0xfff)))
		if version == 4 {
			common := 0
			for common < min(len(p), len(before)) && p[common] == before[common] {
				common++
			}
			entry = append(appendOffset(entry, uint64(len(before)-common)), p[common:]...)
			entry = append(entry, 0)
		} else {
			entry = append(entry, p...)
			entry = append(entry, make([]byte, 8-len(entry)%8)...)
		}
		w.Write(entry)
		before = p
	}
	w.Write(make([]byte, 20))
}

// appendOffset is the other way of offset.
func appendOffset(to []byte, value uint64) []byte {
	digits := []byte{byte(value & 0x7f)}
	for value >>= 7; value > 0; value >>= 7 {
		value--
		digits = append([]byte{0x80 | byte(value&0x7f)}, digits...)
	}
	return append(to, digits...)
}

// Entries of an index that git rejects are no files here.
func TestOddIndex(t *testing.T) {
	for name, paths := range map[string][]string{
		"a dot": {"./big"}, "two dots": {"../big"}, "deep": {"a/./b"}, "up": {"a/../b"}, "absolute": {"/etc/passwd"}, "empty part": {"a//b"},
		"slash at the end": {"a/"}, "empty": {""}, "git's own": {".git/config"}, "in any case": {"a/.GiT/config"}, "twice": {"big", "big"},
		"unsorted": {"b", "a"}, "long": {strings.Repeat("x", maxPath+1)},
	} {
		for _, version := range []uint32{2, 4} {
			r := newRepo(t)
			r.write(".git/index", index(version, paths...))
			repository, err := findRepository(r.dir)
			must(t, err)
			if entries, err := repository.entries(); !errors.Is(err, errIndex) {
				t.Errorf("%s, version %d: %v, %v", name, version, entries, err)
			}
			if _, err := r.flake.Key(); !refused(err) {
				t.Errorf("%s, version %d: a key, or Nix is asked: %v", name, version, err)
			}
			if err := r.check(); !refused(err) {
				t.Errorf("%s, version %d: Nix is started: %v", name, version, err)
			}
			if _, err := Tracks(r.dir, "big"); err == nil {
				t.Errorf("%s, version %d: doctor takes it", name, version)
			}
		}
	}
	for _, version := range []uint32{2, 4} { // their twin
		paths := []string{".gita", ".gitignore", "...", "a", "a b", "a-b", "a.git/x", "a/b/.c", "flake.nix", "\xff"}
		r := newRepo(t)
		paths[0], paths[1], paths[2] = "...", ".gita", ".gitignore"
		r.write(".git/index", index(version, paths...))
		must(t, r.check())
		r.key()
		if lines := strings.Fields(r.git("ls-files", "-z")); len(lines) == 0 {
			t.Error("git does not take it")
		}
	}
}

// Many names of one file are hashed within the budget, and Nix is let read only so much.
func TestHardLinks(t *testing.T) {
	r := newRepo(t)
	r.sized("big", 200<<20)
	for i := range 200 {
		must(t, os.Link(r.dir+"/big", fmt.Sprint(r.dir, "/data/", i)))
	}
	r.git("add", "-N", "data")
	if err := r.check(); !refused(err) {
		t.Errorf("Nix is started: %v", err)
	}
}

// maxKey is how much memory a key may take, in KiB. The promise is 100 MB of the whole
// process; other parts of a test are not in purity.
const maxKey = 100 << 10

// Whatever an index is, reading it takes little memory. Each is read in a process of its
// own, whose peak the kernel knows.
func TestSlowIndexMemory(t *testing.T) {
	if dir := os.Getenv("INDEX_DIR"); dir != "" {
		began := time.Now()
		f := Flake{Dir: dir, Nix: "/bin/sh"}
		f.Sources()
		f.Check()
		status, err := os.ReadFile("/proc/self/status")
		must(t, err)
		_, peak, _ := strings.Cut(string(status), "VmHWM:")
		fmt.Printf("PEAK %s %v\n", strings.Fields(peak)[0], time.Since(began))
		return
	}
	const entrySize = 128 // of version 2 with a path of 60 bytes
	name := func(i int) string { return fmt.Sprintf("%060x", i) }
	room := maxIndex - 12 - 20
	for _, tt := range []struct {
		name string
		make func(w io.Writer)
	}{
		{"short paths", func(w io.Writer) { writeIndex(w, 2, min(maxEntries, room/entrySize), name) }},
		{"each in a directory", func(w io.Writer) {
			writeIndex(w, 2, min(maxEntries, room/120), func(i int) string { return fmt.Sprintf("%050x/a", i) })
		}},
		{"version 4", func(w io.Writer) { writeIndex(w, 4, maxEntries, func(i int) string { return fmt.Sprintf("%055x", i) }) }},
		{"paths that grow", func(w io.Writer) {
			long := strings.Repeat("x", maxPath)
			writeIndex(w, 4, 4000, func(i int) string { return long[:i+1] })
		}},
		{"long paths that share all", func(w io.Writer) {
			long := strings.Repeat("x", maxPath-10)
			writeIndex(w, 4, maxEntries, func(i int) string { return fmt.Sprintf("%s%06x", long, i) })
		}},
		{"an extension", func(w io.Writer) {
			io.WriteString(w, "DIRC\x00\x00\x00\x02\x00\x00\x00\x00TREE\x01\xff\xff\xc0"+strings.Repeat("\x00", 0x1ffffc0-50))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.MkdirAll(dir+"/.git", 0o755))
			must(t, os.WriteFile(dir+"/flake.nix", nil, 0o644))
			must(t, os.WriteFile(dir+"/.git/HEAD", []byte("ref: refs/heads/main\n"), 0o644))
			file, err := os.Create(dir + "/.git/index")
			must(t, err)
			buffer := bufio.NewWriterSize(file, 1<<20)
			tt.make(buffer)
			must(t, buffer.Flush())
			info, err := file.Stat()
			must(t, errors.Join(err, file.Close()))
			if info.Size() > maxIndex {
				t.Fatalf("%d bytes are not read at all", info.Size())
			}
			cmd := exec.Command("/proc/self/exe", "-test.run=^TestSlowIndexMemory$")
			cmd.Env = append(os.Environ(), "INDEX_DIR="+dir)
			out, err := cmd.CombinedOutput()
			_, peak, _ := strings.Cut(string(out), "PEAK ")
			if err != nil || peak == "" {
				t.Fatalf("%v: %s", err, out)
			}
			kib, err := strconv.Atoi(strings.Fields(peak)[0])
			must(t, err)
			t.Logf("an index of %d MB: %s", info.Size()>>20, strings.SplitN(peak, "\n", 2)[0])
			if kib > maxKey {
				t.Errorf("it takes %d KiB", kib)
			}
		})
	}
}
