package nixeval

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/nixeval/inputs"
)

// scriptDir is the directory of an entry that a confinement may read.
const scriptDir = "bash"

// Lock writes the flake.lock of a flake where it is missing or behind.
func (n Nix) Lock(ctx context.Context, dir string) error {
	err := inputs.Flake{Dir: dir, Environ: n.Environ}.Check()
	if err == nil {
		_, err = n.run(ctx, dir, "nix", "flake", "lock", "--option", "warn-dirty", "false")
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", dir, err)
	}
	return nil
}

// evaluate has Nix build the dev environment that args name and reads it.
// --profile both tells where it is and keeps it from being collected.
func (n Nix) evaluate(ctx context.Context, r Request, dir string, args []string) (Environment, error) {
	if err := n.check(r); err != nil {
		return Environment{}, err
	}
	unwatched, err := r.unwatched()
	if err != nil {
		return Environment{}, err
	}
	if unwatched {
		cache := filepath.Join(dir, "nix")
		defer os.RemoveAll(cache)
		n.Environ = append(slices.Clone(n.Environ), "XDG_CACHE_HOME="+cache, "NIX_CACHE_HOME="+cache)
	}
	profile := filepath.Join(dir, rootLink)
	args = append([]string{"print-dev-env", "--profile", profile}, args...)
	if _, err := n.run(ctx, r.Dir, "nix", args...); err != nil {
		return Environment{}, n.explain(ctx, r, err)
	}
	root, err := readRoot(dir)
	if err != nil {
		return Environment{}, fmt.Errorf("read profile: %w", err)
	}
	if err := removeOldGenerations(profile); err != nil {
		return Environment{}, err
	}
	return n.fromDevEnv(ctx, r, dir, r.String(), closure.Path(root))
}

// fromDevEnv reads the -env store path root into an entry at dir.
func (n Nix) fromDevEnv(ctx context.Context, r Request, dir, source string, root closure.Path) (Environment, error) {
	shell, err := readDevEnv(n.Store().At(string(root)))
	if err != nil {
		return Environment{}, err
	}
	c, known := known(dir, root)
	if r.Refresh || n.Root != "" || !known { // the cache does not tell which store has a root
		if c, err = n.Closure(ctx, root); err != nil {
			return Environment{}, err
		}
	}
	env := Environment{
		Source: source, Bash: shell.bash(), Hooked: shell.hook() != "",
		dir: dir, outputs: shell.outputs(), attrs: shell.StructuredAttrs,
	}
	env.setClosure(c)
	env.setVariables(shell.exported())
	env.setUndeclared(shell, n.Store())
	if env.Bash != "" {
		env.ScriptDir = filepath.Join(dir, scriptDir)
		state := shell.state(c.StoreDir)
		if err := writeScripts(env.ScriptDir, state); err != nil {
			return Environment{}, err
		}
		env.rewritten = env.rewriter(Run{Dir: "/"}).Replace(state) != state || env.runtimeDir() != "" && strings.Contains(state, env.runtimeDir())
	}
	return env, env.saveClosure(c)
}

func writeScripts(dir, state string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write environment scripts: %w", err)
	}
	for _, name := range scriptFiles {
		text := []byte(state)
		if name != StateFile {
			text, _ = scripts.ReadFile(name) // embedded, so it is there
		}
		if err := renameio.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return fmt.Errorf("write environment scripts: %w", err)
		}
	}
	return nil
}

func (e Environment) saveClosure(c closure.Closure) error {
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write closure: %w", err)
	}
	if err := renameio.WriteFile(filepath.Join(e.dir, closureFile), data, 0o600); err != nil {
		return fmt.Errorf("write closure: %w", err)
	}
	return nil
}

// removeOldGenerations deletes the links of a profile that it does not point
// to any more; each of them is a garbage collector root of its own.
func removeOldGenerations(profile string) error {
	current, err := os.Readlink(profile)
	if err != nil {
		return fmt.Errorf("read profile: %w", err)
	}
	links, err := filepath.Glob(profile + "-*-link")
	if err != nil {
		return fmt.Errorf("read profile: %w", err)
	}
	for _, link := range links {
		if filepath.Base(link) != filepath.Base(current) {
			if err := os.Remove(link); err != nil {
				return fmt.Errorf("remove old generation: %w", err)
			}
		}
	}
	return nil
}

// EvaluationError says that Nix could not make the dev environment.
type EvaluationError struct {
	Source  string
	Message string   // Nix's, cut to the point
	Shells  []string // the dev shells that there are, if the one asked for is missing
	Missing bool     // there is no such attribute
	Lock    string   // the absolute path of the flake's flake.lock, if that is no JSON
	Err     error
}

func (e *EvaluationError) Error() string {
	return fmt.Sprintf("evaluate %s: %s", e.Source, e.Message)
}

func (e *EvaluationError) Unwrap() error { return e.Err }

// explain turns the failure of an evaluation into a fault that a user can mend.
func (n Nix) explain(ctx context.Context, r Request, err error) error {
	e := &EvaluationError{Source: r.String(), Message: err.Error(), Lock: r.brokenLock(), Err: err}
	if e.Missing = failedWith(err, "does not provide attribute"); e.Missing {
		e.Shells = n.DevShells(ctx, r)
	}
	return e
}

// Closure asks Nix for the runtime closure of roots. `nix path-info --json`
// says it all in one call; where it is not to be had, nix-store does.
func (n Nix) Closure(ctx context.Context, roots ...closure.Path) (closure.Closure, error) {
	storeDir := roots[0].Dir()
	nodes, err := n.pathInfo(ctx, storeDir, roots)
	if err != nil && !failedWith(err, "is not valid") {
		nodes, err = n.requisites(ctx, storeDir, roots)
	}
	if failedWith(err, "is not valid") {
		return closure.Closure{}, fmt.Errorf("resolve closure: %w", &closure.InvalidPathError{Path: quotedPath(err.Error(), string(roots[0])), Root: n.Root})
	}
	if err != nil {
		return closure.Closure{}, fmt.Errorf("resolve closure %s: %w", roots[0], err)
	}
	c, err := closure.New(storeDir, roots, nodes)
	if err != nil {
		return closure.Closure{}, fmt.Errorf("resolve closure %s: %w", roots[0], err)
	}
	return c, nil
}

func (n Nix) pathInfo(ctx context.Context, storeDir string, roots []closure.Path) ([]closure.Node, error) {
	out, err := n.pathInfoJSON(ctx, roots)
	if err != nil {
		return nil, err
	}
	return closure.ParsePathInfo(out, storeDir)
}

// pathInfoJSON asks for format 1 by name, because newer versions warn when the
// format is left open, and without where the flag is not known (before 2.33,
// and Lix).
func (n Nix) pathInfoJSON(ctx context.Context, roots []closure.Path, flags ...string) ([]byte, error) {
	args := slices.Concat([]string{"path-info", "--json", "-r"}, flags, stringsOf(roots))
	out, err := n.run(ctx, "/", "nix", append(args, "--json-format", "1")...)
	if failedWith(err, "--json-format") {
		return n.run(ctx, "/", "nix", args...)
	}
	return out, err
}

// Elsewhere asks Nix for the closure of roots in another store, such as a binary
// cache at https://. Nix checks no signatures there: that is up to the caller.
func (n Nix) Elsewhere(ctx context.Context, url string, roots ...closure.Path) ([]closure.Signed, error) {
	out, err := n.pathInfoJSON(ctx, roots, "--store", url)
	if failedWith(err, "is not valid") {
		return nil, fmt.Errorf("read store %s: %w", url, &closure.InvalidPathError{Path: quotedPath(err.Error(), string(roots[0]))})
	}
	if err != nil {
		return nil, fmt.Errorf("read store %s: %w", url, err)
	}
	return closure.ParseSigned(out, roots[0].Dir())
}

// requisites uses nix-store alone, whose output has not changed in a decade.
func (n Nix) requisites(ctx context.Context, storeDir string, roots []closure.Path) ([]closure.Node, error) {
	out, err := n.run(ctx, "/", "nix-store", append([]string{"--query", "--requisites"}, stringsOf(roots)...)...)
	if err != nil {
		return nil, err
	}
	paths, err := closure.ParseStorePaths(bytes.NewReader(out), storeDir)
	if err != nil {
		return nil, err
	}
	if out, err = n.run(ctx, "/", "nix-store", append([]string{"--dump-db"}, stringsOf(paths)...)...); err != nil {
		return nil, err
	}
	return closure.ParseRegistration(bytes.NewReader(out), storeDir)
}

// addRoots registers roots with the garbage collector as links in dir.
func (n Nix) addRoots(ctx context.Context, dir string, roots []closure.Path) error {
	link := filepath.Join(dir, rootLink)
	for i, root := range roots {
		if i > 0 {
			link = filepath.Join(dir, fmt.Sprintf("%s-%d", rootLink, i+1))
		}
		if err := n.addRoot(ctx, link, root); err != nil {
			return err
		}
	}
	return nil
}

func (n Nix) addRoot(ctx context.Context, link string, root closure.Path) error {
	if _, err := n.run(ctx, "/", "nix-store", "--realise", string(root), "--add-root", link, "--indirect"); err != nil {
		return fmt.Errorf("register garbage collector root: %w", err)
	}
	return nil
}

// Keep keeps the store path that a file is in, if it is in one, from being
// collected as long as there is link, which it makes.
func (n Nix) Keep(ctx context.Context, file, link string) error {
	path, _, err := closure.Within(n.StoreDir(), file)
	if err != nil {
		return nil // nobody collects it
	}
	if target, err := os.Readlink(link); err == nil && target == string(path) {
		return nil
	}
	return n.addRoot(ctx, link, path)
}

func stringsOf(paths []closure.Path) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = string(p)
	}
	return out
}

// quotedPath returns the first quoted store path of a message of Nix's.
func quotedPath(message, fallback string) string {
	if _, rest, ok := strings.Cut(message, "'"); ok {
		if path, _, ok := strings.Cut(rest, "'"); ok {
			return path
		}
	}
	return fallback
}
