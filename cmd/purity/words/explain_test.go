package words

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/view"
	"github.com/nix-purity/purity/nixeval"
	"github.com/nix-purity/purity/nixeval/inputs"
)

// Each error has its remedy and its exit code, however deep it is, and one that knows its own
// remedy keeps that.
func TestExplain(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	const storePath = "/nix/store/00000000000000000000000000000000-x"
	for _, tt := range []struct {
		err  error
		hint string // its beginning
		code int
	}{
		{errors.New("plain"), "", Failure},
		{Hint(errors.New("x"), "mend it"), "mend it", Failure},
		{Hint(&nixeval.NotFoundError{Program: "nix"}, "mend it"), "mend it", Failure},
		{&nixeval.NotFoundError{Program: "no-nix"}, "install Nix", Failure},
		{&fs.PathError{Op: "mkdir", Path: filepath.Join(dir, "cache/purity"), Err: syscall.EROFS}, "name a directory that you can write:  export XDG_CACHE_HOME=DIR", Failure},
		{&fs.PathError{Op: "mkdir", Path: dir, Err: syscall.EACCES}, "name a directory that you can write", Failure},
		{&fs.PathError{Op: "mkdir", Path: filepath.Join(dir, "cache/purity"), Err: syscall.ENOENT}, "", Failure},
		{&fs.PathError{Op: "mkdir", Path: filepath.Join(dir, "other"), Err: syscall.EACCES}, "", Failure},
		{&inputs.NoFlakeError{Dir: "/x"}, "go to a directory with a flake.nix", Failure},
		{&enforce.GapError{ABI: 1}, "with --best-effort", Failure},
		{enforce.ErrLandlockOff, "purity doctor says more", Failure},
		{nixeval.ErrNoShell, "enter one first", Failure},
		{&view.RefusedError{What: "x", Err: fs.ErrPermission, Fix: "mend the kernel"}, "mend the kernel; --view=false", Failure},
		{fmt.Errorf("make view: %w", syscall.EMFILE), "let it open more files: ulimit -n 256", Failure},
		{fmt.Errorf("make view: %w", syscall.EAGAIN), "let there be more processes", Failure},
		{&report.NameError{File: "x"}, "say it:  --report-format", Failure},
		{&config.PositionError{Path: "x", Err: errors.New("x"), Nearest: "read"}, "did you mean read?", Failure},
		{&config.PositionError{Path: "x", Err: errors.New("x")}, "purity config schema lists all keys", Failure},
		{&config.PositionError{Path: "x", Err: config.ErrNoReason}, "write why between the quotes", Failure},
		{&closure.InvalidPathError{Path: storePath}, "restore it: nix-store --realise " + storePath, Failure},
		{&closure.InvalidPathError{Path: storePath, Root: "/a b"}, "restore it: nix-store --store '/a b' --realise " + storePath, Failure},
		{&enforce.MissingError{Path: storePath}, "restore it: nix-store --realise " + storePath, Failure},
		{&enforce.MissingError{Path: "/home/x"}, "", Failure},
		{&UntrustedError{Path: "x"}, "look at it, then: purity allow", Failure},
		{&nixeval.EvaluationError{Missing: true, Shells: []string{"a", "b"}}, "the dev shells of this flake are: a, b", Failure},
		{&nixeval.EvaluationError{Missing: true}, "this flake has no dev shell", Failure},
		{&nixeval.EvaluationError{Message: "use --impure"}, "let the evaluation read the environment", Failure},
		{&nixeval.EvaluationError{Message: "cannot connect to daemon-socket"}, "the Nix daemon does not answer", Failure},
		{&nixeval.EvaluationError{Message: "path /x/flake.nix does not exist"}, "Nix sees only files that git tracks", Failure},
		{&nixeval.EvaluationError{Message: "attribute x does not exist"}, "", Failure},
		{&AbsentError{Name: "jq", Command: []string{"jq"}}, "add the package with bin/jq", NotFound},
		{&AbsentError{Name: "nix", Command: []string{"nix", "run"}}, "declare the packages in the dev shell, or run nix outside purity", NotFound},
		{&AbsentError{Name: "cd", Command: []string{"cd", "x"}}, "cd is a part of a shell", NotFound},
		{&enforce.ExecError{Path: dir, Err: fs.ErrPermission}, "it is a directory", NotExecutable},
		{&enforce.ExecError{Path: plain, Err: fs.ErrPermission}, "it is not executable; if it is a program:  chmod +x ", NotExecutable},
		{&enforce.ExecError{Path: "/nowhere/x", Err: fs.ErrPermission}, "purity policy lists all that can run", NotExecutable},
		{&enforce.ExecError{Path: "/nowhere/x", Err: fs.ErrNotExist}, "if the file is there, its #! interpreter", NotFound},
		{Hint(&enforce.ExecError{Path: "/nowhere/x", Err: fs.ErrNotExist}, "mend it"), "mend it", NotFound},
		{Hint(&enforce.ExecError{Path: "/nowhere/x", Err: fs.ErrPermission}, "mend it"), "mend it", NotExecutable},
	} {
		for _, err := range []error{tt.err, fmt.Errorf("run it: %w", tt.err)} {
			message, hint, code := Explain(err)
			if !strings.HasPrefix(hint, tt.hint) || (hint == "") != (tt.hint == "") || code != tt.code || message == "" {
				t.Errorf("%T %v: %q, hint %q, exit code %d; want %q, %d", tt.err, err, message, hint, code, tt.hint, tt.code)
			}
		}
	}
}

// A command asks for Nix by its own name, by a line for a shell, or by a script's first line.
func TestDriver(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, line := range map[string]string{"script": "#!/usr/bin/env nix-shell", "other": "#!/usr/bin/env python3", "text": "nix run"} {
		if err := os.WriteFile(name, []byte(line+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		command []string
		want    string
	}{
		{nil, ""},
		{[]string{"nix", "run", "nixpkgs#jq"}, "nix"},
		{[]string{"/usr/bin/nix-build"}, "nix-build"},
		{[]string{"sh", "-c", " nix run nixpkgs#jq"}, "nix"},
		{[]string{"sh", "-c", "./script --all"}, "nix-shell"},
		{[]string{"./script"}, "nix-shell"},
		{[]string{"./other"}, ""},
		{[]string{"./text"}, ""},
		{[]string{"sh", "-c", "", "echo nix"}, ""},
		{[]string{"sh", "-c", "nix-shell"}, "nix-shell"},
		{[]string{"./text", "nix"}, ""},
	} {
		if got := Driver(tt.command); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.command, got, tt.want)
		}
	}
}

// Where no flake is, a file that is there is named.
func TestNoFlakeHint(t *testing.T) {
	t.Chdir(t.TempDir())
	if got := NoFlakeHint(); !strings.HasPrefix(got, "go to a directory") {
		t.Error(got)
	}
	for _, name := range []string{"default.nix", "shell.nix"} { // the second counts first
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := NoFlakeHint(); got != "use the file that is here: --file "+name {
			t.Error(got)
		}
	}
}

// Only a file that nobody allowed is one; an error with a remedy is not by that.
func TestUntrusted(t *testing.T) {
	level, _ := host.FindLevel("nix")
	unallowed := &UntrustedError{Path: "/p/purity.toml", Level: level, Wider: []string{"read /x (purity.toml:1)"}, Links: []string{"/p/l -> /x"}}
	for err, want := range map[error]bool{
		unallowed: true, fmt.Errorf("enter: %w", unallowed): true, Hint(unallowed, "x"): true, Hint(errors.New("x"), "x"): false, errors.New("x"): false,
	} {
		if got := Untrusted(err); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
	const text = "use /p/purity.toml: it opens more than level nix and was not allowed: read /x (purity.toml:1); by the symbolic link /p/l -> /x"
	if unallowed.Error() != text {
		t.Error(unallowed)
	}
}
