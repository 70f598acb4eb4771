package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// programs of a project. Outside, /etc/issue.net can be read.
var hookPrograms = map[string]string{
	"run":  "#!/bin/sh\nif (read x </etc/issue.net) 2>/dev/null; then echo open; else echo shut; fi\n",
	"args": "#!/bin/sh\nprintf '[%s]' \"$@\"; echo\n",
}

// hooked is a shell in a project, with more in its start-up file.
func hooked(t *testing.T, shell, more string) *terminal {
	s := newTerminal(t)
	dir := s.project("c", "hello")
	s.allow(dir)
	for name, text := range hookPrograms {
		for _, at := range []string{"", "hello", "hello/sub", "hello/tools"} {
			s.program(filepath.Join(at, name), text)
		}
	}
	s.program("hello/tools/mytool", hookPrograms["run"])
	if err := os.MkdirAll(filepath.Join(dir, "sub/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("hello/sub/deep", filepath.Join(s.home, "link")); err != nil {
		t.Fatal(err)
	}
	s.write(startUp[shell], rc[startUp[shell]]+more+"\n")
	s.start(shell)
	s.typed("cd ~/hello")
	return s
}

// program makes an executable file below the home.
func (s *terminal) program(name, text string) {
	s.t.Helper()
	s.write(name, text)
	if err := os.Chmod(filepath.Join(s.home, name), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// says types a command and checks what it prints, blanks aside.
func (s *terminal) says(command, want string) {
	s.t.Helper()
	if got := strings.Join(strings.Fields(s.typed(command)), " "); got != want {
		s.t.Errorf("%q prints %q, want %q\n%s", command, got, want, s.screen())
	}
}

// Programs that a line runs by path are confined if they lie in the project, however the
// line names them, and the rest of the line stays the same.
func TestHookLines(t *testing.T) {
	t.Parallel()
	listed := func(line string) bool { return ending(t, line, "") != "" } // as different in a view
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := hooked(t, shell, "")
			for _, c := range hookLines {
				switch {
				case c.shells != "" && !strings.Contains(c.shells, shell):
				case listed(c.line):
					s.typed(c.line)
				default:
					s.says(c.line, c.want)
				}
			}
		})
	}
}

var hookLines = []struct{ shells, line, want string }{
	{"", "./run | cat; ~/hello/run && $PWD/run", "shut shut shut"},
	{"", "~/run; /bin/cat /etc/hostname > /dev/null", "open"},
	{"", "echo ./run '$(./run)'", "./run $(./run)"},
	{"bash fish", "echo x # ./run", "x"},
	{"", "command ./run", "shut"},
	{"", "nohup ./run 2> /dev/null | cat", "shut"},
	{"", "command -v ./run", "./run"},
	{"", "./args a\\ b \"c d\" './run'", "[a b][c d][./run]"},
	{"", "./args x > ./out; cat ./out", "[x]"},
	{"", "./none 2> /dev/null; echo ./x", "./x"},
	{"", "cd .. ; ./run; cd hello", "open"},
	{"", "cd ..; cd hello", ""},
	{"", "cd ~/link; ../run", "shut"}, // as the kernel resolves it
	{"", "~/link/../run; cd ~/hello", "shut"},
	{"bash zsh", "false; ./args $?", "[1]"},
	{"bash zsh", "echo last; : ./word", "last"},
	{"bash zsh", "./args $_", "[./word]"},
	{"bash zsh", "(exit 3) | true | (exit 4)", ""},
	{"bash", "./args ${PIPESTATUS[*]}", "[3][0][4]"},
	{"zsh", "./args $pipestatus", "[3][0][4]"},
	{"bash zsh", "(cd sub && ./run); x=. && $x/run", "shut shut"},
	{"bash zsh", "for i in 1 2; do\n./run\ndone", "shut shut"},
	{"bash zsh", "cat <<EOF\n./run is $(./run)\nEOF", "./run is shut"},
	{"bash zsh", "cat > text <<EOF\n./run\nEOF", ""},
	{"bash zsh", "cat text", "./run"},
	{"bash", "read -rp 'v $ ' v", ""}, // the prompt shows when it reads
	{"bash", "./run", ""},
	{"bash", "read -ep 'v $ ' v", ""},
	{"bash", "./run", ""},
	{"zsh", "read -r 'v?v $ '", ""},
	{"zsh", "./run", ""},
	{"bash zsh", "echo \"[$v]\"", "[./run]"},
	{"bash zsh", "f() { ./run; }", ""},
	{"zsh", "repeat 2 ./run", "shut shut"},
	{"zsh", "{ ./run } always { ./args x }; case ./run in ./run) ./args y;; esac", "shut [x] [y]"},
	{"zsh", "alias a=./run", ""},
	{"zsh", "a; unalias a", "shut"},
	{"fish", "for i in 1 2\n./run\nend", "shut shut"},
	{"fish", "false; ./args $status", "[1]"},
	{"fish", "set x .; $x/run; ./{run,x}", "shut shut"},
	{"fish", "abbr -a rr ./run", ""},
	{"fish", "rr", "shut"},
	{"fish", "read -P 'v $ ' v", ""},
	{"fish", "./run", ""},
	{"fish", "echo \"[$v]\"", "[./run]"},
	{"fish", "function f; ./run; end", ""},
	{"", "f; nopurity f", "shut open"},
	{"", "cd ~", ""},
	{"", "f", "open"}, // f still finds the word that it got inside
	{"", "by-path ./run; by-path ./args 'a  b'", "open [a b]"},
	{"", "purity shims -q --dir ~/shims --project ~/hello ~/hello", ""},
	{"bash zsh", "(PATH=~/shims:$PATH; by-path hello/run; by-path ./run)", "shut open"},
	{"fish", "begin; set -lx PATH ~/shims $PATH; by-path hello/run; by-path ./run; end", "shut open"},
	{"bash zsh", "mkdir new", ""},
	{"bash zsh", "cd $_; pwd | /usr/bin/tail -c 5", "/new"},
}

// SECURITY.md lists the lines that the hooks do not catch.
func TestHookNotCaught(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := hooked(t, shell, "")
			for _, c := range []struct{ shells, line, want string }{
				{"bash zsh", "p=./run; $p", "open"},
				{"bash zsh", "set -- ./run; \"$@\"", "open"},
				{"bash fish", "eval ./run", "open"},
				{"bash zsh", ". ./run", "open"},
				{"bash zsh", "command -p ./run", "open"},
				{"bash", "trap ./run USR1; kill -USR1 $$; trap - USR1", "open"},
				{"bash", "alias a=./run", ""},
				{"bash", "a", "open"},
				{"bash zsh", "./run", "shut"},
				{"bash", "fc -s ./run", "./run open"},
				{"zsh", "fc -e /bin/true", "./run open"},
				{"fish", "set p ./run; $p", "open"},
				{"fish", "alias a ./run", ""},
				{"fish", "a", "open"},
				{"bash zsh", "PATH=$PWD/tools:$PATH; mytool", "open"},
				{"fish", "set -gx PATH $PWD/tools $PATH; mytool", "open"},
			} {
				if strings.Contains(c.shells, shell) {
					s.says(c.line, c.want)
				}
			}
		})
	}
}

// Lines count however they come about.
func TestHookKeys(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := hooked(t, shell, "")
			check := func(what, got, want string) {
				t.Helper()
				if strings.Join(strings.Fields(got), " ") != want {
					t.Errorf("%s: prints %q, want %q\n%s", what, got, want, s.screen())
				}
			}
			check("ctrl-j", s.pressed("./run", "C-j"), "shut")
			check("up", s.pressed("", "Up", "Enter"), "shut")
			if shell != "fish" {
				check("ctrl-r", s.pressed("", "C-r", "r", "u", "n", "Enter"), "shut")
			}
			if shell == "zsh" {
				check("ctrl-o", s.pressed("./run", "C-o"), "shut")
				s.pressed("", "C-c")
			}
			s.paste("./args 1\n./run")
			if got := s.pressed("", "Enter"); !strings.HasSuffix(got, "\n[1]\nshut\n") {
				t.Errorf("pasted: prints %q", got)
			}
			s.typed(map[string]string{"bash": "set -o vi", "zsh": "bindkey -v", "fish": "fish_vi_key_bindings"}[shell])
			check("vi, inserting", s.typed("./run"), "shut")
			check("vi, commands", s.pressed("./run", "Escape", "Enter"), "shut")
			check("vi, up", s.pressed("", "Escape", "k", "Enter"), "shut")
		})
	}
}
