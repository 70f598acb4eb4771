package selftest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// waitLeftovers are files that keep their reader for ever, or fill the memory, under
// names that purity reads.
func waitLeftovers() (all []leftover) {
	policy, exec := []string{"policy"}, []string{"exec", "--", "attacker", nothingWord}
	hook := []string{"__hook-env", "bash", "", ""}
	for _, w := range []struct {
		id, file string
		args     []string
	}{
		{"head", ".git/HEAD", policy},
		{"index", ".git/index", policy},
		{"config", ".git/config", policy},
		{"commondir", ".git/commondir", policy},
		{"branch", ".git/refs/heads/main", policy},
		{"packed-refs", ".git/packed-refs", policy},
		{"repository", ".git", policy},
		{"lock", "flake.lock", exec},
		{"flake", "flake.nix", policy},
		{"tree", "data", policy},
		{"settings", "purity.toml", exec},
		{"envrc", ".envrc", hook},
		{"shell", "shell.nix", []string{"allow"}},
		{"attributes", ".git/info/attributes", hook},
		{"allow", "flake.nix", []string{"allow"}},
		{"check", "purity.toml", []string{"config", "check"}},
		{"doctor", ".git/index", []string{"doctor"}},
		{"direnv", "purity.toml", []string{"direnv-env"}},
		{"init", ".envrc", []string{"init"}},
		{"gitdir", "g/gitdir", exec},
		{"pointed", "g/commondir", exec},
	} {
		for _, kind := range []string{"fifo", "zero"} {
			if kind == "zero" && (w.id == "repository" || w.id == "tree") {
				continue // a device is no repository, and Nix copies no devices
			}
			all = append(all, waiting(w.id, kind, w.file, w.args))
		}
	}
	return append(all, sizeLeftovers()...)
}

// sizeLeftovers make purity, or the Nix that it starts, read for ever by their number or
// size, though they take no room.
func sizeLeftovers() []leftover {
	object := ".git/objects/01/23456789012345678901234567890123456789"
	policy := []string{"policy"}
	started := func(s *scene) error { // Nix on a file that it would read for ever
		o := s.purity(policy...)
		if err := o.waited(); err == nil || o.code == 0 {
			return nil
		}
		return fmt.Errorf("it ended with exit code %d%s", o.code, o.tail())
	}
	works := func(s *scene) error { return s.purity(policy...).ok() }
	plain := func(name, text string) func(*scene) error {
		return func(s *scene) error { return s.write(name, text) }
	}
	return []leftover{
		{id: "wait.object-fifo", what: "a named pipe in the place of a commit, for purity policy", setup: (*scene).plainRepository,
			plant: func(s *scene) error {
				return errors.Join(os.MkdirAll(filepath.Dir(object), 0o755), unix.Mkfifo(object, 0o644))
			}, twinPlant: plain(object, "x"), attack: started, twin: works},
		{id: "wait.terabyte", what: "a file of a terabyte that takes no room, in what Nix copies, for purity policy",
			plant:     func(s *scene) error { return errors.Join(s.write("dev.nix", ""), os.Truncate("dev.nix", 1<<40)) },
			twinPlant: func(s *scene) error { return errors.Join(s.write("dev.nix", ""), os.Truncate("dev.nix", 1<<20)) },
			attack:    started, twin: works},
		{id: "wait.path-input", what: "a flake.lock whose input is all of the machine, for purity allow",
			plant:     plain("flake.lock", `{"nodes":{"root":{"inputs":{"a":"a"}},"a":{"locked":{"type":"path","path":"/","narHash":"x"}}},"root":"root","version":7}`),
			twinPlant: plain("flake.lock", `{"nodes":{"root":{"inputs":{"a":"a"}},"a":{"locked":{"type":"path","path":"../outside","narHash":"x"}}},"root":"root","version":7}`),
			attack:    func(s *scene) error { return s.purity("allow").waited() }, twin: func(s *scene) error { return s.purity("allow").ok() }},
	}
}

func waiting(id, kind, file string, args []string) leftover {
	what := "a named pipe in the place of "
	if kind == "zero" {
		what = "a link to /dev/zero in the place of "
	}
	return leftover{
		id: "wait." + id + "-" + kind, what: what + file + ", for purity " + args[0],
		setup: (*scene).plainRepository,
		plant: func(s *scene) error {
			if err := errors.Join(os.RemoveAll(file), os.MkdirAll(filepath.Dir(file), 0o755)); err != nil {
				return err
			}
			if strings.HasPrefix(file, "g/") { // where the file .git leads
				if err := errors.Join(os.Rename(".git", ".g"), os.Remove("g"), os.Rename(".g", "g"), os.WriteFile(".git", []byte("gitdir: g\n"), 0o644)); err != nil {
					return err
				}
			}
			if id == "packed-refs" {
				if err := os.Remove(".git/refs/heads/main"); err != nil {
					return err
				}
			}
			if kind == "zero" {
				return os.Symlink("/dev/zero", file)
			}
			return unix.Mkfifo(file, 0o644)
		},
		twinPlant: func(s *scene) error { // where there was none
			text, ok := map[string]string{"purity.toml": "level = \"dev\"\n", ".envrc": "use purity\n", "shell.nix": "throw \"\"\n"}[file]
			if !ok {
				return nil
			}
			return s.write(file, text)
		},
		attack: func(s *scene) error { return s.purity(args...).waited() },
		twin: func(s *scene) error {
			if args[0] == "direnv-env" {
				if err := allow(s); err != nil {
					return err
				}
			}
			if args[0] == "doctor" { // which has something to say of any machine
				return says("project", args...)(s)
			}
			return s.purity(args...).ok()
		},
	}
}

// plainRepository makes the project a repository without git: one commit that is named
// and not there, and an index that has nothing in it.
func (s *scene) plainRepository() error {
	for name, text := range map[string]string{
		".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": "0123456789012345678901234567890123456789\n",
		".git/objects/info/x": "", ".git/index": emptyIndex, ".git/config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
	} {
		if err := s.write(name, text); err != nil {
			return err
		}
	}
	return nil
}
