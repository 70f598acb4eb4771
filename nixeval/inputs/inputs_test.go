package inputs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// repo is a git repository with a flake, and how to ask for its key.
type repo struct {
	t     *testing.T
	dir   string
	flake Flake
}

func newRepo(t *testing.T, initArgs ...string) repo {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	r := repo{t: t, dir: filepath.Join(top, "project")}
	must(t, os.MkdirAll(r.dir, 0o755))
	must(t, os.MkdirAll(top+"/conf", 0o755))
	must(t, os.MkdirAll(top+"/home/.config/nix", 0o755))
	r.write("../nix", "a program")
	r.write("flake.nix", "{ outputs = { self }: { }; }")
	r.write("shell.nix", "one")
	r.write("data/deep/file", "data")
	must(t, os.Symlink("shell.nix", r.dir+"/link"))
	r.git(append([]string{"init", "-q", "-b", "main"}, initArgs...)...)
	r.git("add", ".")
	r.git("commit", "-qm", "first")
	r.flake = Flake{
		Dir: r.dir, StatCache: top + "/stat", Nix: top + "/nix", Extra: []string{"default"},
		Environ: []string{"HOME=" + top + "/home", "NIX_CONF_DIR=" + top + "/conf"},
	}
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r repo) write(name, text string) {
	r.t.Helper()
	file := filepath.Join(r.dir, name)
	must(r.t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(r.t, os.WriteFile(file, []byte(text), 0o644))
}

func (r repo) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (r repo) key() Key {
	r.t.Helper()
	k, err := r.flake.Key()
	must(r.t, err)
	return k
}

// sameStat rewrites a file and puts its mtime back.
func (r repo) sameStat(name, text string) {
	info, err := os.Stat(filepath.Join(r.dir, name))
	must(r.t, err)
	r.write(name, text)
	must(r.t, os.Chtimes(filepath.Join(r.dir, name), info.ModTime(), info.ModTime()))
}

// Every change that Nix would see changes the key.
func TestChanges(t *testing.T) {
	tests := map[string]func(r *repo){
		"flake.nix":                 func(r *repo) { r.write("flake.nix", "{ outputs = { self }: { a = 1; }; }") },
		"same size, same mtime":     func(r *repo) { r.sameStat("shell.nix", "two") },
		"file deep below":           func(r *repo) { r.write("data/deep/file", "DATA") },
		"file removed":              func(r *repo) { must(r.t, os.Remove(r.dir+"/data/deep/file")) },
		"file made executable":      func(r *repo) { must(r.t, os.Chmod(r.dir+"/shell.nix", 0o755)) },
		"file becomes a link":       func(r *repo) { os.Remove(r.dir + "/shell.nix"); os.Symlink("flake.nix", r.dir+"/shell.nix") },
		"file becomes a directory":  func(r *repo) { os.Remove(r.dir + "/shell.nix"); os.Mkdir(r.dir+"/shell.nix", 0o755) },
		"link goes elsewhere":       func(r *repo) { os.Remove(r.dir + "/link"); os.Symlink("flake.nix", r.dir+"/link") },
		"lock file added":           func(r *repo) { r.write("flake.lock", `{"nodes":{}}`); r.git("add", ".") },
		"new file added":            func(r *repo) { r.write("new", ""); r.git("add", "new") },
		"new file intended to be":   func(r *repo) { r.write("new", ""); r.git("add", "-N", "new") },
		"file no more tracked":      func(r *repo) { r.git("rm", "-q", "--cached", "shell.nix") },
		"commit":                    func(r *repo) { r.git("commit", "-q", "--allow-empty", "-m", "second") },
		"another branch":            func(r *repo) { r.git("checkout", "-q", "-b", "other") },
		"detached":                  func(r *repo) { r.git("checkout", "-q", "--detach") },
		"nix upgraded":              func(r *repo) { r.write("../nix", "another one") },
		"another nix":               func(r *repo) { r.write("../nix2", "a program"); r.flake.Nix += "2" },
		"attribute":                 func(r *repo) { r.flake.Extra = []string{"ci"} },
		"attribute split otherwise": func(r *repo) { r.flake.Extra = []string{"def", "ault"} },
		"taken as a tree":           func(r *repo) { r.flake.Tree = true },
		"NIX_CONFIG":                func(r *repo) { r.flake.Environ = append(r.flake.Environ, "NIX_CONFIG=a = b") },
		"nix.conf":                  func(r *repo) { r.write("../conf/nix.conf", "a = b") },
		"nix.conf of the user":      func(r *repo) { r.write("../home/.config/nix/nix.conf", "a = b") },
		"an override": func(r *repo) {
			r.write("../dep/x", "1")
			r.flake.Overrides = [][2]string{{"dep", "path:" + filepath.Dir(r.dir) + "/dep"}}
		},
		"an override of another input": func(r *repo) { r.flake.Overrides = [][2]string{{"x", r.dir}} },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			before := r.key()
			change(&r)
			if r.key() == before {
				t.Error("the key is the same")
			}
		})
	}
}

// A file that Nix would not see leaves the key as it is.
func TestNoChanges(t *testing.T) {
	tests := map[string]func(r *repo){
		"nothing":                   func(*repo) {},
		"untracked file":            func(r *repo) { r.write("untracked", "x") },
		"touch":                     func(r *repo) { os.Chtimes(r.dir+"/shell.nix", time.Now(), time.Unix(1, 0)) },
		"same content again":        func(r *repo) { r.write("shell.nix", "one") },
		"another inode":             func(r *repo) { r.write("tmp", "one"); os.Rename(r.dir+"/tmp", r.dir+"/shell.nix") },
		"bits that do not count":    func(r *repo) { must(r.t, os.Chmod(r.dir+"/shell.nix", 0o600)) },
		"git status":                func(r *repo) { os.Chtimes(r.dir+"/shell.nix", time.Now(), time.Unix(1, 0)); r.git("status") },
		"no stat cache":             func(r *repo) { os.Remove(r.flake.StatCache) },
		"empty stat cache":          func(r *repo) { os.WriteFile(r.flake.StatCache, nil, 0o600) },
		"foreign stat cache":        func(r *repo) { os.WriteFile(r.flake.StatCache, []byte("purity stat 0\nxxxxxxxx"), 0o600) },
		"stat cache not wanted":     func(r *repo) { r.flake.StatCache = "" },
		"variable of no concern":    func(r *repo) { r.flake.Environ = append(r.flake.Environ, "EDITOR=vi", "NIX_GCROOT=/x") },
		"references packed":         func(r *repo) { r.git("pack-refs", "--all") },
		"index of another version":  func(r *repo) { r.git("update-index", "--index-version", "4") },
		"index in two parts":        func(r *repo) { r.git("update-index", "--split-index") },
		"file in the git directory": func(r *repo) { r.write(".git/description", "x") },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			before := r.key()
			change(&r)
			if name == "index in two parts" { // git lists it, and spells object names otherwise
				before = r.key()
			}
			if r.key() != before {
				t.Error("the key is another")
			}
		})
	}
}

// A damaged stat cache is not believed, wherever the damage is.
func TestDamagedStatCache(t *testing.T) {
	r := newRepo(t)
	want := r.key()
	good, err := os.ReadFile(r.flake.StatCache)
	must(t, err)
	for i := range good {
		bad := append([]byte{}, good...)
		bad[i] ^= 0x20
		must(t, os.WriteFile(r.flake.StatCache, bad, 0o600))
		if got := r.key(); got != want {
			t.Fatalf("byte %d changed: another key", i)
		}
	}
	if _, ok := decodeRecords(good); !ok {
		t.Error("the cache that was written cannot be read")
	}
}

// Edits in quick succession, within one tick of the clock, all count.
func TestQuickEdits(t *testing.T) {
	r := newRepo(t)
	seen := map[Key]int{}
	for i := range 300 {
		r.sameStat("shell.nix", fmt.Sprintf("%03d", i))
		k := r.key()
		if j, ok := seen[k]; ok {
			t.Fatalf("contents %d and %d have one key", j, i)
		}
		seen[k] = i
	}
}

// Going back to a state gives its key again.
func TestBranches(t *testing.T) {
	r := newRepo(t)
	first := r.key()
	r.git("checkout", "-q", "-b", "other")
	r.write("shell.nix", "two")
	r.git("commit", "-qam", "second")
	second := r.key()
	for range 3 {
		r.git("checkout", "-q", "main")
		must(t, os.Chtimes(r.dir+"/shell.nix", time.Unix(5, 0), time.Unix(5, 0)))
		if r.key() != first {
			t.Error("main has another key")
		}
		r.git("checkout", "-q", "other")
		must(t, os.Chtimes(r.dir+"/shell.nix", time.Unix(5, 0), time.Unix(5, 0)))
		if r.key() != second {
			t.Error("other has another key")
		}
	}
}

func TestLockedInputs(t *testing.T) {
	r := newRepo(t)
	top := filepath.Dir(r.dir)
	lock := func(locked string) {
		r.write("flake.lock", `{"nodes":{"root":{"inputs":{"dep":"dep"}},"dep":{"locked":`+locked+`}}}`)
		r.git("add", ".")
	}
	r.write("../dep/file", "one")
	for _, ref := range []string{`{"type":"path","path":"` + top + `/dep","narHash":"x"}`, `{"type":"path","path":"../dep","narHash":"x"}`, `{"type":"git","url":"file://` + top + `/dep"}`} {
		lock(ref)
		before := r.key()
		if r.key() != before {
			t.Errorf("%s: the key is not steady", ref)
		}
		r.sameStat("../dep/file", map[bool]string{true: "two", false: "one"}[read3(r, "../dep/file") == "one"])
		if r.key() == before {
			t.Errorf("%s: a change of the input is not seen", ref)
		}
	}
	for _, ref := range []string{`{"type":"github","rev":"r","narHash":"x"}`, `{"type":"git","url":"https://x","rev":"r"}`, `{"type":"tarball","narHash":"x"}`, `{"type":"path","path":"/nix/store/x"}`} {
		lock(ref)
		r.key()
	}
	for _, ref := range []string{`{"type":"indirect","id":"nixpkgs"}`, `{"type":"git","url":"https://x"}`, `3`} {
		lock(ref)
		var unknowable *UncacheableError
		if _, err := r.flake.Key(); !errors.As(err, &unknowable) {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func read3(r repo, name string) string {
	data, err := os.ReadFile(filepath.Join(r.dir, name))
	must(r.t, err)
	return string(data)
}

// Without a lock file, inputs are whatever they are today.
func TestNoLock(t *testing.T) {
	r := newRepo(t)
	for text, known := range map[string]bool{
		"{ outputs = { self }: { }; }":                         true,
		"{ outputs = { self, ... }: { }; }":                    true,
		"{ outputs = _: { }; }":                                true,
		"{ outputs = { self, nixpkgs }: { }; }":                false, // from the registry
		"{ inputs.x.url = \"github:a/b\"; outputs = _: { }; }": false,
		"{ outputs = args: { }; }":                             false,
	} {
		r.write("flake.nix", text)
		var unknowable *UncacheableError
		if _, err := r.flake.Key(); known != (err == nil) || !known && !errors.As(err, &unknowable) {
			t.Errorf("%s: %v", text, err)
		}
		r.write("flake.lock", `{"nodes":{}}`)
		if _, err := r.flake.Key(); err != nil {
			t.Errorf("%s with a lock: %v", text, err)
		}
		must(t, os.Remove(r.dir+"/flake.lock"))
	}
}

// Includes of nix.conf count, however deep.
func TestIncludes(t *testing.T) {
	r := newRepo(t)
	r.write("../conf/nix.conf", "include more.conf # and more\n!include absent.conf\n")
	r.write("../conf/more.conf", "include deep/most.conf\n")
	r.write("../conf/deep/most.conf", "a = b\n")
	before := r.key()
	r.write("../conf/deep/most.conf", "a = c\n")
	after := r.key()
	r.write("../conf/absent.conf", "")
	if before == after || after == r.key() {
		t.Error("a change of an included file is not seen")
	}
	r.write("../conf/deep/most.conf", "include ../nix.conf\n")
	var unknowable *UncacheableError
	if _, err := r.flake.Key(); !errors.As(err, &unknowable) {
		t.Errorf("includes in a circle: %v", err)
	}
}

func TestWithoutGit(t *testing.T) {
	r := newRepo(t)
	must(t, os.RemoveAll(r.dir+"/.git"))
	before := r.key()
	if r.key() != before {
		t.Error("the key is not steady")
	}
	r.write("data/new", "")
	after := r.key()
	r.sameStat("shell.nix", "two")
	if before == after || after == r.key() {
		t.Error("a change is not seen")
	}
}

func TestWorktreesAndSubmodules(t *testing.T) {
	r := newRepo(t)
	other := repo{t: t, dir: filepath.Join(filepath.Dir(r.dir), "tree")}
	r.git("worktree", "add", "-q", other.dir, "-b", "tree")
	other.flake = r.flake
	other.flake.Dir = other.dir
	before := other.key()
	other.sameStat("shell.nix", "two")
	after := other.key()
	other.git("commit", "-qam", "second")
	if before == after || after == other.key() {
		t.Error("a change in a further work tree is not seen")
	}
	sub := newRepo(t)
	r.git("submodule", "--quiet", "add", sub.dir, "sub")
	r.git("commit", "-qam", "submodule")
	r.key()
	r.write("flake.nix", "{ inputs.self.submodules = true; }")
	var unknowable *UncacheableError
	if _, err := r.flake.Key(); !errors.As(err, &unknowable) {
		t.Errorf("submodules: %v", err)
	}
}

func TestFindFlake(t *testing.T) {
	r := newRepo(t)
	dir, root, err := FindFlake(r.dir + "/data/deep")
	if dir != r.dir || root != r.dir || err != nil {
		t.Errorf("%q, %q, %v", dir, root, err)
	}
	r.write("data/flake.nix", "{ }")
	dir, root, err = FindFlake(r.dir + "/data/deep")
	if dir != r.dir+"/data" || root != r.dir || err != nil {
		t.Errorf("%q, %q, %v", dir, root, err)
	}
	must(t, os.Remove(r.dir+"/data/flake.nix"))
	must(t, os.Remove(r.dir+"/flake.nix"))
	r.write("../flake.nix", "{ }") // above the repository
	var none *NoFlakeError
	if _, _, err = FindFlake(r.dir + "/data"); !errors.As(err, &none) {
		t.Errorf("beyond the repository: %v", err)
	}
}

func FuzzDecodeRecords(f *testing.F) {
	f.Add(encodeRecords([]record{{path: "/a"}, {path: "/b"}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if records, ok := decodeRecords(data); ok && string(encodeRecords(records)) != string(data) {
			t.Error("what is read is not what was written")
		}
	})
}

func BenchmarkKey(b *testing.B) {
	for _, files := range []int{100, 1000} {
		b.Run(fmt.Sprint(files), func(b *testing.B) {
			dir := b.TempDir()
			run := func(args ...string) {
				cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x"}, args...)...)
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%s", out)
				}
			}
			for i := range files {
				sub := fmt.Sprintf("%s/dir%d", dir, i%20)
				os.MkdirAll(sub, 0o755)
				os.WriteFile(fmt.Sprintf("%s/file%d", sub, i), []byte("x"), 0o644)
			}
			os.WriteFile(dir+"/flake.nix", nil, 0o644)
			run("init", "-q")
			run("add", ".")
			run("commit", "-qm", "x")
			time.Sleep(slack + 100*time.Millisecond)
			flake := Flake{Dir: dir, StatCache: b.TempDir() + "/stat", Nix: "/bin/sh"}
			for b.Loop() {
				if _, err := flake.Key(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
