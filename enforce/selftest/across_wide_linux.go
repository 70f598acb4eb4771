package selftest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// allowed has the user write purity.toml and allow it.
func allowed(text string, dirs ...string) func(*scene) error {
	return func(s *scene) error {
		for _, dir := range dirs {
			if err := errors.Join(os.MkdirAll(s.project+"/"+dir, 0o755), s.write(dir+"/file", "of the project")); err != nil {
				return err
			}
		}
		if err := s.write("purity.toml", strings.ReplaceAll(text, "@outside@", s.outside)); err != nil {
			return err
		}
		return s.purity("allow").ok()
	}
}

// instead puts a link to a file outside in the place of a file of the project.
func instead(file, outside string) func(*scene) error {
	return func(s *scene) error {
		if err := os.RemoveAll(file); err != nil {
			return err
		}
		return os.Symlink(s.outside+outside, file)
	}
}

// reaching is the attack, and twin, of a command that acts a file.
func reaching(flags []string, what, file string) func(*scene) error {
	return func(s *scene) error {
		return s.reach(flags, what, strings.NewReplacer("@outside@", s.outside, "@project@", s.project).Replace(file))
	}
}

// linked is a vector of a row that the user allowed, or said, in whose path a command
// puts a link. The twin is a row of the same kind that no command can write.
func linked(id, what, settings string, flags []string, plant func(*scene) error, op, own string) leftover {
	return leftover{
		id: "link." + id, what: what, setup: allowed(settings, "data"), plant: plant,
		attack: reaching(flags, op, theirs), twin: reaching(flags, op, own),
	}
}

const (
	theirs = "@outside@/file"
	ours   = "@project@/data/file"
	shared = "@outside@/shared/file" // which the user lets commands have
)

func wideLeftovers() []leftover {
	return []leftover{
		linked("home", "put a link in the place of home", "home = \"data\"\n", nil, instead("data", ""), "read", ours),
		linked("read", "put a link in the place of a path of read", "read = [\"data\", \"@outside@/shared\"]\n", nil, instead("data", ""), "read", shared),
		linked("write", "the same of write", "write = [\"data\", \"@outside@/shared\"]\n", nil, instead("data", ""), "write", shared),
		linked("exec", "the same of exec", "exec = [\"data\", \"@outside@/shared\"]\n", nil, instead("data", ""), "read", shared),
		linked("devices", "the same of devices", "devices = [\"data/file\", \"@outside@/shared/file\"]\n", nil, instead("data", ""), "read", shared),
		linked("glob", "put a link where a glob finds it", "read = [\"data/*\", \"@outside@/shared\"]\n", nil, instead("data/x", ""), "read", shared),
		linked("globs", "put a link in the place of a directory of a glob", "read = [\"data/**\", \"@outside@/s*\"]\n", nil, instead("data", ""), "read", shared),
		linked("parent", "put a link in the place of a directory on the way", "read = [\"data/sub/file\", \"@outside@/shared\"]\n", nil, func(s *scene) error {
			return errors.Join(os.Mkdir("elsewhere", 0o755), os.Symlink(s.outside, "elsewhere/sub"), os.RemoveAll("data"), os.Symlink("elsewhere", "data"))
		}, "read", shared),
		linked("dots", "put a link before ..", "read = [\"data/../file\", \"@outside@/shared\"]\n", nil, instead("data", "/sub"), "read", shared),
		linked("exception", "put a link in the place of an exception's path",
			"[[exception]]\npath = \"data\"\naccess = \"read\"\nreason = \"known\"\n[[exception]]\npath = \"@outside@/shared\"\naccess = \"read\"\nreason = \"known\"\n",
			nil, instead("data", ""), "read", shared),
		linked("flag-home", "the same of --home", "", []string{"--home", "data"}, instead("data", ""), "read", ours),
		linked("flag-read", "the same of --read", "", []string{"--read", "data", "--read", "../outside/shared"}, instead("data", ""), "read", shared),
		linked("flag-write", "the same of --write", "", []string{"--write", "data", "--write", "../outside/shared"}, instead("data", ""), "write", shared),
		{id: "link.variable", what: "the same of PURITY_READ", setup: func(s *scene) error {
			s.environ = append(s.environ, "PURITY_READ=data")
			return s.write("data/file", "")
		}, plant: instead("data", ""), attack: reaching(nil, "read", theirs), twin: reaching([]string{"--read", "../outside"}, "read", theirs)},
		{id: "link.flag-project", what: "the same of --project", setup: func(s *scene) error { return s.write("data/file", "") }, plant: instead("data", ""),
			attack: func(s *scene) error {
				return s.reach(append(closureFlags(s), "--project", "data"), "create", s.outside+"/new")
			},
			twin: func(s *scene) error {
				return s.reach(append(closureFlags(s), "--project", "data"), "create", s.project+"/data/new")
			}},
		{id: "link.policy", what: "the same, and purity policy shows another grant than exec gives", setup: allowed("read = [\"data\"]\n", "data"), plant: instead("data", ""),
			attack: func(s *scene) error {
				o := s.purity("policy", "--json")
				shown := strings.Contains(o.stdout, s.outside)
				if err := s.reach(nil, "read", s.outside+"/file"); err != nil || shown {
					return errors.Join(errors.New("policy and exec say the same"), err)
				}
				return nil
			},
			twin: says("purity.toml:1", "policy", "--json")},
		{id: "link.report", what: "put a link in the place of a report", setup: nil, plant: func(s *scene) error { return os.Symlink(s.outside+"/file", "out.json") },
			attack: func(s *scene) error { return s.reported("out.json", s.outside+"/file") },
			twin:   func(s *scene) error { return s.reported("out.json", s.project+"/out.json") }},
		{id: "link.report-directory", what: "put a link in the place of the directory of a report", setup: func(s *scene) error { return s.write("reports/x", "") },
			plant:  instead("reports", ""),
			attack: func(s *scene) error { return s.reported("reports/out.json", s.outside+"/out.json") },
			twin:   func(s *scene) error { return s.reported("reports/out.json", s.project+"/reports/out.json") }},
		{id: "link.init", what: "have purity init write through a link", plant: func(s *scene) error { return os.Symlink(s.outside+"/new", "purity.toml") },
			attack: func(s *scene) error {
				o := s.purity("init")
				if _, err := os.Lstat(s.outside + "/new"); err != nil {
					return fmt.Errorf("there is no file outside%s", o.tail())
				}
				return nil
			},
			twin: works("init")},
		{id: "link.presets", what: "have a preset make a link through one in the private HOME",
			setup: func(s *scene) error {
				return errors.Join(os.MkdirAll(s.home+"/.config/nvim", 0o755), os.WriteFile(s.home+"/.config/nvim/init.lua", []byte("x"), 0o644))
			},
			attack: func(s *scene) error {
				if err := s.reach(nil, "home", ".config", s.outside); err != nil {
					return err
				}
				o := s.purity("exec", "--presets", "editor", "--", "attacker", nothingWord)
				if _, err := os.Lstat(s.outside + "/nvim"); err != nil {
					return fmt.Errorf("there is no link outside%s", o.tail())
				}
				return nil
			},
			twin: reaching([]string{"--presets", "editor"}, "nothing", "")},
		{id: "link.race", what: "swap a directory for a link while purity starts", setup: allowed("read = [\"data\"]\n", "data"),
			attack: func(s *scene) error {
				if err := s.reach(nil, "swap", s.project+"/data", s.outside); err != nil {
					return err
				}
				var err error
				for range 8 {
					if err = s.reach(nil, "read", s.outside+"/file"); err == nil {
						return nil
					}
				}
				return err
			},
			twin: func(s *scene) error { return s.reach(nil, "swap", s.project+"/data", s.project) }},
		{id: "settings.network", what: "write network = true, and level nix is asked for", plant: func(s *scene) error { return s.write("purity.toml", "network = true\n") },
			attack: netAt("--level", "nix"), twin: netAt("--level", "nix", "--network", "true")},
		{id: "settings.network-variable", what: "the same with PURITY_LEVEL", setup: func(s *scene) error { s.environ = append(s.environ, "PURITY_LEVEL=nix"); return nil },
			plant: func(s *scene) error { return s.write("purity.toml", "network = true\n") }, attack: netAt(), twin: netAt("--network", "true")},
		{id: "settings.home", what: "write home = \"private\", and level nix, which has none, is asked for", plant: func(s *scene) error { return s.write("purity.toml", "home = \"private\"\n") },
			attack: func(s *scene) error { return s.reach([]string{"--level", "nix"}, "home-file", "x", "y") },
			twin: func(s *scene) error {
				return s.reach([]string{"--level", "nix", "--home", "private"}, "home-file", "x", "y")
			}},
		{id: "settings.read", what: "write read into purity.toml", plant: func(s *scene) error { return s.write("purity.toml", "read = [\""+s.outside+"\"]\n") },
			attack: reaching(nil, "read", theirs), twin: reaching([]string{"--read", ".."}, "read", theirs)},
		{id: "settings.edit", what: "edit a purity.toml that was allowed", setup: allowed("read = [\"data\"]\n", "data"),
			plant:  func(s *scene) error { return s.write("purity.toml", "read = [\"data\", \""+s.outside+"\"]\n") },
			attack: reaching(nil, "read", theirs), twin: reaching(nil, "read", ours)},
		{id: "settings.mode", what: "write mode = \"audit\" into purity.toml", plant: func(s *scene) error { return s.write("purity.toml", "mode = \"audit\"\n") },
			attack: reaching(nil, "read", theirs), twin: reaching([]string{"--mode", "audit"}, "read", theirs)},
		{id: "settings.level", what: "write level = \"open\" into purity.toml", plant: func(s *scene) error { return s.write("purity.toml", "level = \"open\"\n") },
			attack: reaching(nil, "read", theirs), twin: reaching([]string{"--level", "open"}, "read", theirs)},
		{id: "settings.below", what: "write a purity.toml in a directory of the project", plant: func(s *scene) error { return s.write("sub/purity.toml", "read = [\""+s.outside+"\"]\n") },
			attack: func(s *scene) error {
				return s.reached(s.runIn(s.project+"/sub", nil, s.program, s.reachArgs(nil, "read", s.outside+"/file")...))
			},
			twin: reaching(nil, "read", "@project@/file")},
		{id: "settings.narrower", what: "take a line that narrows out of purity.toml", design: "a line that narrows is in the project; give it as an option to keep it",
			setup: func(s *scene) error { return s.write("purity.toml", "network = false\n") }, plant: func(s *scene) error { return os.Remove("purity.toml") },
			attack: netAt(), twin: reaching(nil, "read", "@project@/file")},
		{id: "settings.shims", what: "edit purity.toml, and the shims from before run by it", setup: withShims,
			plant: func(s *scene) error { return s.write("purity.toml", "read = [\""+s.outside+"\"]\n") },
			attack: func(s *scene) error {
				return s.reached(s.run(s.dir+"/shims/attacker", reachWord, "read", s.outside+"/file"))
			},
			twin: func(s *scene) error {
				return s.reached(s.run(s.dir+"/shims/attacker", reachWord, "read", s.project+"/file"))
			}},
		{id: "cache.entry", what: "write purity's cache", attack: reaching(nil, "create", "@project@/../home/.cache/purity/x"), twin: reaching(nil, "create", "@project@/x")},
		{id: "cache.permission", what: "write what was allowed", setup: allowed("read = [\"data\"]\n", "data"), attack: reaching(nil, "create", "@project@/../home/.local/state/purity/allow/x"), twin: reaching(nil, "create", "@project@/x")},
	}
}

// reported runs purity with a report, and is nil if that was written to file.
func (s *scene) reported(report, file string) error {
	o := s.purity("exec", "--report", report, "--", "attacker", nothingWord)
	data, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(strings.TrimSpace(string(data)), "{") {
		return fmt.Errorf("%s has no report%s", filepath.Base(file), o.tail())
	}
	return nil
}

// netAt is nil if a command that is run with flags can connect to a server outside.
func netAt(flags ...string) func(*scene) error {
	return func(s *scene) error {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		return s.reach(flags, "net", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
}

// withShims has the user make shims.
func withShims(s *scene) error { return s.purity("shims", "--dir", s.dir+"/shims").ok() }

// swapInBackground leaves a process behind that swaps a directory for a link for a
// while.
func swapInBackground(args []string) error {
	if len(args) == 3 { // in the background
		dir, other := args[0], args[0]+"-link"
		if err := os.Symlink(args[1], other); err != nil {
			return err
		}
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
			if err := unix.Renameat2(unix.AT_FDCWD, dir, unix.AT_FDCWD, other, unix.RENAME_EXCHANGE); err != nil {
				return err
			}
		}
		return nil
	}
	cmd := again("/proc/self/exe", reachWord, "swap", args[0], args[1], "go")
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	return cmd.Start()
}
