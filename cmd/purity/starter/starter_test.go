package starter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// project is one with some files, by name and text.
func project(t *testing.T, files map[string]string) Project {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return Project{root}
}

// where are the places that notes of a plan name.
func where(plan Plan) (all []string) {
	for _, n := range plan.Notes {
		all = append(all, n.Where)
	}
	return all
}

// A project that has something of purity's already is told nothing about it, and any other
// where its lines go.
func TestBegin(t *testing.T) {
	const direnv, hooks = "Once, for direnv to know the word (then: direnv allow)", "~/.bashrc, to be confined in this and every project that you allow"
	const own = `Or in place of pkgs.mkShell, with inputs.purity.url = "github:nix-purity/purity"`
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"nothing", nil, []string{"Nothing defines a dev shell here yet; this begins one", hooks}},
		{"a flake", map[string]string{"flake.nix": "pkgs.mkShell { }"}, []string{"flake.nix, in the arguments of mkShell", own, hooks}},
		{"a flake with the hook", map[string]string{"flake.nix": `mkShell { shellHook = ''eval "$(purity hook enter-shell)"''; }`}, []string{hooks}},
		{"a flake with the library", map[string]string{"flake.nix": "purity.lib.${system}.mkShell { }"}, []string{hooks}},
		{"a flake without mkShell", map[string]string{"flake.nix": "{ }"}, []string{hooks}},
		{"a shell.nix", map[string]string{"shell.nix": "mkShell { }"}, []string{"shell.nix, in the arguments of mkShell", hooks}},
		{"devenv", map[string]string{"devenv.nix": "{ }"}, []string{"devenv.yaml", "devenv.nix", hooks}},
		{"devenv, done", map[string]string{"devenv.nix": "purity.enable = true;"}, []string{hooks}},
		{"devenv in a flake", map[string]string{"flake.nix": "devenv.lib.mkShell { }"}, []string{"flake.nix, in a module of devenv", hooks}},
		{"devshell", map[string]string{"devshell.toml": ""}, []string{"devshell.toml", hooks}},
		{"devshell in a flake", map[string]string{"flake.nix": `"github:numtide/devshell" devshell.mkShell { }`}, []string{"flake.nix, in the arguments of devshell's mkShell", hooks}},
		{"direnv", map[string]string{"shell.nix": "", ".envrc": "export A=1\n"}, []string{direnv, hooks}},
		{"direnv for devenv", map[string]string{"devenv.nix": "purity.enable", ".envrc": ""}, []string{hooks}},
	} {
		p := project(t, tt.files)
		plan, err := p.Begin("/bin/bash", t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, where(plan)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if plan.Files[0].Name != "purity.toml" || plan.Files[0].Done {
			t.Errorf("%s: %+v", tt.name, plan.Files[0])
		}
	}
}

// An .envrc has the line once, whatever stands around it.
func TestEnvrc(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "use purity --file shell.nix\n",
		"export A=1\n":                "export A=1\nuse purity --file shell.nix\n",
		"export A=1":                  "export A=1\nuse purity --file shell.nix\n",
		"use flake\n":                 "use flake\nuse purity --file shell.nix\n",
		"# use purity\n":              "# use purity\nuse purity --file shell.nix\n",
		"use purity\n":                "use purity\n",
		"  use   purity --level nix":  "  use   purity --level nix",
		"if x; then\n use purity; fi": "if x; then\n use purity; fi\nuse purity --file shell.nix\n", // which nobody would read so
	} {
		p := project(t, map[string]string{"shell.nix": "", ".envrc": text})
		plan, err := p.Begin("", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range plan.Files {
			if f.Name == ".envrc" && !f.Done {
				if err := f.Write(p); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := p.text(".envrc"); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// Nothing that is there is written over, and nothing outside of the project is written.
func TestWrite(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("outside"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := project(t, map[string]string{"there": "there"})
	if err := p.Root.Symlink(outside, "link"); err != nil {
		t.Fatal(err)
	}
	if err := p.Root.Symlink(filepath.Dir(outside), "dir"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		file  File
		fails bool
	}{
		{File{Name: "new", Text: "x"}, false}, {File{Name: "a/b/new", Text: "x"}, false}, {File{Name: "there", Text: "x", Append: true}, false},
		{File{Name: "there", Text: "x"}, true}, {File{Name: "link", Text: "x"}, true}, {File{Name: "link", Text: "x", Append: true}, true},
		{File{Name: "dir/new", Text: "x"}, true}, {File{Name: "../new", Text: "x"}, true}, {File{Name: "absent", Text: "x", Append: true}, true},
	} {
		err := tt.file.Write(p)
		if (err != nil) != tt.fails {
			t.Errorf("%+v: %v", tt.file, err)
		}
		if !tt.fails && !strings.HasSuffix(p.text(tt.file.Name), "x") {
			t.Errorf("%s has %q", tt.file.Name, p.text(tt.file.Name))
		}
	}
	if data, err := os.ReadFile(outside); err != nil || string(data) != "outside" {
		t.Errorf("outside is %q, %v", data, err)
	}
	if p.text("there") != "there\nx" {
		t.Errorf("there is %q", p.text("there"))
	}
}

// A job of CI runs the command that builds the project, in its environment, and a pipeline that
// is there is not written over.
func TestCI(t *testing.T) {
	for _, tt := range []struct {
		name    string
		files   map[string]string
		service string
		file    string
		done    bool
		has     string
		note    string
	}{
		{"a flake with make", map[string]string{"flake.nix": "", "Makefile": ""}, GitHub, ".github/workflows/purity.yml", false, "-- make", ""},
		{"a shell.nix with cargo", map[string]string{"shell.nix": "", "Cargo.toml": ""}, GitHub, ".github/workflows/purity.yml", false, "--file shell.nix", ""},
		{"one that is there", map[string]string{".github/workflows/purity.yml": "mine"}, GitHub, ".github/workflows/purity.yml", true, "", ""},
		{"GitLab", map[string]string{"flake.nix": "", "go.mod": ""}, GitLab, ".gitlab-ci.yml", false, "go test ./...", ""},
		{"GitLab with a pipeline", map[string]string{".gitlab-ci.yml": "build:"}, GitLab, ".gitlab/purity.yml", false, "", ".gitlab-ci.yml"},
		{"GitLab with a pipeline that has it", map[string]string{".gitlab-ci.yml": "include:\n  - local: .gitlab/purity.yml"}, GitLab, ".gitlab/purity.yml", false, "", ""},
		{"GitLab, done", map[string]string{".gitlab-ci.yml": "github:nix-purity/purity"}, GitLab, ".gitlab-ci.yml", true, "", ""},
	} {
		plan := project(t, tt.files).CI(tt.service)
		if f := plan.Files[0]; len(plan.Files) != 1 || f.Name != tt.file || f.Done != tt.done || !strings.Contains(f.Text, tt.has) || strings.Contains(f.Text, "@") && strings.Contains(f.Text, "@command@") {
			t.Errorf("%s: %+v", tt.name, plan.Files)
		}
		if got := strings.Join(where(plan), " "); got != tt.note {
			t.Errorf("%s: a note for %q, want %q", tt.name, got, tt.note)
		}
	}
}

// The first file that tells how a project is built counts.
func TestBuild(t *testing.T) {
	for _, tt := range []struct {
		files   string
		command string
		known   bool
	}{
		{"", "make", false}, {"README.md", "make", false}, {"makefile", "make", true}, {"go.mod", "go test ./...", true}, {"go.mod Makefile", "make", true},
		{"package.json Cargo.toml", "cargo test", true}, {"pyproject.toml", "python3 -m pytest", true}, {"sub/Makefile", "make", false},
	} {
		files := map[string]string{}
		for name := range strings.FieldsSeq(tt.files) {
			files[name] = ""
		}
		if command, known := project(t, files).Build(); command != tt.command || known != tt.known {
			t.Errorf("%s: %s, %v", tt.files, command, known)
		}
	}
}

// The start-up file of a shell that has the line already, or of a shell without a hook, is not
// named.
func TestHookLine(t *testing.T) {
	for _, tt := range []struct {
		shell, file, text string
		where             string
	}{
		{"/bin/bash", "", "", "~/.bashrc"}, {"/usr/bin/zsh", ".zshrc", "autoload x", "~/.zshrc"}, {"fish", "", "", "~/.config/fish/config.fish"},
		{"/bin/bash", ".bashrc", `eval "$(purity hook bash)"`, ""}, {"fish", ".config/fish/config.fish", "purity hook fish | source", ""},
		{"/bin/nu", "", "", "In nushell, once"}, {"/bin/nu", ".config/nushell/autoload/purity.nu", "", ""}, {"/bin/dash", "", "", ""}, {"", "", "", ""},
	} {
		home := t.TempDir()
		if tt.file != "" {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(home, tt.file)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(home, tt.file), []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		note, ok := hookLine(tt.shell, home)
		if ok != (tt.where != "") || ok && !strings.HasPrefix(note.Where, tt.where+", to be confined") {
			t.Errorf("%s with %s: %+v, %v", tt.shell, tt.file, note, ok)
		}
	}
}
