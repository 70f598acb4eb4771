package selftest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entered has the user be in the dev shell whose variables are given: they are in the
// environment, as nix develop puts them there.
func entered(variables ...string) func(*scene) error {
	return func(s *scene) error {
		all := map[string]string{}
		for _, v := range variables {
			name, value, _ := strings.Cut(strings.ReplaceAll(v, "@outside@", s.outside), "=")
			all[name] = value
			s.environ = append(s.environ, name+"="+value)
		}
		s.environ = append(s.environ, "NIX_GCROOT="+s.devEnv(), "IN_NIX_SHELL=impure",
			"PATH="+filepath.Join(s.store, attackerName, "bin")+":"+s.bin+":"+os.Getenv("PATH"))
		return s.environment(all)
	}
}

// ofUser gives the same variables to the user, in a dev shell that has none of them.
func ofUser(variables ...string) func(*scene) error {
	return func(s *scene) error {
		if err := s.environment(nil); err != nil {
			return err
		}
		for i, v := range s.environ {
			for _, own := range variables {
				if name, _, _ := strings.Cut(own, "="); strings.HasPrefix(v, name+"=") {
					s.environ[i] = strings.ReplaceAll(own, "@outside@", s.outside)
				}
			}
		}
		return nil
	}
}

var fromEnv = []string{"--from-env"}

// named is a vector of a variable that the dev shell sets, and purity takes for the
// user's. Its twin is the same variable of the user's.
func named(name, value, op string) leftover {
	v := name + "=" + value
	return leftover{
		id: "variable." + name, what: "have the dev shell set " + name, setup: entered(v), attack: reaching(fromEnv, op, theirs),
		twin: func(s *scene) error {
			if err := ofUser(v)(s); err != nil {
				return err
			}
			return reaching(fromEnv, op, theirs)(s)
		},
	}
}

func variableLeftovers() []leftover {
	return []leftover{
		named("PURITY_READ", "@outside@", "read"),
		named("PURITY_WRITE", "@outside@", "write"),
		named("PURITY_EXEC", "@outside@", "read"),
		named("PURITY_MODE", "audit", "read"),
		named("PURITY_LEVEL", "open", "read"),
		named("PURITY_HOME", "@outside@", "write"),
		{id: "variable.PURITY_CONFIG", what: "have the dev shell set PURITY_CONFIG", setup: func(s *scene) error {
			return errors.Join(os.WriteFile(s.dir+"/wide.toml", []byte("read = [\""+s.outside+"\"]\n"), 0o644), entered("PURITY_CONFIG="+s.dir+"/wide.toml")(s))
		}, attack: reaching(fromEnv, "read", theirs), twin: func(s *scene) error {
			if err := ofUser("PURITY_CONFIG=" + s.dir + "/wide.toml")(s); err != nil {
				return err
			}
			return reaching(fromEnv, "read", theirs)(s)
		}},
		named("TERMINFO_DIRS", "@outside@", "read"),
		named("LOCALE_ARCHIVE", "@outside@/file", "read"),
		named("TZDIR", "@outside@", "read"),
		named("SSL_CERT_DIR", "@outside@", "read"),
		named("NIX_SSL_CERT_FILE", "@outside@/file", "read"),
		{id: "variable.enter-shell", what: "have the dev shell set PURITY_WRITE, and shims are made for it", setup: entered("PURITY_WRITE=@outside@"),
			attack: func(s *scene) error { return s.shimReaches("write", s.outside+"/file") },
			twin:   func(s *scene) error { return s.shimReaches("read", s.project+"/file") }},
		{id: "descriptor.jobserver-file", what: "keep an open file by MAKEFLAGS", attack: inheriting("file", true), twin: inheriting("pipe", true)},
		{id: "descriptor.jobserver-directory", what: "keep an open directory by MAKEFLAGS", attack: inheriting("directory", true), twin: inheriting("pipe", true)},
		{id: "descriptor.jobserver-settings", what: "keep a pipe that no make has by env.set of a purity.toml", plant: func(s *scene) error {
			return s.write("purity.toml", "[env]\nset = { MAKEFLAGS = \"-j --jobserver-auth=3,4\" }\n")
		}, attack: inheriting("pipe", false), twin: inheriting("pipe", true)},
		{id: "active.claimed", what: "leave PURITY_ACTIVE for the user's environment", attack: claimed, twin: reaching(nil, "read", "@project@/file")},
	}
}

// shimReaches runs the shim of the attacker that enter-shell makes.
func (s *scene) shimReaches(what ...string) error {
	o := s.purity("hook", "enter-shell")
	_, rest, ok := strings.Cut(o.stdout, "export PURITY_SHIMS=")
	if !ok {
		return errors.New("there are no shims" + o.tail())
	}
	line, _, _ := strings.Cut(rest, "\n")
	return s.reached(s.run(strings.Trim(line, "'")+"/attacker", append([]string{reachWord}, what...)...))
}

// inheriting is nil if a command keeps a descriptor of some kind because MAKEFLAGS names
// it: those of the calling make, which go on to the command, or else those of the settings.
func inheriting(kind string, calling bool) func(*scene) error {
	return func(s *scene) error {
		const makeflags = "MAKEFLAGS=-j --jobserver-auth=3,4"
		var flags []string
		if calling {
			before := s.environ
			defer func() { s.environ = before }()
			s.environ = append(slices.Clone(before), makeflags)
			flags = []string{"--keep", "MAKEFLAGS"}
		}
		files, err := twoOf(kind, s.outside)
		if err != nil {
			return err
		}
		defer func() {
			for _, f := range files {
				f.Close()
			}
		}()
		return s.reached(s.runIn(s.project, files, s.program, s.reachArgs(flags, "descriptor", "3", kind)...))
	}
}

// twoOf opens two files of a kind, or both ends of a pipe.
func twoOf(kind, outside string) ([]*os.File, error) {
	if kind == "pipe" {
		r, w, err := os.Pipe()
		return []*os.File{r, w}, err
	}
	name := outside
	if kind == "file" {
		name += "/file"
	}
	one, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	two, err := os.Open(name)
	return []*os.File{one, two}, err
}

// claimed has a command repeat purity's mark of its confinement, and the user's
// environment say the same outside.
func claimed(s *scene) error {
	o := s.purity(s.reachArgs(nil, "print", "PURITY_ACTIVE")...)
	active := strings.TrimSpace(o.stdout)
	if active == "" {
		return errors.New("purity says nothing" + o.tail())
	}
	s.environ = append(slices.Clone(s.environ), "PURITY_ACTIVE="+active)
	if err := s.reach([]string{"--unless-confined"}, "read", s.outside+"/file"); err == nil {
		return nil
	}
	return s.reach(nil, "read", s.outside+"/file")
}

func directoryLeftovers() []leftover {
	return []leftover{
		{id: "directory.no-project", what: "leave a file in the directory of --no-project",
			attack: func(s *scene) error {
				if err := s.reach([]string{"--no-project"}, "leave", "left"); err != nil {
					return err
				}
				return s.reach([]string{"--no-project"}, "find", "left")
			},
			twin: func(s *scene) error { return errors.Join(s.reach(nil, "leave", "left"), s.reach(nil, "find", "left")) }},
		{id: "directory.temporary", what: "leave a file in TMPDIR",
			attack: func(s *scene) error {
				o := s.purity(s.reachArgs(nil, "temp-file", "left")...)
				name := strings.TrimSpace(o.stdout)
				if name == "" {
					return errors.New("nothing was left" + o.tail())
				}
				return s.reach(nil, "read", name)
			},
			twin: func(s *scene) error { return s.reach(nil, "temp-file", "left") }},
		{id: "directory.temporary-program", what: "leave a program in TMPDIR that the user's PATH would have",
			attack: func(s *scene) error {
				o := s.purity(s.reachArgs(nil, "temp-file", "left")...)
				for range 200 { // it is removed in the background
					if _, err := os.Lstat(strings.TrimSpace(o.stdout)); err != nil {
						return fmt.Errorf("it is gone: %w", err)
					}
					time.Sleep(50 * time.Millisecond)
				}
				return nil
			},
			twin: func(s *scene) error { return s.reach(nil, "temp-file", "left") }},
		{id: "directory.by-path", what: "link result to programs outside, and a program there is run by path",
			setup: outsideProgram, plant: instead("result", ""),
			attack: func(s *scene) error { return s.byPath("result/bin/program") },
			twin:   func(s *scene) error { return s.byPathConfined() }},
		{id: "directory.by-path-link", what: "link a program of the project to one outside", setup: outsideProgram, plant: instead("program", "/bin/program"),
			attack: func(s *scene) error { return s.byPath("./program") },
			twin:   func(s *scene) error { return s.byPathConfined() }},
		{id: "directory.which", what: "the same, and purity which says that it is not confined", setup: outsideProgram, plant: instead("result", ""),
			attack: func(s *scene) error {
				s.environ = append(s.environ, "PURITY_PROJECT="+s.project)
				if o := s.purity("which", "result/bin/program"); !strings.Contains(o.stdout, "not confined") {
					return errors.New("it says" + o.stdout + o.tail())
				}
				return nil
			},
			twin: func(s *scene) error {
				s.environ = append(s.environ, "PURITY_PROJECT="+s.project)
				return errors.Join(copyLink(s.program, s.project+"/own"), s.purity("which", "./own").ok())
			}},
		{id: "directory.shims", what: "leave shims in the project that let everything be read", setup: func(s *scene) error { return withShims(s) },
			attack: func(s *scene) error {
				data, err := os.ReadFile(s.dir + "/shims/.purity")
				if err != nil {
					return err
				}
				wide := strings.Replace(string(data), `"Level":""`, `"Level":"open"`, 1)
				if err := errors.Join(s.write("fake/.purity", wide), os.Symlink(s.program, s.project+"/fake/attacker"), os.Symlink(s.program, s.project+"/fake/by-path")); err != nil {
					return err
				}
				return s.reached(s.run(s.project+"/fake/attacker", reachWord, "read", s.outside+"/file"))
			},
			twin: func(s *scene) error {
				return s.reached(s.run(s.dir+"/shims/attacker", reachWord, "read", s.project+"/file"))
			}},
	}
}

// outsideProgram makes a program outside, bin/program, and shims for the user.
func outsideProgram(s *scene) error {
	if err := os.Mkdir(s.outside+"/bin", 0o755); err != nil {
		return err
	}
	return errors.Join(copyLink(filepath.Join(s.store, attackerName, "bin", "attacker"), s.outside+"/bin/program"), withShims(s))
}

// copyLink makes a hard link to a program, or where that may not be, a copy.
func copyLink(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	return copyProgram(from, to)
}

// byPath is nil if a program that is run by path writes outside.
func (s *scene) byPath(program string) error {
	return s.reached(s.run(s.dir+"/shims/by-path", program, reachWord, "create", s.canary))
}

func (s *scene) byPathConfined() error {
	if err := copyLink(filepath.Join(s.store, attackerName, "bin", "attacker"), s.project+"/own"); err != nil {
		return err
	}
	if s.reached(s.run(s.dir+"/shims/by-path", "./own", reachWord, "create", s.canary)) == nil {
		return errors.New("it is not confined")
	}
	return s.reached(s.run(s.dir+"/shims/by-path", "./own", reachWord, "create", s.project+"/new"))
}
