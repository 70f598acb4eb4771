package cause

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/packages"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/secret"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/nixeval"
)

// declaration is the line that declares a package.
func declaration(attr string) string { return "packages = [ pkgs." + attr + " ];" }

// openPath is how a policy lets a path be used so.
func (f *finder) openPath(word string, d observe.Denial) string {
	path := d.Real
	switch {
	case d.Entry:
		path = filepath.Dir(path)
	case word == "read":
		path = f.trees.Of(path)
	}
	key, _ := config.KeyFor(word, path)
	secrets := secret.Finder{Home: f.Home}
	opens := secrets.In(path)
	if opens == "" && !d.Entry {
		opens = secrets.In(d.Path)
	}
	preset := f.preset(key, d)
	switch {
	case preset != "" && (opens == "" || word == "connect"): // to talk to an agent is not to read its keys
		return "if it has to be, the preset for it:  presets = [" + config.Quote(preset) + "]"
	case key.Key == "write" && enforce.OfProcess(path) && f.Policy.Apart: // of root, which the machine's network keeps from it
		return report.InPolicy + "network = false"
	case key.Key == "write" && enforce.OfProcess(path):
		return report.InPolicy + "view = true"
	case opens != "":
		return "it looks like a secret, or has some in it (" + opens + "): better keep it closed"
	}
	return report.InPolicy + key.Key + " = [" + config.Quote(host.Literal(path)) + "]"
}

// preset is the one that opens a path for the access of a key of purity.toml, empty
// if none does.
func (f *finder) preset(key config.PathKey, d observe.Denial) string {
	for _, g := range f.presets {
		mine := key.Access != enforce.Read || g.Reason == "git" // presets open mostly more for reading than was asked
		if mine && g.Access&key.Access == key.Access && enforce.Inside(d.Real, g.Path) {
			return g.Reason
		}
	}
	return ""
}

// remedy is how to have a file of the host in a declared way.
func (f *finder) remedy(d observe.Denial, by naming, packaged bool) string {
	switch d.Kind {
	case "program":
		name, likely := programName(d), "" // the name of any file is no name of a package
		if packaged && (slices.Contains(hostBin, filepath.Dir(d.Path)) || name != filepath.Base(d.Path)) {
			likely = packages.OfProgram(name)
		}
		return f.programHint(d, name, likely)
	case "library":
		return f.fileHint(by, libraryFiles(d.Path))
	case "header":
		return f.fileHint(by, headerFiles(d.Path, by.dir))
	case "socket":
		return f.openPath("connect", d)
	}
	return f.openPath("read", d)
}

// hostBin are where packages of the host have programs.
var hostBin = []string{"/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/games", "/run/current-system/sw/bin"}

// programName is the name of a program: a link to a program of the host that is
// nowhere among programs is called anything.
func programName(d observe.Denial) string {
	if dir := filepath.Dir(d.Path); !slices.Contains(hostBin, dir) && filepath.Base(dir) != "bin" && slices.Contains(hostBin, filepath.Dir(d.Real)) {
		return filepath.Base(d.Real)
	}
	return filepath.Base(d.Path)
}

// programHint is how to run a program of the dev shell instead; likely is the
// attribute of its package where there is no evidence, empty if nothing is.
func (f *finder) programHint(d observe.Denial, name, likely string) string {
	if own := nixeval.Find(name, f.Env.Path()); own != "" {
		have, dir := "the dev shell has "+own, filepath.Dir(d.Path)
		switch {
		case d.Script != "":
			return have + ": let the first line be:  " + firstLine(d.Script, name)
		case byName(d, own):
			return have + ": take " + dir + " out of PATH"
		}
		return have + ": run it as " + name + ", without the directory"
	}
	if file, in := f.having.file("bin/" + name); file != "" {
		return declare("the closure has "+file+", but not on PATH: add its package to the dev shell", f.having.attribute(in))
	}
	if dir := filepath.Base(filepath.Dir(d.Path)); private().MatchString(d.Path) && dir != "bin" && dir != ".bin" {
		return "it is a part of another program: add the package of that one to the dev shell"
	}
	if attr := f.index.Attribute(name); attr != "" {
		return declare("add it to the dev shell", attr)
	}
	add := "add the package with bin/" + name + " to the dev shell"
	if likely == "" {
		return add
	}
	return add + ", likely:  " + declaration(likely)
}

// private are programs that are in no PATH, but run by others: cc1, git-remote-https.
var private = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`/(lib|lib32|lib64|libexec)/([^/]+/)*[^/]+$`)
})

// declare says to add a package, by its attribute if there can be one.
func declare(what, attr string) string {
	if attr == "" {
		return what
	}
	return what + ":  " + declaration(attr)
}

// kin is the same for libraries or headers that come from one package of the host, and
// would come from one package of the dev shell.
func (f *finder) kin(d observe.Denial, owner string, by naming) string {
	if tree := f.trees.Of(d.Real); owner == "" && tree != d.Real {
		owner = tree
	}
	var files []string
	switch d.Kind {
	case "library":
		files = libraryFiles(d.Path)
	case "header":
		files = headerFiles(d.Path, by.dir)
	}
	if owner == "" || files == nil {
		return ""
	}
	_, in := f.having.file(files...)
	return d.Kind + " of " + owner + " in " + string(in)
}

// fileHint is how to have a library or header from a package, where a package
// has it in one of some places.
func (f *finder) fileHint(by naming, files []string) string {
	file, in := f.having.file(files...)
	switch {
	case file == "":
		return "add the package with " + files[0] + " to the dev shell"
	case !f.having.inShell(in):
		return declare("the closure has "+file+": add its package to the dev shell", f.having.attribute(in))
	case by.remove != "":
		return "the dev shell has " + file + ": " + by.remove
	}
	return "the dev shell has " + file + ": find the place that names the other directory, and remove it"
}

// storeHint is for a file in another store path than those declared.
func (f *finder) storeHint(d observe.Denial, path closure.Path) string {
	if other := f.having.namesake(path); other != "" {
		return fmt.Sprintf("the closure has %s, another build of it: rebuild the file that names the old one", other)
	}
	attr := packages.Attribute(packages.Name(path.Name()))
	if d.Kind == "program" {
		return f.programHint(d, filepath.Base(d.Path), attr)
	}
	if info, err := os.Stat(string(path)); attr == "" || err == nil && !info.IsDir() || path.Name() == "source" { // no package
		return "add the package that needs it to the dev shell"
	}
	return "add its package to the dev shell, likely:  " + declaration(attr)
}
