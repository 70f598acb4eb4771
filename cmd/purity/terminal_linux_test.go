package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/fixtures"
)

var update = flag.Bool("update", false, "write what is printed to testdata")

// terminal is a person at a terminal: a shell in tmux, with a home of its own.
type terminal struct {
	t       *testing.T
	home    string
	environ []string
	socket  string
}

// rc are the shells' start-up files, below HOME: what a user would have, and a
// prompt that is easy to find.
var rc = map[string]string{
	".bashrc": `PS1='$purity_prompt\w $ '
eval "$(purity hook bash)"
`,
	".zshenv": `module_path=($ZSH_MODULES)
`,
	".zshrc": `setopt prompt_subst
PS1='$purity_prompt%~ $ '
HISTFILE=~/.history HISTSIZE=100 SAVEHIST=100
eval "$(purity hook zsh)"
`,
	".config/fish/config.fish": `set -g fish_greeting
set -g fish_prompt_pwd_dir_length 0
set -g fish_autosuggestion_enabled 0
function fish_title; end
function fish_prompt
    echo -n $purity_prompt(prompt_pwd | string replace -ra '[[:cntrl:]]' '?')" \$ "
end
purity hook fish | source
`,
}

func newTerminal(t *testing.T) *terminal {
	home, err := os.MkdirTemp("", "purity-session-")
	if err != nil {
		t.Fatal(err)
	}
	if home, err = filepath.EvalSymlinks(home); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	s := &terminal{t: t, home: home, socket: filepath.Join(home, ".tmux")}
	s.environ = fixtures.Newest(t).Environ(home)
	programs, environ := fixtures.Shells()
	s.environ = append(append(s.environ, environ...), "TERM=xterm", "LC_ALL=C.UTF-8", "TMPDIR="+home)
	s.setenv("PATH", filepath.Dir(binary(t))+":"+programs+":"+s.getenv("PATH"))
	for name, text := range rc {
		s.write(name, text)
	}
	return s
}

func (s *terminal) getenv(name string) string {
	for _, v := range s.environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

func (s *terminal) setenv(name, value string) {
	s.environ = append(without(s.environ, name), name+"="+value)
}

// write makes a file below the home.
func (s *terminal) write(name, text string) {
	file := filepath.Join(s.home, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// project makes a project of the fixtures, below the home.
func (s *terminal) project(fixture, name string) string {
	dir := filepath.Join(s.home, name)
	if err := fixtures.Project(fixture, dir); err != nil {
		s.t.Fatal(err)
	}
	if err := fixtures.Commit(dir); err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// run runs a program in the home and returns what it prints.
func (s *terminal) run(program string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command("/usr/bin/env", append([]string{program}, args...)...)
	cmd.Dir, cmd.Env = s.home, s.environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

func (s *terminal) tmux(args ...string) string {
	s.t.Helper()
	return s.run("tmux", append([]string{"-S", s.socket, "-f", "/dev/null"}, args...)...)
}

// start starts a shell in the terminal.
func (s *terminal) start(shell string) {
	s.t.Helper()
	s.tmux("new-session", "-d", "-x", "160", "-y", "500", shell+" -i")
	s.t.Cleanup(func() { exec.Command("pkill", "-f", s.socket).Run() })
	s.wait(0)
}

// ready matches a prompt at which the shell waits, for a line or for more of one.
var (
	anyPrompt = regexp.MustCompile(`(?m)^.* \$(?: .*)?$|^(heredoc)?> ?.*$`)
	ready     = regexp.MustCompile(`(?:^|\n)(.* \$|(heredoc)?>)\n*$`)
)

// wait waits until the shell has printed more than n prompts, the last of which
// waits, and returns the screen.
func (s *terminal) wait(n int) string {
	s.t.Helper()
	var screen string
	for range 600 {
		screen = trimLines(s.tmux("capture-pane", "-p", "-J", "-S", "-"))
		if len(anyPrompt.FindAllString(screen, -1)) > n && ready.MatchString(screen) {
			return screen
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.t.Fatalf("no prompt comes:\n%s", screen)
	return ""
}

func trimLines(text string) string {
	lines := strings.Split(strings.TrimRight(text, " \n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// screen is what the terminal shows.
func (s *terminal) screen() string { return trimLines(s.tmux("capture-pane", "-p", "-J", "-S", "-")) }

// typed types a line, and returns what was printed for it.
func (s *terminal) typed(line string) string {
	s.t.Helper()
	before := s.screen()
	s.tmux("send-keys", "-l", "--", line)
	s.tmux("send-keys", "Enter")
	after := s.wait(len(anyPrompt.FindAllString(before, -1)))
	lines := strings.Split(strings.TrimSuffix(after[len(before)-1:], "\n"), "\n")
	return strings.Join(lines[1:max(1, len(lines)-1)], "\n") + "\n"
}

// varying is what differs from machine to machine in what is recorded.
var varying = []struct{ pattern, by string }{
	{`[^\s']*/purity-(session|test)-\w+`, "/home/user"},
	{`shell-\w{8}-\w{8}`, "shell-00000000-00000000"},
	{`direnv-\w{8}\b`, "direnv-00000000"},
	{`, in /\S+/(nix-build-)?[\w.-]+/project\)`, ", in /build/project)"},
	{`/\S*/purity-bin-\w+`, "/usr/local/bin"},
	{`, [0-9.]+ s\b`, ", 0.3 s"},
	{`in [0-9.]+ s: \d+ store`, "in 0.3 s: 47 store"},
	{`: \d+ store paths`, ": 47 store paths"},
	{`\d+ shims`, "266 shims"},
	{`pid \d+`, "pid 812"},
	{`/\S*?/store/\w{32}-`, "/nix/store/00000000000000000000000000000000-"},
	{`(projects/\w+)-\w{16}`, "$1-0000000000000000"},
	{`(?m)^\d+\.\d+$`, "12.11"},
	{`which is /usr/bin/\S+`, "which is /usr/bin/gcc"},
	{`host (\w+) of \S+ \(dpkg\)`, "host $1 of gcc (dpkg)"},
}

// golden compares a recording with the one in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(strings.TrimLeft(got, "\n"), fixtures.Dir(), "/fixtures")
	for _, v := range varying {
		got = regexp.MustCompile(v.pattern).ReplaceAllString(got, v.by)
	}
	file := filepath.Join("testdata", "sessions", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-recorded +now):\n%s", file, diff)
	}
}
