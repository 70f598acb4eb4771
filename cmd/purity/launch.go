package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// launch is a program with its arguments and environment.
type launch struct {
	path    string
	argv    []string
	environ []string
}

// launcher says what to launch once environment and directories are there.
type launcher func(environ []string, run nixeval.Run) (launch, error)

func (p *plan) launch(program launcher) error {
	if err := p.confine(); err != nil {
		return err
	}
	if p.shims != nil && p.shims.dir != "" {
		if err := p.shimsClosed(p.shims.dir); err != nil {
			return fmt.Errorf("use shims: %w", err)
		}
	}
	if err := p.makeHome(); err != nil {
		return err
	}
	temp, err := p.makeTemp()
	if err != nil {
		return err
	}
	run := nixeval.Run{
		Home: p.home, Temp: temp, Dir: p.project.cwd, Project: p.project.dir, Bare: !p.level.Environment,
		Keep: slices.Concat(p.keep, p.Keep), Set: slices.Concat(p.since(), p.set, p.Set), Unset: p.Unset,
	}
	if p.inView() && p.gitAbove() {
		run.Set = append([]string{"GIT_DISCOVERY_ACROSS_FILESYSTEM=1"}, run.Set...)
	}
	if !p.level.Environment && p.inView() {
		run.Set = append([]string{"USER=nixbld", "LOGNAME=nixbld"}, run.Set...)
	} else if !p.level.Environment {
		users, err := standIns(temp)
		if err != nil {
			return err
		}
		run.Set = append(users, run.Set...)
	}
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
	if p.mode() != "enforce" {
		l.environ = append(l.environ, onlyWatchedVariable+"="+p.mode())
	}
	return p.exec(l, nested, watchCommand(p.explains(), temp))
}

// exec is the last step of every run.
func (p *plan) exec(l launch, nested bool, watch *enforce.Watch) error {
	p.app.log.Debug().Str("program", l.path).Int("grants", len(p.policy.Grants)).Bool("confined already", nested).Msg("execute")
	cmd := enforce.Command{
		Path: l.path, Args: l.argv, Env: l.environ, Dir: p.project.cwd, KeepFDs: append(jobserver(l.environ), pipes(l.argv)...), Confined: nested, Watch: watch, Audit: p.mode() != "enforce",
	}
	p.noteView()
	var err error
	if p.inView() && !nested {
		err = p.enterView(cmd)
	} else {
		err = p.policy.Exec(cmd)
	}
	if errors.Is(err, syscall.ENOEXEC) {
		return become(l.path, l.argv, l.environ, cmp.Or(p.env.Bash, "/bin/sh"))
	}
	if (errors.Is(err, os.ErrPermission) && !nested || p.hides(err, l.path)) && !p.executable(l.path) {
		name := filepath.Base(l.path)
		err = &hintedError{err, "it is outside the environment; purity exec -- " + name + " runs the " + name + " of the dev shell, if it has one"}
	}
	return err
}

// executable reports whether the policy lets path be executed.
func (p *plan) executable(path string) bool {
	return slices.ContainsFunc(p.policy.Covering(path), func(g enforce.Grant) bool { return g.Access&enforce.Execute != 0 })
}

// pipes are the descriptors that arguments name as files, as a shell hands over the
// output of a process: diff <(a) <(b). They lead nowhere but to that.
func pipes(argv []string) []int {
	var fds []int
	for _, arg := range argv {
		for _, dir := range []string{"/dev/fd/", "/proc/self/fd/"} {
			_, number, found := strings.Cut(arg, dir)
			fd, err := strconv.Atoi(number)
			if found && err == nil && enforce.Pipe(fd) {
				fds = append(fds, fd)
			}
		}
	}
	return fds
}

// become replaces this process by a program, or where it is a script without a first
// line that names one, by a shell that reads it, as a shell would.
func become(file string, argv, environ []string, shell string) error {
	err := syscall.Exec(file, argv, environ)
	if errors.Is(err, syscall.ENOEXEC) && script(file) {
		err = syscall.Exec(shell, append([]string{"sh", file}, argv[1:]...), environ)
	}
	return &enforce.ExecError{Path: file, Err: err}
}

// script reports whether a file is text, by its first bytes.
func script(file string) bool {
	f, err := hostile.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 80)
	n, err := f.Read(head)
	return err == nil && !bytes.Contains(head[:n], []byte{0})
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
