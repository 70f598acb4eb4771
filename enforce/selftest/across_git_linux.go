package selftest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// git runs git for the user, before any command ran.
func (s *scene) git(args ...string) error {
	o := s.run("git", append([]string{"-c", "user.name=purity", "-c", "user.email=purity@localhost", "-c", "core.fsmonitor=false"}, args...)...)
	if err := o.ok(); err != nil {
		return fmt.Errorf("git %s: %w", args[0], err)
	}
	return nil
}

// repository makes the project one, with all committed.
func (s *scene) repository() error {
	for _, args := range [][]string{{"init", "--quiet", "--initial-branch=main"}, {"add", "--all"}, {"commit", "--quiet", "--message=all"}} {
		if err := s.git(args...); err != nil {
			return err
		}
	}
	return nil
}

// split makes the project a repository whose index is in a form that git alone reads.
func (s *scene) split() error {
	if err := s.repository(); err != nil {
		return err
	}
	return s.git("update-index", "--split-index")
}

// fsmonitor is a section of git's configuration that has it run a planted program.
func (s *scene) fsmonitor() string {
	return "[core]\n\tfsmonitor = " + s.project + "/fsm\n"
}

// configured is a plant of a program, and of files that have git run it.
func configured(files func(*scene) map[string]string) func(*scene) error {
	return func(s *scene) error {
		if err := s.planted("fsm"); err != nil {
			return err
		}
		for name, text := range files(s) {
			if err := s.add(name, text); err != nil {
				return err
			}
		}
		return nil
	}
}

func inConfig(text func(*scene) string) func(*scene) error {
	return configured(func(s *scene) map[string]string { return map[string]string{".git/config": text(s)} })
}

// next is the attack that runs purity and looks whether a planted program ran.
func next(args ...string) func(*scene) error {
	return func(s *scene) error { return s.ran(s.purity(args...)) }
}

// works is the twin in which purity ends well.
func works(args ...string) func(*scene) error {
	return func(s *scene) error { return s.purity(args...).ok() }
}

// says is the twin in which the output of purity has text, however it ends.
func says(text string, args ...string) func(*scene) error {
	return func(s *scene) error {
		o := s.purity(args...)
		if !strings.Contains(o.stdout+o.stderr, text) {
			return fmt.Errorf("purity %s does not say %q%s", args[0], text, o.tail())
		}
		return nil
	}
}

const tracked = "git tracks flake.nix"

var needsGit = []string{"git", "sh"}

// gitLeftover is a vector in which git is made to run something when purity looks at
// the project.
func gitLeftover(id, what string, plant func(*scene) error) leftover {
	return leftover{id: "git." + id, what: what, needs: needsGit, setup: (*scene).split, plant: plant, attack: next("policy"), twin: works("policy")}
}

func gitLeftovers() []leftover {
	return []leftover{
		gitLeftover("fsmonitor", "have git ask core.fsmonitor, with a split index", inConfig((*scene).fsmonitor)),
		{id: "git.doctor", what: "the same in purity doctor", needs: needsGit, setup: (*scene).repository, plant: inConfig((*scene).fsmonitor), attack: next("doctor"), twin: says(tracked, "doctor")},
		{id: "git.exec", what: "the same in purity exec", needs: needsGit, setup: (*scene).split, plant: inConfig((*scene).fsmonitor),
			attack: next("exec", "--", "attacker", nothingWord), twin: works("exec", "--", "attacker", nothingWord)},
		{id: "git.closure", what: "the same in purity closure", needs: needsGit, setup: (*scene).split, plant: inConfig((*scene).fsmonitor), attack: next("closure"), twin: works("closure")},
		{id: "git.shims", what: "the same in purity shims", needs: needsGit, setup: (*scene).split, plant: inConfig((*scene).fsmonitor), attack: next("shims"), twin: works("shims")},
		{id: "git.explain", what: "the same in purity explain", needs: needsGit, setup: (*scene).split, plant: inConfig((*scene).fsmonitor), attack: next("explain", "/etc"), twin: works("explain", "/etc")},
		gitLeftover("two-sections", "the same below two sections on one line", inConfig(func(s *scene) string {
			return "[branch \"x\"] [core]\n\tfsmonitor = " + s.project + "/fsm\n"
		})),
		gitLeftover("one-line", "the same with section and key on one line", inConfig(func(s *scene) string {
			return "[CORE]FsMonitor=" + s.project + "/fsm # harmless\n"
		})),
		gitLeftover("continued", "the same after a line that goes on", inConfig(func(s *scene) string {
			return "[branch \"x\"]\n\tremote = a\\\n[core]\n[core]\n\tfsmonitor = \"" + s.project + "/f\\\nsm\"\n"
		})),
		gitLeftover("include", "the same in a file that the configuration includes", configured(func(s *scene) map[string]string {
			return map[string]string{".git/config": "[include]\n\tpath = ../evil\n", "evil": s.fsmonitor()}
		})),
		gitLeftover("include-if", "the same in a file that it includes for this branch", configured(func(s *scene) map[string]string {
			return map[string]string{".git/config": "[includeIf \"onbranch:main\"]\n\tpath = ../evil\n", "evil": s.fsmonitor()}
		})),
		gitLeftover("worktree-config", "the same in config.worktree", configured(func(s *scene) map[string]string {
			return map[string]string{".git/config": "[extensions]\n\tworktreeConfig = true\n", ".git/config.worktree": s.fsmonitor()}
		})),
		gitLeftover("common-directory", "the same in a common directory", func(s *scene) error {
			if err := os.Rename(".git", ".common"); err != nil {
				return err
			}
			if err := os.Mkdir(".git", 0o755); err != nil {
				return err
			}
			for _, name := range []string{"HEAD", "index"} {
				if err := os.Rename(".common/"+name, ".git/"+name); err != nil {
					return err
				}
			}
			shared, err := filepath.Glob(".common/sharedindex.*")
			for _, name := range shared {
				err = errors.Join(err, os.Rename(name, ".git/"+filepath.Base(name)))
			}
			return errors.Join(err, configured(func(s *scene) map[string]string {
				return map[string]string{".git/commondir": "../.common\n", ".common/config": s.fsmonitor()}
			})(s))
		}),
		gitLeftover("elsewhere", "the same in a directory that the file .git names", func(s *scene) error {
			if err := os.Rename(".git", "g"); err != nil {
				return err
			}
			return configured(func(s *scene) map[string]string {
				return map[string]string{".git": "gitdir: " + s.project + "/g\n", "g/config": s.fsmonitor()}
			})(s)
		}),
		gitLeftover("hooks", "have git run a hook", func(s *scene) error {
			for _, name := range []string{"post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman", "pre-auto-gc"} {
				if err := s.planted(".git/hooks/" + name); err != nil {
					return err
				}
			}
			return nil
		}),
		{id: "git.bare", what: "have git take a directory of a clone for a bare repository", needs: needsGit,
			setup: func(s *scene) error {
				if err := os.MkdirAll(s.project+"/sub", 0o755); err != nil {
					return err
				}
				for _, name := range []string{"flake.nix", "flake.lock"} {
					if err := os.Rename(s.project+"/"+name, s.project+"/sub/"+name); err != nil {
						return err
					}
				}
				return s.repository()
			},
			plant: func(s *scene) error {
				for name, text := range map[string]string{"HEAD": "ref: refs/heads/main\n", "objects/x": "", "refs/x": ""} {
					if err := s.write("sub/"+name, text); err != nil {
						return err
					}
				}
				return configured(func(s *scene) map[string]string {
					return map[string]string{"sub/config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = " + s.project + "/sub\n\tfsmonitor = " + s.project + "/fsm\n"}
				})(s)
			},
			attack: func(s *scene) error { return s.ran(s.runIn(s.project+"/sub", nil, s.program, "doctor")) },
			twin: func(s *scene) error {
				o := s.runIn(s.project+"/sub", nil, s.program, "doctor")
				if !strings.Contains(o.stdout, "above the project") {
					return errors.New("doctor does not find the repository" + o.tail())
				}
				return nil
			}},
		{id: "git.promisor", what: "have git fetch what is missing by a planted program", needs: needsGit,
			setup: func(s *scene) error {
				if err := s.write("d/e/file", "x"); err != nil {
					return err
				}
				if err := s.repository(); err != nil {
					return err
				}
				if err := s.git("sparse-checkout", "set", "--cone", "--sparse-index"); err != nil {
					return err
				}
				return s.git("ls-files", "--sparse")
			},
			plant: func(s *scene) error {
				objects, err := filepath.Glob(".git/objects/??/*")
				for _, name := range objects { // trees and all: a promise stands for them
					err = errors.Join(err, os.Remove(name))
				}
				return errors.Join(err, configured(func(s *scene) map[string]string {
					return map[string]string{".git/config": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n" +
						"[remote \"origin\"]\n\turl = " + s.project + "\n\tpromisor = true\n\tuploadpack = " + s.project + "/fsm\n[protocol]\n\tallow = always\n"}
				})(s))
			},
			attack: next("policy"), twin: works("policy")},
		{id: "git.path", what: "plant a git where the user's PATH has a directory of the project", needs: needsGit,
			setup: func(s *scene) error {
				s.environ = append(s.environ, "PATH="+s.project+"/bin:"+s.bin+":"+os.Getenv("PATH"))
				return s.split()
			},
			plant: func(s *scene) error { return s.planted("bin/git") },
			attack: func(s *scene) error {
				s.purity("policy")
				return s.ran(s.purity("doctor"))
			},
			twin: says(tracked, "doctor")},
		{id: "git.home", what: "leave a configuration of git in the private HOME", needs: needsGit, setup: (*scene).split,
			attack: func(s *scene) error {
				if err := s.planted("fsm"); err != nil {
					return err
				}
				if err := s.reach(nil, "home-file", ".gitconfig", s.fsmonitor()); err != nil {
					return err
				}
				s.purity("policy", "--refresh")
				return s.ran(s.purity("doctor"))
			},
			twin: func(s *scene) error { return s.reach(nil, "home-file", ".gitconfig", "[core]\n") }},
		{id: "git.foreign", what: "name somebody else's repository in the file .git",
			setup: func(s *scene) error {
				for name, text := range map[string]string{"HEAD": "ref: refs/heads/main\n", "objects/x": "", "refs/x": "", "config": "[core]\n\tbare = false\n"} {
					file := s.outside + "/repository/" + name
					if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
						return err
					}
				}
				return nil
			},
			plant:  func(s *scene) error { return s.write(".git", "gitdir: "+s.outside+"/repository\n") },
			attack: func(s *scene) error { return s.reach(closureFlags(s), "read", s.outside+"/repository/config") },
			twin:   func(s *scene) error { return s.reach(closureFlags(s), "read", s.project+"/file") }},
	}
}

// closureFlags have purity take the closure of the attacker, with nothing asked of Nix.
func closureFlags(s *scene) []string {
	file := s.dir + "/closure"
	if err := os.WriteFile(file, []byte(filepath.Join(s.store, attackerName)+"\n"), 0o644); err != nil {
		return nil // purity says so
	}
	return []string{"--closure-file", file}
}

// emptyIndex is git's index with no entries (gitformat-index(5)). git takes a
// checksum of zeros for none.
const emptyIndex = "DIRC\x00\x00\x00\x02\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
