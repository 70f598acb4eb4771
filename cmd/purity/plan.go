package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// plan is all that a confined run needs, found out step by step:
// what is asked for (prepare), the environment (resolve), the policy
// (confine), the program (command), and then the end of purity (run).
type plan struct {
	app     *app
	nix     nixeval.Nix
	project project
	request nixeval.Request
	flags   confinement
	asked   string // identity of the request and of the flags that shape the policy

	hostShell func() ([]enforce.Grant, error) // begun early: it takes a while

	env    nixeval.Environment
	home   string
	policy enforce.Policy
}

// begin starts f and returns how to wait for what it gives.
func begin[T any](f func() (T, error)) func() (T, error) {
	once := sync.OnceValues(f)
	go once()
	return once
}

// launch is a program with its arguments and environment.
type launch struct {
	path    string
	argv    []string
	environ []string
}

// launcher says what to launch once environment and directories are there.
type launcher func(environ []string, run nixeval.Run) (launch, error)

// prepare finds out what is asked for, without asking Nix.
func (a *app) prepare(ref string, s source, c confinement) (*plan, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	anchor := "flake.nix"
	if s.File != "" {
		anchor = filepath.Base(s.File)
	}
	project, err := findProject(s.Project, anchor)
	if err != nil {
		return nil, err
	}
	nix, err := a.nix()
	if err != nil {
		return nil, err
	}
	if err := project.check(nix); err != nil {
		return nil, err
	}
	request := nixeval.Request{
		Flake: ref, File: s.File, Attr: s.Attr, Roots: s.Root, ClosureFile: s.ClosureFile, FromEnv: s.FromEnv,
		Dir: project.cwd, Project: project.dir, Impure: s.Impure, Refresh: s.Refresh,
	}
	for _, input := range slices.Sorted(maps.Keys(s.OverrideInput)) {
		request.Overrides = append(request.Overrides, [2]string{input, s.OverrideInput[input]})
	}
	return &plan{
		app: a, nix: nix, project: project, request: request, flags: c, asked: request.Identity(c.Home),
		hostShell: begin(enforce.HostShell),
	}, nil
}

// resolve asks for the environment, showing what Nix does meanwhile.
func (p *plan) resolve(ctx context.Context) error {
	progress := newProgress(p.app, p.request.String())
	p.nix.Report = progress.event
	env, err := p.nix.Resolve(ctx, p.request)
	progress.done(env, err)
	p.env = env
	return err
}

// confine makes HOME and the policy.
func (p *plan) confine() error {
	home, granted, err := makeHome(p.flags.Home, p.nix, p.project)
	if err != nil {
		return err
	}
	p.home = home
	const all = enforce.Read | enforce.Write | enforce.Execute
	grants := make([]enforce.Grant, 0, len(p.env.Paths)+64)
	for _, path := range p.env.Paths {
		grants = append(grants, enforce.Grant{Path: string(path), Access: enforce.Read | enforce.Execute, Reason: "closure", NoFollow: true})
	}
	if p.env.ScriptDir != "" {
		grants = append(grants, enforce.Grant{Path: p.env.ScriptDir, Access: enforce.Read, Reason: "bash code of the environment"})
	}
	grants = append(grants, enforce.Grant{Path: p.project.dir, Access: all, Reason: "project"})
	if granted {
		grants = append(grants, enforce.Grant{Path: home, Access: all, Reason: "home"})
	}
	shell, err := p.hostShell()
	if err != nil {
		return err
	}
	p.policy = enforce.Policy{Grants: slices.Concat(grants, enforce.Base(), shell)}
	return nil
}

// run replaces purity by a program. A store path that is gone although the
// cache names it was collected since; then everything is made anew, once.
func (p *plan) run(ctx context.Context, program launcher) error {
	err := p.launch(program)
	var missing *enforce.MissingError
	if errors.As(err, &missing) && !p.request.Refresh && p.env.Contains(missing.Path) {
		p.app.log.Debug().Str("path", missing.Path).Msg("a store path was collected; evaluating anew")
		p.request.Refresh = true
		if err := p.resolve(ctx); err != nil {
			return err
		}
		err = p.launch(program)
	}
	return err
}

func (p *plan) launch(program launcher) error {
	if err := p.confine(); err != nil {
		return err
	}
	temp, err := p.makeTemp()
	if err != nil {
		return err
	}
	run := nixeval.Run{Home: p.home, Temp: temp, Dir: p.project.cwd, Project: p.project.dir, Keep: p.flags.Keep, Set: p.flags.Set, Unset: p.flags.Unset}
	if err := p.env.WriteAttrs(run); err != nil {
		return err
	}
	l, err := program(p.env.Environ(os.Environ(), run), run)
	if err != nil {
		return err
	}
	active := p.active()
	nested := os.Getenv(activeVariable) == active && enforce.Confined()
	l.environ = append(l.environ, activeVariable+"="+active)
	return p.exec(l, nested)
}

// exec is the last step of every run.
func (p *plan) exec(l launch, nested bool) error {
	p.app.log.Debug().Str("program", l.path).Int("grants", len(p.policy.Grants)).Bool("confined already", nested).Msg("execute")
	err := p.policy.Exec(enforce.Command{
		Path: l.path, Args: l.argv, Env: l.environ, Dir: p.project.cwd, KeepFDs: jobserver(l.environ), Confined: nested,
	})
	if errors.Is(err, os.ErrPermission) && !nested && !p.executable(l.path) {
		name := filepath.Base(l.path)
		err = &hintedError{err, "it is outside the environment; purity exec -- " + name + " runs the " + name + " of the dev shell, if it has one"}
	}
	return err
}

// executable reports whether the policy lets path be executed.
func (p *plan) executable(path string) bool {
	path = real(path)
	return slices.ContainsFunc(p.policy.Grants, func(g enforce.Grant) bool {
		return g.Access&enforce.Execute != 0 && inside(path, real(g.Path))
	})
}

// makeTemp makes the TMPDIR of this run and sees to its removal when the
// command ends, which is when this process does.
func (p *plan) makeTemp() (string, error) {
	parent, err := tempParent()
	if err != nil {
		return "", err
	}
	temp, err := enforce.MakeTemp(parent)
	if err != nil {
		return "", err
	}
	p.policy.Grants = append(p.policy.Grants, tempGrant(temp))
	return temp, nil
}

// jobserver are the descriptors of make's jobserver, if the environment that
// the command gets tells of one (--keep MAKEFLAGS).
func jobserver(environ []string) []int {
	for _, v := range environ {
		if flags, ok := strings.CutPrefix(v, "MAKEFLAGS="); ok {
			return enforce.Jobserver(flags)
		}
	}
	return nil
}

// command launches what the user typed: the program from the environment's
// PATH, by way of its bash where a shellHook comes first.
func (p *plan) command(command, environ []string, run nixeval.Run) (launch, error) {
	if p.env.Hooked {
		scripts, err := p.env.Scripts(run)
		argv := []string{"bash", "--noprofile", "--norc", filepath.Join(scripts, nixeval.ExecFile), p.absent(command[0]).text()}
		return launch{p.env.Bash, append(argv, command...), environ}, err
	}
	path, err := p.find(command[0], environ)
	if err != nil {
		return launch{}, err
	}
	if filepath.Base(path) == "bash" && p.env.ScriptDir != "" {
		scripts, err := p.env.Scripts(run)
		return launch{path, command, append(environ, "BASH_ENV="+filepath.Join(scripts, nixeval.StateFile))}, err
	}
	return launch{path, command, environ}, nil
}

// find looks a command up as a shell would; a name with a slash is a path.
func (p *plan) find(name string, environ []string) (string, error) {
	if strings.Contains(name, "/") {
		if filepath.IsAbs(name) {
			return name, nil
		}
		return filepath.Join(p.project.cwd, name), nil
	}
	for _, v := range environ {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			if file := nixeval.Find(name, path); file != "" {
				return file, nil
			}
		}
	}
	return "", p.absent(name)
}

func (p *plan) absent(name string) *absentError {
	return &absentError{name: name, source: p.env.Source, host: nixeval.Find(name, os.Getenv("PATH"))}
}

// check refuses what can only be a slip.
func (c confinement) check() error {
	for _, v := range c.Set {
		if name, _, ok := strings.Cut(v, "="); !ok || name == "" {
			return &hintedError{fmt.Errorf("set variable %q: no value", v), "--set " + v + "=VALUE"}
		}
	}
	for _, name := range slices.Concat(c.Keep, c.Unset) {
		if name == "" || strings.Contains(name, "=") {
			return &hintedError{fmt.Errorf("name variable %q: not a name", name), "--set takes VAR=VALUE, --keep and --unset take VAR"}
		}
	}
	return nil
}
