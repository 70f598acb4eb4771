package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

type shimsCmd struct {
	Flake string `arg:"" optional:"" name:"ref" default:"." help:"Flake whose dev shell is meant, with an optional #attribute."`
	Dir   string `placeholder:"DIR" type:"path" help:"Where to make them (default: a directory of the cache, which is printed)."`
	source
	config.Settings
}

// Help is shown below the flags.
func (shimsCmd) Help() string {
	return `Put the directory in front of PATH, and each program of the environment runs as
"purity exec" would run it, with nothing asked of Nix: the environment is the one
that was resolved now. When flake.nix, flake.lock or another Nix file changes, the
shims say so and run nothing until they are made anew. A shellHook runs once, now,
confined; what it exports is there for each program.

What they catch is what is looked up in PATH. They do not catch a program that is
typed with its directory (/usr/bin/gcc, ./configure): "by-path ./configure", which
is among the shims, runs what lies in the project or the store confined, and the hook
of the shell ("purity hook --help") sees to it by itself. What a shim has started has
no way past it; "purity shell" confines the shell itself.`
}

// Run makes the shims.
func (c *shimsCmd) Run(a *app) error {
	ctx := context.Background()
	p, err := a.prepare(c.Flake, c.source, c.Settings)
	if err != nil {
		return err
	}
	if err := p.ready(); err != nil {
		return err
	}
	if err := p.resolve(ctx); err != nil {
		return err
	}
	dir := c.Dir
	if dir == "" {
		dir = filepath.Join(p.nix.ProjectDir(p.project.dir), "shims-"+p.asked[:8])
	}
	renew := "(cd " + shell.Quote(p.project.cwd) + " && purity " + shell.Join(os.Args[1:]...) + ")"
	count, err := p.makeShims(dir, shim.Set{Renew: renew})
	if err != nil {
		return err
	}
	if c.Dir == "" {
		fmt.Fprintln(a.stdout, dir)
	}
	a.log.Info().Str("hint", "PATH="+shell.Quote(dir)+":$PATH").Msgf("%d shims of %s in %s", count, p.env.Source, dir)
	return nil
}

// makeShims fills a directory with the shims of the environment, and tells how
// many. How they are to be renewed is in set.
func (p *plan) makeShims(dir string, set shim.Set) (count int, err error) {
	to, err := enforce.Resolve(dir, p.writableTrees())
	if err != nil {
		return 0, &hintedError{fmt.Errorf("write shims: %w", err), "leave --dir out, or name a directory elsewhere"}
	}
	dir = to
	if err := p.closedToCommands(dir); err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("write shims: %w", err)
	}
	files, err := definition(p.nix, p.request)
	if err != nil {
		return 0, err
	}
	set.Request, set.Settings, set.Config = p.request, p.flags, p.config
	set.File, set.Text = "", ""
	if p.file != nil {
		set.File, set.Text = p.file.Path, p.file.Text()
	}
	set.Request.Refresh = false
	set.Entry, set.Definition = p.env.Key(), shim.Definition(files)
	if p.env.Hooked {
		if set.Hooked, err = p.runHook(set); err != nil {
			return 0, err
		}
		p.env = p.env.After(*set.Hooked)
	}
	programs := withDrivers(shim.Programs(p.env.Path()), set.Outside)
	return len(programs), p.placeShims(dir, self, set, programs)
}

// placeShims writes shims and sees to it that what they need stays: their environment,
// and purity itself, without which a shell would pass over them to a program of the
// host.
func (p *plan) placeShims(dir, self string, set shim.Set, programs []string) error {
	old, _ := shim.Read(dir)
	if err := set.Write(dir, self, programs); err != nil {
		return err
	}
	if err := p.env.Pin(dir); err != nil {
		return err
	}
	if env, ok := p.nix.Recall(old.Request.Project, old.Entry); ok && old.Entry != set.Entry {
		if err := env.Unpin(dir); err != nil {
			return err
		}
	}
	return p.nix.Keep(context.Background(), self, filepath.Join(dir, ".root"))
}

// closedToCommands refuses a directory for shims that a confined command could
// write: it would say what the next one may do.
func (p *plan) closedToCommands(dir string) error {
	if err := p.confine(); err != nil {
		return err
	}
	if err := p.shimsClosed(dir); err != nil {
		return &hintedError{fmt.Errorf("write shims: %w", err), "leave --dir out, or name a directory elsewhere"}
	}
	if at := projectAround(p.nix, dir); at != "" {
		return &hintedError{fmt.Errorf("write shims: %s is in the project %s, whose commands may write there", dir, at), "leave --dir out, or name a directory elsewhere"}
	}
	if err := selfClosed(p.nix); err != nil {
		return err
	}
	if err := p.shimsClosed(executable()); err != nil {
		return &hintedError{fmt.Errorf("start purity later: %w", err), selfHint}
	}
	return nil
}

// shimsClosed is an error where the policy lets commands write a directory.
func (p *plan) shimsClosed(dir string) error {
	written := p.policy // links of its paths are looked at, and store paths are many
	written.Grants = slices.DeleteFunc(slices.Clone(p.policy.Grants), func(g enforce.Grant) bool { return g.Access&enforce.Write == 0 })
	for _, g := range written.Covering(dir) {
		return fmt.Errorf("a confined command may write %s (%s)", dir, g.Reason)
	}
	return nil
}

// shims are what a command is called by.
type shims struct {
	shim.Set
	dir string
}

// runShim runs the program that a shim stands for.
func runShim(dir, name string, args []string) int {
	os.Args[0] = filepath.Join(dir, name) // for the watcher, which is started once more
	a := newApp(globals{LogFormat: "text"})
	return a.exit(a.shim(dir, name, args))
}

func (a *app) shim(dir, name string, args []string) error {
	set, err := shim.Read(dir)
	if errors.Is(err, os.ErrNotExist) {
		return &hintedError{fmt.Errorf("run %s: there are no shims in %s, and purity does not go by that name", name, dir), "purity exec -- " + name}
	} else if err != nil {
		return fmt.Errorf("run %s: %w", name, err)
	}
	if name == "bash" && loadsEnvrc(args) {
		return a.runOutside(name, args)
	}
	if slices.Contains(set.Outside, name) {
		return a.drive(set, dir, name, args)
	}
	command := append([]string{name}, args...)
	if name == shim.ByPath {
		if command, err = commandLine(args, "exec"); err != nil {
			return err
		}
	}
	nix, err := a.nix()
	if err != nil {
		return err
	}
	if name == shim.ByPath && !(byPath{set.Request.Project, nix.StoreDir()}).confines(command[0]) {
		return become(command[0], command, a.calling, "/bin/sh")
	}
	cwd, err := os.Getwd()
	if err == nil {
		cwd, err = filepath.EvalSymlinks(cwd)
	}
	if err != nil {
		return fmt.Errorf("find working directory: %w", err)
	}
	p, err := a.planOf(nix, set, dir, cwd)
	if err != nil {
		return err
	}
	err = p.enter(context.Background(), command, reporting{}, func(environ []string, run nixeval.Run) (launch, error) {
		return p.command(command, environ, run)
	})
	var missing *enforce.MissingError
	if errors.As(err, &missing) && p.env.Contains(missing.Path) {
		err = &hintedError{err, set.Renew}
	}
	return err
}

// planOf is the plan of a command that the shims of a directory are called for, in
// a working directory. Variables for purity count as they are now.
func (a *app) planOf(nix nixeval.Nix, set shim.Set, dir, cwd string) (*plan, error) {
	project := standsFor(nix, set.Request.Project, cwd)
	if err := project.check(nix); err != nil {
		return nil, err
	}
	variables, err := settingsOfVariables()
	if err != nil {
		return nil, err
	}
	p, err := a.plan(nix, project, set.Request, set.Settings.Under(variables), set.Config)
	if err != nil {
		return nil, err
	}
	p.shims = &shims{set, dir}
	return p, p.keepAllowed(set)
}

// keepAllowed has the settings be those that the shims were made with where a hook
// looks after them and purity.toml changed since without being allowed: a command can
// have taken out what it narrows.
func (p *plan) keepAllowed(set shim.Set) error {
	file, text := "", ""
	if p.file != nil {
		file, text = p.file.Path, p.file.Text()
	}
	if !set.Renewed || set.Config != "" || file == set.File && text == set.Text {
		return nil
	}
	if permission, _, err := permissionOf(set.Request.Project); err == nil && permission == config.Allowed {
		return nil
	}
	p.file = nil
	if set.File != "" {
		var err error
		if p.file, err = config.Parse(set.File, []byte(set.Text)); err != nil {
			return err
		}
	}
	var err error
	p.settings, err = newSettings(p.file, p.flags, p.request.Dir)
	p.asked = p.request.Identity(p.settings.identity())
	level := p.settings.level
	p.hostShell = begin(func() ([]enforce.Grant, error) { return host.Shell(level.Programs...) })
	return err
}

// recall takes the environment that the shims were made for.
func (p *plan) recall() error {
	env, ok := p.nix.Recall(p.shims.Request.Project, p.shims.Entry)
	if !ok {
		if p.shims.Renewed { // who sees to it looks when it was made
			os.Chtimes(filepath.Join(p.shims.dir, shim.File), time.Unix(0, 0), time.Unix(0, 0))
		}
		return &hintedError{fmt.Errorf("use shims of %s: the environment of %s is cached no more", p.shims.dir, p.request), p.shims.Renew}
	}
	p.env = env
	p.useHooked(p.shims.Set)
	if !p.shims.Renewed {
		if file := p.shims.Changed(); file != "" {
			return &hintedError{fmt.Errorf("use shims of %s: %s changed since they were made", p.shims.dir, file), p.shims.Renew}
		}
		return nil
	}
	if state, stale := staleness(p.nix.Without(env), p.shims.Set); stale {
		if mayEvaluate(p.nix.Without(env), p.request, p.request.Project) == nil {
			p.app.startRenewal(p.shims.dir, state)
		}
	}
	return nil
}

// useHooked has the environment be what it was after its shellHook.
func (p *plan) useHooked(set shim.Set) {
	if set.Hooked != nil {
		p.env = p.env.After(*set.Hooked)
	}
}

// withoutShims is a PATH without directories of shims.
func withoutShims(path string) string {
	var kept []string
	for dir := range strings.SplitSeq(path, ":") {
		if _, err := os.Lstat(filepath.Join(dir, shim.File)); err != nil || dir == "" {
			kept = append(kept, dir)
		}
	}
	return strings.Join(kept, ":")
}
