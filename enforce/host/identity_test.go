package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseGit(t *testing.T) {
	for text, want := range map[string][]gitEntry{
		"": nil, "# c\n; d\n": nil,
		"[user]\n\tname = A B  # c\n":                   {{"user", "", "name", "A B"}},
		"[User] Name=\"A # b; \" c \n":                  {{"user", "", "name", "A # b;  c"}},
		"[alias]\r\nlg = log \\\n --graph\r\nx\r\n":     {{"alias", "", "lg", "log  --graph"}, {"alias", "", "x", "true"}},
		"[alias]\nq = !f() { echo \\\"a\\\\n\\t\\\"; }": {{"alias", "", "q", "!f() { echo \"a\\n\t\""}},
		"[includeIf \"gitdir:~/a\\\"b/\"]\npath = x\n":  {{"includeif", "gitdir:~/a\"b/", "path", "x"}},
		"[url.https]\nk=\"\"\n[broken\nk = v":           {{"url", "https", "k", ""}},
		"[a]\nk = v\n= x\nl = w":                        {{"a", "", "k", "v"}, {"a", "", "", "x"}},
	} {
		if diff := cmp.Diff(want, parseGit(text), cmp.AllowUnexported(gitEntry{})); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func FuzzParseGit(f *testing.F) {
	f.Add("[user]\n\tname = \"A\\nB\" # c\n[a \"b\"]x")
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range parseGit(text) {
			again := parseGit("[a]\nk = " + quoteGit(e.value) + "\n")
			if !strings.ContainsAny(e.value, "\x00\r") && (len(again) != 1 || again[0].value != e.value) {
				t.Errorf("%q is written as %s and read as %v", e.value, quoteGit(e.value), again)
			}
		}
	})
}

// Who commits and aliases are read, with includes, and nothing else is.
func TestGitIdentity(t *testing.T) {
	home := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("work/p/.git/HEAD", "")
	write(".config/git/config", "[user]\nname = First\n[alias]\nst = status -s\n")
	write(".gitconfig", `[user]
	name = "Some \"Body\""
	signingkey = SECRET
[credential]
	helper = store --file SECRET
[http "https://example.org"]
	extraHeader = "Authorization: SECRET"
[url "https://SECRET@example.org/"]
	insteadOf = gh:
[include]
	path = .more
[includeIf "gitdir:~/work/"]
	path = ~/.work
[includeIf "gitdir:~/elsewhere/"]
	path = ~/.never
[includeIf "onbranch:main"]
	path = ~/.never
[include]
	path = work/p/planted
[include]
	path = .gitconfig
`)
	write(".more", "[user]\nemail = home@localhost\n")
	write(".work", "[user]\nemail = work@localhost\n[core]\neditor = SECRET\n")
	write(".never", "[user]\nname = SECRET\n")
	write("work/p/planted", "[user]\nname = SECRET\n")
	paths := Paths{Home: home, Writable: []string{filepath.Join(home, "work/p")}, Getenv: func(name string) string {
		return map[string]string{"XDG_CONFIG_HOME": home + "/.config"}[name]
	}}
	got := GitIdentity(paths, filepath.Join(home, "work/p"))
	if strings.Contains(got.Text, "SECRET") {
		t.Errorf("too much is read:\n%s", got.Text)
	}
	values := map[string]string{}
	for _, e := range parseGit(got.Text) {
		values[e.section+"."+e.key] = e.value
	}
	delete(values, "include.path")
	want := map[string]string{"user.name": `Some "Body"`, "user.email": "work@localhost", "alias.st": "status -s"}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("%s\n%s", diff, got.Text)
	}
	if other := GitIdentity(paths, home); !strings.Contains(other.Text, "home@localhost") || strings.Contains(other.Text, "work@localhost") {
		t.Errorf("elsewhere it is\n%s", other.Text)
	}
	// A file that a variable names takes the place of both.
	paths.Getenv = func(name string) string { return map[string]string{"GIT_CONFIG_GLOBAL": home + "/.more"}[name] }
	if only := GitIdentity(paths, home); strings.Contains(only.Text, "Body") || !strings.Contains(only.Text, "home@localhost") {
		t.Errorf("by GIT_CONFIG_GLOBAL it is\n%s", only.Text)
	}
	if none := GitIdentity(Paths{Getenv: func(string) string { return "" }}, "/"); none.Text != "" || none.Files != nil {
		t.Errorf("without any it is %v", none)
	}
}
