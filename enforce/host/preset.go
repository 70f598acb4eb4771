package host

import (
	"os"
	"slices"

	"github.com/nix-purity/purity/enforce"
)

// Preset is a named addition to a policy.
type Preset struct {
	Name string
	// Opens describes its grants, for people who decide about them.
	Opens string
	// Keep are variables of the calling environment that the command gets.
	Keep []string
	// GitWrite lets git's directory be written where it is not in the project.
	GitWrite bool
	// SysVIPC lets System V IPC be used.
	SysVIPC bool
	rows    []row
	// set are variables that tell programs where their files are, although
	// HOME is another: the first path that exists.
	set []variable
	// links are names in the private HOME for the first path that exists.
	links []variable
}

type variable struct {
	name  string
	paths []string
}

// Presets are all that there are.
var Presets = []Preset{
	{
		Name: "git", Opens: "your git configuration, for reading, and a git directory outside the project, for writing",
		GitWrite: true,
		rows: []row{
			{"$GIT_CONFIG_GLOBAL", read, "your configuration"},
			{"~/.gitconfig", read, "your configuration"},
			{"$XDG_CONFIG_HOME/git", read, "your configuration"},
			{"~/.config/git", read, "your configuration"},
			{"~/.config/git/config", read, "your configuration"},
		},
		set: []variable{{"GIT_CONFIG_GLOBAL", []string{"$GIT_CONFIG_GLOBAL", "~/.gitconfig", "$XDG_CONFIG_HOME/git/config", "~/.config/git/config"}}},
	},
	{
		Name: "editor", Opens: "the configuration of your editors, tmux, starship and git, for reading",
		links: editorLinks,
	},
	{
		Name: "ssh-agent", Opens: "the agent, to sign with every key it holds, and your list of known hosts",
		Keep: []string{"SSH_AUTH_SOCK"},
		rows: []row{
			{"$SSH_AUTH_SOCK", socket, "the agent"},
			{"~/.ssh/known_hosts", read, "hosts you know"},
			{"~/.ssh/config", read, "your configuration"},
		},
	},
	{
		Name: "x11", Opens: "the X server: it lets every client see and type into every window",
		Keep: []string{"DISPLAY", "XAUTHORITY"},
		rows: []row{
			{"/tmp/.X11-unix", socket, "the server's sockets"},
			{"$XAUTHORITY", read, "the key to it"},
			{"~/.Xauthority", read, "the key to it"},
		},
		set: []variable{{"XAUTHORITY", []string{"$XAUTHORITY", "~/.Xauthority"}}},
	},
	{
		Name: "wayland", Opens: "the Wayland compositor, to show windows",
		Keep: []string{"WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE"},
		rows: []row{{"$XDG_RUNTIME_DIR/$WAYLAND_DISPLAY", socket, "the compositor's socket"}},
	},
	{
		Name: "docker", Opens: "the Docker or Podman daemon: a client of Docker's is root on this machine",
		Keep: []string{"DOCKER_HOST", "CONTAINER_HOST"},
		rows: []row{
			{"/run/docker.sock", socket, "the daemon"},
			{"/var/run/docker.sock", socket, "the daemon"},
			{"$XDG_RUNTIME_DIR/docker.sock", socket, "the daemon"},
			{"$XDG_RUNTIME_DIR/podman/podman.sock", socket, "the daemon"},
		},
	},
	{
		Name: "kvm", Opens: "virtual machines, by /dev/kvm",
		rows: []row{{"/dev/kvm", tty, "the device"}, {"/dev/vhost-vsock", tty, "the device"}, {"/dev/net/tun", tty, "the device"}},
	},
	{
		Name: "gpu", Opens: "graphics devices, their drivers on this machine, and the memory of these",
		rows: []row{
			{"/dev/dri", tty, "the devices"}, {"/dev/kfd", tty, "the devices"},
			{"/dev/nvidia0", tty, "the devices"}, {"/dev/nvidiactl", tty, "the devices"}, {"/dev/nvidia-uvm", tty, "the devices"}, {"/dev/nvidia-modeset", tty, "the devices"},
			{"/run/opengl-driver", read, "drivers of NixOS"}, {"/run/opengl-driver-32", read, "drivers of NixOS"},
			{"/sys/dev/char", read, "which devices there are"}, {"/sys/class/drm", read, "which devices there are"}, {"/sys/bus/pci", read, "which devices there are"}, {"/sys/devices", read, "which devices there are"},
		},
	},
	{
		Name: "nix-daemon", Opens: "the Nix daemon: it builds anything, and its builds are not confined by purity",
		Keep: []string{"NIX_REMOTE", "NIX_DAEMON_SOCKET_PATH"},
		rows: []row{
			{"$NIX_DAEMON_SOCKET_PATH", socket, "the daemon"},
			{"$NIX_STATE_DIR/daemon-socket", socket, "the daemon"},
			{"/nix/var/nix/daemon-socket", socket, "the daemon"},
			{"/etc/nix", read, "its configuration"},
		},
	},
	{
		Name: "shm", Opens: "/dev/shm: POSIX shared memory and semaphores of all your programs (Python's multiprocessing, browsers, databases)",
		rows: []row{{"/dev/shm", node, "shared memory"}},
	},
	{
		Name: "sysv-ipc", Opens: "System V shared memory, semaphores and queues of all your programs (PostgreSQL)",
		SysVIPC: true,
	},
}

// FindPreset returns a preset by name.
func FindPreset(name string) (Preset, bool) {
	for _, p := range Presets {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// Sockets reports whether p is of no use without UNIX sockets.
func (p Preset) Sockets() bool {
	return slices.ContainsFunc(p.rows, func(r row) bool { return r.access&enforce.Connect != 0 })
}

// Grants are the paths that p opens, and the variables to set for it.
// A row that has no meaning here, because a variable is not set, is left out.
func (p Preset) Grants(paths Paths) (grants []enforce.Grant, set []string) {
	for _, r := range p.rows {
		found, err := paths.Expand(r.path)
		if err != nil {
			continue
		}
		for _, path := range found {
			g := r.grant("preset " + p.Name + ": ")
			g.Path = path
			grants = append(grants, g)
		}
	}
	grants = append(grants, linkGrants(p.Links(paths), "preset "+p.Name+": your configuration", paths)...)
	for _, v := range p.set {
		if path := firstThere(paths, v.paths); path != "" {
			set = append(set, v.name+"="+path)
		}
	}
	return grants, set
}

// firstThere is the first of some paths that exists.
func firstThere(paths Paths, patterns []string) string {
	for _, pattern := range patterns {
		found, err := paths.Expand(pattern)
		if err != nil {
			continue
		}
		if _, err := os.Stat(found[0]); err == nil {
			return found[0]
		}
	}
	return ""
}
