package cause

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/packages"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/secret"
	"github.com/nix-purity/purity/cmd/purity/span"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/nixeval"
)

// Run is the surroundings of a command.
type Run struct {
	Env      nixeval.Environment
	StoreDir string // of this machine, which that of Env may not be
	Policy   enforce.Policy
	Network  config.Network // as it was asked for
	Dir      string         // where the command was started
	Home     string         // of the user, without links
	Enforced bool
	Anywhere bool // the words must not depend on this machine
	// Guarded returns the file that a view has read-only although its directory is written, where
	// a path is or lies in one, and the setting that lets the command write it; moved says that a
	// call moves or removes the path itself. It is nil for none.
	Guarded func(path string, moved bool) (file, setting string)
}

// finder keeps facts that are needed again and again.
type finder struct {
	Run
	index   *packages.Index
	having  *having
	presets []enforce.Grant // with the name of the preset as reason
	trees   span.Trees      // directories that stand for files which were read

	makefiles makefiles
}

// ownersTime is how long package managers may take for all files together.
const ownersTime = 10 * time.Second

// Findings gives denials their reasons and remedies. Denials that differ by the number of
// a process alone are one finding; so is a program with all that it brings about, and so
// are files that one line mends together.
func (r Run) Findings(denials []observe.Denial) []report.Finding {
	if len(denials) == 0 {
		return nil
	}
	f := finder{Run: r, having: newHaving(r.Env), makefiles: newMakefiles()}
	tools := packages.NewTools(r.Home, f.writable)
	f.index = packages.NewIndex(tools)
	here := host.Here(r.Dir)
	for _, preset := range host.Presets {
		grants, _ := preset.Grants(here)
		for _, g := range grants {
			real, err := filepath.EvalSymlinks(g.Path)
			if r.Anywhere {
				real, err = g.Path, nil
			}
			if err == nil {
				f.presets = append(f.presets, enforce.Grant{Path: real, Access: g.Access, Reason: preset.Name})
			}
		}
	}
	denials = fold(numberless(denials), r.StoreDir)
	var ofHost, read []string
	for _, d := range denials {
		place := f.place(d)
		if place == onHost && !f.Anywhere {
			ofHost = append(ofHost, d.Real)
		}
		if d.Access == "read" && (place == onHost || place == inHome) {
			read = append(read, d.Real)
		}
	}
	f.trees = span.Files(secret.Finder{Home: r.Home}, read)
	owners := tools.Owners(ofHost, ownersTime)
	all := make([]explained, len(denials))
	for i, d := range denials {
		all[i] = f.finding(d, owners[d.Real])
	}
	return f.alike(all)
}

// writable reports whether the command may have written a file, or a directory on the way to
// it. What it writes in directories of a view's own is not there outside.
func (f *finder) writable(path string) bool {
	if slices.ContainsFunc(f.Policy.Covering(path, enforce.Write), func(g enforce.Grant) bool { return !g.Own }) {
		return true
	}
	for _, g := range f.Policy.Grants {
		if !g.Own && g.Access&enforce.Write != 0 && enforce.Inside(path, g.Path) {
			return true
		}
	}
	return false
}

var processDir = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^/proc/(\d+)(/task/\d+)?(/|$)`)
})

// OwnName is a path in /proc as the process that was refused it names it, if it is
// of that process, else the path.
func OwnName(d observe.Denial, path string) string {
	m := processDir().FindStringSubmatch(path)
	if m == nil || m[1] != strconv.Itoa(d.By.PID) && !strings.HasPrefix(d.Path, "/proc/self/") {
		return path
	}
	return processDir().ReplaceAllString(path, "/proc/self$3")
}

// numberless names the directories of processes in /proc as the processes do,
// and folds those that are the same then: their numbers say nothing, and differ in each
// run.
func numberless(denials []observe.Denial) []observe.Denial {
	var kept []observe.Denial
	known := map[string]int{}
	for _, d := range denials {
		d.Path, d.Real = OwnName(d, d.Path), OwnName(d, d.Real)
		key := d.Access + "\x00" + d.Real + "\x00" + d.Address + "\x00" + d.Protocol + "\x00" + d.Refused
		if i, ok := known[key]; ok {
			kept[i].Count += d.Count
			kept[i].Follow += d.Follow
			kept[i].Followers = append(slices.Clip(kept[i].Followers), d.Followers...)
			continue
		}
		known[key] = len(kept)
		kept = append(kept, d)
	}
	return kept
}

// place is the location of the denied file, which tells its kind.
type place int

const (
	network place = iota
	refusedCall
	inClosure
	inStore
	outside // and to be written
	inHome
	onHost
)

func (f *finder) place(d observe.Denial) place {
	store, _, err := closure.Within(f.StoreDir, d.Real)
	switch {
	case d.Refused != "":
		return refusedCall
	case d.Address != "":
		return network
	case err == nil && f.Env.Contains(string(store)):
		return inClosure
	case err == nil:
		return inStore
	case d.Access == "write":
		return outside
	case enforce.Inside(d.Real, f.Home):
		return inHome
	}
	return onHost
}

// mounts reports whether a program can do nothing without mounts, whatever other call was denied.
// nixpkgs calls a wrapped program .podman-wrapped.
func mounts(program string) bool {
	name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(program), "."), "-wrapped")
	return slices.Contains([]string{"bwrap", "podman", "buildah", "runc", "crun"}, name)
}

// finding adds the reason and the remedy to a denial.
func (f *finder) finding(d observe.Denial, owner string) explained {
	found := explained{Finding: report.Finding{Denial: d, Brings: d.Followers, Where: f.makefiles.whereAsked(d), Verdict: "would be"}, by: named(d, f.StoreDir), owner: owner}
	switch {
	case d.Confirmed:
		found.Verdict = "confirmed"
	case f.Enforced:
		found.Verdict = "predicted"
	}
	switch f.place(d) {
	case network:
		found.Why, found.Hint = f.network(d)
	case refusedCall:
		found.Why = "a system call that the filter denies: " + d.Reason
		if strings.HasPrefix(d.Opens, "capabilities") || d.Call == "mq_open" { // no filter denies that
			found.Why = d.Reason
		}
		found.Hint = report.InPolicy + d.Opens
		if d.Opens == "" || mounts(d.By.Program) {
			found.Hint = "no setting lets it be, because Landlock denies mounts: run the program outside"
		}
	case inClosure:
		found.Why = "in a store path of the closure, which is read-only"
	case inStore:
		path, _, _ := closure.Within(f.StoreDir, d.Real) // place has asked
		found.Why = "store path of " + path.Name() + "; not in the closure of " + f.Env.Source
		found.Hint = f.storeHint(d, path)
	case outside:
		found.Why, found.Hint = f.outside(d)
	case inHome:
		found.Why = "in your home directory" + toolchain(strings.TrimPrefix(d.Real, f.Home+"/"))
		found.Hint = f.remedy(d, found.by, false)
	default:
		found.Why, found.onHost = f.ofHost(d.Kind, owner), true
		found.Hint = f.remedy(d, found.by, owner != "")
		found.kin = f.kin(d, owner, found.by)
	}
	switch {
	case d.Script != "" && isELF(d.Script):
		found.Why = "the loader of " + d.Script + ", a program that was built for another system than Nix"
		found.Hint = "take the program from a package, or build it in the dev shell"
	case d.Script != "":
		found.Why += "; named by the first line of " + d.Script
	default:
		found.Why += namedBy(found.by)
	}
	return found
}

// outside returns the reason and the remedy for a file that the command may not write.
func (f *finder) outside(d observe.Denial) (why, hint string) {
	if f.Guarded != nil {
		switch file, setting := f.Guarded(d.Real, d.Entry); {
		case setting != "" && d.Errno == "EBUSY" && d.Kind == "directory":
			return "stays where it is in the view, because programs outside obey it, or what is in it", report.InPolicy + setting
		case setting != "":
			return "read-only in the view, because programs outside obey it", report.InPolicy + setting
		case file != "":
			return "read-only in the view, because it has the rules of the command", "change it outside the view"
		}
	}
	why = "outside the project"
	switch {
	case enforce.OfProcess(d.Real):
		why = "a process's own file, in /proc, where others have theirs"
	case d.Errno == "EROFS":
		why = "read-only in the view"
	}
	if enforce.Inside(d.Real, f.Home) {
		why += ", in your home directory" + toolchain(strings.TrimPrefix(d.Real, f.Home+"/"))
	}
	return why, f.openPath("write", d)
}
