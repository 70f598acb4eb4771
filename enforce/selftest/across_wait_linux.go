package selftest

import (
	"errors"
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
	return all
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
