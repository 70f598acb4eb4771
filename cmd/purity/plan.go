package main

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/enforce/view"
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
	file    *config.File // purity.toml, nil if there is none
	config  string       // the file that takes its place, empty if none does
	flags   config.Settings
	settings
	asked string // identity of the request and of the settings

	hostShell func() ([]enforce.Grant, error) // begun early: it takes a while

	shims *shims // that the command is called by, nil if it is not

	env        nixeval.Environment
	key        string // of env in the cache, empty if it is not there
	evaluated  bool   // Nix was asked
	silent     bool   // who asked for the environment says what it is
	failImpure bool   // a command that ends well is to fail if something was refused
	keepAll    bool   // the calling environment is the one that the command gets
	wanted     bool   // somebody wants to know what the command used
	reporting  bool   // and reads it
	missing    bool   // what is not there counts, too
	grown      bool   // there are more exceptions than there were
	silentHook bool   // the shell that asked has run the shellHook itself
	home       string
	policy     enforce.Policy
	view       *view.View          // nil for none
	plain      enforce.Policy      // without it
	noView     *view.RefusedError  // why there is none although it was wanted
	remarked   []string            // what was warned of already
	keep, set  []string            // variables that presets ask for
	trace      func(observe.Event) // shows what is watched, nil for nothing
}

// begin starts f and returns how to wait for what it gives.
func begin[T any](f func() (T, error)) func() (T, error) {
	once := sync.OnceValues(f)
	go once()
	return once
}

// prepare finds out what is asked for, without asking Nix.
func (a *app) prepare(ref string, s source, flags config.Settings) (*plan, error) {
	nix, project, request, err := a.request(ref, s)
	if err != nil {
		return nil, err
	}
	p, err := a.plan(nix, project, request, flags, s.Config)
	if err == nil {
		p.keepAll = s.KeepAll
	}
	return p, err
}

// request is what flags ask for, and for which project.
func (a *app) request(ref string, s source) (nix nixeval.Nix, p project, r nixeval.Request, err error) {
	anchor := "flake.nix"
	if s.File != "" {
		anchor = filepath.Base(s.File)
	}
	if p, err = findProject(s.Project, anchor); err != nil {
		return nix, p, r, err
	}
	if nix, err = a.nix(); err != nil {
		return nix, p, r, err
	}
	r = nixeval.Request{
		Flake: ref, File: s.File, Attr: s.Attr, Roots: s.Root, ClosureFile: s.ClosureFile, FromEnv: s.FromEnv, With: s.WithClosure,
		Dir: p.cwd, Project: p.dir, Impure: s.Impure, Refresh: s.Refresh,
	}
	for _, input := range slices.Sorted(maps.Keys(s.OverrideInput)) {
		r.Overrides = append(r.Overrides, [2]string{input, s.OverrideInput[input]})
	}
	if s.NoProject {
		p.none = true
		p.dir, err = noProject(nix, r)
		r.Project = p.dir
	}
	if err == nil {
		err = p.check(nix)
	}
	return nix, p, r, err
}

// plan is what a request comes to with the purity.toml that is there now, or the
// file that takes its place.
func (a *app) plan(nix nixeval.Nix, project project, request nixeval.Request, flags config.Settings, instead string) (*plan, error) {
	named, err := newSettings(nil, flags, request.Dir)
	if err != nil {
		return nil, err
	}
	file, err := project.settings(instead, writableUnder(nix, project, named, nil))
	if err != nil {
		return nil, err
	}
	settings, err := newSettings(file, flags, request.Dir)
	if err != nil {
		return nil, err
	}
	p := &plan{
		app: a, nix: nix, project: project, request: request, file: file, config: instead, flags: flags, settings: settings,
		asked:     request.Identity(settings.identity()),
		hostShell: begin(func() ([]enforce.Grant, error) { return host.Shell(settings.level.Programs...) }),
	}
	p.nix = a.behindWalls(nix, p.writableTrees)
	return p, nil
}

// resolve asks for the environment, showing what Nix does meanwhile.
func (p *plan) resolve(ctx context.Context) error {
	if p.shims != nil && p.shims.Entry != "" {
		return p.recall()
	}
	env, err := p.ask(ctx)
	if err == nil {
		p.key = env.Key()
		p.env, err = env.With(p.request.With...)
	}
	if p.keepAll {
		p.env = p.env.As(p.app.calling, p.project.dir)
		p.env.Source = "the calling environment"
	}
	return err
}

// run replaces purity by a program. A store path that is gone although the
// cache names it was collected since; then everything is made anew, once.
func (p *plan) run(ctx context.Context, program launcher) error {
	err := p.launch(program)
	var missing *enforce.MissingError
	if errors.As(err, &missing) && !p.request.Refresh && p.shims == nil && p.env.Contains(missing.Path) {
		p.app.log.Debug().Str("path", missing.Path).Msg("a store path was collected; evaluating anew")
		p.request.Refresh = true
		if err := p.resolve(ctx); err != nil {
			return err
		}
		err = p.launch(program)
	}
	return err
}
