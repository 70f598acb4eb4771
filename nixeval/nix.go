package nixeval

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure"
)

// Nix runs the nix programs found in the PATH of Environ.
type Nix struct {
	// Environ is the environment that nix is started with, as os.Environ
	// gives it.
	Environ []string
	// Cache is purity's own directory below the user's cache directory.
	Cache string
	// Root is the directory of a chroot store, empty for a store that is where its
	// paths say ([closure.Store]).
	Root string
	// Start starts a program of Nix's that was prepared; nil means [exec.Cmd.Start].
	Start func(*exec.Cmd) error
	// Report, if set, is called for each event of a running nix, from one
	// goroutine at a time.
	Report func(Event)
}

// NotFoundError says that a nix program is not in PATH.
type NotFoundError struct{ Program string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("start %s: not in PATH", e.Program)
}

// CommandError is a nix command that ended with an error.
type CommandError struct {
	Args    []string // the command line
	Message string   // Nix's own error message, without colours and trace
	Err     error    // how the process ended
}

func (e *CommandError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("%s: %v", strings.Join(e.Args, " "), e.Err)
	}
	return e.Message
}

func (e *CommandError) Unwrap() error { return e.Err }

// features turns on the features that purity needs whatever the user's nix.conf says.
// A setting in NIX_CONFIG works from Nix 2.4 on, for every command alike; the
// flag of the same name is unknown to nix-store of some versions.
const features = "extra-experimental-features = nix-command flakes"

// environ is the environment of nix.
func (n Nix) environ() []string {
	environ := withFeatures(n.Environ)
	if n.Root != "" { // a setting counts for all programs; the last line counts
		environ[len(environ)-1] += "\nstore = " + n.Root
	}
	return environ
}

// start is the one place where a program of Nix's is started.
func (n Nix) start(cmd *exec.Cmd) error {
	if n.Start == nil {
		return cmd.Start()
	}
	return n.Start(cmd)
}

// output is the standard output of a short command.
func (n Nix) output(cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	cmd.Stdout = &out
	err := n.start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	return out.Bytes(), err
}

// withFeatures has the experimental features appended to NIX_CONFIG.
func withFeatures(environ []string) []string {
	config := lookup(environ, "NIX_CONFIG")
	if config != "" {
		config += "\n"
	}
	environ = slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		return strings.HasPrefix(v, "NIX_CONFIG=")
	})
	return append(environ, "NIX_CONFIG="+config+features)
}

// Program returns the absolute path of a nix program, or a [*NotFoundError].
func (n Nix) Program(name string) (string, error) {
	if p := Find(name, lookup(n.Environ, "PATH")); p != "" {
		return p, nil
	}
	return "", &NotFoundError{Program: name}
}

// run starts a nix program in dir, reports its log and returns its output.
// The programs log as internal-json on standard error, in every version the
// same, so that progress, warnings and errors can be told apart.
func (n Nix) run(ctx context.Context, dir, program string, args ...string) ([]byte, error) {
	path, err := n.Program(program)
	if err != nil {
		return nil, err
	}
	args = append(args, "--log-format", "internal-json")
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = dir, n.environ()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	n.report(Event{Kind: Started, Text: program + " " + strings.Join(args, " ")})
	if err := n.start(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	failure := n.follow(stderr)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, &CommandError{Args: append([]string{program}, args...), Message: failure, Err: err}
	}
	return stdout.Bytes(), nil
}

// follow reports every line of a nix log and returns the errors in it: one of
// an evaluation, several where a build fails and others that need it.
func (n Nix) follow(log io.Reader) (failure string) {
	var failures []string
	logs := buildLogs{}
	in := bufio.NewReader(log)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			event := logs.add(parseLog(strings.TrimSuffix(line, "\n")))
			if event.Kind == Failed && !slices.Contains(failures, event.Text) {
				failures = append(failures, event.Text)
			}
			n.report(event)
		}
		if err != nil {
			return strings.Join(failures, "\n")
		}
	}
}

func (n Nix) report(e Event) {
	if n.Report != nil && e.Kind != nothing {
		n.Report(e)
	}
}

// Version returns the output of `nix --version`, such as "nix (Nix) 2.26.3".
func (n Nix) Version(ctx context.Context) (string, error) {
	path, err := n.Program("nix")
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = n.environ()
	out, err := n.output(cmd)
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Find looks name up in path, a PATH value, as execvp does, and returns "" if
// no entry has an executable of that name. Relative entries are passed over.
func Find(name, path string) string { return FindIn(closure.Store{}, name, path) }

// FindIn is [Find] where entries of path can be in a chroot store.
func FindIn(store closure.Store, name, path string) string {
	for dir := range strings.SplitSeq(path, ":") {
		if !strings.HasPrefix(dir, "/") {
			continue
		}
		file := dir + "/" + name
		if info, err := os.Stat(store.Follow(file)); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return ""
}

// lookup returns the value of the last NAME=value in environ.
func lookup(environ []string, name string) string {
	for _, v := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// failedWith reports whether err is a nix command whose message has text.
func failedWith(err error, text string) bool {
	var c *CommandError
	return errors.As(err, &c) && strings.Contains(c.Message, text)
}

// Ping asks the store for an answer, through the daemon where there is one.
func (n Nix) Ping(ctx context.Context) error {
	n.Report = nil
	// A path that cannot be valid: the answer is that it is not.
	_, err := n.run(ctx, "/", "nix-store", "--check-validity", n.StoreDir()+"/"+strings.Repeat("0", 32)+"-purity")
	if failedWith(err, "is not valid") {
		return nil
	}
	return err
}

// FeaturesOn reports whether the user's own configuration lets nix commands
// and flakes be used; purity does not depend on it.
func (n Nix) FeaturesOn(ctx context.Context) bool {
	path, err := n.Program("nix")
	if err != nil {
		return false
	}
	cmd := exec.CommandContext(ctx, path, "flake", "metadata", "path:/nonexistent")
	cmd.Env = n.Environ
	var said bytes.Buffer
	cmd.Stderr = &said
	n.output(cmd) // it fails either way, and says why
	return !strings.Contains(said.String(), "is disabled")
}

// Sandboxed reports whether every build of Nix runs in its sandbox, by the configuration
// that this user's Nix reads; a daemon elsewhere can be set otherwise. With "relaxed"
// some do not.
func (n Nix) Sandboxed(ctx context.Context) (bool, error) {
	n.Report = nil
	// Nix 2.20 calls it `nix config show`, and knows this name still.
	out, err := n.run(ctx, "/", "nix", "show-config", "--json", "--extra-experimental-features", "nix-command")
	if err != nil {
		return false, err
	}
	var config struct {
		Sandbox struct {
			Value any `json:"value"` // true, false or "relaxed"
		} `json:"sandbox"`
	}
	if err := json.Unmarshal(out, &config); err != nil {
		return false, fmt.Errorf("read nix show-config: %w", err)
	}
	return config.Sandbox.Value == true, nil
}
