package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/fixtures"
)

// terminal is a user's terminal: a shell in tmux, with a home of its own.
type terminal struct {
	t       *testing.T
	home    string
	environ []string
	socket  string
	log     string // a file of all output

	shown string // the screen when log was so large
	size  int64
}

// rc are the shells' start-up files, below HOME: those of a user, and a
// prompt that is easy to find.
var rc = map[string]string{
	".local/share/fish/generated_completions/none": "", // else fish makes completions from all manual pages for a minute
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

// startUp are the start-up files of shells.
var startUp = map[string]string{"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}

func newTerminal(t *testing.T) *terminal {
	home, err := os.MkdirTemp("", "purity-session-")
	if err != nil {
		t.Fatal(err)
	}
	if home, err = filepath.EvalSymlinks(home); err != nil {
		t.Fatal(err)
	}
	s := &terminal{t: t, home: home, socket: filepath.Join(home, ".tmux"), log: filepath.Join(home, ".printed")}
	t.Cleanup(func() {
		s.end()
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	s.environ = fixtures.Newest(t).Environ(home)
	programs, environ := fixtures.Shells()
	s.environ = append(append(s.environ, environ...), "TERM=xterm", "LC_ALL=C.UTF-8", "TMPDIR="+home)
	s.setenv("PATH", filepath.Dir(binary(t))+":"+programs+":"+s.getenv("PATH"))
	if viewed() {
		s.setenv("PURITY_VIEW", "true")
	}
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
	s.environ = append(launch.Without(s.environ, name), name+"="+value)
}

// write makes a file below the home.
func (s *terminal) write(name, text string) {
	file := filepath.Join(s.home, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := fixtures.WriteFile(file, []byte(text), 0o644); err != nil {
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

// run runs a program in the home and returns its output.
func (s *terminal) run(program string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(s.which(program), args...)
	cmd.Dir, cmd.Env = s.home, s.environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// which returns the file of a program in PATH.
func (s *terminal) which(name string) string {
	for _, dir := range filepath.SplitList(s.getenv("PATH")) {
		if file, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return file
		}
	}
	return name
}

func (s *terminal) tmux(args ...string) string {
	s.t.Helper()
	s.shown = ""
	return s.run("tmux", append([]string{"-S", s.socket, "-f", "/dev/null"}, args...)...)
}

// start starts a shell in the terminal.
func (s *terminal) start(shell string) {
	s.t.Helper()
	s.tmux("new-session", "-d", "-x", "160", "-y", "500", shell+" -i")
	s.tmux("pipe-pane", "exec cat >> "+s.log)
	s.wait(0)
}

// end closes the terminal, and waits for all its processes: shells write their
// history then, and their background processes may go on.
func (s *terminal) end() {
	if exists(s.socket) {
		cmd := exec.Command(s.which("tmux"), "-S", s.socket, "kill-server")
		cmd.Env = s.environ
		cmd.Run() // unless the last shell has ended
	}
	for i := range 2400 {
		pids := s.processes()
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			if i > 100 {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.t.Error("what was started in the terminal does not end")
}

// processes returns those with the home in their environment.
func (s *terminal) processes() []int {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		s.t.Fatal(err)
	}
	var pids []int
	for _, file := range files {
		environ, err := os.ReadFile(file)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && strings.Contains(string(environ), "="+s.home) && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ready matches a prompt at which the shell waits.
var (
	anyPrompt = regexp.MustCompile(`(?m)^.* \$(?: .*)?$`)
	ready     = regexp.MustCompile(`(?:^|\n).* \$\n*$`)
)

// wait waits until the shell has printed more than n prompts, the last of which
// waits, and returns the screen.
func (s *terminal) wait(n int) string {
	s.t.Helper()
	var screen string
	pause := 25 * time.Millisecond
	for range 600 { // two minutes: the machine may be busy
		screen = s.screen()
		if len(anyPrompt.FindAllString(screen, -1)) > n && ready.MatchString(screen) {
			return screen
		}
		time.Sleep(pause)
		pause = min(pause*5/4, 200*time.Millisecond) // each look starts tmux
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

// screen returns the text on the terminal. It asks tmux only after new output, because wait
// calls it often.
func (s *terminal) screen() string {
	s.t.Helper()
	var size int64
	if info, err := os.Stat(s.log); err == nil {
		size = info.Size()
	}
	if s.shown == "" || size != s.size {
		s.shown, s.size = trimLines(s.tmux("capture-pane", "-p", "-J", "-S", "-")), size
	}
	return s.shown
}

// typed types a command, of one or more lines, and returns its output.
func (s *terminal) typed(command string) string {
	s.t.Helper()
	return s.pressed(command, "Enter")
}

// pressed types a command and presses keys, by tmux's names, after it.
func (s *terminal) pressed(command string, keys ...string) string {
	s.t.Helper()
	prompts := len(anyPrompt.FindAllString(s.screen(), -1))
	lines := strings.Split(command, "\n")
	for i, line := range lines {
		typed := []string{"send-keys", "-l", "--", line}
		if i < len(lines)-1 {
			typed = append(typed, ";", "send-keys", "Enter")
		} else {
			typed = append(append(typed, ";", "send-keys"), keys[0])
		}
		s.tmux(typed...)
	}
	for i, key := range keys[1:] {
		if keys[i] == "Escape" {
			time.Sleep(700 * time.Millisecond) // else it makes one key with the next
		}
		s.tmux("send-keys", key)
	}
	return s.printed(prompts, command)
}

// paste pastes text as terminals do, for shells to tell it from typing.
func (s *terminal) paste(text string) {
	s.t.Helper()
	s.tmux("set-buffer", text)
	s.tmux("paste-buffer", "-p")
	time.Sleep(200 * time.Millisecond)
}

// printed waits for the next prompt after a number of them, and returns the text since the
// command at the last one.
func (s *terminal) printed(prompts int, command string) string {
	s.t.Helper()
	after := s.wait(prompts)
	typed := anyPrompt.FindAllStringIndex(after, -1)[prompts-1]
	lines := strings.Split(strings.TrimSuffix(after[typed[0]:], "\n"), "\n")
	from := 1 + strings.Count(command, "\n")
	return strings.Join(lines[from:max(from, len(lines)-1)], "\n") + "\n"
}
