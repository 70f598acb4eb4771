package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// MakeFlags is the variable by which make passes its jobserver to children.
const MakeFlags = "MAKEFLAGS"

// ClosureReason is the reason of grants of the closure's store paths.
const ClosureReason = "closure"

// granting makes the grants of a plan. It reads the machine and changes nothing.
type granting struct {
	Ask
	trees     []string         // directories that commands may write
	warnings  []screen.Warning // grants left out, and why
	keep, set []string         // variables that presets ask for
	identity  host.Identity    // of the user, for git
}

// remark notes a grant that a policy leaves out.
func (g *granting) remark(text string) {
	if w := (screen.Warning{Text: text}); !slices.Contains(g.warnings, w) {
		g.warnings = append(g.warnings, w)
	}
}

// grants returns all rows of the policy in an environment, and the command's HOME.
func (g *granting) grants(env nixeval.Environment) (rows []enforce.Grant, home string, err error) {
	own, err := g.homeOf()
	if err != nil {
		return nil, "", err
	}
	rows = make([]enforce.Grant, 0, len(env.Paths)+96)
	for _, path := range env.Paths {
		rows = append(rows, enforce.Grant{Path: string(path), Access: enforce.Read | enforce.Execute, Reason: ClosureReason, NoFollow: true})
	}
	if env.ScriptDir != "" {
		rows = append(rows, enforce.Grant{Path: env.ScriptDir, Access: enforce.Read, Reason: "bash code of the environment"})
	}
	for _, dir := range g.Project.Trees() {
		rows = append(rows, projectRow(g.Ask, dir))
	}
	if own.Access != 0 {
		rows = append(rows, own)
	}
	said, err := g.said()
	if err != nil {
		return nil, "", err
	}
	g.identity = identity(g.Ask, env, g.trees)
	base, err := g.Base.Grants()
	if err != nil {
		return nil, "", err
	}
	base = slices.DeleteFunc(base, func(row enforce.Grant) bool { return closed(g.Nix, row) })
	shell, err := host.Shell(g.Base.Programs...)
	if err != nil {
		return nil, "", err
	}
	return slices.Concat(rows, said, g.jobserver(), g.strict(slices.Concat(g.presets(), base, shell))), own.Path, nil
}

// closed reports whether a row of the level allows writing a shared directory that purity
// does not open.
func closed(nix nixeval.Nix, row enforce.Grant) bool {
	return row.Access&enforce.Write != 0 && slices.Contains(host.Shared, row.Path) && !slices.Contains(trees.Shared(nix), enforce.Real(row.Path))
}

// homeOf returns the grant of the command's HOME: a lasting directory of the project, one of the
// user's, or without access a path that does not exist.
func (g *granting) homeOf() (home enforce.Grant, err error) {
	home = enforce.Grant{Access: enforce.All, Reason: "home"}
	switch g.Home {
	case "none":
		return enforce.Grant{Path: "/homeless-shelter"}, nil // as in Nix's builds
	case "private":
		home.Path = trees.PrivateHome(g.Nix, g.Project)
		return home, nil
	}
	paths := []string{}
	for _, e := range g.Entries("home") { // one
		paths, err = host.Here(e.Dir).Expand(e.Value)
	}
	if err == nil && len(paths) != 1 {
		err = errors.New("that is not one directory")
	}
	if err == nil {
		home.Named, home.Resolved = paths[0], true
		home.Path, err = g.follow(paths[0])
	}
	dir := home.Path
	if err == nil {
		_, err = os.Stat(dir)
	}
	if err == nil && (enforce.Inside(enforce.Real(g.Nix.Cache), dir) || trees.StoreIn(g.Nix, dir) || enforce.Inside(trees.TrustDir(), dir)) {
		err = errors.New("it holds purity's cache or the store, which a confined command must not write")
	}
	if err != nil {
		return home, fmt.Errorf("use home %s: %w", g.Home, err)
	}
	return home, nil
}

// presets returns the grants of the presets, and those that this level always has: data
// that variables name, and git's directory.
func (g *granting) presets() []enforce.Grant {
	here := host.Here(g.Project.Cwd)
	here.Writable = g.trees
	var grants []enforce.Grant
	g.keep, g.set = nil, nil
	gitWrite := false
	for _, name := range g.Presets {
		preset, _ := host.FindPreset(name)
		rows, set := preset.Grants(here)
		grants = append(grants, rows...)
		g.keep, g.set = append(g.keep, preset.Keep...), append(g.set, set...)
		gitWrite = gitWrite || preset.GitWrite
	}
	if g.Base.Environment {
		grants = append(grants, host.Data(here)...)
		g.keep = append(g.keep, host.DataVariables...)
		if !g.Project.None {
			grants = append(grants, host.GitDirs(g.Project.Dir, gitWrite && !g.Overlaid())...)
		}
	}
	return grants
}

// said returns the grants of the paths that file and flags name.
func (g *granting) said() ([]enforce.Grant, error) {
	var grants []enforce.Grant
	for _, key := range config.PathKeys {
		for _, e := range g.Paths(key) {
			paths, err := host.Here(e.Dir).Expand(e.Value)
			if err == nil {
				paths, err = existing(paths)
			}
			if errors.Is(err, fs.ErrNotExist) {
				err = errors.New("there is no such path")
			}
			if err != nil {
				err = fmt.Errorf("grant %s %s (%s): %w", key.Key, e.Value, e.Origin, err)
				if config.Is(g.StrictPaths, false) {
					return nil, err
				}
				g.remark(err.Error())
				continue
			}
			for _, named := range paths {
				path, err := g.follow(named)
				if err == nil && key.Access&enforce.Write != 0 {
					err = trees.Writable(g.Nix, path)
				}
				if err != nil {
					return nil, fmt.Errorf("grant %s %s (%s): %w", key.Key, e.Value, e.Origin, err)
				}
				grants = append(grants, enforce.Grant{Path: path, Access: key.Access, Reason: e.Origin, Resolved: true, Named: named})
			}
		}
	}
	excepted, err := g.exceptionGrants()
	return append(grants, excepted...), err
}

func existing(paths []string) ([]string, error) {
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// follow returns path without symbolic links. Of links that a command can have made it
// follows only those that were allowed with the file.
func (g *granting) follow(path string) (string, error) {
	to, err := enforce.Resolve(path, g.trees)
	var link *enforce.LinkError
	if errors.As(err, &link) {
		if slices.Contains(g.allowedLinks(), linkLine(link)) {
			return to, nil
		}
		return "", words.Hint(err, "name "+link.Target+" itself, or where purity.toml names it: purity allow")
	}
	return to, err
}

// allowedLinks returns the links of the file that a person allowed as they are now.
func (g *granting) allowedLinks() []string {
	if g.File == nil || g.File.Given {
		return nil
	}
	list, err := allow.Open()
	if err != nil {
		return nil
	}
	links := LinksOf(g.Nix, g.Project, g.File)
	if !list.AllowsLinks(g.File, links) {
		return nil
	}
	return links
}

// strict filters grants whose paths come from a table, a variable or a preset, not from
// purity.toml or a flag. A link in a tree that commands may write could lead such a path out
// of the tree: strict drops the grant. It resolves the links of others through such trees.
func (g *granting) strict(grants []enforce.Grant) []enforce.Grant {
	kept := make([]enforce.Grant, 0, len(grants))
	for _, row := range grants {
		if row.NoFollow || !enforce.Passes("/", row.Path, g.trees...) {
			kept = append(kept, row)
			continue
		}
		path, err := enforce.Resolve(row.Path, g.trees)
		if err != nil {
			g.remark(fmt.Sprintf("grant %s (%s): %v; it is left out", row.Path, row.Reason, err))
			continue
		}
		row.Path, row.Resolved = path, true
		kept = append(kept, row)
	}
	return kept
}

// ports returns n with the ports that exceptions open, for any address: the
// kernel knows no addresses.
func (g *granting) ports(n enforce.Network) enforce.Network {
	for _, e := range g.Exceptions() {
		port, ok := e.Port()
		if !ok || n.Any || !g.Enforced() || e.Only != "" || e.Expired(time.Now()) {
			continue
		}
		if e.Access == "listen" {
			n.Bind = append(slices.Clone(n.Bind), port)
		} else {
			n.Connect = append(slices.Clone(n.Connect), port)
		}
	}
	return n
}

// jobserver grants the calling make's jobserver if that is a named pipe and the command
// gets MAKEFLAGS.
func (g *granting) jobserver() []enforce.Grant {
	if !g.KeepAll && !slices.Contains(g.Keep, MakeFlags) {
		return nil
	}
	path := enforce.JobserverPipe(os.Getenv(MakeFlags))
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return nil
	}
	return []enforce.Grant{{Path: path, Access: enforce.Read | enforce.Write, Reason: "make's jobserver", Optional: true, NoFollow: true, PerRun: true}}
}
