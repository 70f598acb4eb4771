package confine

import (
	"cmp"
	"fmt"
	"os"
	userdb "os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/view"
)

// Sight is the part that a command sees: the files of a view, or all of the machine.
type Sight struct {
	View    *view.View         // nil for none
	Refused *view.RefusedError // why there is none although it was wanted
	Spared  []enforce.Grant    // of directories of its own, where a command is only judged by it
	Stood   []enforce.Grant    // of the host's /bin/sh and env there, for which it has others

	Plain  enforce.Policy // without it
	Obeyed []string       // files of the project that programs outside obey, there or not
}

// ViewWanted is whether the command is to have a view: true, false or auto. An overlay of
// the project takes one.
func (s Settings) ViewWanted() string {
	if s.Overlaid() {
		return "true"
	}
	return cmp.Or(string(s.View), "false")
}

// InView reports whether the command runs in the view. One that is only watched does
// not, but is judged by it.
func (p Plan) InView() bool { return p.Sees.View != nil && p.Enforced() }

// show makes the view, if there is to be one, and the policy of the command in it.
func (p *Plan) show() error {
	p.Sees = Sight{}
	if err := overlayable(p.Ask); err != nil {
		return err
	}
	if err := storable(p.Ask); err != nil {
		return err
	}
	wanted := p.ViewWanted()
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
	if err := overAll(p.Project.Dir, p.Policy); p.Overlaid() && err != nil {
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
	p.Sees.Plain, p.Sees.Obeyed = p.Policy, obeyed
	p.Policy = p.Sees.View.Policy(p.Policy)
	if !p.InView() { // those outside have everybody's files
		p.Policy.Grants = slices.DeleteFunc(p.Policy.Grants, func(g enforce.Grant) bool {
			if Private(g) {
				p.Sees.Spared = append(p.Sees.Spared, g)
			}
			return Private(g)
		})
		for _, g := range p.Sees.Plain.Grants {
			if g.Replaced && strings.HasPrefix(g.Reason, "host: ") {
				p.Sees.Stood = append(p.Sees.Stood, g)
			}
		}
	}
	return nil
}

// GitAbove reports whether git is to look for its directory above the project, which is
// a mount of its own. Where that can be written git does not find it: all of the work
// tree that is not shown would be taken for removed, and committed so.
func (p Plan) GitAbove() bool {
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
			if file := filepath.Join(filepath.Dir(known), name); ExecutableFile(p.Nix.Store().Follow(file)) {
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
				if file := filepath.Join(string(path), "bin", name); ExecutableFile(p.Nix.Store().Follow(file)) {
					return file
				}
			}
		}
	}
	return ""
}

// ExecutableFile reports whether a file can be run.
func ExecutableFile(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// etc are the generated files of /etc. Without an environment of the user's they are
// those of Nix's build sandbox.
func (p viewing) etc() map[string]string {
	files := UserFiles()
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

// UserFiles are the user database of Nix's build sandbox.
func UserFiles() map[string]string {
	return map[string]string{
		"passwd": fmt.Sprintf("root:x:0:0:Nix build user:/homeless-shelter:/noshell\nnixbld:x:%d:%d:Nix build user:/homeless-shelter:/noshell\nnobody:x:65534:65534:Nobody:/:/noshell\n", os.Getuid(), os.Getgid()),
		"group":  fmt.Sprintf("root:x:0:\nnixbld:!:%d:\nnogroup:x:65534:\n", os.Getgid()),
		"hosts":  "127.0.0.1 localhost\n::1 localhost\n",
	}
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

// privateDirs are directories that a view has for itself.
var privateDirs = []string{"/tmp", "/dev/shm"}

// Private reports whether a grant is of a directory that the view has for itself.
func Private(g enforce.Grant) bool { return g.Own && slices.Contains(privateDirs, g.Path) }
