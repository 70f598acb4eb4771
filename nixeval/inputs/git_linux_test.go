package inputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// listing is the output of `git ls-files --stage -z`: "MODE OID STAGE\tPATH\0".
func listing(t *testing.T, out string) []indexEntry {
	t.Helper()
	var entries []indexEntry
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		var e indexEntry
		var stage uint32
		fields, path, ok := strings.Cut(line, "\t")
		if _, err := fmt.Sscanf(fields, "%o %s %d", &e.mode, &e.oid, &stage); err != nil || !ok {
			t.Fatalf("git ls-files: unexpected line %q", line)
		}
		e.path, e.flags = path, stage<<12
		entries = append(entries, e)
	}
	return entries
}

// busy makes a repository with odd names, a conflict and a file that is only intended.
func (r repo) busy() {
	for i := range 50 {
		r.write(fmt.Sprintf("many/%03d/%s", i, strings.Repeat("long", i%20)), "x")
	}
	r.write("odd/new\nline", "x")
	r.write("odd/\xff\xfe", "x")
	r.write("odd/"+strings.Repeat("n", 250), "x")
	r.git("add", ".")
	r.git("commit", "-qm", "more")
	r.git("checkout", "-q", "-b", "theirs")
	r.write("shell.nix", "theirs")
	r.git("commit", "-qam", "theirs")
	r.git("checkout", "-q", "main")
	r.write("shell.nix", "ours")
	r.git("commit", "-qam", "ours")
	exec.Command("git", "-C", r.dir, "-c", "user.name=x", "-c", "user.email=x", "merge", "-q", "theirs").Run() // a conflict: three stages
	r.write("later", "x")
	r.git("add", "-N", "later")
}

// Our reading of an index, in each of its forms, and git's are the same.
func TestSlowIndexAgainstGit(t *testing.T) {
	forms := map[string]func(r repo){
		"whole": func(repo) {},
		"split": func(r repo) {
			r.git("update-index", "--split-index")
			r.write("many/003/longlonglong", "changed")
			r.write("aaa", "new")
			r.write("zzz", "new")
			r.git("add", "aaa", "zzz", "many")
			r.git("rm", "-q", "--cached", "many/004/longlonglonglong", "many/000")
		},
		"split, unchanged": func(r repo) { r.git("update-index", "--split-index") },
		"split, all gone":  func(r repo) { r.git("update-index", "--split-index"); r.git("rm", "-rq", "--cached", "many", "odd") },
		"split, all replaced": func(r repo) {
			for i := range 200 {
				r.write(fmt.Sprintf("more/%03d", i), "x")
			}
			r.git("add", "more")
			r.git("update-index", "--split-index")
			for i := range 200 {
				r.write(fmt.Sprintf("more/%03d", i), "changed")
			}
			r.git("-c", "splitIndex.maxPercentChange=100", "add", "more")
		},
		"fsmonitor": func(r repo) { r.git("-c", "core.fsmonitor=true", "update-index", "--untracked-cache") },
		"skipped":   func(r repo) { r.git("update-index", "--skip-worktree", "odd/new\nline", "aside") },
	}
	for _, version := range []string{"2", "3", "4"} {
		for _, format := range []string{"sha1", "sha256"} {
			for form, change := range forms {
				t.Run(version+" "+format+" "+form, func(t *testing.T) {
					r := newRepo(t, "--object-format="+format)
					r.write("aside", "x")
					r.busy()
					r.git("update-index", "--index-version", version)
					change(r)
					repository, err := findRepository(r.dir)
					must(t, err)
					ours, err := repository.entries()
					must(t, err)
					for i := range ours {
						ours[i].oid = fmt.Sprintf("%x", ours[i].oid)
						ours[i].flags &= 0x3000 // git lists the stage only
					}
					parts, _ := filepath.Glob(r.dir + "/.git/sharedindex.*")
					if split := strings.HasPrefix(form, "split"); len(parts) > 0 != split {
						t.Errorf("split %v: it has %d shared parts", split, len(parts))
					}
					if diff := cmp.Diff(listing(t, r.git("ls-files", "--stage", "-z")), ours, cmp.AllowUnexported(indexEntry{})); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// In a sparse index a directory stands for the files below it; a change of one of them
// in git is a change of the directory.
func TestSparseIndex(t *testing.T) {
	r := newRepo(t)
	r.write("out/of/sight", "x")
	r.write("in/sight", "x")
	r.git("add", ".")
	r.git("commit", "-qm", "more")
	r.git("sparse-checkout", "set", "--cone", "--sparse-index", "in")
	before := r.key()
	repository, err := findRepository(r.dir)
	must(t, err)
	entries, err := repository.entries()
	must(t, err)
	sparse := 0
	for _, e := range entries {
		if e.mode == 0o40000 {
			sparse++
		}
	}
	if sparse == 0 {
		t.Fatalf("the index is not sparse: %+v", entries)
	}
	r.git("update-index", "--cacheinfo", "100644,"+strings.TrimSpace(r.git("hash-object", "-w", "flake.nix"))+",out/of/sight")
	if r.key() == before {
		t.Error("another file out of sight gives the same key")
	}
}

// References can be kept in the files of reftable, which git does not have everywhere.
func TestReftable(t *testing.T) {
	r := newRepo(t)
	must(t, os.Mkdir(r.dir+"/.git/reftable", 0o755))
	r.write(".git/HEAD", reftableHead+"\n")
	r.write(".git/reftable/tables.list", "0x000000000001-0x000000000002-a1b2.ref\n")
	r.write(".git/reftable/0x000000000001-0x000000000002-a1b2.ref", "REFT one")
	first := r.key()
	if r.key() != first {
		t.Error("the same references give two keys")
	}
	r.write(".git/reftable/0x000000000001-0x000000000002-a1b2.ref", "REFT two")
	if r.key() == first {
		t.Error("other references give the same key")
	}
	r.write(".git/reftable/tables.list", "../../../etc/passwd\n")
	if _, err := r.flake.Key(); err == nil {
		t.Error("a table outside is read")
	}
}

// Whatever stands in the place of a file that is read, reading it ends, takes little
// memory, and a special file is no state of a repository.
func TestHostileRepository(t *testing.T) {
	plants := map[string]func(string) error{
		"fifo":      func(p string) error { return unix.Mkfifo(p, 0o600) },
		"zero":      func(p string) error { return os.Symlink("/dev/zero", p) },
		"directory": func(p string) error { return os.Mkdir(p, 0o700) },
		"huge":      func(p string) error { return errors.Join(os.WriteFile(p, nil, 0o600), os.Truncate(p, 1<<40)) },
		"socket":    func(p string) error { return unix.Mknod(p, unix.S_IFSOCK|0o600, 0) },
		"loop":      func(p string) error { return os.Symlink(filepath.Base(p), p) },
	}
	for _, name := range []string{".git/HEAD", ".git/index", ".git/config", ".git/commondir", ".git/refs/heads/main", ".git/packed-refs", "flake.lock", "flake.nix", ".git", ".git/info/attributes", ".git/config.worktree", ".gitattributes", "data/deep/.gitattributes"} {
		for plant, create := range plants {
			t.Run(name+" "+plant, func(t *testing.T) {
				r := newRepo(t)
				switch name {
				case ".git/packed-refs":
					must(t, os.Remove(r.dir+"/.git/refs/heads/main"))
				case ".git":
					if plant == "directory" {
						t.Skip("a directory .git is what there is")
					}
				}
				must(t, os.RemoveAll(filepath.Join(r.dir, name)))
				must(t, create(filepath.Join(r.dir, name)))
				done := make(chan error, 1)
				go func() {
					_, err := r.flake.Key()
					done <- err
				}()
				select {
				case err := <-done:
					unknowable := (*UncacheableError)(nil)
					waits := plant == "fifo" || plant == "zero" || plant == "socket"
					if waits && (err == nil || errors.As(err, &unknowable)) {
						t.Errorf("Nix is asked, which would wait: %v", err)
					}
					if errors.Is(err, fs.ErrNotExist) {
						t.Errorf("it is taken for nothing: %v", err)
					}
				case <-time.After(time.Minute):
					t.Fatal("reading it does not end")
				}
			})
		}
	}
}

// A reference does not lead out of the repository.
func TestReferenceOutside(t *testing.T) {
	for _, ref := range []string{"../../../../../../etc/passwd", "/etc/passwd", "refs/../../../outside", "config"} {
		r := newRepo(t)
		r.write(".git/HEAD", "ref: "+ref+"\n")
		var unknowable *UncacheableError
		if _, err := r.flake.Key(); !errors.As(err, &unknowable) {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

// A sparse file is hashed at once, and a byte in it counts.
func TestSparseFile(t *testing.T) {
	r := newRepo(t)
	must(t, os.Truncate(r.dir+"/data/deep/file", maxHashed))
	before := r.key()
	f, err := os.OpenFile(r.dir+"/data/deep/file", os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("x"), maxHashed/2)
	must(t, errors.Join(err, f.Close()))
	if r.key() == before {
		t.Error("a byte in a hole gives the same key")
	}
}

// Tracked files are known without git.
func TestTracks(t *testing.T) {
	r := newRepo(t)
	r.write("new", "x")
	for _, tt := range []struct {
		dir, name string
		want      bool
	}{{r.dir, "flake.nix", true}, {r.dir + "/data", "deep/file", true}, {r.dir, "new", false}, {filepath.Dir(r.dir), "nix", false}} {
		if got, err := Tracks(tt.dir, tt.name); got != tt.want || err != nil {
			t.Errorf("%s in %s: %v, %v", tt.name, tt.dir, got, err)
		}
	}
}

// FuzzRepository has any text in the files that are read of a repository.
func FuzzRepository(f *testing.F) {
	f.Add("ref: refs/heads/main\n", "DIRC", "0000", "x refs/heads/main\n", "../common\n", uint8(0))
	f.Add("0123456789012345678901234567890123456789\n", "", "", "", "", uint8(1))
	f.Add("ref: refs/heads/.invalid\n", "", "", "", "a.ref\n", uint8(2))
	f.Fuzz(func(t *testing.T, head, index, shared, packed, other string, form uint8) {
		dir := t.TempDir()
		git := dir + "/.git"
		must(t, os.MkdirAll(git+"/refs/heads", 0o755))
		must(t, os.MkdirAll(git+"/reftable", 0o755))
		files := map[string]string{"HEAD": head, "index": index, "packed-refs": packed, "sharedindex." + strings.Repeat("00", 20): shared}
		switch form % 4 {
		case 0:
			files["commondir"] = other
		case 1:
			files["config"] = other
		case 2:
			files["reftable/tables.list"] = other
		case 3:
			files["refs/heads/main"] = other
		}
		for name, text := range files {
			must(t, os.WriteFile(filepath.Join(git, name), []byte(text), 0o644))
		}
		must(t, os.WriteFile(dir+"/flake.nix", nil, 0o644))
		Flake{Dir: dir, Nix: "/bin/sh"}.Key() // ends, and takes no more memory than there are bytes
	})
}

func FuzzParseIndex(f *testing.F) {
	f.Add([]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x00"+strings.Repeat("x", 20)), []byte{}, 20)
	f.Add([]byte("DIRC\x00\x00\x00\x04\x00\x00\x00\x01"+strings.Repeat("\x00", 120)), []byte{}, 20)
	for _, command := range []string{"aaa", "flake.nix"} {
		dir := f.TempDir()
		git := func(args ...string) {
			if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
				f.Fatalf("%s", out)
			}
		}
		git("init", "-q")
		os.WriteFile(dir+"/flake.nix", []byte("{ }"), 0o644)
		git("add", ".")
		git("update-index", "--split-index")
		os.WriteFile(dir+"/"+command, []byte("changed"), 0o644)
		git("add", ".")
		index, err := os.ReadFile(dir + "/.git/index")
		if err != nil {
			f.Fatal(err)
		}
		parts, _ := filepath.Glob(dir + "/.git/sharedindex.*")
		shared, err := os.ReadFile(parts[0])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(index, shared, 20)
	}
	f.Fuzz(func(t *testing.T, data, shared []byte, size int) {
		if size != 20 && size != 32 {
			return
		}
		entries, err := parseIndex(string(data), size, func(string) (string, error) { return string(shared), nil })
		if err == nil && len(entries)*(statSize+size+2) > len(data)+len(shared) {
			t.Errorf("%d entries in %d bytes", len(entries), len(data)+len(shared))
		}
	})
}
