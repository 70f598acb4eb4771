// Package words has the words for everything that can go wrong: an error names the deed,
// its subject and the fault, a hint is the next step, where possible as a
// line that can be pasted. It knows the errors of all packages below; an error of
// cmd/purity itself with a hint of its own is made by [Hint].
package words

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/view"
	"github.com/nix-purity/purity/nixeval"
	"github.com/nix-purity/purity/nixeval/inputs"
)

// Exit codes of purity itself; every other code is the command's.
const (
	Failure       = 125 // purity could not do its job, so nothing ran
	NotExecutable = 126 // the command was found but may not be or cannot be executed
	NotFound      = 127 // there is no such command in the environment
)

// hintedError is an error whose place already knows the way out.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// Hint is err with a remedy.
func Hint(err error, hint string) error { return &hintedError{err, hint} }

// Explain returns the message, the hint and the exit code of err.
func Explain(err error) (message, hint string, code int) {
	message, code = err.Error(), Failure
	var (
		hinted     *hintedError
		noFlake    *inputs.NoFlakeError
		noProgram  *nixeval.NotFoundError
		evaluation *nixeval.EvaluationError
		invalid    *closure.InvalidPathError
		missing    *enforce.MissingError
		absent     *AbsentError
		exec       *enforce.ExecError
		gap        *enforce.GapError
		position   *config.PositionError
		named      *report.NameError
		unallowed  *UntrustedError
		refused    *view.RefusedError
	)
	switch {
	case errors.As(err, &exec):
		hint, code = execHint(exec), NotExecutable
		if errors.Is(err, os.ErrNotExist) {
			code = NotFound
		}
		if errors.As(err, &hinted) {
			hint = hinted.hint
		}
	case errors.As(err, &hinted):
		hint = hinted.hint
	case errors.As(err, &unallowed):
		hint = "look at it, then: purity allow"
	case faultHint(err) != "":
		hint = faultHint(err)
	case errors.As(err, &position):
		hint = positionHint(position)
	case errors.As(err, &named):
		hint = "say it:  --report-format text, json, sarif, github or html"
	case errors.As(err, &refused):
		hint = refused.Fix + "; --view=false confines by Landlock alone"
	case errors.As(err, &gap):
		hint = "with --best-effort purity warns and goes on"
	case errors.As(err, &noFlake):
		hint = NoFlakeHint()
	case errors.As(err, &noProgram):
		hint = nixHint(noProgram.Program)
	case errors.As(err, &evaluation):
		hint = evaluationHint(evaluation)
	case errors.As(err, &invalid):
		hint = restore(invalid.Path, invalid.Root)
	case errors.As(err, &missing):
		hint = restore(missing.Path, "")
	case errors.As(err, &absent):
		message, hint, code = absent.words(), absent.hint(), NotFound
	case unwritable(err):
		hint = "name a directory that you can write:  export XDG_CACHE_HOME=DIR"
	}
	return message, hint, code
}

// faultHint returns the remedy of an error without details, empty for any other.
func faultHint(err error) string {
	for _, fault := range []struct {
		err  error
		hint string
	}{
		{config.ErrNoReason, "write why between the quotes of reason = \"\", then: purity allow"},
		{enforce.ErrNoLandlock, "purity doctor says more"},
		{enforce.ErrLandlockOff, "purity doctor says more"},
		{enforce.ErrLandlockBlocked, "purity doctor says more"},
		{enforce.ErrNotLinux, "purity doctor says more"},
		{nixeval.ErrNoShell, "enter one first:  nix develop"},
		{syscall.EMFILE, "let it open more files: ulimit -n 256"},
		{syscall.EAGAIN, "let there be more processes: see ulimit -u, and pids.max of the control group"},
	} {
		if errors.Is(err, fault.err) {
			return fault.hint
		}
	}
	return ""
}

func positionHint(err *config.PositionError) string {
	if err.Nearest != "" {
		return "did you mean " + err.Nearest + "?"
	}
	return "purity config schema lists all keys"
}

// NoFlakeHint is the remedy for a missing flake.
func NoFlakeHint() string {
	for _, name := range []string{"shell.nix", "default.nix"} {
		if _, err := os.Stat(name); err == nil {
			return "use the file that is here: --file " + name
		}
	}
	return "go to a directory with a flake.nix, name one with --flake REF, or start one: nix --extra-experimental-features 'nix-command flakes' flake init"
}

func evaluationHint(e *nixeval.EvaluationError) string {
	switch {
	case e.Missing && len(e.Shells) > 0:
		return "the dev shells of this flake are: " + strings.Join(e.Shells, ", ")
	case e.Missing:
		return "this flake has no dev shell for this machine; add devShells.<system>.default to its outputs"
	case wantsImpure(e.Message):
		return "let the evaluation read the environment: --impure"
	case strings.Contains(e.Message, "daemon-socket"):
		return "the Nix daemon does not answer or does not let you in; purity doctor says more"
	case strings.Contains(e.Message, "does not exist") && strings.Contains(e.Message, "flake.nix"):
		return "Nix sees only files that git tracks: git add flake.nix"
	case e.Lock != "":
		return "flake.lock is broken; git may have a good one:  git -C " + shell.Quote(filepath.Dir(e.Lock)) + " checkout HEAD flake.lock  ; without the file Nix makes a new one"
	}
	return ""
}

// wantsImpure reports whether an evaluation failed because it was pure: devenv could
// not tell where the project is (src/modules/flake-compat.nix), or Nix denied values that
// pure evaluation does not have and names the option itself.
func wantsImpure(message string) bool {
	return strings.Contains(message, "devenv was not able to determine the current directory") || strings.Contains(message, "--impure")
}

// restore is the command that brings a store path back, into the chroot store with a root if it
// is of one. Any other path than a store path needs no more than to be there.
func restore(path, root string) string {
	command := "nix-store"
	if root != "" {
		command += " --store " + shell.Quote(root)
	}
	if _, err := closure.Parse(filepath.Dir(path), path); err == nil {
		return "restore it: " + command + " --realise " + path + "  (or evaluate again with --refresh)"
	}
	return ""
}

// AbsentError says that a command is not in the environment.
type AbsentError struct {
	Name    string
	Source  string   // the environment
	Host    string   // where the host has it, empty if nowhere
	Command []string // that was typed, with Name first; nil if nothing was
}

func (e *AbsentError) Error() string { return e.words() }

func (e *AbsentError) words() string {
	what, _ := mistake(e.Command)
	switch {
	case what != "":
		return fmt.Sprintf("run %s: there is no such program", shell.Quote(e.Name))
	case e.Host == "":
		return fmt.Sprintf("run %s: it is neither in the environment (%s) nor on this machine", e.Name, e.Source)
	}
	return fmt.Sprintf("run %s: it is not in the environment (%s); this machine has %s, which is outside and stays out of reach", e.Name, e.Source, e.Host)
}

func (e *AbsentError) hint() string {
	if what, instead := mistake(e.Command); instead != "" {
		return what + ":  " + instead
	}
	if slices.Contains(drivers, e.Name) {
		return Undriven(e.Name)
	}
	return fmt.Sprintf("add the package with bin/%s to the packages of the dev shell", e.Name)
}

// Text is the error and its hint as purity prints them, for bash to say.
func (e *AbsentError) Text() string {
	return "purity: error: " + e.words() + "\npurity: hint: " + e.hint()
}

// UntrustedError says that a file opens more than the level in force, and that nobody
// allowed it so.
type UntrustedError struct {
	Path  string
	Level host.Level
	Wider []string
	Links []string
}

func (e *UntrustedError) Error() string {
	than := "the default policy"
	if e.Level.Name != host.DefaultLevel {
		than = "level " + e.Level.Name
	}
	text := fmt.Sprintf("use %s: it opens more than %s and was not allowed: %s", e.Path, than, strings.Join(e.Wider, "; "))
	if len(e.Links) > 0 {
		text += "; by the symbolic link " + strings.Join(e.Links, ", ")
	}
	return text
}

// Untrusted reports whether err is that a file was not allowed.
func Untrusted(err error) bool {
	var u *UntrustedError
	return errors.As(err, &u)
}
