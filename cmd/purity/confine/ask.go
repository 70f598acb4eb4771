package confine

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/walls"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/inspect"
	"github.com/nix-purity/purity/enforce/outside"
	"github.com/nix-purity/purity/nixeval"
)

// Ask is the input of purity before it asks Nix: the command line, PURITY_ variables and
// purity.toml together.
type Ask struct {
	Nix     nixeval.Nix
	Project trees.Project
	Request nixeval.Request
	Flags   config.Settings
	Instead string       // the file that takes the place of purity.toml, empty if none does
	File    *config.File // purity.toml, nil if there is none
	Settings
	KeepAll bool     // the command gets the calling environment
	Shims   string   // the directory of the shim that called purity, empty for none
	Since   []string // variables that the calling shell has set since it entered the project
	Keeping Keeping  // the use of changes in an overlay of the project
}

// Nix returns the Nix to ask, by the working directory and the environment alone.
func Nix(v screen.Voice) (nixeval.Nix, error) {
	return nixIn(v, nixeval.RootOf(os.Environ()))
}

// NixOf returns the Nix to ask, with the chroot store in a directory that a flag names. It
// makes no new store.
func NixOf(v screen.Voice, root string) (nixeval.Nix, error) {
	nix, err := nixIn(v, root)
	if err != nil {
		return nix, err
	}
	return nix, stored(root)
}

// nixIn is Nix with the chroot store in a directory, empty for none. The walls have to know
// that directory.
func nixIn(v screen.Voice, root string) (nixeval.Nix, error) {
	if root != "" {
		if err := nixeval.CheckRoot(root); err != nil {
			return nixeval.Nix{}, fmt.Errorf("use store %s: %w", root, err)
		}
	}
	cache, err := caller.CacheDir()
	if err != nil {
		return nixeval.Nix{}, err
	}
	return BehindWalls(v, nixeval.Nix{Environ: os.Environ(), Cache: filepath.Join(cache, "purity"), Root: root}), nil
}

// BehindWalls returns nix, kept from directories where commands of the project here may write.
func BehindWalls(v screen.Voice, nix nixeval.Nix) nixeval.Nix {
	return walls.Behind(nix, func() []string { return trees.Always(nix, trees.ProjectHere()) }, warning(v))
}

func warning(v screen.Voice) func(string) {
	return func(text string) { v.Warn(screen.Warning{Text: text}) }
}

// New returns the ask of a request with the present purity.toml, or the file instead of it.
func New(v screen.Voice, nix nixeval.Nix, project trees.Project, request nixeval.Request, flags config.Settings, instead string) (Ask, error) {
	a := Ask{Nix: nix, Project: project, Request: request, Flags: flags, Instead: instead}
	named, err := NewSettings(nil, flags, request.Dir)
	if err != nil {
		return a, err
	}
	file, err := project.Settings(instead, trees.Under(nix, project, named.Effective, nil))
	if err != nil {
		return a, err
	}
	return a.With(v, file)
}

// With returns a with the settings of a file, nil for none.
func (a Ask) With(v screen.Voice, file *config.File) (Ask, error) {
	settings, err := NewSettings(file, a.Flags, a.Request.Dir)
	if err != nil {
		return a, err
	}
	a.File, a.Settings = file, settings
	a.Nix = walls.Behind(a.Nix, a.WritableTrees, warning(v))
	return a, nil
}

// Standard returns a as it would be without purity.toml and flags.
func (a Ask) Standard() (Ask, error) {
	settings, err := NewSettings(nil, config.Settings{}, a.Project.Cwd)
	a.Settings = settings
	return a, err
}

// Identity returns the same text for asks with the same environment and policy.
func (a Ask) Identity() string {
	if a.Nix.Root != "" {
		return a.Request.Identity(a.Settings.identity() + " " + a.Nix.Root)
	}
	return a.Request.Identity(a.Settings.identity())
}

// Exceptions returns those of the file.
func (a Ask) Exceptions() []config.Exception {
	if a.File == nil {
		return nil
	}
	return a.File.Exceptions
}

// Check makes sure, before any evaluation, that the settings may apply and that the kernel
// upholds them, and warns of gaps.
func (a Ask) Check() ([]screen.Warning, error) {
	if err := Trusted(a.Nix, a.File, a.Flags, a.Project); err != nil {
		return nil, err
	}
	if err := overlayable(a); err != nil {
		return nil, err
	}
	if err := storable(a); err != nil {
		return nil, err
	}
	if !a.Enforced() {
		return nil, nil
	}
	k := enforce.Probe()
	frame := a.Frame()
	frame.Apart = a.ViewWanted() == "true"
	gaps, err := frame.Gaps(k)
	if err != nil {
		return nil, err
	}
	if k.Err != nil {
		return []screen.Warning{{Text: "NOT CONFINED: " + k.Err.Error()}}, nil
	}
	var warnings []screen.Warning
	for _, gap := range gaps {
		if gap.Fatal {
			warnings = append(warnings, screen.Warning{Text: "best effort: this kernel " + gap.String()})
		}
	}
	return warnings, nil
}

// Dangers returns warnings of things that undermine the coming confinement. It walks through
// the project, which takes a while, only if purity asked Nix, which takes longer.
func (a Ask) Dangers(asked bool) []screen.Warning {
	var all []screen.Warning
	add := func(format string, args ...any) {
		all = append(all, screen.Warning{Text: fmt.Sprintf(format, args...)})
	}
	if !a.Enforced() {
		origin := "--mode"
		if a.Flags.Mode == "" && a.File != nil {
			origin = a.File.Line("mode", -1)
		}
		add("NOT CONFINED: mode %s (%s), which denies nothing", a.Mode, origin)
	}
	for _, odd := range enforce.OddDescriptors() {
		add("%s, which leads past the confinement", odd)
	}
	look := inspect.Mounts
	if asked {
		look = inspect.Hazards
	}
	if Inside() { // an outer view has mounts of its own in the project, and its purity warned of others
		look = func(string, bool) []inspect.Hazard { return nil }
	}
	for _, hazard := range look(a.Project.Dir, a.Overlaid()) {
		add("%s", hazard)
	}
	return append(all, Foreign(a)...)
}

// Foreign returns a warning if confined root may not write the project, because it belongs
// to another user, as a checkout in CI does.
func Foreign(a Ask) []screen.Warning {
	const override = "dac_override"
	bit, _ := enforce.Capability(override)
	if os.Geteuid() != 0 || a.Frame().Capabilities&bit != 0 || a.Project.None || inspect.Mine(a.Project.Dir) {
		return nil
	}
	text := " belongs to another user, and root without its capabilities may not write it"
	if !a.Enforced() {
		text = " belongs to another user; confined, root without its capabilities may not write it"
	}
	return []screen.Warning{{Text: a.Project.Dir + text, Hint: "run as its owner, or --capabilities " + override + ",chown,fowner"}}
}

// WritableTrees returns all directories that commands may write, with those of the
// settings. A planted link adds none.
func (a Ask) WritableTrees() []string {
	return trees.Under(a.Nix, a.Project, a.Settings.Effective, a.File)
}

// Outside returns the path, without symbolic links on the way, of a file that purity
// writes, such as a report. A command can have made a link to make purity write elsewhere.
func (a Ask) Outside(name string) (string, error) { return trees.Outside(a.WritableTrees(), name) }

// Git returns a directory with a git that runs no file that commands left behind; empty if
// the machine has no git.
func Git(a Ask) (string, error) {
	hostile := append(a.WritableTrees(), a.Nix.Cache)
	return walls.GitFor(a.Nix, outside.Path(os.Getenv("PATH")+":/usr/bin:/run/current-system/sw/bin", hostile), hostile)
}
