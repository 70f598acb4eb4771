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

	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/view"
)

// Sight is the part of the machine that a command sees: the files of a view, or all.
type Sight struct {
	View    *view.View         // nil for none
	Refused *view.RefusedError // the reason for no view although the settings want one
	Spared  []enforce.Grant    // of the view's own directories, if the command is only watched
	Stood   []enforce.Grant    // of the host's /bin/sh and env, which the view replaces, likewise

	Plain  enforce.Policy // without the view
	Obeyed []string       // files of the project that programs outside obey, there or not
}

// ViewWanted returns the setting for a view: true, false or auto. An overlay of the project
// requires one.
func (s Settings) ViewWanted() string {
	if s.Overlaid() {
		return "true"
	}
	if s.View == "" && s.Base.Hides {
		return "auto"
	}
	return cmp.Or(string(s.View), "false")
}

// InView reports whether the command runs in the view. A watched command does not, but its
// report is about that view.
func (p Plan) InView() bool { return p.Sees.View != nil && p.Enforced() }

// show makes the view, if the settings want one, and the policy of the command in it.
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
	case p.Base.Wider && wanted == "auto": // which shows the host
		return nil
	case p.Base.Wider:
		return words.Hint(fmt.Errorf("make view: level %s shows the host, which a view hides", p.Base.Name), "--level dev, or "+withoutView(p.Ask))
	case wanted == "auto" && p.Nix.Root == "":
		refused, err := viewable(p.Nix.Cache)
		if p.Sees.Refused = refused; err != nil || refused != nil {
			return err
		}
	}
	if err := writesProcesses(*p); err != nil {
		return err
	}
	if err := overAll(p.Ask, p.Policy); p.Overlaid() && err != nil {
		return err
	}
	p.Policy.Grants = append(slices.Clip(p.Policy.Grants), loaded(*p)...)
	v := viewing{*p}
	obeyed := v.obeyed()
	p.Sees.View = &view.View{
		Shell: v.inClosure(p.Env.Bash, "sh", "bash"), Env: v.inClosure("", "env"),
		Etc: v.etc(), Dir: p.Project.Cwd, Protected: present(obeyed), SysVIPC: p.sysVIPC(),
		Store: storeOf(p.Nix),
	}
	for _, link := range linked(p.Project.Dir, obeyed) {
		p.Warnings = append(p.Warnings, screen.Warning{Text: link + " is a symbolic link, which the command can replace; programs outside obey what it leads to"})
	}
	if len(p.Sockets) == 0 {
		p.Policy.UnixSockets = true // the view has only the sockets that a command may reach
	}
	p.Sees.Plain, p.Sees.Obeyed = p.Policy, obeyed
	p.Policy = p.Sees.View.Policy(p.Policy)
	p.Policy.Grants = gitRead(p.Policy.Grants)
	if p.InView() {
		p.Policy.Grants = slices.DeleteFunc(p.Policy.Grants, ofSelf())
	} else {
		spare(p)
	}
	return nil
}

// spare takes the view's own directories out of the policy of a command that is only judged by a
// view: outside, the same directories have files of all users.
func spare(p *Plan) {
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

// writesProcesses returns an error if a grant is for writing /proc.
func writesProcesses(p Plan) error {
	for _, g := range p.Policy.Grants {
		if g.Access&enforce.Write != 0 && enforce.Inside(g.Path, "/proc") {
			return words.Hint(fmt.Errorf("make view: %s: a view has its own, and never writes settings of the kernel", cmp.Or(g.Named, g.Path)), "leave it out, or "+withoutView(p.Ask))
		}
	}
	return nil
}

// GitAbove reports whether git is to look for its directory above the project, which is a
// mount of its own.
func (p Plan) GitAbove() bool {
	return slices.ContainsFunc(p.Policy.Grants, func(g enforce.Grant) bool { return g.Reason == host.GitAround })
}

// gitRead takes the right to write a repository with files beside the project, which the view
// hides: git would take them for removed, and commit that.
func gitRead(grants []enforce.Grant) []enforce.Grant {
	grants = slices.Clone(grants)
	for i, g := range grants {
		if g.Reason == host.GitAround {
			grants[i].Access &^= enforce.Write
		}
	}
	return grants
}

// loaded grants what the kernel starts the programs with that the settings name: ELF loader and
// libraries. Without a view /bin/sh of the host has brought most of them.
func loaded(p Plan) (rows []enforce.Grant) {
	for _, g := range p.Policy.Grants {
		if g.Named == "" || g.Access&enforce.Execute == 0 {
			continue
		}
		if info, err := os.Stat(g.Path); err != nil || !info.Mode().IsRegular() || enforce.Passes("/", g.Path, p.WritableTrees()...) {
			continue
		}
		for _, row := range host.Dependencies(g.Path) {
			row.Reason, row.Optional = g.Reason+" ("+row.Reason+")", true
			rows = append(rows, row)
		}
	}
	return rows
}

// ofSelf returns a function that reports whether a grant is for reading a file of this process in
// /proc. The view has the same of the command, which is another process there.
func ofSelf() func(enforce.Grant) bool {
	self := enforce.Real("/proc/self")
	return func(g enforce.Grant) bool {
		return self != "/proc/self" && enforce.Inside(g.Path, self) && g.Access&^enforce.Read == 0
	}
}

// viewing makes the view of a plan, whose policy is complete. It reads the machine and
// changes nothing.
type viewing struct{ Plan }

// inClosure returns the file that stands for a program of the host: one beside the known
// file, else that of the first package of the closure that has one. It tries packages with
// likely names first.
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

// ExecutableFile reports whether a file is executable.
func ExecutableFile(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// etc returns the generated files of /etc. At a level without the user's environment they
// are those of Nix's build sandbox.
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
	if strings.ContainsAny(name+group+p.HomeDir, ":\n") { // such a file cannot hold these
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

// UserFiles returns the user database of Nix's build sandbox.
func UserFiles() map[string]string {
	return map[string]string{
		"passwd": fmt.Sprintf("root:x:0:0:Nix build user:/homeless-shelter:/noshell\nnixbld:x:%d:%d:Nix build user:/homeless-shelter:/noshell\nnobody:x:65534:65534:Nobody:/:/noshell\n", os.Getuid(), os.Getgid()),
		"group":  fmt.Sprintf("root:x:0:\nnixbld:!:%d:\nnogroup:x:65534:\n", os.Getgid()),
		"hosts":  "127.0.0.1 localhost\n::1 localhost\n",
	}
}

// Private reports whether a grant is of a directory that the view has for itself, in place of one
// that all programs share.
func Private(g enforce.Grant) bool { return g.Own && slices.Contains(host.Shared, g.Path) }
