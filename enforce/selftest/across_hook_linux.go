package selftest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// allow has the user allow the project as it is.
func allow(s *scene) error { return s.purity("allow").ok() }

// hookEnv is the question of the hook of a shell at the prompt.
func (s *scene) hookEnv(shell string) outcome { return s.purity("__hook-env", shell, "", "") }

// inside has the user allow a project with dev.nix, and enter it with a hooked shell.
func inHooked(s *scene) error {
	if err := errors.Join(s.write("flake.nix", "{ outputs = _: import ./dev.nix; }\n"), s.write("dev.nix", "{ }\n"), allow(s)); err != nil {
		return err
	}
	if o := s.hookEnv("bash"); !strings.Contains(o.stdout, "_purity_enter") || s.asked() != 1 {
		return fmt.Errorf("the hook does not enter, and asked Nix %d times%s", s.asked(), o.tail())
	}
	return nil
}

// evaluates is nil if Nix is asked once more, maybe in the background.
func (s *scene) evaluates(before int, o outcome) error {
	for range 100 {
		if s.asked() > before {
			return nil
		}
		if strings.Contains(o.stdout, "purity!") { // it was changed, and the hook says so
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("Nix was not asked" + o.tail())
}

// changed is a vector of a file that an allowed project's evaluation reads.
func changed(id, what, file, text string) leftover {
	return leftover{
		id: "hook." + id, what: what, needs: []string{hooksABI}, setup: inHooked,
		plant:     func(s *scene) error { return s.write(file, text) },
		twinPlant: func(s *scene) error { return s.write(file, text) },
		attack:    func(s *scene) error { return s.evaluates(1, s.hookEnv("bash")) },
		twin: func(s *scene) error { // allowed as it is now
			if err := allow(s); err != nil {
				return err
			}
			return s.evaluates(1, s.hookEnv("bash"))
		},
	}
}

// quoted is a name, and a value, that no shell may take for code. $C is the canary.
const quoted = "a'\"b $(echo >$C) `echo >$C` ; echo >$C #'; echo >$C;\n\\"

// hooked is a vector of a directory whose name is code for a shell.
func hooked(shell, start string) leftover {
	const enter = "; cd -- \"$D\"; _purity_check "
	script := start + enter + shell + "; echo \"at=$PURITY_PROJECT\""
	if shell == "fish" {
		script = start + "; cd -- $D; _purity_check; echo \"at=$PURITY_PROJECT\""
	}
	in := func(s *scene, name string) outcome {
		dir := s.project + "/" + name
		if err := errors.Join(os.MkdirAll(dir, 0o755), copyText(s.project+"/flake.nix", dir+"/flake.nix"), copyText(s.project+"/flake.lock", dir+"/flake.lock")); err != nil {
			return outcome{code: -1, stderr: err.Error()}
		}
		if o := s.purity("allow", dir); o.code != 0 {
			return o
		}
		s.environ = append(s.environ, "D="+dir, "C="+s.canary, "PURITY="+s.program)
		return s.run(shell, "-c", script)
	}
	return leftover{
		id: "hook.name-" + shell, what: "leave a directory whose name is code for " + shell, needs: []string{shell, hooksABI},
		attack: func(s *scene) error { return s.ran(in(s, quoted)) },
		twin: func(s *scene) error {
			if o := in(s, "plain"); !strings.Contains(o.stdout, "at="+s.project+"/plain") {
				return errors.New(shell + " does not enter the project" + o.tail())
			}
			return nil
		},
	}
}

func copyText(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// exported is a vector of variables of a dev shell that direnv would give to the
// user's own programs.
func exported(id, what string, names ...string) leftover {
	variables := map[string]string{"GREETING": "hello"}
	for _, name := range names {
		variables[name] = "/planted"
	}
	return leftover{
		id: "direnv." + id, what: what,
		setup: func(s *scene) error { return errors.Join(s.environment(variables), allow(s)) },
		attack: func(s *scene) error {
			o := s.purity("direnv-env")
			for _, name := range names {
				if strings.Contains(o.stdout, "export "+name+"=") && strings.Contains(o.stdout, "/planted") {
					return nil
				}
			}
			return errors.New("none is exported" + o.tail())
		},
		twin: says("export GREETING=hello\n", "direnv-env"),
	}
}

func hookLeftovers() []leftover {
	return []leftover{
		changed("imported", "change a file that an allowed flake.nix imports", "dev.nix", "{ changed = true; }\n"),
		changed("flake", "change an allowed flake.nix", "flake.nix", "{ outputs = _: { changed = true; }; }\n"),
		changed("lock", "change an allowed flake.lock", "flake.lock", "{ \"nodes\": { \"root\": { } }, \"root\": \"root\", \"version\": 7 }\n"),
		hooked("bash", `eval "$("$PURITY" hook bash)"`),
		hooked("zsh", `eval "$("$PURITY" hook zsh)"`),
		hooked("fish", `$PURITY hook fish | source`),
		{id: "direnv.unallowed", what: "have direnv evaluate a project that was not allowed",
			setup:  func(s *scene) error { return s.environment(map[string]string{"GREETING": "hello"}) },
			attack: func(s *scene) error { return s.evaluatedByDirenv() },
			twin: func(s *scene) error {
				if err := allow(s); err != nil {
					return err
				}
				return s.evaluatedByDirenv()
			}},
		{id: "direnv.changed", what: "change a file that an allowed project's flake.nix imports, and direnv reloads",
			needs: []string{hooksABI}, setup: inHooked, plant: func(s *scene) error { return s.write("dev.nix", "{ changed = true; }\n") },
			attack: func(s *scene) error {
				o := s.purity("direnv-env")
				if s.asked() > 1 {
					return nil
				}
				return errors.New("Nix was not asked" + o.tail())
			},
			twin: works("direnv-env")},
		exported("loader", "set variables that have the loader load code", "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "GCONV_PATH"),
		exported("shell", "set variables by which a shell runs code", "PROMPT_COMMAND", "ENV", "BASH_ENV", "IFS", "PS1", "PS4", "ZDOTDIR", "CDPATH"),
		exported("interpreter", "set variables by which an interpreter runs code", "PYTHONSTARTUP", "PYTHONPATH", "PYTHONHOME", "NODE_OPTIONS", "PERL5OPT", "PERL5LIB", "RUBYOPT", "JAVA_TOOL_OPTIONS"),
		exported("git", "set variables by which git runs programs", "GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL", "GIT_EXEC_PATH", "GIT_PAGER"),
		exported("assigned", "set variables that a shell evaluates when they are assigned, or shows", "RANDOM", "SRANDOM", "OPTIND", "prompt", "PROMPT4", "fpath"),
		{id: "direnv.value", what: "give a variable a value that is code for a shell", needs: []string{"bash"},
			setup: func(s *scene) error {
				return errors.Join(s.environment(map[string]string{"GREETING": quoted, "HELLO": "hello"}), allow(s))
			},
			attack: func(s *scene) error { return s.ran(s.evaluated("GREETING")) },
			twin: func(s *scene) error {
				if o := s.evaluated("HELLO"); !strings.Contains(o.stdout, "value=hello") {
					return errors.New("the variable is not there" + o.tail())
				}
				return nil
			}},
		{id: "direnv.real", what: "have direnv itself load what the dev shell sets", needs: []string{"direnv", "bash"},
			setup: func(s *scene) error {
				lib := s.home + "/.config/direnv/lib"
				o := s.purity("hook", "direnv")
				return errors.Join(o.ok(), os.MkdirAll(lib, 0o755), os.WriteFile(lib+"/purity.sh", []byte(o.stdout), 0o644),
					s.environment(map[string]string{"GREETING": "hello", "PROMPT_COMMAND": "echo >" + s.canary, "BASH_ENV": s.project + "/env"}),
					s.write(".envrc", "use purity\n"), s.write("env", "echo >"+s.canary+"\n"), s.run("direnv", "allow").ok(), allow(s))
			},
			attack: func(s *scene) error { return s.ran(s.loaded()) },
			twin: func(s *scene) error {
				if o := s.loaded(); !strings.Contains(o.stdout, "value=hello") {
					return errors.New("direnv does not load the dev shell" + o.tail())
				}
				return nil
			}},
		{id: "hook.enter-shell", what: "have enter-shell give the shell what the dev shell sets", setup: entered("LD_PRELOAD=/planted", "PROMPT_COMMAND=/planted"),
			attack: func(s *scene) error {
				s.environ = append(s.environ, "LD_PRELOAD=", "PROMPT_COMMAND=")
				if o := s.purity("hook", "enter-shell"); !strings.Contains(o.stdout, "/planted") {
					return errors.New("none is exported" + o.tail())
				}
				return nil
			},
			twin: func(s *scene) error {
				s.environ = append(s.environ, "LD_PRELOAD=", "PROMPT_COMMAND=")
				return says("export PURITY_SHIMS=", "hook", "enter-shell")(s)
			}},
	}
}

// completed is the question of a shell when a user presses Tab.
func (s *scene) completed() outcome {
	return s.purity("__purity-complete", "bash", "", "purity exec --flake .#")
}

// evaluatedByDirenv is nil if Nix was asked for direnv, or a variable exported.
func (s *scene) evaluatedByDirenv() error {
	o := s.purity("direnv-env")
	if s.asked() > 0 || strings.Contains(o.stdout, "export GREETING=") {
		return nil
	}
	return errors.New("nothing is exported" + o.tail())
}

// evaluated is bash that evaluates as direnv would, and prints a variable.
func (s *scene) evaluated(name string) outcome {
	s.environ = append(s.environ, "C="+s.canary, "PURITY="+s.program)
	return s.run("bash", "-c", `watch_file() { :; }; _purity_stay_first() { :; }; eval "$("$PURITY" direnv-env)"; echo "value=$`+name+`"`)
}

// loaded is bash with direnv's hook at its first prompt, which starts another bash.
func (s *scene) loaded() outcome {
	return s.run("bash", "-c", `eval "$(direnv export bash)"; eval "${PROMPT_COMMAND-}"; echo "value=$GREETING"; bash -c :`)
}
