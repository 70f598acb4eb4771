package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	userdb "os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/enforce/view"
)

// viewWanted is whether the command is to have a view: true, false or auto.
func (p *plan) viewWanted() string { return cmp.Or(string(p.View), "false") }

// inView reports whether the command runs in the view. One that is only watched does
// not, but is judged by it.
func (p *plan) inView() bool { return p.view != nil && p.mode() == "enforce" }

// show makes the view, if there is to be one, and the policy of the command in it.
func (p *plan) show() error {
	p.view, p.noView = nil, nil
	wanted := p.viewWanted()
	switch {
	case wanted == "false":
		return nil
	case p.level.Wider:
		return &hintedError{fmt.Errorf("make view: level %s shows the host, which a view hides", p.level.Name), "--level dev --view, or leave --view out"}
	case wanted == "auto":
		if p.noView = viewable(p.nix.Cache); p.noView != nil {
			return nil
		}
	}
	p.view = &view.View{
		Shell: p.inClosure(p.env.Bash, "sh", "bash"), Env: p.inClosure("", "env"),
		Etc: p.etc(), Dir: p.project.cwd, Protected: p.protected(),
	}
	if len(p.Sockets) == 0 {
		p.policy.UnixSockets = true // only those that are there can be reached
	}
	p.plain = p.policy
	p.policy = p.view.Policy(p.policy)
	if !p.inView() { // what lies there is everybody's
		p.policy.Grants = slices.DeleteFunc(p.policy.Grants, func(g enforce.Grant) bool { return g.Own && slices.Contains(privateDirs, g.Path) })
	}
	return nil
}

// gitAbove reports whether git is to look for its directory above the project, which is
// a mount of its own. Where that can be written git does not find it: all of the work
// tree that is not shown would be taken for removed, and committed so.
func (p *plan) gitAbove() bool {
	return slices.ContainsFunc(p.policy.Grants, func(g enforce.Grant) bool {
		return strings.HasPrefix(g.Reason, "git: ") && g.Access&enforce.Write == 0 && enforce.Inside(p.project.dir, filepath.Dir(g.Path))
	})
}

// inClosure is the file that stands for a program of the host: of the package of a file
// that is known, or of the first package of the closure that has one, those first whose
// names look like it.
func (p *plan) inClosure(known string, names ...string) string {
	if known != "" {
		for _, name := range names {
			if file := filepath.Join(filepath.Dir(known), name); executableFile(file) {
				return file
			}
		}
	}
	likely := func(path string) bool {
		for _, word := range []string{"bash", "coreutils", "busybox", "toybox", "dash"} {
			if strings.Contains(path, word) {
				return true
			}
		}
		return false
	}
	for _, first := range []bool{true, false} {
		for _, path := range p.env.Paths {
			if likely(string(path)) != first {
				continue
			}
			for _, name := range names {
				if file := filepath.Join(string(path), "bin", name); executableFile(file) {
					return file
				}
			}
		}
	}
	return ""
}

func executableFile(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// etc are the generated files of /etc. Without an environment of the user's they are
// those of Nix's build sandbox.
func (p *plan) etc() map[string]string {
	files := userFiles()
	if !p.level.Environment {
		return files
	}
	uid, gid := os.Getuid(), os.Getgid()
	name := cmp.Or(os.Getenv("USER"), "user")
	if u, err := userdb.LookupId(strconv.Itoa(uid)); err == nil {
		name = u.Username
	}
	group := name
	if g, err := userdb.LookupGroupId(strconv.Itoa(gid)); err == nil {
		group = g.Name
	}
	line := fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", name, uid, gid, p.home)
	groups := fmt.Sprintf("%s:x:%d:\n", group, gid)
	if strings.ContainsAny(name+group+p.home, ":\n") { // which such a file cannot say
		line, groups = "", ""
	}
	if uid != 0 {
		line = "root:x:0:0:root:/root:/noshell\n" + line
	}
	if gid != 0 {
		groups = "root:x:0:\n" + groups
	}
	files["passwd"] = line + "nobody:x:65534:65534:nobody:/:/noshell\n"
	files["group"] = groups + "nogroup:x:65534:\n"
	return files
}

// later are files of a project that others outside obey, and that a view does not let a
// command write.
var later = []string{".git/hooks", ".git/config", "flake.nix", "flake.lock", "purity.toml", ".envrc"}

// protected are those that are in the project, but for what a row of the policy lets be
// written. What is a link cannot be kept from being another one.
func (p *plan) protected() []string {
	var paths []string
	for _, dir := range p.project.trees() {
		for _, name := range later {
			path := filepath.Join(dir, name)
			said := slices.ContainsFunc(p.policy.Grants, func(g enforce.Grant) bool {
				return g.Access&enforce.Write != 0 && g.Reason != "project" && enforce.Inside(path, g.Path)
			})
			if info, err := os.Lstat(path); !said && err == nil && (info.IsDir() || info.Mode().IsRegular()) {
				paths = append(paths, path)
			}
		}
	}
	if p.file != nil && enforce.Inside(p.file.Path, p.project.dir) && !slices.Contains(paths, p.file.Path) {
		paths = append(paths, p.file.Path)
	}
	return paths
}

// hides reports whether a program was not found because the view does not show it.
func (p *plan) hides(err error, file string) bool {
	return p.inView() && errors.Is(err, os.ErrNotExist) && executableFile(file)
}

// privateDirs are directories that a view has for itself.
var privateDirs = []string{"/tmp", "/dev/shm"}

// shown is what those who watch the command have to know of the view.
func (p *plan) shown() observe.Shown {
	links := map[string]string{}
	for name, file := range map[string]string{"/bin/sh": p.view.Shell, "/usr/bin/env": p.view.Env} {
		if file != "" {
			links[name] = file
		}
	}
	shown := observe.Shown{Links: links, ReadOnly: p.view.Protected}
	for _, g := range p.policy.Grants {
		if g.Own && slices.Contains(privateDirs, g.Path) {
			shown.Private = append(shown.Private, g.Path)
		}
	}
	return shown
}

// enterView runs a command in the view. It returns how that ended, as an error. Where
// the kernel refuses after all, and that is no matter, the command is run without.
func (p *plan) enterView(cmd enforce.Command) error {
	cmd.Interpreter = p.view.Shell
	status, err := view.Run(view.Job{View: *p.view, Policy: p.policy, Command: cmd})
	var refused *view.RefusedError
	if errors.As(err, &refused) && p.viewWanted() == "auto" {
		// Of this run is TMPDIR. What is the view's own, such as all of /tmp, would be the host's.
		added := slices.DeleteFunc(slices.Clone(p.policy.Grants), func(g enforce.Grant) bool { return !g.PerRun || g.Own })
		p.view, p.noView, p.policy = nil, refused, p.plain
		p.policy.Grants = append(slices.Clip(p.policy.Grants), added...)
		p.noteView()
		return p.policy.Exec(cmd)
	}
	if err != nil {
		return err
	}
	return &endedError{status}
}

// noteView says once a project that there can be no view.
func (p *plan) noteView() {
	if p.noView == nil {
		return
	}
	mark, text := filepath.Join(p.nix.ProjectDir(p.project.dir), "no-view"), whereViews()+p.noView.Error()
	if said, err := hostile.ReadFile(mark, 4096); err == nil && string(said) == text {
		return
	}
	p.app.log.Warn().Str("hint", p.noView.Fix).Msgf("%v; Landlock alone confines: what is outside is refused and not hidden", p.noView)
	if err := os.MkdirAll(filepath.Dir(mark), 0o700); err == nil {
		err = renameio.WriteFile(mark, []byte(text), 0o600)
		p.app.log.Debug().Err(err).Msg("remember that there can be no view")
	}
}

// viewable is nil where there can be views, which is remembered in a directory: to try
// takes a process.
func viewable(dir string) *view.RefusedError {
	mark, text := filepath.Join(dir, "view"), whereViews()
	if tried, err := hostile.ReadFile(mark, 4096); err == nil && string(tried) == text {
		return nil
	}
	err := view.Available()
	var refused *view.RefusedError
	if errors.As(err, &refused) {
		return refused
	}
	if err != nil {
		return &view.RefusedError{What: "try", Err: err}
	}
	if _, err := os.Stat(dir); err == nil {
		renameio.WriteFile(mark, []byte(text), 0o600) // it is tried again where that fails
	}
	return nil
}

// whereViews tells apart where there can be views and where not: machine, start of it,
// user, and the namespaces that this process is in.
func whereViews() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	users, _ := os.Readlink("/proc/self/ns/user")
	mounts, _ := os.Readlink("/proc/self/ns/mnt")
	return fmt.Sprintf("%s %s %s %d\n", strings.TrimSpace(string(boot)), users, mounts, os.Geteuid())
}
