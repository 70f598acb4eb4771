package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nix-purity/purity/fixtures"
)

// Three hundred starts with a cold cache, four at a time, make one evaluation, and
// none fails.
func TestSlowManyStarts(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "json")
	u.run(t, 0, dir, "exec", "--", "true") // writes the lock file
	change(t, dir, "a thousand")
	turns := make(chan struct{}, 4)
	var group sync.WaitGroup
	var mutex sync.Mutex
	evaluations := 0
	for range 300 {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			out, err := u.command(t, dir, "-v", "exec", "--", "printenv", "FROM_JSON").CombinedOutput()
			if err != nil || !strings.Contains(string(out), "a thousand\n") {
				t.Errorf("%v\n%s", err, out)
			}
			mutex.Lock()
			evaluations += strings.Count(string(out), "start nix print-dev-env")
			mutex.Unlock()
		})
	}
	group.Wait()
	if evaluations != 1 {
		t.Errorf("%d evaluations, want 1", evaluations)
	}
}

// change makes the next start evaluate anew.
func change(t *testing.T, dir, value string) {
	if err := os.WriteFile(filepath.Join(dir, "data.json"), fmt.Appendf(nil, `{"value":%q}`, value), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Killed at any moment of a cold start, eighty times: the next run works.
func TestSlowKilledWhileCaching(t *testing.T) {
	t.Parallel()
	for worker := range 2 {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			u := newUser(t, "self", fixtures.Newest(t))
			dir := u.project(t, "json")
			u.run(t, 0, dir, "exec", "--", "true")
			for round := range 40 {
				value := fmt.Sprintf("round %d", round)
				change(t, dir, value)
				cmd := u.command(t, dir, "exec", "--", "true")
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(rand.N(400 * time.Millisecond))
				cmd.Process.Kill()
				cmd.Wait()
				if round%2 == 0 { // in other rounds, a kill follows a kill
					if out := u.run(t, 0, dir, "exec", "--", "printenv", "FROM_JSON"); !strings.HasSuffix(out, value+"\n") {
						t.Fatalf("after %s: %s", value, out)
					}
				}
			}
		})
	}
}

// A closure of ten thousand store paths, which need no Nix here.
func TestTenThousandPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, project := filepath.Join(dir, "store"), filepath.Join(dir, "project")
	var list strings.Builder
	for i := range 10000 {
		path := filepath.Join(store, fmt.Sprintf("%032d-package", i))
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&list, path)
	}
	for _, name := range []string{filepath.Join(store, fmt.Sprintf("%032d-package/file", 9999)), filepath.Join(store, "outside")} {
		if err := os.WriteFile(name, []byte("content"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shells, err := filepath.Glob(fixtures.StoreDir() + "/*-zsh/bin/zsh-static") // it needs no other store path
	if err != nil || len(shells) == 0 {
		t.Fatalf("no static shell: %v", err)
	}
	program, err := os.ReadFile(shells[0])
	if err != nil {
		t.Fatal(err)
	}
	shell := filepath.Join(store, fmt.Sprintf("%032d-package/zsh", 5000))
	if err := fixtures.WriteFile(shell, program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(project, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(project, "paths"), []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	u := newUser(t, "self", fixtures.Newest(t))
	u.environ = append(u.environ, "NIX_STORE_DIR="+store)
	script := "read x < " + store + "/" + fmt.Sprintf("%032d", 9999) + "-package/file; echo $x; read x < " + store + "/outside || echo refused"
	if out := u.run(t, 0, project, "exec", "--project", project, "--closure-file", "paths", "--", shell, "-c", script); !strings.Contains(out, "content\n") || !strings.HasSuffix(out, "refused\n") {
		t.Errorf("output: %s", out)
	}
}

// Bad surroundings have the outcome that SECURITY.md says: a cached environment runs,
// and any other is an error that names the fault.
func TestSurroundings(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true") // writes the lock file
	shell := func(script string) string {
		cmd := exec.Command("bash", "-c", script, "bash", binary(t))
		cmd.Dir, cmd.Env = dir, append(u.environ, "FULL="+filepath.Join(u.dir, "full"))
		out, _ := cmd.CombinedOutput() // the script prints the exit code
		return string(out)
	}
	shell(`"$1" exec -- true`)
	for _, tt := range []struct{ name, script, want string }{
		{"few descriptors, warm", `ulimit -n 16; "$1" exec -- echo runs`, "runs\n"},
		{"few descriptors, watched", `ulimit -n 16; CI=1 "$1" exec -- echo runs`, "runs\n"},
		{"few descriptors, cold", `ulimit -n 16; "$1" exec --refresh -- echo runs; echo $?`, "(too many open files\n(purity: hint: .*\n)?125|runs\n0)\n"}, // Nix may go without its own cache
		{"few descriptors, a view", `ulimit -n 12; "$1" exec --view -- echo runs; echo $?`, "too many open files\npurity: hint: let it open more files: ulimit -n 256\n125\n"},
		{"no HOME", `unset HOME XDG_CACHE_HOME; "$1" exec -- echo runs; echo $?`, "125\n"},
	} {
		if out := shell(tt.script); !regexp.MustCompile(ending(t, tt.name, tt.want) + `$`).MatchString(out) {
			t.Errorf("%s: %q, want %q", tt.name, out, tt.want)
		}
	}
	if os.Getuid() != 0 {
		return // the others need mounts
	}
	for _, tt := range []struct{ name, script, want string }{
		{"read-only HOME, warm", `mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME" && "$1" exec -- echo runs`, "runs\n"},
		{"read-only HOME, cold", `mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME"; "$1" exec --refresh -- echo runs; echo $?`, "read-only file system\npurity: hint: name a directory that you can write:  export XDG_CACHE_HOME=DIR\n125\n"},
		{"full disk, cold", `mkdir "$FULL"; mount -t tmpfs -o size=64k none "$FULL"; head -c 1000000 /dev/zero > "$FULL/x" 2>/dev/null; HOME=$FULL "$1" exec -- echo runs; echo $?`, "no space left on device\n125\n"},
		{"another PID namespace", `"$1" exec -- sh -c 'echo x > $TMPDIR/f; sleep 6; cat $TMPDIR/f' & sleep 2; unshare -pf --mount-proc bash -c '"$0" exec -- sh -c "echo y > \$TMPDIR/f; cat \$TMPDIR/f"; sleep 2' "$1"; wait`, "y\nx\n"},
		{"no /proc, warm", `mount -t tmpfs none /proc; "$1" exec -- echo runs; echo $?`, "runs\n0\n"},
		{"no /proc, warm, to be watched", `mount -t tmpfs none /proc; CI=1 "$1" exec -- echo runs; echo $?`, "runs\n0\n"},
		{"no /proc, somebody wants to know", `mount -t tmpfs none /proc; "$1" exec --fail -- echo runs; echo $?`, "125\n"},
		{"no /proc, cold", `mount -t tmpfs none /proc; "$1" exec --refresh -- echo runs; echo $?`, "125\n"},
	} {
		if out := shell("exec unshare -m bash -c '" + strings.ReplaceAll(tt.script, `'`, `'\''`) + `' bash "$1"`); !strings.HasSuffix(out, ending(t, tt.name, tt.want)) {
			t.Errorf("%s: %q, want %q", tt.name, out, tt.want)
		}
	}
}
