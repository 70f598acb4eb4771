package host

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// Service is a program outside that obeys requests, with rights of
// its own.
type Service struct {
	Name string
	// Sockets are where it can be reached, none for one that was found running.
	Sockets []string
	// Does describes its requests.
	Does string
}

// sockets are the well-known UNIX sockets of services.
var sockets = []struct{ name, path, does string }{
	{"Nix daemon", "/nix/var/nix/daemon-socket/socket", "builds anything, unconfined"},
	{"Docker", "/run/docker.sock", "runs anything as root"},
	{"Docker", "$XDG_RUNTIME_DIR/docker.sock", "runs anything as you"},
	{"Podman", "$XDG_RUNTIME_DIR/podman/podman.sock", "runs anything as you"},
	{"D-Bus of the system", "/run/dbus/system_bus_socket", "talks to the services of the machine"},
	{"D-Bus of the session", "$XDG_RUNTIME_DIR/bus", "starts programs as you (systemd-run --user)"},
	{"systemd of the session", "$XDG_RUNTIME_DIR/systemd/private", "starts programs as you"},
	{"tmux", "/tmp/tmux-$UID/*", "types into your terminals"},
	{"X server", "/tmp/.X11-unix/*", "sees and types into every window"},
	{"Wayland", "$XDG_RUNTIME_DIR/wayland-*", "shows windows"},
	{"ssh-agent", "$SSH_AUTH_SOCK", "signs with your keys"},
	{"gpg-agent", "$XDG_RUNTIME_DIR/gnupg/S.gpg-agent", "signs with your keys"},
	{"gpg-agent", "~/.gnupg/S.gpg-agent", "signs with your keys"},
	{"PipeWire", "$XDG_RUNTIME_DIR/pipewire-0", "records sound and screen"},
	{"watchman", "$XDG_STATE_HOME/watchman/*/sock", "starts programs as you"},
	{"watchman", "~/.local/state/watchman/*/sock", "starts programs as you"},
	{"PostgreSQL", "/run/postgresql/.s.PGSQL.5432", "the machine's databases"},
	{"MySQL", "/run/mysqld/mysqld.sock", "the machine's databases"},
}

// Sockets are the services that have sockets here, each once. Before ABI 9 of Landlock a
// confined command can reach them; see [enforce.Connect].
func Sockets(paths Paths) []Service {
	var found []Service
	for _, s := range sockets {
		files, err := paths.Expand(s.path)
		if err != nil {
			continue
		}
		for _, file := range files {
			if info, err := os.Stat(file); err == nil && info.Mode()&os.ModeSocket != 0 {
				found = add(found, Service{s.name, []string{file}, s.does})
			}
		}
	}
	return found
}

// add adds a service, or its sockets to the service that is there already.
func add(found []Service, s Service) []Service {
	for i, other := range found {
		if other.Name == s.Name && other.Does == s.Does {
			found[i].Sockets = append(other.Sockets, s.Sockets...)
			return found
		}
	}
	return append(found, s)
}

// daemons are told by their command lines: they were started outside, by an
// earlier unconfined run, and build on behalf of who asks.
var daemons = []struct{ name, words, does string }{
	{"Gradle daemon", "org.gradle.launcher.daemon", "builds on behalf of gradle, unconfined"},
	{"Kotlin daemon", "org.jetbrains.kotlin.daemon", "compiles on behalf of gradle, unconfined"},
	{"sccache", "sccache", "compiles on behalf of sccache, unconfined"},
	{"watchman", "watchman", "starts programs when files change"},
	{"Bazel server", "A-server.jar", "builds on behalf of bazel, unconfined"},
	{"distccd", "distccd", "compiles on behalf of distcc, unconfined"},
	{"buck2 daemon", "buck2d", "builds on behalf of buck2, unconfined"},
}

// Daemons are the services of this user that were found running. TCP, by
// which many are reached, is no matter of sockets in the file system.
func Daemons() []Service {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil
	}
	seen := map[string]bool{}
	var found []Service
	for _, file := range files {
		info, err := os.Stat(filepath.Dir(file))
		if err != nil || !mine(info) {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		words := bytes.Split(data, []byte{0})
		for _, d := range daemons {
			if !seen[d.name] && isDaemon(words, d.words) {
				seen[d.name] = true
				found = append(found, Service{Name: d.name, Does: d.does})
			}
		}
	}
	return found
}

// isDaemon reports whether a command line is that of a daemon: the program is
// called so, or for Java's a word says so.
func isDaemon(words [][]byte, name string) bool {
	for i, word := range words {
		text := string(word)
		if i == 0 && filepath.Base(text) == name {
			return true
		}
		if strings.ContainsAny(name, ".") && strings.Contains(text, name) {
			return true
		}
	}
	return false
}
