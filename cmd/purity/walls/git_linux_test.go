package walls

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// programKeys are settings by which git runs a program, or contacts one
// (git-config(1)), and the program that runs it.
var programKeys = []string{
	"core.fsmonitor", "core.hooksPath", "core.sshCommand", "core.gitProxy", "core.editor", "core.pager", "core.askPass", "core.alternateRefsCommand",
	"filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "filter.a=b.clean", `filter.odd "name].process`,
	"diff.external", "diff.evil.command", "diff.evil.textconv", "merge.evil.driver", "tar.evil.command", "tar.tar.command",
	"gpg.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand", "credential.helper", "credential.https://x.helper", "alias.status", "pager.log",
	"remote.origin.uploadpack", "remote.origin.receivepack", "remote.origin.vcs", "protocol.ext.allow", "submodule.x.update", "trailer.x.command", "trailer.x.cmd",
	"uploadpack.packObjectsHook", "hook.x.command", "interactive.diffFilter", "sequence.editor", "difftool.x.cmd", "mergetool.x.path", "browser.x.cmd", "man.x.path", "web.browser",
	"sendemail.smtpServer", "sendemail.x.sendmailCmd", "imap.tunnel", "gc.recentObjectsHook", "init.templateDir", "guitool.x.cmd", "ssh.variant.program", "future.thing.command", "future.hookProgram",
}

// However git's configuration is spelt, no program is left in it.
func TestSlowNeutral(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	spec := gitSpec{Git: git}
	for i := range 200 {
		dir := t.TempDir()
		run := func(env []string, args ...string) string {
			cmd := exec.Command(git, append([]string{"-C", dir}, args...)...)
			cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1"}, env...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				return "error: " + string(out)
			}
			return string(out)
		}
		run(nil, "init", "-q", ".")
		chosen := []string{}
		var text strings.Builder
		for range 1 + random.Intn(4) {
			key := programKeys[random.Intn(len(programKeys))]
			chosen = append(chosen, key)
			text.WriteString(spelt(random, key))
		}
		file := filepath.Join(dir, ".git", "config")
		switch random.Intn(4) {
		case 0: // by a file that is included
			included := filepath.Join(dir, "included")
			os.WriteFile(included, []byte(text.String()), 0o644)
			text.Reset()
			fmt.Fprintf(&text, "[include] path = %s\n", included)
		case 1: // by that of the work tree
			os.WriteFile(filepath.Join(dir, ".git", "config.worktree"), []byte(text.String()), 0o644)
			text.Reset()
			text.WriteString("[extensions]\n\tworktreeConfig = true\n")
		}
		old, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(file, append(old, text.String()...), 0o644)
		t.Setenv("HOME", dir)
		t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
		overrides, err := spec.overrides([]string{"-C", dir})
		if err != nil {
			t.Fatalf("%d: %v\n%s", i, err, text.String())
		}
		env := gitEnviron(nil, overrides)
		all := run(nil, "config", "--includes", "--list")
		for _, key := range chosen {
			if !strings.Contains(strings.ToLower(all), strings.ToLower(key)+"=./canary") {
				t.Fatalf("%d: git does not read %s in\n%s\n%s", i, key, text.String(), all)
			}
			values := strings.Split(strings.TrimSuffix(run(env, "config", "--includes", "--get-all", key), "\n"), "\n")
			if last := values[len(values)-1]; strings.Contains(last, "canary") {
				t.Errorf("%d: %s is %q at last in\n%s", i, key, values, text.String())
			}
		}
	}
}

// spelt is a setting as people and attackers write it: names in any case, a section on
// the line of another, continued values, comments, quotes.
func spelt(random *rand.Rand, key string) string {
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	section, name := key[:first], key[last+1:]
	for i, c := range section {
		if random.Intn(2) == 0 {
			section = section[:i] + strings.ToUpper(string(c)) + section[i+1:]
		}
	}
	header := "[" + section + "]"
	if first != last {
		header = "[" + section + ` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key[first+1:last]) + `"]`
	}
	if random.Intn(2) == 0 {
		name = strings.ToUpper(name)
	}
	value := []string{"./canary", `"./canary"`, "./ca\\\nnary", "./canary # comment", "./canary ; [core]"}[random.Intn(5)]
	lines := []string{
		header + "\n\t" + name + " = " + value + "\n",
		header + " " + name + "=" + value + "\n",
		"[branch \"x\"] " + header + "\n" + name + " = " + value + "\n",
		"[user]\n\tname = a\\\n" + "b\n" + header + "\n\t" + name + "\t=\t" + value + "\n",
		"; comment \\\n" + header + "\n\n" + name + " = other\n" + name + " = " + value + "\n",
	}
	return lines[random.Intn(len(lines))]
}

// git goes on with whatever it knows neutral, and reads a repository as without that.
func TestNeutralWorks(t *testing.T) {
	listed, err := exec.Command("git", "help", "--config").Output()
	if err != nil {
		t.Fatal(err)
	}
	var settings [][2]string
	for name := range strings.FieldsSeq(regexp.MustCompile(`<[^>]*>|\*`).ReplaceAllString(string(listed), "x")) {
		if value, names := neutral(name); names && strings.Contains(name, ".") {
			settings = append(settings, [2]string{name, value})
		}
	}
	if len(settings) < 100 {
		t.Fatalf("only %d settings are looked at", len(settings))
	}
	dir := t.TempDir()
	plain := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x"}
	git := func(env []string, words string) string {
		cmd := exec.Command("git", append([]string{"-C", dir}, strings.Fields(words)...)...)
		cmd.Env = append(slices.Clone(plain), env...)
		out, err := cmd.CombinedOutput()
		return fmt.Sprintf("%v: %s", err, out)
	}
	git(nil, "init -q")
	for _, words := range []string{"add -A", "commit -qm first"} {
		os.WriteFile(filepath.Join(dir, "file"), []byte(words), 0o644)
		git(nil, words)
	}
	os.WriteFile(filepath.Join(dir, "new \"file"), nil, 0o644)
	env := gitEnviron(nil, settings)
	for _, words := range []string{
		"status", "status --porcelain", "ls-files", "ls-files -s --others", "rev-parse HEAD", "log -1 --format=%ct --no-show-signature HEAD", "log -1 --show-signature",
		"diff HEAD --quiet --ignore-submodules", "ls-tree HEAD", "cat-file blob HEAD:file", "rev-list --count HEAD", "archive HEAD", "submodule status", "symbolic-ref HEAD",
		"add -A", "write-tree", "commit -qm second",
	} {
		want := git(nil, words)
		if words == "commit -qm second" {
			want = "<nil>: "
			os.WriteFile(filepath.Join(dir, "file"), []byte(words), 0o644)
			git(nil, "add -A")
		}
		if got := git(env, words); got != want {
			t.Errorf("git %s: %s, and without settings %s", words, got, want)
		}
	}
	for _, setting := range [][2]string{{"gpg.format", "ssh"}, {"gpg.mintrustlevel", "fully"}, {"tar.umask", "user"}} {
		git(nil, "config "+setting[0]+" "+setting[1])
	}
	git(nil, "config gpg.ssh.program ./canary")
	overrides, err := gitSpec{Git: "git"}.overrides([]string{"-C", dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"log -1", "archive HEAD", "config gpg.format"} {
		if got, want := git(gitEnviron(nil, overrides), words), git(nil, words); got != want {
			t.Errorf("git %s: %s, want %s", words, got, want)
		}
	}
	if got := git(gitEnviron(nil, overrides), "config gpg.ssh.program"); got != "<nil>: \n" {
		t.Errorf("gpg.ssh.program is %s", got)
	}
}

// Data stays as it is, and so do the user's own settings.
func TestNeutralKeeps(t *testing.T) {
	for _, name := range []string{
		"core.repositoryformatversion", "core.filemode", "core.bare", "core.autocrlf", "core.ignorecase", "core.symlinks", "core.worktree", "extensions.objectformat", "extensions.worktreeconfig",
		"remote.origin.url", "remote.origin.fetch", "branch.main.merge", "user.name", "user.email", "submodule.x.url", "submodule.active", "index.version", "core.sparsecheckout", "pull.rebase", "diff.algorithm", "gc.auto", "color.ui",
		"gpg.format", "gpg.mintrustlevel", "protocol.version", "core.fsmonitorhookversion", "tar.umask", "uploadpack.keepalive", "commit.cleanup", "core.quotepath", "fsck.gitmodulespath", "trailer.x.where",
	} {
		if value, names := neutral(name); names {
			t.Errorf("%s becomes %q", name, value)
		}
	}
	for _, name := range programKeys {
		if value, names := neutral(name); !names || strings.Contains(value, "/") && value != os.DevNull {
			t.Errorf("%s becomes %q, %v", name, value, names)
		}
	}
	given := []string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_VALUE_0=me", "GIT_EXTERNAL_DIFF=x"}
	cmd := exec.Command("git", "config", "--list")
	cmd.Dir = t.TempDir()
	cmd.Env = append(gitEnviron(given, [][2]string{{"core.fsmonitor", "false"}}), "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir(), "GIT_CONFIG_NOSYSTEM=1")
	if out, err := cmd.Output(); err != nil || string(out) != "user.name=me\ncore.fsmonitor=false\n" {
		t.Errorf("git has %q, %v", out, err)
	}
	if slices.ContainsFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "GIT_EXTERNAL_DIFF=") }) {
		t.Error("GIT_EXTERNAL_DIFF stays")
	}
}
