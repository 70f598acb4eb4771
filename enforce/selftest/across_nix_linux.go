package selftest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// StandInFile, beside a link to this program that is named nix, says that this
// program stands in for Nix, and names the dev environment that it gives.
const standInFile = ".purity-selftest-environment"

// askedFile, beside it, has a line for each evaluation.
const askedFile = ".purity-selftest-asked"

// environment makes the store path of a dev environment with variables, which the
// stand-in gives.
func (s *scene) environment(variables map[string]string) error {
	all := map[string]map[string]string{
		"PATH": {"type": "exported", "value": filepath.Join(s.store, attackerName, "bin")},
	}
	for name, value := range variables {
		all[name] = map[string]string{"type": "exported", "value": value}
	}
	data, err := json.Marshal(map[string]any{"variables": all, "bashFunctions": map[string]string{}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.devEnv(), data, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.bin, standInFile), []byte(s.devEnv()), 0o600)
}

// devEnv is the store path of the scene's dev environment, of its own.
func (s *scene) devEnv() string {
	return filepath.Join(s.store, strings.Repeat("1", 32)+"-"+strings.ReplaceAll(filepath.Base(s.dir), "/", "-")+"-env")
}

// asked is how often the stand-in was asked to evaluate.
func (s *scene) asked() int {
	data, _ := os.ReadFile(filepath.Join(s.bin, askedFile)) // absent as long as it was not
	return strings.Count(string(data), "\n")
}

// StandIn plays nix and nix-store if this program is called as one of a scene.
func StandIn(args []string) (code int, ok bool) {
	name := filepath.Base(args[0])
	if name != "nix" && name != "nix-store" {
		return 0, false
	}
	dir := filepath.Dir(args[0])
	env, err := os.ReadFile(filepath.Join(dir, standInFile))
	if err != nil {
		return 0, false
	}
	if err := answerAsNix(dir, string(env), args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "@nix %s\n", `{"action":"msg","level":0,"msg":"`+err.Error()+`"}`)
		return 1, true
	}
	return 0, true
}

// answerAsNix gives the answers of Nix to purity's questions.
func answerAsNix(dir, env string, args []string) error {
	after := func(flag string) string {
		if at := slices.Index(args, flag); at >= 0 && at+1 < len(args) {
			return args[at+1]
		}
		return ""
	}
	switch {
	case slices.Contains(args, "--version"):
		fmt.Println("nix (Nix) 2.26.0")
	case slices.Contains(args, "--check-validity"):
		return fmt.Errorf("error: path '%s' is not valid", after("--check-validity"))
	case slices.Contains(args, "--add-root"):
		link := after("--add-root")
		os.Remove(link)
		return os.Symlink(after("--realise"), link)
	case args[0] == "print-dev-env":
		if file, err := os.OpenFile(filepath.Join(dir, askedFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
			fmt.Fprintln(file, strings.Join(args, " "))
			file.Close()
		}
		profile := after("--profile")
		os.Remove(profile)
		os.Remove(profile + "-1-link")
		if err := os.Symlink(env, profile+"-1-link"); err != nil {
			return err
		}
		return os.Symlink(filepath.Base(profile)+"-1-link", profile)
	case args[0] == "path-info":
		attacker := filepath.Join(filepath.Dir(env), attackerName)
		infos := map[string]any{attacker: map[string]any{"narSize": 1, "references": []string{}}}
		for _, arg := range args {
			if strings.HasSuffix(arg, "-env") {
				infos[arg] = map[string]any{"narSize": 1, "references": []string{attacker}}
			}
		}
		return json.NewEncoder(os.Stdout).Encode(infos)
	}
	return nil
}

// realNix is the Nix of the machine, used with a store of the scene's.
type realNix struct {
	program   string
	startsGit bool // and reads filters, as it did before it came with libgit2
}

var nixVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\(Nix\) (\d+)\.(\d+)`) })

func (n *realNix) look() {
	program, err := exec.LookPath("nix")
	if err != nil || n.program != "" {
		return
	}
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		return
	}
	n.program = program
	if m := nixVersion().FindSubmatch(out); m != nil { // Lix and others have no such line, and their own git
		major, _ := strconv.Atoi(string(m[1]))
		minor, _ := strconv.Atoi(string(m[2]))
		n.startsGit = major == 2 && minor < 20
	}
}

// environ has that Nix use a store in the scene, so that nothing is added to the
// user's. Nothing is built there.
func (n *realNix) environ(s *scene) []string {
	return []string{
		"NIX_STORE_DIR=" + s.dir + "/nix/store", "NIX_REMOTE=", "NIX_USER_CONF_FILES=",
		"NIX_CONFIG=substitute = false\nflake-registry =\nbuild-users-group =\nsandbox = false\nwarn-dirty = false",
	}
}

// nixLeftovers need the Nix of this machine, which reads the project itself. It
// evaluates flake.nix, and builds nothing.
func nixLeftovers() []leftover {
	return []leftover{
		nixLeftover("filter-clean", "have Nix's git run a filter", "old nix", func(s *scene) map[string]string {
			return map[string]string{".git/config": "[filter \"evil\"]\n\tclean = " + s.project + "/fsm\n", ".gitattributes": "* filter=evil\n", "file": "changed\n"}
		}),
		nixLeftover("filter-process", "the same of a filter that stays", "old nix", func(s *scene) map[string]string {
			return map[string]string{".git/config": "[filter \"evil\"]\n\tprocess = " + s.project + "/fsm\n\trequired\n", ".git/info/attributes": "* filter=evil\n", "file": "changed\n"}
		}),
		nixLeftover("filter-odd", "the same with a name that has dots, quotes and blanks", "old nix", func(s *scene) map[string]string {
			return map[string]string{".git/config": "[branch \"x\"] [Filter \"e \\\"v=i.l\"]\n\tClean = " + s.project + "/fsm\n[filter \"x.y\"]\n\tclean = " + s.project + "/fsm\n",
				".gitattributes": "* filter=x.y\n", "file": "changed\n"}
		}),
		nixLeftover("fsmonitor", "have Nix's git ask core.fsmonitor", "nix", func(s *scene) map[string]string {
			return map[string]string{".git/config": s.fsmonitor()}
		}),
		nixLeftover("include", "the same in a file that is included", "nix", func(s *scene) map[string]string {
			return map[string]string{".git/config": "[include]\n\tpath = " + s.project + "/evil\n", "evil": s.fsmonitor() + "[filter \"evil\"]\n\tclean = " + s.project + "/fsm\n", ".gitattributes": "* filter=evil\n", "file": "changed\n"}
		}),
		nixLeftover("diff", "have Nix's git run textconv and an external diff", "nix", func(s *scene) map[string]string {
			return map[string]string{".git/config": "[diff]\n\texternal = " + s.project + "/fsm\n[diff \"evil\"]\n\ttextconv = " + s.project + "/fsm\n\tcommand = " + s.project + "/fsm\n[core]\n\tpager = " + s.project + "/fsm\n\tsshCommand = " + s.project + "/fsm\n\taskPass = " + s.project + "/fsm\n\teditor = " + s.project + "/fsm\n",
				".gitattributes": "* diff=evil\n", "file": "changed\n"}
		}),
		nixLeftover("hook", "have Nix's git run a hook", "nix", func(s *scene) map[string]string {
			return map[string]string{".git/config": "[core]\n\thooksPath = " + s.project + "/hooks\n", "hooks/post-index-change": "", "file": "changed\n"}
		}),
		nixLeftover("promisor", "have Nix's git fetch what is missing by a planted program", "nix", func(s *scene) map[string]string {
			return map[string]string{".git/config": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\turl = " + s.project + "\n\tpromisor = true\n\tuploadpack = " + s.project + "/fsm\n",
				"file": "changed\n", "missing": ""}
		}),
		nixLeftover("nixConfig", "have flake.nix set what Nix runs", "nix", func(s *scene) map[string]string {
			return map[string]string{"replace flake.nix": "{ nixConfig = { post-build-hook = \"" + s.project + "/fsm\"; diff-hook = \"" + s.project + "/fsm\"; run-diff-hook = true; build-hook = \"" + s.project + "/fsm\"; plugin-files = \"" + s.project + "/fsm\"; allow-unsafe-native-code-during-evaluation = true; accept-flake-config = true; };\n  outputs = _: builtins.seq ((builtins.exec or (_: null)) [ \"" + s.project + "/fsm\" ]) (throw \"" + evaluated + "\"); }\n"}
		}),
		{id: "nix.completion", what: "have flake.nix build when a shell completes a command line", needs: []string{"nix", "git", "sh"}, setup: (*scene).repository,
			plant: func(s *scene) error {
				return s.write("flake.nix", "{ outputs = _: { devShells = import (derivation { name = \"x\"; system = builtins.currentSystem or \"x86_64-linux\"; builder = \"/bin/sh\";\n"+
					"args = [ \"-c\" \"echo >"+s.canary+"; echo { } >$out\" ]; }); }; }\n")
			},
			twinPlant: func(s *scene) error {
				return s.write("flake.nix", "{ outputs = _: { devShells = { x86_64-linux.listed = { }; aarch64-linux.listed = { }; riscv64-linux.listed = { }; }; }; }\n")
			},
			attack: func(s *scene) error { return s.ran(s.completed()) },
			twin: func(s *scene) error {
				var o outcome
				for start := time.Now(); time.Since(start) < 3*time.Minute; { // a completion gives up on a slow Nix
					if o = s.completed(); strings.Contains(o.stdout, "listed") {
						return nil
					}
				}
				return errors.New("it is not listed" + o.tail())
			}},
		{id: "nix.path", what: "plant a nix where the user's PATH has a directory of the project", needs: []string{"sh"},
			setup: func(s *scene) error {
				s.environ = append(s.environ, "PATH="+s.project+"/bin:"+s.bin+":"+os.Getenv("PATH"))
				return nil
			},
			plant: func(s *scene) error { return errors.Join(s.planted("bin/nix"), s.planted("bin/nix-store")) },
			attack: func(s *scene) error {
				s.purity("policy")
				return s.ran(s.purity("doctor"))
			},
			twin: works("policy")},
	}
}

// nixLeftover is a vector in which the Nix of the machine evaluates a repository.
func nixLeftover(id, what, need string, files func(*scene) map[string]string) leftover {
	return leftover{
		id: "nix." + id, what: what, needs: []string{need, "git", "sh"}, setup: (*scene).repository,
		plant: func(s *scene) error {
			for name, text := range files(s) {
				switch replaced, ok := strings.CutPrefix(name, "replace "); {
				case ok:
					if err := s.write(replaced, text); err != nil {
						return err
					}
				case strings.HasPrefix(name, "hooks/"):
					if err := s.planted(name); err != nil {
						return err
					}
				case name == "missing":
					objects, err := filepath.Glob(".git/objects/??/*")
					for _, object := range objects {
						err = errors.Join(err, os.Remove(object))
					}
					if err != nil {
						return err
					}
				default:
					if err := s.add(name, text); err != nil {
						return err
					}
				}
			}
			return s.planted("fsm")
		},
		attack: next("exec", "--", "true"), twin: says(evaluated, "exec", "--", "true"),
	}
}
