package confine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// Settings are those of file and flags, with the level that they start from.
type Settings struct {
	config.Effective
	Base host.Level
}

// Enforce is the mode that denies every access without a grant.
const Enforce = "enforce"

// Enforced reports whether a command is confined, and not only watched.
func (s Settings) Enforced() bool { return s.Mode == Enforce }

// NewSettings joins the settings of file and flags. A mistake, such as an unknown preset,
// is an error.
func NewSettings(file *config.File, flags config.Settings, cwd string) (Settings, error) {
	s := Settings{Effective: config.Merge(file, flags, cwd)}
	if s.Level == "" {
		s.Level = host.DefaultLevel
	}
	level, ok := host.FindLevel(s.Level)
	if !ok {
		return s, fmt.Errorf("read settings: there is no level %q", s.Level) // kong and the file's check come first
	}
	s.Base = level
	s.Mode = cmp.Or(s.Mode, Enforce)
	if s.Home == "" {
		s.Home = "private"
		if !level.Home {
			s.Home = "none"
		}
	}
	for _, v := range s.Set {
		if name, _, ok := strings.Cut(v, "="); !ok || name == "" {
			return s, words.Hint(fmt.Errorf("set variable %q: no value", v), "--set "+v+"=VALUE")
		}
	}
	for _, name := range slices.Concat(s.Keep, s.Unset) {
		if name == "" || strings.Contains(name, "=") {
			return s, words.Hint(fmt.Errorf("name variable %q: not a name", name), "--set takes VAR=VALUE, --keep and --unset take VAR")
		}
	}
	for _, name := range flags.Presets {
		if _, ok := host.FindPreset(name); !ok {
			return s, fmt.Errorf("read --presets: there is no preset %q (there are %s)", name, strings.Join(config.PresetNames(), ", "))
		}
	}
	for _, name := range flags.Capabilities {
		if _, ok := enforce.Capability(name); !ok {
			return s, fmt.Errorf("read --capabilities: there is no capability %q", name)
		}
	}
	if len(s.Sockets) > 1 && slices.Contains(s.Sockets, "none") {
		return s, errors.New("read sockets: none stands alone")
	}
	return s, nil
}

// identity returns the same text for settings with the same access.
func (s Settings) identity() string {
	s.Explain, s.Mode, s.View, s.ProjectAs, s.ReportChanges = "", "", "", "", nil
	s.Shim, s.NoShim, s.Announce = nil, nil, nil // they choose the confined programs, not their access
	plain := config.Settings{Level: host.DefaultLevel, Home: "private"}
	if reflect.DeepEqual(s.Settings, plain) { // the usual case, without the time for JSON
		return ""
	}
	data, err := json.Marshal(s.Settings)
	if err != nil {
		panic(err) // JSON can hold strings, numbers and lists of them
	}
	return string(data)
}

// Frame returns the policy of s without its grants.
func (s Settings) Frame() enforce.Policy {
	p := s.Base.Policy()
	p.UserNamespaces = config.Is(s.UserNamespaces, false)
	p.NoFilter = !config.Is(s.Seccomp, true)
	p.BestEffort = config.Is(s.BestEffort, false)
	p.AllowUnenforced = config.Is(s.AllowUnenforced, false)
	if len(s.Sockets) > 0 {
		p.UnixSockets = !s.Sockets.None()
	}
	if n := s.Network; n != nil {
		p.Network = enforce.Network{Any: n.Any, Connect: n.Connect, Bind: n.Bind, UDP: n.UDP}
	}
	if s.MinABI != nil {
		p.MinABI = *s.MinABI
	}
	p.SysVIPC = p.SysVIPC || s.sysVIPC()
	for _, name := range s.Presets {
		preset, _ := host.FindPreset(name)
		p.UnixSockets = p.UnixSockets || preset.Sockets() && !s.Sockets.None()
	}
	for _, name := range s.Capabilities {
		bit, _ := enforce.Capability(name)
		p.Capabilities |= bit
	}
	return p
}

// sysVIPC reports whether a preset opens the System V IPC of the machine. A level opens it
// only for commands without a view.
func (s Settings) sysVIPC() bool {
	return slices.ContainsFunc(s.Presets, func(name string) bool {
		preset, _ := host.FindPreset(name)
		return preset.SysVIPC
	})
}

// FlagsIdentity returns the same text for flags of the same meaning.
func FlagsIdentity(flags config.Settings, cwd string) string {
	return Settings{Effective: config.Merge(nil, flags, cwd)}.identity()
}
