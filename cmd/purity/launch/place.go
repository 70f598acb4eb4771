// Package launch makes a job of a plan, and starts it:
//
//	Plan ──Place──► Job ──Exec──► the command
//
// Place makes HOME, TMPDIR and scripts, and chooses the program. Commands that only print
// stop before it.
package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// Place makes the HOME, the TMPDIR and the scripts of the command's environment. Then it chooses
// the program.
func Place(p confine.Plan, program Program) (Job, error) {
	if err := p.Project.Make(); err != nil {
		return Job{}, err
	}
	unlinked, err := MakeHome(p)
	if err != nil {
		return Job{}, err
	}
	temp, err := makeTemp(p.Nix)
	if err != nil {
		return Job{}, err
	}
	p.Policy.Grants = append(slices.Clip(p.Policy.Grants), trees.TempGrant(temp))
	into, err := makeOverlay(&p)
	if err != nil {
		return Job{}, err
	}
	run := nixeval.Run{
		Home: p.HomeDir, Temp: temp, Dir: p.Project.Cwd, Project: p.Project.Dir, Bare: !p.Base.Environment,
		Keep: slices.Concat(p.PresetKeep, p.Keep), Set: slices.Concat(p.PresetSet, p.Set), Unset: p.Unset,
	}
	if p.Base.Environment {
		run.Set = slices.Concat(p.Since, run.Set)
	}
	if p.InView() && p.GitAbove() {
		run.Set = append([]string{"GIT_DISCOVERY_ACROSS_FILESYSTEM=1"}, run.Set...)
	}
	if !p.Base.Environment && p.InView() {
		run.Set = append([]string{"USER=nixbld", "LOGNAME=nixbld"}, run.Set...)
	} else if !p.Base.Environment {
		users, err := standIns(temp)
		if err != nil {
			return Job{}, err
		}
		run.Set = append(users, run.Set...)
	}
	if err := p.Env.WriteAttrs(run); err != nil {
		return Job{}, err
	}
	if p.Git.Text != "" {
		// As git's system configuration, which HOME and the repository can override.
		file := filepath.Join(temp, ".gitconfig")
		if err := os.WriteFile(file, []byte(p.Git.Text), 0o600); err != nil {
			return Job{}, fmt.Errorf("write git configuration: %w", err)
		}
		run.Set = append([]string{"GIT_CONFIG_SYSTEM=" + file}, run.Set...)
	}
	l, err := program(p, java(p, p.Env.Environ(os.Environ(), run), p.HomeDir, temp), run)
	if err != nil {
		return Job{}, err
	}
	active := p.Mark()
	j := newJob(p, l, os.Getenv(caller.Active) == active && enforce.Confined())
	j.Temp, j.Unlinked, j.into = temp, unlinked, into
	j.Command.Env = append(j.Command.Env, caller.Active+"="+active)
	if !p.Enforced() {
		j.Command.Env = append(j.Command.Env, caller.OnlyWatched+"="+p.Mode)
	}
	return j, nil
}

// MakeHome makes the private HOME, and links the user's files there that presets open. If a
// file is in the way, MakeHome leaves it and returns a warning: an earlier command can have
// made it, or need it.
func MakeHome(p confine.Plan) ([]screen.Warning, error) {
	if p.Home != "private" {
		return nil, nil
	}
	if err := os.MkdirAll(p.HomeDir, 0o700); err != nil {
		return nil, fmt.Errorf("use home %s: %w", p.Home, err)
	}
	here := host.Here(p.Project.Cwd)
	var links []host.Link
	for _, name := range p.Presets {
		preset, _ := host.FindPreset(name)
		links = append(links, preset.Links(here)...)
	}
	err := host.Place(p.HomeDir, links, here)
	if err == nil {
		return nil, nil
	}
	w := screen.Warning{Text: fmt.Sprintf("not all configuration is there: %v", err)}
	var place *host.PlaceError
	if errors.As(err, &place) && place.At != "" {
		w.Hint = "if you do not need it:  rm " + shell.Quote(place.At)
	}
	return []screen.Warning{w}, nil
}

// standIns makes files that stand for those of /etc in Nix's sandbox, and
// returns the variables by which nss_wrapper(1) uses them: Landlock can deny a
// file, but not replace it.
func standIns(temp string) ([]string, error) {
	files := confine.UserFiles()
	dir := filepath.Join(temp, ".etc")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("write user database: %w", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write user database: %w", err)
		}
	}
	return []string{
		"USER=nixbld", "LOGNAME=nixbld",
		"NSS_WRAPPER_PASSWD=" + filepath.Join(dir, "passwd"),
		"NSS_WRAPPER_GROUP=" + filepath.Join(dir, "group"),
		"NSS_WRAPPER_HOSTS=" + filepath.Join(dir, "hosts"),
	}, nil
}

// Typed launches a command by a name in the environment's PATH, or by path. If a shellHook comes
// first, the environment's bash starts it.
func Typed(command []string) Program {
	return func(p confine.Plan, environ []string, run nixeval.Run) (Target, error) {
		if p.Env.Hooked {
			scripts, err := p.Env.Scripts(run)
			argv := []string{"bash", "--noprofile", "--norc", filepath.Join(scripts, nixeval.ExecFile), p.Absent(command).Text()}
			return Target{p.Env.Bash, append(argv, command...), environ}, err
		}
		path, err := p.Find(command[0], environ)
		if absent := (*words.AbsentError)(nil); errors.As(err, &absent) {
			absent.Command = command
		}
		if err != nil {
			return Target{}, err
		}
		if filepath.Base(path) == "bash" && p.Env.ScriptDir != "" {
			scripts, err := p.Env.Scripts(run)
			return Target{path, command, append(environ, "BASH_ENV="+filepath.Join(scripts, nixeval.StateFile))}, err
		}
		return Target{path, command, environ}, nil
	}
}
