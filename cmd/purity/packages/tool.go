package packages

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Tools are programs of the machine that know something of its files. They run
// outside the confinement, while a command in it may have written any directory
// of PATH, and any variable may name one: so they are looked for in fixed
// directories, and get an environment made from nothing.
type Tools struct {
	system   []string
	personal []string
	writable func(path string) bool // by the command
	home     string
	dpkg     string // the directory of dpkg's lists
	// unpackaged are directories in which no package has files. To ask about one takes a
	// manager as long as to read all that it knows.
	unpackaged []string
}

// NewTools are those of this machine, for a user with a home. None may be writable.
func NewTools(home string, writable func(string) bool) Tools {
	t := Tools{
		system:   []string{"/usr/bin", "/bin", "/usr/sbin", "/sbin", "/run/current-system/sw/bin"},
		writable: writable, home: home, dpkg: "/var/lib/dpkg/info",
		unpackaged: []string{"/tmp/", "/var/tmp/", "/home/", "/proc/", "/sys/", "/dev/"},
	}
	if home != "" {
		t.unpackaged = append(t.unpackaged, home+"/")
		t.personal = []string{
			filepath.Join(home, ".nix-profile/bin"), filepath.Join(home, ".local/state/nix/profile/bin"),
			filepath.Join("/etc/profiles/per-user", filepath.Base(home), "bin"), "/nix/var/nix/profiles/default/bin",
		}
	}
	return t
}

// find is the file of a tool in one of some directories, empty if there is none.
func (t Tools) find(name string, dirs ...string) string {
	for _, dir := range dirs {
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && !t.writable(file) {
			return file
		}
	}
	return ""
}

// ask runs a tool and returns its output, whatever its exit code: many end
// with an error where they know a part only.
func (t Tools) ask(ctx context.Context, file string, args ...string) (stdout, stderr string) {
	var out, messages strings.Builder
	cmd := exec.CommandContext(ctx, file, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"HOME=" + t.home, "LC_ALL=C", "PATH=" + strings.Join(append(t.system, t.personal...), ":")}
	if cache := os.Getenv("XDG_CACHE_HOME"); cache != "" { // where nix-index keeps its database
		cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+cache)
	}
	cmd.Stdout, cmd.Stderr = &out, &messages
	cmd.WaitDelay = time.Second
	cmd.Run() // the output counts
	return out.String(), messages.String()
}
