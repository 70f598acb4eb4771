package host

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Identity is the part of the user's git configuration that programs get without asking for it: who
// commits, and aliases. All else stays outside: credentials, helpers that know them, and
// headers and URLs that have them in their text.
type Identity struct {
	Text  string   // as a file of git's configuration, empty if there is nothing
	Files []string // where it was read
}

// identityKeys are the keys by section; an alias can have any name.
var identityKeys = map[string][]string{
	"user":      {"name", "email", "useconfigonly"},
	"author":    {"name", "email"},
	"committer": {"name", "email"},
	"init":      {"defaultbranch"},
	"alias":     nil,
}

// machineGit is git's configuration of the machine, which can be read inside.
const machineGit = "/etc/gitconfig"

// GitIdentity reads the user's configuration as git does: the file that GIT_CONFIG_GLOBAL
// names, or that of XDG_CONFIG_HOME and then ~/.gitconfig, with their includes.
func GitIdentity(paths Paths, project string) Identity {
	g := gitFiles{paths: paths, gitDir: gitDirOf(project)}
	names := []string{"$XDG_CONFIG_HOME/git/config", "~/.gitconfig"}
	if paths.Getenv("GIT_CONFIG_GLOBAL") != "" {
		names = []string{"$GIT_CONFIG_GLOBAL"}
	}
	for _, name := range names {
		if file, err := paths.text(name); err == nil {
			g.add(file)
		}
	}
	var b strings.Builder
	for _, e := range g.all {
		keys, known := identityKeys[e.section]
		if !known || keys != nil && !slices.Contains(keys, e.key) || e.sub != "" || strings.ContainsRune(e.value, 0) {
			continue
		}
		b.WriteString("[" + e.section + "]\n\t" + e.key + " = " + quoteGit(e.value) + "\n")
	}
	if b.Len() == 0 {
		return Identity{}
	}
	text := b.String()
	if _, err := os.Stat(machineGit); err == nil { // whose place this takes
		text = "[include]\n\tpath = " + machineGit + "\n" + text
	}
	return Identity{text, g.read}
}

// quoteGit is a value as git's configuration has it.
func quoteGit(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\b", `\b`).Replace(value) + `"`
}

// gitDirOf is git's directory for a project, empty if it is in no repository.
func gitDirOf(project string) string {
	for dir := project; ; dir = filepath.Dir(dir) {
		dotGit := filepath.Join(dir, ".git")
		if info, err := os.Lstat(dotGit); err == nil {
			if info.IsDir() {
				return dotGit
			}
			gitDir, _ := pointedTo(dotGit)
			return gitDir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}
