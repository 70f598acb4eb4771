package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Settings are all keys: of purity.toml by the toml tags, of the command line
// by the rest (kong). A missing setting is nil or empty. Examples are values of
// the file, with ' for ".
//
// Where flag, variable and file say different things, the first of them in
// this order counts; lists of file and flags add up.
type Settings struct {
	Level   string   `toml:"level" enum:"nix,dev,open," default:"" env:"PURITY_LEVEL" placeholder:"nix|dev|open" example:"'dev'" help:"Level that the policy starts from: nix, like Nix's build sandbox; dev; or open, with the host readable (default: dev)."`
	Mode    string   `toml:"mode" enum:"enforce,warn,audit," default:"" env:"PURITY_MODE" placeholder:"enforce|warn|audit" example:"'enforce'" help:"Enforce the policy, or only watch: warn reports findings without an exception, audit reports all findings (default: enforce)."`
	Read    []string `toml:"read" sep:"none" env:"PURITY_READ" placeholder:"PATH" example:"['~/.config/tool', '$XDG_DATA_HOME/fonts', 'vendor/**/*.h']" help:"Let the command read a path; ~, $$VAR and globs work; can be repeated."`
	Write   []string `toml:"write" sep:"none" env:"PURITY_WRITE" placeholder:"PATH" example:"['../shared']" help:"Let the command read and write a path; can be repeated."`
	Exec    []string `toml:"exec" sep:"none" env:"PURITY_EXEC" placeholder:"PATH" example:"['/opt/vendor/bin']" help:"Let the command read and execute a path; can be repeated."`
	Devices []string `toml:"devices" sep:"none" env:"PURITY_DEVICES" placeholder:"PATH" example:"['/dev/kvm']" help:"Let the command read, write and control a device; can be repeated."`
	Presets []string `toml:"presets" env:"PURITY_PRESETS" placeholder:"PRESET" example:"['git', 'ssh-agent']" help:"Add the grants of a preset: ${presets}."`

	View View `toml:"view" type:"view" enum:"true,false,auto," default:"" env:"PURITY_VIEW" placeholder:"true|false|auto" example:"'auto'" help:"Hide everything that the policy does not grant, by namespaces. With auto only if the kernel can (default: auto at level nix, else false)."`

	ProjectAs string `toml:"project" name:"project-as" enum:"write,overlay," default:"" env:"PURITY_PROJECT_AS" placeholder:"write|overlay" example:"'overlay'" help:"Let the command write the project itself, or, in a view, an overlay that purity drops (default: write)."`

	Home    string   `toml:"home" env:"PURITY_HOME" placeholder:"private|none|PATH" example:"'private'" help:"HOME of the command: lasting and private to the project, none, or your PATH (default: private; none at level nix)."`
	Network *Network `toml:"network" env:"PURITY_NETWORK" placeholder:"true|false|PORTS" example:"{ connect = [443], bind = [8080], udp = true }" help:"All networks, none, or some ports, as in connect=443,bind=8080,udp (default: true; false at level nix). With bind=0 the kernel chooses the port."`
	Sockets Sockets  `toml:"sockets" sep:"none" env:"PURITY_SOCKETS" placeholder:"PATH|none" example:"['$XDG_RUNTIME_DIR/service']" help:"Let the command connect to a UNIX socket, or deny all with none. Linux before 7.1 cannot deny others."`

	Keep  []string `toml:"env.keep" sep:"none" aliases:"env-keep" env:"PURITY_KEEP" placeholder:"VAR" example:"['EDITOR']" help:"Keep a variable of the calling environment; can be repeated."`
	Set   []string `toml:"env.set" sep:"none" aliases:"env-set" placeholder:"VAR=VALUE" example:"{ CC = 'gcc' }" help:"Set a variable; can be repeated."`
	Unset []string `toml:"env.unset" sep:"none" aliases:"env-unset" placeholder:"VAR" example:"['DEBUG']" help:"Remove a variable; can be repeated."`

	Shim   []string `shells:"" toml:"shims.add" name:"shim" env:"PURITY_SHIM" placeholder:"PROGRAM" example:"['cat', 'tar']" help:"Let shims and hooks confine a program that the dev shell has but does not declare; can be repeated."`
	NoShim []string `shells:"" toml:"shims.remove" name:"no-shim" env:"PURITY_NO_SHIM" placeholder:"PROGRAM" example:"['jq']" help:"Let shims and hooks run your own program, unconfined, in place of one of the dev shell; can be repeated."`

	Announce *bool `shells:"" toml:"announce" negatable:"" env:"PURITY_ANNOUNCE" example:"false" help:"Let shell hooks print a line as you enter a project that the prompt does not show (default: true)."`

	Explain string `toml:"explain" type:"explain" enum:"programs,files,off," default:"" env:"PURITY_EXPLAIN" placeholder:"programs|files|off" example:"'programs'" help:"Explain denials after the run: programs, files and networks too, or none (default: programs, on a terminal or in CI)."`

	StrictPaths     *bool    `toml:"strict-paths" negatable:"" env:"PURITY_STRICT_PATHS" example:"true" help:"Fail if a path of the settings does not exist, instead of warning (default: false)."`
	Capabilities    []string `toml:"capabilities" env:"PURITY_CAPABILITIES" placeholder:"CAPABILITY" example:"['dac_override']" help:"Capabilities that root keeps, such as dac_override to write files of others."`
	UserNamespaces  *bool    `toml:"user-namespaces" negatable:"" env:"PURITY_USER_NAMESPACES" example:"true" help:"Let the command make user namespaces (default: false); to map users in them takes a view."`
	Seccomp         *bool    `toml:"seccomp" negatable:"" env:"PURITY_SECCOMP" example:"false" help:"Filter system calls (default: true)."`
	MinABI          *int     `toml:"min-abi" name:"min-abi" env:"PURITY_MIN_ABI" placeholder:"N" example:"4" help:"Oldest Landlock ABI to accept (default: 3)."`
	BestEffort      *bool    `toml:"best-effort" negatable:"" env:"PURITY_BEST_EFFORT" example:"true" help:"Warn and go on if the kernel cannot enforce the policy (default: false)."`
	AllowUnenforced *bool    `toml:"allow-unenforced" negatable:"" env:"PURITY_ALLOW_UNENFORCED" example:"true" help:"Run unconfined if the kernel has no Landlock (default: false)."`
	ReportChanges   *bool    `toml:"report-changes" negatable:"" env:"PURITY_REPORT_CHANGES" example:"true" help:"Name changed files that programs outside later run or obey: git hooks, .envrc, *.nix, Makefile (default: true in CI)."`
}

// FromEnvironment reports whether a PURITY_ variable says something.
func FromEnvironment() bool {
	if os.Getenv("PURITY_CONFIG") != "" {
		return true
	}
	for field := range reflect.TypeFor[Settings]().Fields() {
		if name := field.Tag.Get("env"); name != "" && os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// ForgetEmpty unsets PURITY_ variables that are empty, which say nothing.
func ForgetEmpty() {
	for field := range reflect.TypeFor[Settings]().Fields() {
		if name := field.Tag.Get("env"); name != "" && os.Getenv(name) == "" {
			os.Unsetenv(name)
		}
	}
}

// Is returns a setting, or its default where it is nil.
func Is(setting *bool, otherwise bool) bool {
	if setting == nil {
		return otherwise
	}
	return *setting
}

// Network is true, false, or a list of ports.
type Network struct {
	Any           bool
	Connect, Bind []uint16
	UDP           bool
}

var errNetwork = errors.New("want true, false, or ports such as connect=443,bind=8080,udp")

// UnmarshalText reads the form of the command line.
func (n *Network) UnmarshalText(text []byte) error {
	*n = Network{}
	switch s := string(text); s {
	case "true":
		n.Any = true
		return nil
	case "false":
		return nil
	default:
		for part := range strings.SplitSeq(s, ",") {
			kind, value, _ := strings.Cut(part, "=")
			port, err := strconv.ParseUint(value, 10, 16)
			switch {
			case part == "udp":
				n.UDP = true
			case err != nil || port == 0 && kind != "bind": // bind=0 is any port that the kernel chooses
				return errNetwork
			case kind == "connect":
				n.Connect = append(n.Connect, uint16(port))
			case kind == "bind":
				n.Bind = append(n.Bind, uint16(port))
			default:
				return errNetwork
			}
		}
		return nil
	}
}

// MarshalText writes the form of the command line.
func (n Network) MarshalText() ([]byte, error) {
	if n.Any {
		return []byte("true"), nil
	}
	var parts []string
	for _, port := range n.Connect {
		parts = append(parts, fmt.Sprintf("connect=%d", port))
	}
	for _, port := range n.Bind {
		parts = append(parts, fmt.Sprintf("bind=%d", port))
	}
	if n.UDP {
		parts = append(parts, "udp")
	}
	return []byte(cmp.Or(strings.Join(parts, ","), "false")), nil
}

// fromTOML reads the key as a TOML decoder returns it.
func (n *Network) fromTOML(value any) error {
	*n = Network{}
	switch v := value.(type) {
	case bool:
		n.Any = v
		return nil
	case map[string]any:
		var err error
		for key, value := range v {
			switch key {
			case "connect":
				n.Connect, err = portList(value, 1)
			case "bind":
				n.Bind, err = portList(value, 0)
			case "udp":
				var ok bool
				if n.UDP, ok = value.(bool); !ok {
					err = errors.New("udp: want true or false")
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return errors.New("want true, false, or a table with connect, bind and udp")
}

// portList reads ports from the lowest on. To bind 0 has the kernel choose one of its
// ephemeral ports (ip(7)), and Landlock knows it as that.
func portList(value any, lowest int64) ([]uint16, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, errors.New("want a list of ports")
	}
	ports := make([]uint16, 0, len(list))
	for _, v := range list {
		n, ok := v.(int64)
		if !ok || n < lowest || n > 65535 {
			return nil, fmt.Errorf("%v is not a port", v)
		}
		ports = append(ports, uint16(n))
	}
	return ports, nil
}

// Sockets are paths, or the one word none.
type Sockets []string

// None reports whether there are to be no UNIX sockets at all.
func (s Sockets) None() bool { return slices.Equal(s, Sockets{"none"}) }

// fromTOML reads the key as a TOML decoder returns it.
func (s *Sockets) fromTOML(value any) error {
	switch v := value.(type) {
	case string:
		if v == "none" {
			*s = Sockets{"none"}
			return nil
		}
	case []any:
		*s = Sockets{}
		for _, element := range v {
			path, ok := element.(string)
			if !ok || path == "none" {
				return fmt.Errorf("%v is not a path", element)
			}
			*s = append(*s, path)
		}
		return nil
	}
	return errors.New(`want a list of paths, or "none"`)
}

// View is true, false or auto; empty where nothing is said.
type View string

// fromTOML reads the key as a TOML decoder returns it.
func (v *View) fromTOML(value any) error {
	switch value := value.(type) {
	case bool:
		*v = View(strconv.FormatBool(value))
		return nil
	case string:
		if value == "auto" {
			*v = "auto"
			return nil
		}
	}
	return errors.New(`want true, false, or "auto"`)
}
