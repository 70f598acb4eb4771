package confine

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
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/view"
)

// Sight is the part that a command sees: the files of a view, or all of the machine.
type Sight struct {
	View    *view.View         // nil for none
	Refused *view.RefusedError // why there is none although it was wanted
	Spared  []enforce.Grant    // of directories of its own, where a command is only judged by it

	plain  enforce.Policy // without it
	obeyed []string       // files of the project that programs outside obey, there or not
}

// viewWanted is whether the command is to have a view: true, false or auto. An overlay of
// the project takes one.
func (s Settings) viewWanted() string {
	if s.overlaid() {
		return "true"
	}
	return cmp.Or(string(s.View), "false")
}

// inView reports whether the command runs in the view. One that is only watched does
// not, but is judged by it.
func (p Plan) inView() bool { return p.Sees.View != nil && p.Enforced() }

// show makes the view, if there is to be one, and the policy of the command in it.
func (p *Plan) show() error {
	p.Sees = Sight{}
	if err := overlayable(p.Ask); err != nil {
		return err
	}
	if err := storable(p.Ask); err != nil {
		return err
	}
	wanted := p.viewWanted()
	switch {
	case wanted == "false":
		return nil
	case p.Base.Wider:
		return words.Hint(fmt.Errorf("make view: level %s shows the host, which a view hides", p.Base.Name), "--level dev --view, or leave --view out")
	case wanted == "auto" && p.Nix.Root == "":
		if p.Sees.Refused = viewable(p.Nix.Cache); p.Sees.Refused != nil {
			return nil
		}
	}
	if err := overAll(p.Project.Dir, p.Policy); p.overlaid() && err != nil {
		return err
	}
	v := viewing{*p}
	obeyed := v.obeyed()
	p.Sees.View = &view.View{
		Shell: v.inClosure(p.Env.Bash, "sh", "bash"), Env: v.inClosure("", "env"),
		Etc: v.etc(), Dir: p.Project.Cwd, Protected: present(obeyed), SysVIPC: p.sysVIPC(),
		Store: storeOf(p.Nix),
	}
	if len(p.Sockets) == 0 {
		p.Policy.UnixSockets = true // only those that are there can be reached
	}
	p.Sees.plain, p.Sees.obeyed = p.Policy, obeyed
	p.Policy = p.Sees.View.Policy(p.Policy)
	if !p.inView() { // those outside have everybody's files
		p.Policy.Grants = slices.DeleteFunc(p.Policy.Grants, func(g enforce.Grant) bool {
			if Private(g) {
				p.Sees.Spared = append(p.Sees.Spared, g)
			}
			return Private(g)
		})
		for _, g := range p.Sees.plain.Grants { // as is the host's /bin/sh, for which the closure's stands in a view
			if g.Replaced && strings.HasPrefix(g.Reason, "host: ") {
				p.Policy.Grants = append(p.Policy.Grants, g)
			}
		}
	}
	return nil
}

// gitAbove reports whether git is to look for its directory above the project, which is
// a mount of its own. Where that can be written git does not find it: all of the work
// tree that is not shown would be taken for removed, and committed so.
func (p Plan) gitAbove() bool {
	return slices.ContainsFunc(p.Policy.Grants, func(g enforce.Grant) bool {
		return strings.HasPrefix(g.Reason, "git: ") && g.Access&enforce.Write == 0 && enforce.Inside(p.Project.Dir, filepath.Dir(g.Path))
	})
}

// viewing makes the view of a plan, whose policy is complete. It reads the machine and
// changes nothing.
type viewing struct{ Plan }

// inClosure is the file that stands for a program of the host: of the package of a file
// that is known, or of the first package of the closure that has one, those first whose
// names look like it.
func (p viewing) inClosure(known string, names ...string) string {
	if known != "" {
		for _, name := range names {
			if file := filepath.Join(filepath.Dir(known), name); executableFile(p.Nix.Store().Follow(file)) {
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
		for _, path := range p.Env.Paths {
			if likely(string(path)) != first {
				continue
			}
			for _, name := range names {
				if file := filepath.Join(string(path), "bin", name); executableFile(p.Nix.Store().Follow(file)) {
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
func (p viewing) etc() map[string]string {
	files := userFiles()
	if !p.Base.Environment {
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
	line := fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", name, uid, gid, p.HomeDir)
	groups := fmt.Sprintf("%s:x:%d:\n", group, gid)
	if strings.ContainsAny(name+group+p.HomeDir, ":\n") { // which such a file cannot say
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
// Two more files of git's lead it to another configuration.
var later = []string{".git/hooks", ".git/config", ".git/config.worktree", ".git/commondir", "flake.nix", "flake.lock", "purity.toml", ".envrc"}

// obeyed are those in the project, there or not, without the ones that a row of the policy
// lets be written.
func (p viewing) obeyed() []string {
	var paths []string
	for _, dir := range p.Project.Trees() {
		for _, name := range later {
			path := filepath.Join(dir, name)
			said := slices.ContainsFunc(p.Policy.Grants, func(g enforce.Grant) bool {
				return g.Access&enforce.Write != 0 && !g.Replaced && !isProject(g) && enforce.Inside(path, g.Path)
			})
			if !said {
				paths = append(paths, path)
			}
		}
	}
	if p.File != nil && enforce.Inside(p.File.Path, p.Project.Dir) && !slices.Contains(paths, p.File.Path) {
		paths = append(paths, p.File.Path)
	}
	return paths
}

// present are the paths with a file. It leaves out links: a mount cannot keep a link from
// being replaced.
func present(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		info, err := os.Lstat(path)
		return err != nil || !info.IsDir() && !info.Mode().IsRegular()
	})
}

// hides reports whether the program was not found because the view does not show it.
func (j Job) hides(err error) bool {
	return j.inView() && errors.Is(err, os.ErrNotExist) && executableFile(j.Nix.Store().Follow(j.Command.Path))
}

// privateDirs are directories that a view has for itself.
var privateDirs = []string{"/tmp", "/dev/shm"}

// Private reports whether a grant is of a directory that the view has for itself.
func Private(g enforce.Grant) bool { return g.Own && slices.Contains(privateDirs, g.Path) }

// enterView runs the command in the view. It returns how that ended, as an error. Where
// the kernel refuses after all, and that is no matter, the command is run without.
func (j *Job) enterView(v screen.Voice) error {
	cmd := j.Command
	cmd.Interpreter = j.Sees.View.Shell
	status, err := view.Run(view.Job{View: *j.Sees.View, Policy: j.Policy, Command: cmd})
	var refused *view.RefusedError
	if errors.As(err, &refused) && j.viewWanted() == "auto" && j.Nix.Root == "" {
		j.Policy = j.Sees.plain
		j.Policy.Grants = append(slices.Clip(j.Policy.Grants), TempGrant(j.Temp))
		j.Sees = Sight{Refused: refused}
		j.noteView(v)
		return j.Policy.Exec(cmd)
	}
	if refused != nil && j.overlaid() {
		return words.Hint(err, refused.Fix+"; or use --project-as write")
	}
	if err == nil {
		err = j.settle(v)
	}
	if err != nil {
		return err
	}
	return &EndedError{status}
}

// noteView says once a project that there can be no view.
func (j Job) noteView(v screen.Voice) {
	refused := j.Sees.Refused
	if refused == nil {
		return
	}
	mark, text := filepath.Join(j.Nix.ProjectDir(j.Project.Dir), "no-view"), whereViews()+refused.Error()
	if said, err := hostile.ReadFile(mark, 4096); err == nil && string(said) == text {
		return
	}
	v.Warn(screen.Warning{Text: fmt.Sprintf("%v; Landlock alone confines: files outside are denied, not hidden", refused), Hint: refused.Fix})
	if err := os.MkdirAll(filepath.Dir(mark), 0o700); err == nil {
		err = renameio.WriteFile(mark, []byte(text), 0o600)
		v.Log.Debug().Err(err).Msg("remember that there can be no view")
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
