package walls

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// git runs programs that a repository's configuration names: filters, hooks, monitors,
// helpers. A confined command can write that configuration, and a tarball brings one. So
// no git is started but by way of this file, by purity and by Nix alike: purity stands in
// PATH as git, has git itself list the configuration, overrides keys that could name a
// program, and then becomes git. In a repository where commands may write git can execute
// nothing but itself.

// gitFile is the file beside the link git that says which git is meant.
const gitFile = ".outside"

// gitSpec is the content of that file.
type gitSpec struct {
	Git     string   // the program
	Hostile []string // directories in which commands may write
}

// Dirs is where the directories are that GitFor makes.
func Dirs(nix nixeval.Nix) string { return filepath.Join(nix.Cache, "git") }

// GitFor makes a directory for PATH in which git is purity, and returns it; empty where
// the machine has no git.
func GitFor(nix nixeval.Nix, path string, hostile []string) (string, error) {
	spec := gitSpec{Git: nixeval.Find("git", path), Hostile: hostile}
	self := caller.Self()
	if spec.Git == "" || self == "" {
		return "", nil
	}
	data, err := json.Marshal(spec)
	if err != nil {
		return "", fmt.Errorf("prepare git: %w", err)
	}
	sum := sha256.Sum256(data)
	dir := filepath.Join(Dirs(nix), hex.EncodeToString(sum[:8]))
	if old, err := os.ReadFile(filepath.Join(dir, gitFile)); err == nil && bytes.Equal(old, data) {
		if to, err := os.Readlink(filepath.Join(dir, "git")); err == nil && to == self {
			return dir, nil
		}
	}
	err = os.MkdirAll(dir, 0o700)
	if err == nil {
		err = renameio.WriteFile(filepath.Join(dir, gitFile), data, 0o600)
	}
	if err == nil {
		err = renameio.Symlink(self, filepath.Join(dir, "git"))
	}
	if err != nil {
		return "", fmt.Errorf("prepare git: %w", err)
	}
	return dir, nil
}

// RunGit is purity started as the git of a directory that GitFor made.
func RunGit(dir, name string, args []string) (code int, ok bool) {
	data, err := os.ReadFile(filepath.Join(dir, gitFile))
	if name != "git" || err != nil || !nixeval.Private(dir) {
		return 0, false
	}
	var spec gitSpec
	if err = json.Unmarshal(data, &spec); err == nil {
		err = spec.become(args)
	}
	fmt.Fprintln(os.Stderr, "purity: error: run git:", err)
	return words.Failure, true
}

// become replaces this process by git.
func (s gitSpec) become(args []string) error {
	runtime.LockOSThread()
	if err := s.confine(args); err != nil {
		return err
	}
	overrides, err := s.overrides(globalOptions(args))
	if err != nil {
		return err
	}
	return unix.Exec(s.Git, append([]string{"git"}, args...), gitEnviron(os.Environ(), overrides))
}

// confine has git execute nothing but itself where it is called for a repository in which
// commands may write. Elsewhere, in Nix's own cache of fetched sources, it starts all that it
// needs: ssh, helpers for credentials.
func (s gitSpec) confine(args []string) error {
	if !s.inHostile(args) {
		return nil
	}
	paths := []string{s.Git}
	if real, err := filepath.EvalSymlinks(s.Git); err == nil {
		paths = append(paths, real)
		for _, g := range host.Dependencies(real) {
			if g.Access&enforce.Execute != 0 { // the loader
				loader, err := filepath.EvalSymlinks(g.Path)
				if err == nil {
					paths = append(paths, loader)
				}
			}
		}
	}
	err := enforce.RestrictExecute(paths)
	if withoutLandlock(err) {
		return nil // which purity said when it started Nix
	}
	return err
}

// inHostile reports whether git is called in, or is told of, a directory in which
// commands may write. An unknown one counts.
func (s gitSpec) inHostile(args []string) bool {
	cwd, err := unix.Getwd()
	if err != nil {
		return true
	}
	at := cwd
	check := func(dir string) bool {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(at, dir)
		}
		at = dir
		return enforce.Passes("/", enforce.Real(dir), s.Hostile...) || enforce.Passes("/", dir, s.Hostile...)
	}
	if check(cwd) || os.Getenv("GIT_DIR") != "" && check(os.Getenv("GIT_DIR")) {
		return true
	}
	for i, arg := range args {
		switch {
		case (arg == "-C" || arg == "--git-dir" || arg == "--work-tree") && i+1 < len(args):
			if check(args[i+1]) {
				return true
			}
		case strings.HasPrefix(arg, "--git-dir="), strings.HasPrefix(arg, "--work-tree="):
			_, dir, _ := strings.Cut(arg, "=")
			if check(dir) {
				return true
			}
		case !strings.HasPrefix(arg, "-") && (i == 0 || args[i-1] != "-C" && args[i-1] != "-c" && args[i-1] != "--git-dir" && args[i-1] != "--work-tree"):
			return false // the command; the rest is its own
		}
	}
	return false
}

// globalOptions are those that come before git's command and choose the repository.
func globalOptions(args []string) []string {
	var options []string
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case (arg == "-C" || arg == "--git-dir" || arg == "--work-tree") && i+1 < len(args):
			options = append(options, arg, args[i+1])
			i++
		case arg == "-c" || arg == "--config-env" || arg == "--namespace":
			i++
		case strings.HasPrefix(arg, "--git-dir="), strings.HasPrefix(arg, "--work-tree="), arg == "--bare":
			options = append(options, arg)
		case !strings.HasPrefix(arg, "-"):
			return options
		}
	}
	return options
}

// Patience is how long git may take for quick work: reading its configuration, or
// one file.
const Patience = time.Minute

// probe is a setting by which git shows that it obeys GIT_CONFIG_COUNT.
const probe = "purity.probe"

// overrides are settings that take the place of those by which the configuration of a
// repository can name a program. git itself lists all keys, wherever they come from
// and however they are spelt.
func (s gitSpec) overrides(options []string) ([][2]string, error) {
	list := exec.Command(s.Git, append(slices.Clone(options), "config", "--list", "--includes", "-z", "--show-scope")...)
	list.Env = gitEnviron(os.Environ(), [][2]string{{probe, "true"}})
	out, said, err := Ask(list, Patience, nil)
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(said) > 0 {
		err = errors.New(string(bytes.TrimSpace(said)))
	}
	if err != nil {
		return nil, fmt.Errorf("list its configuration: %w", err)
	}
	// Some are asked for wherever git is, also outside of a repository.
	settings := [][2]string{{"core.fsmonitor", "false"}, {"core.hooksPath", os.DevNull}, {"protocol.ext.allow", "never"}}
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if !slices.ContainsFunc(fields, func(field string) bool { return strings.HasPrefix(field, probe+"\n") }) {
		return nil, errors.New("list its configuration: git is older than 2.31, and obeys no GIT_CONFIG_COUNT")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(fields); i += 2 {
		scope := fields[i]
		name, _, _ := strings.Cut(fields[i+1], "\n")
		if scope == "system" || scope == "global" || scope == "command" || seen[name] { // the machine's and the user's
			continue
		}
		seen[name] = true
		if value, names := neutral(name); names {
			settings = append(settings, [2]string{name, value})
		}
	}
	return settings, nil
}

// data are settings of repositories that name no program, by their whole names
// (git-config(1)); all others are overridden if naming matches them. Among them are those
// whose names sound like programs and whose values are words of git's own or numbers: git
// ends with an error where one of these is empty.
var data = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(core\.(repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode|symlinks|autocrlf|eol|abbrev|worktree|sharedrepository|untrackedcache|sparsecheckout(cone)?|quotepath|fsmonitorhookversion)|extensions\..*|remote\..*\.(url|fetch|pushurl|push|tagopt|prune|mirror|partialclonefilter|proxyauthmethod)|branch\..*|user\..*|author\..*|committer\..*|submodule\..*\.(url|active|branch|ignore|shallow)|url\..*\.(pushinsteadof|insteadof)|index\..*|include\.path|includeif\..*\.path` +
		`|gpg\.(format|mintrustlevel)|protocol\.version|tar\.umask|uploadpack\.(keepalive|hiderefs|allow(filter|refinwant|anysha1inwant|tipsha1inwant|reachablesha1inwant))|uploadpackfilter\.(.*\.)?(allow|maxdepth)|((fetch|receive)\.)?fsck\.[a-z0-9]+|fetch\.showforcedupdates|transfer\.credentialsinurl|clone\.(rejectshallow|filtersubmodules)|pack\.allowpackreuse|commit\.cleanup|commitgraph\.maxnewfilters|credentialstore\.locktimeoutms|http\.(.*\.)?(useragent|proxyauthmethod)|format\.coverfromdescription|trailer\.(.*\.)?(where|ifexists|ifmissing)|trailer\.separators|column\.clean|color\.(pager|transport(\.rejected)?|status\.updated))$`)
})

// naming matches names of settings that could name a program, by any part of them, known
// today or not: commands, filters and drivers, helpers and tools, programs for
// editors, pages, passwords, signatures and transports.
var naming = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`command|cmd|program|exec|script|shell|hook|helper|tool|driver|filter|process|clean|smudge|required|textconv|external|fsmonitor|editor|pager|browser|askpass|proxy|agent|alias|gpg|sign|credential|uploadpack|receivepack|vcs|transport|protocol|allow|update|template|tunnel|smtp|sendmail|trailer|^tar\.|^man\.|^web\.|^help\.|instaweb|maintenance|path$|httpd`)
})

// neutral is the value by which a setting names no program, and whether it could.
func neutral(name string) (value string, names bool) {
	name = strings.ToLower(name)
	if data().MatchString(name) || !naming().MatchString(name) {
		return "", false
	}
	switch last := name[strings.LastIndexByte(name, '.')+1:]; last {
	case "fsmonitor", "required", "gpgsign", "showsignature", "trustexitcode":
		return "false", true
	case "hookspath", "templatedir":
		return os.DevNull, true
	case "allow":
		return "never", true
	case "update":
		return "none", true
	}
	return "", true
}

// gitEnviron is an environment for git with settings, which count before those of every
// file, after those that it has (git-config(1), GIT_CONFIG_COUNT), and without variables that make
// git run or fetch more.
func gitEnviron(environ []string, settings [][2]string) []string {
	first := 0
	built := slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		name, value, _ := strings.Cut(v, "=")
		switch name {
		case "GIT_CONFIG_COUNT":
			first, _ = strconv.Atoi(value)
			return true
		case "GIT_EXTERNAL_DIFF", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_PAGER", "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR":
			return true
		}
		return strings.HasPrefix(name, "GIT_TRACE")
	})
	built = append(built, "GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0", "GIT_PAGER=cat", fmt.Sprintf("GIT_CONFIG_COUNT=%d", first+len(settings)))
	for i, setting := range settings {
		built = append(built, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", first+i, setting[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", first+i, setting[1]))
	}
	return built
}
