package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/fixtures"
)

// expected is the outcome of a command of the project builders, whatever builds it.
var expected = map[string]struct{ verdict, code string }{
	"pure": {"pure", "0"}, "read": {"impure", "0"}, "run": {"impure", "0"}, "fails": {"failed", "7"}, "absent": {"failed", "127"},
}

// Every builder makes the same reports and verdicts: with each sandbox, as root, as a user
// with a store, with build users behind a daemon, and on remote builders, of which one
// dies. They take minutes: make test-builders.
func TestBuilders(t *testing.T) {
	if os.Getenv("PURITY_BUILDERS") == "" {
		t.Skip("PURITY_BUILDERS is not set: make test-builders")
	}
	for _, nix := range append(fixtures.Older(t), fixtures.Newest(t)) {
		t.Run(nix.Version, func(t *testing.T) {
			f := newFarm(t, nix)
			t.Run("sandbox", f.testSandbox)
			t.Run("store of a user", f.testOwnStore)
			t.Run("build users", f.testBuildUsers)
			t.Run("remote", f.testRemote)
			t.Run("no landlock", f.testNoLandlock)
		})
	}
}

// farm is a project with checks, and the reports of a few of them.
type farm struct {
	user
	project string
	sh      string            // a /bin/sh for sandboxes, in the store
	few     map[string]string // store paths, by the check
	said    map[string]string // their content, by the check and the file
}

func newFarm(t *testing.T, nix fixtures.Nix) *farm {
	f := &farm{user: withPurity(t, nix)}
	for i, v := range f.environ {
		if strings.HasPrefix(v, "NIX_CONFIG=") {
			f.environ[i] += "\nextra-system-features = landlock\nsandbox-fallback = false"
		}
	}
	f.project = f.user.project(t, "builders")
	withModules(t, f.project, "@run@", filepath.Base(f.dir))
	f.output(t, f.project, "nix flake lock && git add flake.lock")
	f.sh = strings.TrimSpace(f.output(t, f.project, "nix eval --raw .#sh"))
	f.few = f.paths(t, "few")
	f.build(t, f.user, f.project, "few", "--option sandbox false")
	f.said = f.saidIn(t, fixtures.StoreDir())
	f.verdicts(t, f.few)
	return f
}

// paths returns the store paths of reports, built or not.
func (f *farm) paths(t *testing.T, set string) map[string]string {
	t.Helper()
	found := map[string]string{}
	out := f.output(t, f.project, `nix eval --raw .#reports.`+set+` --apply 'r: builtins.concatStringsSep "" (map (name: "${name} ${builtins.unsafeDiscardStringContext r.${name}.outPath}\n") (builtins.attrNames r))'`)
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		found[words[0]] = words[1]
	}
	return found
}

// attributes returns those of the reports of a set, for a command line.
func (f *farm) attributes(t *testing.T, set string) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(f.paths(t, set))) {
		text += " .#reports." + set + "." + name
	}
	return text
}

// build builds all reports of a set.
func (f *farm) build(t *testing.T, u user, dir, set, flags string) {
	t.Helper()
	if out := u.transcript(t, dir, "nix build --no-link "+flags+f.attributes(t, set)); strings.Contains(out, "[exit code") {
		t.Fatal(out)
	}
}

// saidIn returns the content of the few reports in a store. A command's message about a denied
// or hidden file depends on the builder, so saidIn replaces it in the log.
func (f *farm) saidIn(t *testing.T, store string) map[string]string {
	t.Helper()
	said := map[string]string{}
	for name, path := range f.few {
		for _, file := range []string{"report.json", "report.sarif", "report.html", "log", "verdict", "exit-code"} {
			data, err := os.ReadFile(filepath.Join(store, filepath.Base(path), file))
			if err != nil {
				t.Fatal(err)
			}
			text := string(data)
			if file == "log" {
				text = strings.NewReplacer("No such file or directory", "refused", "Permission denied", "refused").Replace(text)
			}
			said[name+" "+file] = text
		}
	}
	return said
}

// verdicts compares reports in the store with the expected ones.
func (f *farm) verdicts(t *testing.T, paths map[string]string) {
	t.Helper()
	for name, path := range paths {
		_, command, _ := strings.Cut(name, "-")
		want := expected[command]
		for file, want := range map[string]string{"verdict": want.verdict, "exit-code": want.code} {
			if got, err := os.ReadFile(filepath.Join(path, file)); strings.TrimSpace(string(got)) != want {
				t.Errorf("%s: %s is %q, want %q (%v)", name, file, got, want, err)
			}
		}
	}
}

// same compares another store with the first one.
func (f *farm) same(t *testing.T, store string) {
	t.Helper()
	if diff := cmp.Diff(f.said, f.saidIn(t, store)); diff != "" {
		t.Errorf("reports differ (-first +now):\n%s", diff)
	}
}

// testSandbox builds anew with each kind of sandbox, and twice.
func (f *farm) testSandbox(t *testing.T) {
	for _, sandbox := range []string{"true", "relaxed", "false"} {
		for _, path := range f.few {
			f.output(t, f.project, "nix store delete "+path)
		}
		flags := "--option sandbox " + sandbox + " --option sandbox-paths /bin/sh=" + f.sh
		f.build(t, f.user, f.project, "few", flags)
		f.build(t, f.user, f.project, "few", "--rebuild "+flags)
		f.verdicts(t, f.few)
		f.same(t, fixtures.StoreDir())
	}
}

// other returns a user other than root, with a project and a store.
func (f *farm) other(t *testing.T, store string) (user, string) {
	u := newUser(t, "other", f.nix)
	u.environ = append(u.environ, f.environ[len(f.environ)-1], "NIX_REMOTE="+store)
	dir := filepath.Join(u.dir, "builders")
	if out, err := exec.Command("cp", "-a", f.project, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if os.Getuid() == 0 {
		u.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		chown(t, u.dir)
	}
	return u, dir
}

// give copies the inputs of the few reports to another store.
func (f *farm) give(t *testing.T, store string) {
	t.Helper()
	for _, path := range f.few {
		f.output(t, f.project, `drv=$(nix-store -q --deriver `+path+`)
nix copy --no-check-sigs --to '`+store+`' $(nix-store -q --references $drv | grep '\.drv$' | xargs nix-store -q --outputs) $drv`)
	}
}

// testOwnStore builds as a user without privileges, in a store in a directory.
func (f *farm) testOwnStore(t *testing.T) {
	root := filepath.Join(apart(t), "root")
	store := "local?root=" + root
	f.give(t, store)
	u, dir := f.other(t, store)
	if u.attr != nil {
		chown(t, root)
	}
	f.build(t, u, dir, "few", "--option sandbox-paths /bin/sh="+f.sh)
	f.same(t, filepath.Join(root, "nix/store"))
}

// testBuildUsers builds as a user of a daemon of root's.
func (f *farm) testBuildUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root has users for builds")
	}
	b := newBuilder(t, f.user, "users", f.sandboxed("true")+"build-users-group = nixbld\nallowed-users = *\n")
	store := "unix://" + filepath.Join(b.dir, "socket")
	f.give(t, store)
	u, dir := f.other(t, store)
	f.build(t, u, dir, "few", "")
	f.same(t, filepath.Join(b.dir, "store"))
}

func (f *farm) sandboxed(how string) string {
	return "extra-system-features = landlock\nsandbox = " + how + "\nsandbox-paths = /bin/sh=" + f.sh + "\n"
}

// testRemote builds many checks on two builders, of which one dies. The second call
// finishes the rest.
func (f *farm) testRemote(t *testing.T) {
	a := newBuilder(t, f.user, "a", f.sandboxed("true")+"build-users-group = nixbld\n")
	b := newBuilder(t, f.user, "b", f.sandboxed("false")+"build-users-group =\n")
	u := f.client(t, a, b)
	many := f.paths(t, "many")
	flags := "--no-link --keep-going --option max-jobs 0 --option builders '" + a.line("landlock") + ";" + b.line("landlock") + "'"
	go func() {
		for a.has("-report") < 6 || b.has("-report") < 6 {
			time.Sleep(100 * time.Millisecond)
		}
		a.kill()
	}()
	first := u.transcript(t, f.project, "nix build "+flags+f.attributes(t, "many"))
	ofA, ofB := a.has("-report"), b.has("-report")
	if out := u.transcript(t, f.project, "nix build "+flags+f.attributes(t, "many")); strings.Contains(out, "[exit code") {
		t.Fatalf("%s\n%s", first, out)
	}
	t.Logf("of %d reports %d were built on the builder that died, %d on the other by then, and %d in the end; the first call:\n%s", len(many), ofA, ofB, b.has("-report"), first)
	if ofA == 0 || ofA == len(many) {
		t.Errorf("%d reports were built on the builder that died", ofA)
	}
	f.verdicts(t, many)
	// A client can tell the cause of a failed check.
	out := u.transcript(t, f.project, "nix build -L "+flags+" .#many.shell0-read .#many.shell0-fails .#many.shell0-absent")
	for _, want := range []string{"exit code 3", "exit code 7", "exit code 127"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// testNoLandlock uses a builder whose kernel cannot confine: Nix does not choose it if the
// build asks for the feature, else the build reports the lack.
func (f *farm) testNoLandlock(t *testing.T) {
	program, err := exec.LookPath("nolandlock")
	if err != nil {
		t.Fatal(err)
	}
	c := newBuilder(t, f.user, "c", strings.TrimPrefix(f.sandboxed("false"), "extra-system-features = landlock\n")+"build-users-group =\n", program, "ENOSYS")
	u := f.client(t, c)
	flags := "--no-link --option max-jobs 0 --option builders '" + c.line("") + "'"
	out := u.transcript(t, f.project, "nix build -L "+flags+" .#anywhere")
	for _, want := range []string{"purity could not run the command on this builder", "exit code 125"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	f.output(t, f.project, "nix build --no-link .#anywhere")
}
