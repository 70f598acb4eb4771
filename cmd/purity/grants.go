package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// confine makes the policy. It changes nothing on disk.
func (p *plan) confine() error {
	trees := p.writableTrees()
	home, granted, err := p.homeOf(trees)
	if err != nil {
		return err
	}
	p.home = home
	grants := make([]enforce.Grant, 0, len(p.env.Paths)+96)
	for _, path := range p.env.Paths {
		grants = append(grants, enforce.Grant{Path: string(path), Access: enforce.Read | enforce.Execute, Reason: "closure", NoFollow: true})
	}
	if p.env.ScriptDir != "" {
		grants = append(grants, enforce.Grant{Path: p.env.ScriptDir, Access: enforce.Read, Reason: "bash code of the environment"})
	}
	for _, dir := range p.project.trees() {
		grants = append(grants, enforce.Grant{Path: dir, Access: enforce.All, Reason: "project", Resolved: true})
	}
	if granted {
		grants = append(grants, enforce.Grant{Path: home, Access: enforce.All, Reason: "home", Resolved: p.Home != "private"})
	}
	said, err := p.said(trees)
	if err != nil {
		return err
	}
	base, err := p.level.Grants()
	if err != nil {
		return err
	}
	shell, err := p.hostShell()
	if err != nil {
		return err
	}
	p.policy = p.frame()
	p.policy.Network = p.exceptionPorts(p.policy.Network)
	p.policy.Grants = slices.Concat(grants, said, p.jobserver(), p.strict(slices.Concat(p.presets(trees), base, shell), trees))
	return p.show()
}

// makeHome makes the private HOME, and has it show what presets open of the user's.
func (p *plan) makeHome() error {
	if p.Home != "private" {
		return nil
	}
	if err := os.MkdirAll(p.home, 0o700); err != nil {
		return fmt.Errorf("use home %s: %w", p.Home, err)
	}
	here := host.Here(p.project.cwd)
	var links []host.Link
	for _, name := range p.Presets {
		preset, _ := host.FindPreset(name)
		links = append(links, preset.Links(here)...)
	}
	if err := host.Place(p.home, links, here); err != nil {
		p.unlinked(err)
	}
	return nil
}

// unlinked warns that HOME shows not all that presets open. A command can have left what
// is in the way, or need it, so it stays, and stops no run.
func (p *plan) unlinked(err error) {
	event := p.app.log.Warn()
	var place *host.PlaceError
	if errors.As(err, &place) && place.At != "" {
		event = event.Str("hint", "if you do not need it:  rm "+shell.Quote(place.At))
	}
	event.Msgf("not all configuration is there: %v", err)
}

// presets are the grants of the presets, and of what is a matter of course at
// this level: data that variables name, and git's directory. Trees are what commands may
// write.
func (p *plan) presets(trees []string) []enforce.Grant {
	here := host.Here(p.project.cwd)
	here.Writable = trees
	var grants []enforce.Grant
	p.keep, p.set = nil, nil
	gitWrite := false
	for _, name := range p.Presets {
		preset, _ := host.FindPreset(name)
		rows, set := preset.Grants(here)
		grants = append(grants, rows...)
		p.keep, p.set = append(p.keep, preset.Keep...), append(p.set, set...)
		gitWrite = gitWrite || preset.GitWrite
	}
	if p.level.Environment {
		grants = append(grants, host.Data(here)...)
		p.keep = append(p.keep, host.DataVariables...)
		if !p.project.none {
			grants = append(grants, host.GitDirs(p.project.dir, gitWrite)...)
		}
	}
	return grants
}

// lists are the keys that hold paths, and what they allow.
var lists = []struct {
	key    string
	access enforce.Access
}{
	{"read", enforce.Read},
	{"write", enforce.Read | enforce.Write},
	{"exec", enforce.Read | enforce.Execute},
	{"devices", enforce.Read | enforce.Write | enforce.Ioctl},
	{"sockets", enforce.Connect},
}

// said are the grants of the paths that file and flags name.
func (p *plan) said(trees []string) ([]enforce.Grant, error) {
	var grants []enforce.Grant
	for _, list := range lists {
		if list.key == "sockets" && p.Sockets.None() {
			continue
		}
		for _, e := range p.Entries(list.key) {
			paths, err := host.Here(e.Dir).Expand(e.Value)
			if err == nil {
				paths, err = existing(paths)
			}
			if errors.Is(err, fs.ErrNotExist) {
				err = errors.New("there is no such path")
			}
			if err != nil {
				err = fmt.Errorf("grant %s %s (%s): %w", list.key, e.Value, e.Origin, err)
				if config.Is(p.StrictPaths, false) {
					return nil, err
				}
				p.remark(err.Error())
				continue
			}
			for _, named := range paths {
				path, err := p.follow(named, trees)
				if err == nil && list.access&enforce.Write != 0 {
					err = p.writable(path)
				}
				if err != nil {
					return nil, fmt.Errorf("grant %s %s (%s): %w", list.key, e.Value, e.Origin, err)
				}
				grants = append(grants, enforce.Grant{Path: path, Access: list.access, Reason: e.Origin, Resolved: true, Named: named})
			}
		}
	}
	excepted, err := p.exceptionGrants(trees)
	return append(grants, excepted...), err
}

// exceptionGrants let through what purity.toml excepts, where it is enforced.
// The kernel knows no programs, so what is for one alone stays closed.
func (p *plan) exceptionGrants(trees []string) ([]enforce.Grant, error) {
	var grants []enforce.Grant
	if p.mode() != "enforce" {
		return nil, nil
	}
	for _, e := range p.exceptions() {
		if e.Expired(time.Now()) {
			continue
		}
		if e.Only != "" {
			p.remark(fmt.Sprintf("the exception at %s is for %s alone, which the kernel cannot tell; it stays closed", e.Origin, e.Only))
			continue
		}
		more, err := p.exceptionGrant(e, trees)
		if err != nil {
			return nil, fmt.Errorf("except %s (%s): %w", e.Path, e.Origin, err)
		}
		grants = append(grants, more...)
	}
	return grants, nil
}

// exceptionAccess is what an exception lets through by its access, nothing for addresses.
var exceptionAccess = map[string]enforce.Access{
	"": enforce.Read | enforce.Write | enforce.Execute | enforce.Connect, "read": enforce.Read, "write": enforce.Read | enforce.Write,
	"execute": enforce.Read | enforce.Execute, "connect": enforce.Connect,
}

// exceptionGrant lets through what one exception is for; a program with what it
// needs to be started.
func (p *plan) exceptionGrant(e config.Exception, trees []string) ([]enforce.Grant, error) {
	access := exceptionAccess[e.Access]
	paths, err := host.Here(e.Dir).Expand(e.Path)
	if _, port := e.Port(); port || access == 0 || err != nil { // or it is not here
		return nil, nil
	}
	var grants []enforce.Grant
	reason := "exception at " + e.Origin + ": " + e.Reason
	for _, named := range paths {
		path, err := p.follow(named, trees)
		if err != nil {
			return nil, err
		}
		mine := access
		if p.writable(path) != nil {
			mine &^= enforce.Write
		}
		if mine == 0 {
			continue
		}
		grants = append(grants, enforce.Grant{Path: path, Access: mine, Reason: reason, Optional: true, Resolved: true, Named: named})
		if enforce.Passes("/", path, trees...) {
			continue // what a program needs is what it says, and a command can have written it
		}
		if info, err := os.Stat(path); mine&enforce.Execute != 0 && err == nil && info.Mode().IsRegular() {
			for _, g := range host.Dependencies(path) {
				g.Reason, g.Optional = reason+" ("+g.Reason+")", true
				grants = append(grants, g)
			}
		}
	}
	return grants, nil
}

// exceptionPorts are the ports that exceptions open, whatever the address: the
// kernel knows none.
func (p *plan) exceptionPorts(n enforce.Network) enforce.Network {
	for _, e := range p.exceptions() {
		port, ok := e.Port()
		if !ok || n.Any || p.mode() != "enforce" || e.Only != "" || e.Expired(time.Now()) {
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

// remark warns of what a policy leaves out, once: the policy of a watched run is
// made by two processes, and where a store path is gone twice.
func (p *plan) remark(text string) {
	if watchedByParent() && p.explains() != "off" || slices.Contains(p.remarked, text) {
		return
	}
	p.remarked = append(p.remarked, text)
	p.app.log.Warn().Msg(text)
}

func existing(paths []string) ([]string, error) {
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// writable refuses to let be written what a policy is made from.
func (p *plan) writable(path string) error {
	trust, err := config.OpenTrust()
	if err != nil {
		return err
	}
	path = real(path)
	for _, kept := range []struct{ dir, what string }{
		{real(p.nix.Cache), "purity's cache"}, {real(trust.Dir), "what you allowed"}, {p.nix.StoreDir(), "the store"},
	} {
		if enforce.Inside(kept.dir, path) || enforce.Inside(path, kept.dir) {
			return fmt.Errorf("%s is there, which a confined command must not write", kept.what)
		}
	}
	return nil
}

// standIns are files that take the place of those of /etc that a build in
// Nix's sandbox finds there, and the variables by which nss_wrapper(1) uses
// them; Landlock can leave a file out, but not put another one there.
func standIns(temp string) ([]string, error) {
	files := userFiles()
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

// userFiles are the user database of Nix's build sandbox.
func userFiles() map[string]string {
	return map[string]string{
		"passwd": fmt.Sprintf("root:x:0:0:Nix build user:/homeless-shelter:/noshell\nnixbld:x:%d:%d:Nix build user:/homeless-shelter:/noshell\nnobody:x:65534:65534:Nobody:/:/noshell\n", os.Getuid(), os.Getgid()),
		"group":  fmt.Sprintf("root:x:0:\nnixbld:!:%d:\nnogroup:x:65534:\n", os.Getgid()),
		"hosts":  "127.0.0.1 localhost\n::1 localhost\n",
	}
}
