package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// History has lines as they were typed, and the hook looks a line up once.
func TestHookHistory(t *testing.T) {
	t.Parallel()
	for shell, c := range map[string]struct{ verify, file string }{
		"bash": {"shopt -s histverify", ".bash_history"},
		"zsh":  {"setopt hist_verify", ".history"},
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := hooked(t, shell, "")
			ends := func(got, want string) {
				t.Helper()
				if !strings.HasSuffix(got, want+"\n") {
					t.Errorf("prints %q, want %q\n%s", got, want, s.screen())
				}
			}
			s.typed("echo one two")
			ends(s.typed("./args !!"), "[echo][one][two]")
			ends(s.typed("!!"), "[echo][one][two]")
			ends(s.typed("./args !$"), "[two]")
			ends(s.typed("!./a"), "[two]")
			ends(s.typed("./args 'a!!b'"), "[a!!b]")
			ends(s.typed(`./args "!!"`), "[./args 'a!!b']")
			ends(s.typed("^args^run"), "shut")
			s.typed(c.verify)
			s.typed("echo three")
			ends(s.pressed("./args !$", "Enter", "Enter"), "[three]")
			s.typed(" ./args last")
			if got := s.typed("history 30"); strings.Contains(got, "by-path") {
				t.Errorf("history has more than what was typed:\n%s", got)
			}
			s.end()
			data, err := os.ReadFile(filepath.Join(s.home, c.file))
			if err != nil {
				t.Fatal(err)
			}
			if text := string(data); strings.Contains(text, "by-path") || !strings.Contains(text, "\n./args three\n") || !strings.Contains(text, "\n./args \"./args 'a!!b'\"\n") {
				t.Errorf("the history file has\n%s", text)
			}
		})
	}
	s := hooked(t, "fish", "") // its history has the line that runs
	s.says("./run; history --max 1", "shut cd ~/hello")
	s.says("history --max 1", "by-path ./run; history --max 1")
}

// hookRC are usual lines of start-up files, before the hook and after it.
var hookRC = map[string][]struct{ before, after string }{
	"bash": {
		{"PROMPT_COMMAND='history -a;'", ""},
		{"PROMPT_COMMAND='history -a # saves'", ""},
		{"PROMPT_COMMAND=('history -a' true)", ""},
		{"", `PROMPT_COMMAND="history -a; $PROMPT_COMMAND"`},
		{"", `keep=$PROMPT_COMMAND; own() { OWN=$?; eval "$keep"; }; PROMPT_COMMAND=own`},
		{"", rc[".bashrc"]},
		{"set -u -f; HISTIGNORE='cd*' HISTCONTROL=erasedups", ""},
		{"set -o posix", "IFS=:/"},
		{"shopt -s nullglob failglob nocasematch", "shopt -u promptvars; PS1='~ $ '; export PURITY_ANNOUNCE=false"},
	},
	"zsh": {
		{"setopt ksharrays sh_word_split extendedglob", ""},
		{"setopt rc_quotes null_glob share_history hist_ignore_all_dups", ""},
		{"", "set -u; set -e"},
		{"", rc[".zshrc"]},
		{"", "own() { zle .accept-line }; zle -N own; bindkey '^M' own"},
		{"zle-line-finish() { FINISHED=1 }; zle -N zle-line-finish", ""},
		// As zsh-autosuggestions does, and again.
		{"", "if [[ -z $OWN ]]; then OWN=1; own() { zle _own }; zle -A accept-line _own; zle -N accept-line own; source ~/.zshrc; fi"},
	},
	"fish": {
		{"", rc[".config/fish/config.fish"]},
		{"function own --on-event fish_prompt; set -g fish_own 1; end", "fish_vi_key_bindings; function fish_mode_prompt; end"},
	},
}

// Hooks work with other lines of start-up files.
func TestHookStartUp(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := hooked(t, shell, "")
			for _, c := range hookRC[shell] {
				s.typed("cd ~")
				s.write(startUp[shell], c.before+"\n"+rc[startUp[shell]]+c.after+"\n")
				s.typed("exec " + shell + " -i")
				for _, l := range []struct{ line, want string }{
					{"cd hello", ""}, {"./run", "shut"}, {"true; ./args /x 'a  b'", "[/x][a b]"},
					{"nopurity ./run", "open"}, {"purity off", ""}, {"./run", "open"}, {"purity on", ""}, {"./run", "shut"},
				} {
					if got := strings.Join(strings.Fields(s.typed(l.line)), " "); got != l.want {
						t.Errorf("%q and %q: %q prints %q, want %q\n%s", c.before, c.after, l.line, got, l.want, s.screen())
					}
				}
			}
			s.end()
			if data, _ := os.ReadFile(filepath.Join(s.home, ".bash_history")); strings.Contains(string(data), "by-path") {
				t.Errorf("history has more than what was typed:\n%s", data)
			}
		})
	}
}

// If purity, its cache or its shims are removed, the shell does not pretend that
// programs are confined.
func TestHookGone(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			dir := s.project("c", "hello")
			data, err := os.ReadFile(binary(t))
			if err != nil {
				t.Fatal(err)
			}
			s.program("bin/purity", string(data))
			s.setenv("PATH", filepath.Join(s.home, "bin")+":"+s.getenv("PATH"))
			s.allow(dir)
			w := newWalk(s, shell)
			const look = "jq -R . /etc/issue.net 2>&1 | /bin/grep -c -e denied -e 'No such'"
			s.typed("cd hello")
			s.says(look, "1")
			if err := os.RemoveAll(filepath.Join(s.home, ".cache/purity/projects")); err != nil {
				t.Fatal(err)
			}
			if got := s.typed(look); !strings.HasSuffix(got, "1\n") { // after a note that purity makes them anew
				t.Errorf("without shims it prints %q", got)
			}
			s.says(look, "1")
			purity := filepath.Join(s.home, "bin/purity")
			if err := os.Rename(purity, purity+"-old"); err != nil {
				t.Fatal(err)
			}
			s.typed("true")
			s.says(look, "0")
			w.outside("without purity")
			if screen := s.screen(); strings.Count(screen, "purity is gone") != 1 || !strings.Contains(screen, "(not confined) ~/hello $ "+look) {
				t.Errorf("it is not said that purity is gone:\n%s", screen)
			}
			if err := os.Rename(purity+"-old", purity); err != nil {
				t.Fatal(err)
			}
			s.typed("cd ~")
			s.typed("cd hello")
			s.says(look, "1")
		})
	}
}

// After an interrupt purity explains its consequence.
func TestHookInterrupted(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			s.allow(s.project("c", "hello"))
			path := s.getenv("PATH")
			s.program("slow/nix", "#!/bin/sh\nPATH="+path+"\ncase \"$*\" in *print-dev-env*) : > ~/asked; exec sleep 100;; esac\nexec nix \"$@\"\n")
			s.setenv("PATH", filepath.Join(s.home, "slow")+":"+path)
			s.start(shell)
			s.tmux("send-keys", "cd hello", "Enter")
			for range 2400 {
				if exists(filepath.Join(s.home, "asked")) {
					break
				}
				time.Sleep(25 * time.Millisecond)
			}
			s.tmux("send-keys", "C-c")
			s.wait(1)
			s.says("cat /etc/issue.net > /dev/null; echo $PURITY_PROJECT", "")
			if screen := s.screen(); !strings.Contains(screen, "nothing is confined: purity was interrupted") || !strings.Contains(screen, "(not confined) ~/hello $") {
				t.Errorf("it is not said:\n%s", screen)
			}
			if err := os.RemoveAll(filepath.Join(s.home, "slow")); err != nil {
				t.Fatal(err)
			}
			s.typed("purity on")
			if got := s.typed("jq -R . /etc/issue.net"); !strings.Contains(got, refusal()) {
				t.Errorf("tried again, it prints %q\n%s", got, s.screen())
			}
		})
	}
}
